"""A GAP8 program as a file: its checks, the image of L2 that it loads, the flash content that it carries."""

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError, ELFParseError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from kwslib.errors import InputError
from kwslib.files import open_regular
from kwslib.gap8.hardware import BOOT_OFFSET, FLASH_BYTES, L2_BASE, L2_BYTES

FLASH_SECTION = ".flash"
"""Section with the content of the external flash, from its first byte on. It is not loaded."""


@dataclass(frozen=True)
class Program:
    """A bare-metal program.

    Attributes
    ----------
    path : Path
        The ELF file.
    l2 : bytes
        Content of L2 from its first byte to the last one loaded.
    flash : bytes or None
        Content of the external flash from its first byte; None where the program carries none.
    """

    path: Path
    l2: bytes
    flash: bytes | None


def read_program(path: Path | str) -> Program:
    """Read and check an ELF file for GAP8.

    Raises
    ------
    kwslib.errors.InputError
        If the file is missing, not a 32-bit RISC-V program, truncated, or does not fit the memory.
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            elf = ELFFile(file)
            if elf.elfclass != 32 or not elf.little_endian or elf["e_machine"] != "EM_RISCV":
                raise InputError(
                    f"{path} is a {elf.elfclass}-bit {elf.get_machine_arch()} file, not a 32-bit RISC-V program"
                )
            return Program(path, _l2_image(path, elf), _flash(path, elf))
    except FileNotFoundError as error:
        raise InputError(f"no such program: {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ELFError, ELFParseError, ValueError, KeyError, AssertionError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a whole ELF file: {error or 'it is truncated'}") from error


def symbol_address(path: Path, name: str) -> int:
    """Return the address of a program's symbol.

    Raises
    ------
    kwslib.errors.InputError
        If the program has no symbol of that name, or not one alone.
    """
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        found = table.get_symbol_by_name(name) if isinstance(table, SymbolTableSection) else None
    if found is None or len(found) != 1:
        raise InputError(f"{path} has {'several symbols' if found else 'no symbol'} '{name}'")
    return int(found[0]["st_value"])


def _l2_image(path: Path, elf: ELFFile) -> bytes:
    image = bytearray()
    for number, segment in enumerate(elf.iter_segments("PT_LOAD")):
        size, address = segment["p_filesz"], segment["p_paddr"]
        if size == 0:
            continue
        data = segment.data()
        if len(data) != size:
            raise InputError(f"{path} is truncated: segment {number} has {len(data)} of {size} bytes")
        start = address - L2_BASE
        if start < 0 or start + size > L2_BYTES:
            raise InputError(
                f"{path}: segment {number} (0x{address:08x}, {size} bytes) is outside of L2 "
                f"(0x{L2_BASE:08x}, {L2_BYTES} bytes); only L2 can hold loaded content: fill L1 by DMA"
            )
        image.extend(bytes(max(0, start + size - len(image))))
        image[start : start + size] = data
    if len(image) <= BOOT_OFFSET:
        raise InputError(f"{path} loads nothing at 0x{L2_BASE + BOOT_OFFSET:08x}, where the first core starts")
    return bytes(image)


def _flash(path: Path, elf: ELFFile) -> bytes | None:
    section = elf.get_section_by_name(FLASH_SECTION)
    if section is None:
        return None
    data = section.data()
    if len(data) != section["sh_size"]:
        raise InputError(f"{path} is truncated: section {FLASH_SECTION} has {len(data)} of {section['sh_size']} bytes")
    return check_flash(data)


def check_flash(data: bytes) -> bytes:
    """Return `data` if the external flash can hold it, else raise `InputError`."""
    if len(data) > FLASH_BYTES:
        raise InputError(f"the flash content has {len(data)} bytes; HyperFlash holds {FLASH_BYTES}")
    return data
