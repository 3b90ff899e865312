"""The disassembler: the inverse of the encoder, and the text of instructions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import InputError
from kwslib.gap8.isa.disassembler import decode, disassemble
from kwslib.gap8.isa.instructions import encode, table


@st.composite
def instructions(draw):
    row = draw(st.sampled_from(list(table().values())))
    values = {}
    for name in row.operands:
        place = row.fields[name]
        low, high = (
            (place.low, place.high)
            if place.kind in ("imm", "simm")
            else (place.base, place.base + (31 if place.kind == "reg" else 7))
        )
        if not place.pieces:
            low = high = place.base
        value = draw(st.integers(0, (high - low) // place.step)) * place.step + low
        values[name] = value
    return row, values


@given(instructions())
def test_decode_returns_what_was_encoded(drawn):
    row, values = drawn
    try:
        word = encode(row.mnemonic, *(values[name] for name in row.operands))
    except InputError as error:
        assert "must not be" in str(error)
        return
    decoded = decode(word)
    assert decoded is not None
    if decoded.mnemonic != row.mnemonic:  # a more special form of the same operation
        assert row.mask & decoded.instruction.mask == row.mask
        return
    assert {name: decoded.values[name] for name in row.operands} == values
    assert disassemble(word).split()[0] == row.shown


@pytest.mark.parametrize("word", [0x00000000, 0xFFFFFFFF, 0x0000, 0x9C41 | 0x1000, 0x0000707F & ~3 | 3])
def test_illegal_words_decode_to_nothing(word):
    assert decode(word) is None
    assert disassemble(word).startswith((".word", ".half"))


def test_branch_targets_are_shown_as_addresses():
    assert disassemble(encode("beq", 5, 6, -8), pc=0x1C000100) == "beq t0, t1, 0x1c0000f8"
    assert disassemble(encode("lp.setupi", 1, 20, 16), pc=0x1C000100) == "lp.setupi 1, 20, 0x1c000110"
    assert disassemble(encode("p.lw.post", "t0", 4, "a0")) == "p.lw t0, 4(a0!)"


def test_without_an_address_branch_targets_are_distances():
    assert disassemble(encode("beq", 5, 6, -8)) == "beq t0, t1, -8"
    assert disassemble(encode("jal", "ra", 2048)) == "jal ra, 2048"


def test_upper_immediates_and_csr_numbers_are_hexadecimal():
    assert disassemble(encode("lui", "t0", 0x12345000)) == "lui t0, 0x12345"
    assert disassemble(encode("csrrw", "zero", 0x7A0, "t0")).split(", ")[1] == "0x7a0"


def test_compressed_forms_look_at_the_low_half_alone():
    word = encode("c.add", "a0", "a1")
    assert disassemble(word) == disassemble(word | 0xDEAD0000)
    decoded = decode(word)
    assert (decoded.mnemonic, decoded.values["rd"], decoded.values["rs2"]) == ("c.add", 10, 11)


def test_what_is_illegal_is_shown_in_its_length():
    assert disassemble(0xFFFFFFFF) == ".word 0xffffffff"
    assert disassemble(0x12340000) == ".half 0x0000"
