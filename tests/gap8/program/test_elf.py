"""GAP8 programs as files: what is read from them and which files are refused."""

import struct
from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.hardware import L1_BASE
from kwslib.gap8.program.elf import FLASH_BYTES, L2_BASE, check_flash, read_program, symbol_address
from tests.places import RECORDINGS

PROBES = RECORDINGS / "probes"


@pytest.fixture
def broken(tmp_path):
    """Write a probe's bytes after a change and return the path."""

    def write(change) -> Path:
        data = bytearray((PROBES / "barriers.elf").read_bytes())
        path = tmp_path / "broken.elf"
        path.write_bytes(change(data) or data)
        return path

    return write


def first_loaded(data: bytes) -> int:
    """Offset in the file of the first program header that loads bytes."""
    start, size, count = struct.unpack_from("<I", data, 28)[0], *struct.unpack_from("<HH", data, 42)
    for at in range(start, start + size * count, size):
        kind, _, _, _, bytes_in_file = struct.unpack_from("<5I", data, at)
        if kind == 1 and bytes_in_file:
            return at
    raise AssertionError("no loaded segment")


def test_image_starts_with_the_vectors_and_holds_the_first_instruction():
    program = read_program(PROBES / "barriers.elf")
    jump = struct.unpack_from("<I", program.l2, 0x80)[0]
    assert jump & 0x7F == 0x6F  # jal, where the fabric controller starts
    assert program.flash is None


def test_flash_section_is_content_and_not_loaded():
    program = read_program(PROBES / "hyper.elf")
    expected = bytes((i * 29 + (i >> 5) * 3 + 1) & 0xFF for i in range(8192))
    assert program.flash == expected
    assert expected[:64] not in program.l2


def test_the_address_of_a_symbol():
    assert symbol_address(RECORDINGS / "smoke.elf", "partial") == L1_BASE
    with pytest.raises(InputError, match="smoke.elf has no symbol 'nobody'"):
        symbol_address(RECORDINGS / "smoke.elf", "nobody")
    with pytest.raises(InputError, match="barriers.elf has no symbol 'partial'"):
        symbol_address(PROBES / "barriers.elf", "partial")


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match=r"no such program: .*absent.elf"):
        read_program(tmp_path / "absent.elf")


def test_a_folder(tmp_path):
    with pytest.raises(InputError, match="cannot read .*: it is a folder"):
        read_program(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\x7fEL", b"#!/bin/sh\nexit\n", b"\x7fELF" + bytes(4), b"\x7fELF\x01\x01\x01" + bytes(30)]
)
def test_not_an_elf(tmp_path, content):
    path = tmp_path / "x.elf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x.elf is "):
        read_program(path)


def test_64_bit(tmp_path):
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 243, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)
    path = tmp_path / "wide.elf"
    path.write_bytes(header)
    with pytest.raises(InputError, match="is a 64-bit .* file, not a 32-bit RISC-V program"):
        read_program(path)


def test_another_machine(broken):
    def arm(data):
        struct.pack_into("<H", data, 18, 40)

    with pytest.raises(InputError, match="is a 32-bit ARM file, not a 32-bit RISC-V program"):
        read_program(broken(arm))


@pytest.mark.parametrize("keep", [40, 60, 700, 4200])
def test_truncated(broken, keep):
    with pytest.raises(InputError, match="broken.elf is (not a whole ELF file|truncated)"):
        read_program(broken(lambda data: data[:keep]))


@pytest.mark.parametrize("address", [0x10000000, 0x1C080000, 0x1C07FFF0, 0x20000000, L2_BASE - 4])
def test_a_segment_outside_of_l2(broken, address):
    def move(data):
        struct.pack_into("<II", data, first_loaded(data) + 8, address, address)

    with pytest.raises(
        InputError, match=rf"segment \d \(0x{address:08x}, \d+ bytes\) is outside of L2 .*fill L1 by DMA"
    ):
        read_program(broken(move))


def test_nothing_where_the_first_core_starts(broken):
    def shrink(data):
        start, size, count = struct.unpack_from("<I", data, 28)[0], *struct.unpack_from("<HH", data, 42)
        for at in range(start, start + size * count, size):
            struct.pack_into("<I", data, at + 16, 0)

    with pytest.raises(InputError, match="loads nothing at 0x1c000080, where the first core starts"):
        read_program(broken(shrink))


def test_flash_that_is_too_large():
    assert check_flash(b"12") == b"12"
    with pytest.raises(InputError, match=f"has {FLASH_BYTES + 1} bytes; HyperFlash holds {FLASH_BYTES}"):
        check_flash(bytes(FLASH_BYTES + 1))
