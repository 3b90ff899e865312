"""Small GAP8 programs made in the tests from instruction words: an assembler of labels and an ELF writer."""

import struct
from collections.abc import Sequence
from pathlib import Path

from kwslib.gap8.isa.instructions import encode, table

L2, L1, EXIT, STDOUT = 0x1C000000, 0x10000000, 0x1A1040A0, 0x1A110000
RESET_OFFSET = 0x80
OWN_SECTIONS = 4
"""Sections of an ELF file in front of those that a test describes: none, symbols, their names, names of sections."""


class Assembler:
    """Collects instructions; branches name labels that may come later."""

    def __init__(self, origin: int = L2 + RESET_OFFSET):
        self.origin = origin
        self.code = bytearray()
        self.labels: dict[str, int] = {}
        self.fixes: list[tuple[int, str, tuple, int]] = []

    @property
    def pc(self) -> int:
        return self.origin + len(self.code)

    def emit(self, mnemonic: str, *operands) -> None:
        row = table()[mnemonic]
        for place, operand in enumerate(operands):
            if isinstance(operand, str) and operand.startswith("@"):
                self.fixes.append((len(self.code), mnemonic, operands, place))
                operands = (*operands[:place], 0, *operands[place + 1 :])
        self.code += encode(mnemonic, *operands).to_bytes(row.size, "little")

    def word(self, value: int, size: int = 4) -> None:
        self.code += (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def label(self, name: str) -> None:
        self.labels[name] = self.pc

    def li(self, register, value: int) -> None:
        value &= 0xFFFFFFFF
        low = (value & 0xFFF) - ((value & 0x800) << 1)
        self.emit("lui", register, (value - low) & 0xFFFFF000)
        self.emit("addi", register, register, low)

    def store_word(self, address: int, value: int) -> None:
        self.li("t5", address)
        self.li("t6", value)
        self.emit("sw", "t6", 0, "t5")

    def leave(self, status: int = 0) -> None:
        self.store_word(EXIT, 0x80000000 | status)
        self.emit("wfi")

    def start_cluster(self) -> None:
        """Power, caches, boot addresses, fetch enable: the cores start where the fabric controller did."""
        self.store_word(0x1A104070, 8)
        self.store_word(0x1A104070, 8)
        self.store_word(0x10201400, 1)
        for core in range(8):
            self.store_word(0x10200040 + 4 * core, L2)
        self.store_word(0x10200008, 0xFF)

    def split_cores(self, cluster_label: str) -> None:
        """Send the cluster's cores to a label; the fabric controller goes on."""
        self.emit("csrrs", "t0", 0xF14, "zero")
        self.emit("srli", "t0", "t0", 5)
        self.emit("bne", "t0", "zero", 12)
        self.emit("jal", "zero", "@" + cluster_label)
        self.emit("addi", "zero", "zero", 0)

    def assembled(self) -> bytes:
        for at, mnemonic, operands, place in self.fixes:
            target = self.labels[operands[place][1:]] - (self.origin + at)
            fixed = encode(mnemonic, *operands[:place], target, *operands[place + 1 :])
            size = table()[mnemonic].size
            self.code[at : at + size] = fixed.to_bytes(size, "little")
        return bytes(self.code)


def elf(
    code: bytes,
    *,
    address: int = L2,
    entry: int = L2 + RESET_OFFSET,
    machine: int = 243,
    elf_class: int = 1,
    functions: dict[str, int] | None = None,
    symbols: Sequence[tuple[str, int, int, int, int]] = (),
    sections: Sequence[tuple[int, int, int]] = (),
    vectors: dict[int, int] | None = None,
    memory_size: int | None = None,
    physical: int | None = None,
) -> bytes:
    """Return a one-segment ELF file whose code starts at the reset entry.

    `functions` are symbols by address. `symbols` are others: name, address, size, ELF's type, and a number in
    `sections`, which are addresses, sizes and ELF's flags. `vectors` give the handler of each interrupt, a jump to
    which is put in place.
    """
    table_bytes = bytearray(RESET_OFFSET)
    for interrupt, handler in (vectors or {}).items():
        jump = encode("jal", "zero", handler - (address + 4 * interrupt))
        table_bytes[4 * interrupt : 4 * interrupt + 4] = jump.to_bytes(4, "little")
    image = bytes(table_bytes) + code
    offset = 52 + 32
    names, entries = b"\0", bytes(16)
    named = [(name, start, 0, 2, 1) for name, start in (functions or {}).items()]
    named += [(*symbol, OWN_SECTIONS + place) for *symbol, place in symbols]
    for name, start, length, kind, place in named:
        entries += struct.pack("<IIIBBH", len(names), start, length, 0x10 | kind, 0, place)
        names += name.encode() + b"\0"
    described = b""
    section_offset = section_count = 0
    if named:
        section_names = b"\0.symtab\0.strtab\0.shstrtab\0"
        blobs = [entries, names, section_names]
        at = offset + len(image)
        headers = [bytes(40)]
        for index, blob in enumerate(blobs):
            kind, name, link, size = ((2, 1, 2, 16), (3, 9, 0, 0), (3, 17, 0, 0))[index]
            headers.append(struct.pack("<10I", name, kind, 0, 0, at, len(blob), link, 0, 1, size))
            at += len(blob)
        headers += [struct.pack("<10I", 0, 1, flags, start, 0, length, 0, 0, 1, 0) for start, length, flags in sections]
        section_offset, section_count = at, len(headers)
        described = b"".join(blobs) + b"".join(headers)
    header = b"\x7fELF" + bytes([elf_class, 1, 1, 0]) + bytes(8)
    header += struct.pack(
        "<HHIIIIIHHHHHH",
        2,
        machine,
        1,
        entry,
        52,
        section_offset,
        0,
        52,
        32,
        1,
        40,
        section_count,
        3 if section_count else 0,
    )
    size = len(image) if memory_size is None else memory_size
    segment = struct.pack("<8I", 1, offset, address, address if physical is None else physical, len(image), size, 7, 4)
    return header + segment + image + described


def write_elf(folder: Path, assembler: Assembler, name: str = "program.elf", **options) -> Path:
    path = Path(folder) / name
    path.write_bytes(elf(assembler.assembled(), **options))
    return path
