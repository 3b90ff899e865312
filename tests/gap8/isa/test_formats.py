"""Operands: where they lie in a word, which values they take, and how they are written."""

from hypothesis import given
from hypothesis import strategies as st

from kwslib.gap8.isa.formats import FORMATS, Field

FIELDS = [(f"{name}.{slot}", place) for name, form in FORMATS.items() for slot, place in form.fields.items()]


@given(st.sampled_from([place for _, place in FIELDS if place.pieces]), st.data())
def test_a_value_that_is_put_into_a_word_comes_back(place, data):
    steps = (place.high - place.low) // place.step
    value = place.low + place.step * data.draw(st.integers(0, steps))
    assert place.get(place.put(value)) == value


@given(st.sampled_from([place for _, place in FIELDS]))
def test_a_field_leaves_the_other_bits_alone(place):
    bits = sum(((1 << width) - 1) << low for low, width, _ in place.pieces)
    assert place.put(place.high) & ~bits == place.put(place.low) & ~bits == 0
    assert place.get(~bits & 0xFFFFFFFF) == place.base


def test_pieces_do_not_overlap():
    for name, place in FIELDS:
        places = [low + bit for low, width, _ in place.pieces for bit in range(width)]
        values = [to + bit for _, width, to in place.pieces for bit in range(width)]
        assert len(set(places)) == len(places) and len(set(values)) == len(values), name


def test_ranges():
    branch = FORMATS["BRANCH"].fields["imm"]
    assert (branch.low, branch.high, branch.step) == (-4096, 4094, 2)
    upper = FORMATS["U"].fields["imm"]
    assert (upper.low, upper.high, upper.step) == (0, 0xFFFFF000, 4096)
    compressed = FORMATS["CL"].fields["rd"]
    assert (compressed.low, compressed.high) == (8, 15)


def test_a_register_that_is_implied_has_no_bits():
    implied = Field((), "reg", 2)
    assert implied.put(2) == 0 and implied.get(0xFFFFFFFF) == 2


def test_operands_are_written_in_the_order_of_the_syntax():
    assert FORMATS["STORE"].operands == ("rs2", "imm", "rs1")
    for name, form in FORMATS.items():
        assert set(form.operands) <= set(form.fields), name
        assert form.target is None or form.target in form.operands, name
