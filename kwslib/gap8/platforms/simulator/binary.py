"""The simulator as a program of this machine: compiled on first use, once for each state of its sources."""

from functools import cache
from pathlib import Path

from kwslib import toolchain
from kwslib.gap8.isa.c_header import c_header

SOURCES = Path(__file__).parent
FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=199309L", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing")
OPTIMISE = ("-O3", "-fomit-frame-pointer")
SANITISE = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@cache
def source_files() -> dict[str, bytes]:
    """Return the simulator's C files by name, with the header made from the instruction table."""
    found = {path.name: path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.suffix in (".c", ".h")}
    return {**found, "isa_table.h": c_header().encode()}


@cache
def source_hash() -> str:
    """Return 16 hex digits that name the simulator's behaviour: its sources and the instruction table."""
    return toolchain.digest(source_files())


def executable(cc: str | None = None, sanitise: bool = False) -> Path:
    """Return the path of the compiled simulator, compiling it if this state of its sources never was.

    Parameters
    ----------
    cc : str, optional
        Name or path of a C compiler, as for `kwslib.toolchain.find_host`.
    sanitise : bool
        Build with the address and undefined-behaviour sanitisers; `cc` must have their runtimes.

    Raises
    ------
    kwslib.toolchain.CompilerError
        If there is no compiler, or it fails.
    kwslib.errors.KwsError
        If the cache folder cannot be written.
    """
    flags = (*(SANITISE if sanitise else OPTIMISE), *FLAGS)
    compiler = toolchain.find_host(cc)
    return toolchain.compile_cached("simulator/gap8sim", compiler, flags, source_files(), without_runtime=True)
