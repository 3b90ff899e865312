"""Compiles the simulator on first use, into the cache, once for each state of its sources."""

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import sys
from functools import cache
from pathlib import Path

from kwslib import subproc
from kwslib.errors import InputError, KwsError, ToolError
from kwslib.gap8.isa.c_header import c_header
from kwslib.paths import atomic_path, cache_dir

SOURCES = Path(__file__).parent
FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=199309L", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing")
OPTIMISE = ("-O3", "-fomit-frame-pointer")
SANITISE = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
COMPILE_TIMEOUT_S = 300


@cache
def _source_texts() -> tuple[tuple[str, bytes], ...]:
    names = sorted(path for path in SOURCES.iterdir() if path.suffix in (".c", ".h"))
    return (*((path.name, path.read_bytes()) for path in names), ("isa_table.h", c_header().encode()))


@cache
def source_hash() -> str:
    """Return 16 hex digits that name the simulator's behaviour: its sources and the instruction table."""
    digest = hashlib.sha256()
    for name, text in _source_texts():
        digest.update(f"{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()[:16]


def compiler_command(cc: str | None = None) -> list[str]:
    """Return the words that call the C compiler.

    Parameters
    ----------
    cc : str, optional
        A C compiler of the system, by name or path; ``$KWS_CC`` otherwise, and ``ziglang`` from PyPI if that is unset.

    Raises
    ------
    InputError
        If `cc` does not exist.
    ToolError
        If there is neither `cc` nor ziglang.
    """
    cc = cc or os.environ.get("KWS_CC")
    if cc:
        found = shutil.which(cc)
        if not found:
            raise InputError(f"no C compiler '{cc}': give the name or path of one, or unset KWS_CC to use ziglang")
        return [found]
    if importlib.util.find_spec("ziglang") is None:
        raise ToolError(
            "no C compiler for the GAP8 simulator: install ziglang (pip install 'ziglang==0.15.*'), "
            "or set KWS_CC to a C compiler of the system"
        )
    return [sys.executable, "-m", "ziglang", "cc"]


def _compile(command: list[str | Path], work: Path) -> None:
    """Call the compiler; ziglang without its runtime library first, which would take most of the time."""
    caches = {"ZIG_GLOBAL_CACHE_DIR": str(cache_dir() / "zig"), "ZIG_LOCAL_CACHE_DIR": str(work / "zig")}
    if "ziglang" in command:
        try:
            subproc.run([*command, "-rtlib=none"], timeout_s=COMPILE_TIMEOUT_S, cwd=work, env=caches)
            return
        except subproc.CommandFailed as error:
            if "undefined symbol" not in str(error):
                raise
    subproc.run(command, timeout_s=COMPILE_TIMEOUT_S, cwd=work, env=caches)


@cache
def _host() -> str:
    """Name the processor: ziglang compiles for the one at hand, and a cache folder may be shared by several."""
    features = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^(flags|Features)\s*:(.*)$", info.read_text(errors="replace"), re.MULTILINE)
        features += found[2] if found else ""
    return features


def executable(cc: str | None = None, sanitise: bool = False) -> Path:
    """Return the path of the compiled simulator, compiling it if this state of its sources never was.

    Two processes may do that at the same time: each compiles under a name of its own, and the last one to be ready
    replaces the other's equal file in one step.

    Parameters
    ----------
    cc : str, optional
        C compiler, as for `compiler_command`.
    sanitise : bool
        Build with the address and undefined-behaviour sanitisers; `cc` must have their runtimes.

    Raises
    ------
    ToolError
        If there is no compiler, or compiling fails.
    kwslib.errors.KwsError
        If the cache folder cannot be written.
    """
    command = compiler_command(cc)
    flags = (*(SANITISE if sanitise else OPTIMISE), *FLAGS)
    key = hashlib.sha256("\0".join([source_hash(), _host(), *command[-1:], *flags]).encode()).hexdigest()[:16]
    folder = cache_dir() / "simulator" / key
    program = folder / "gap8sim"
    if program.is_file():
        return program
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KwsError(
            f"cannot write the cache folder {folder}: {error.strerror}; choose another one with KWS_CACHE"
        ) from error
    with atomic_path(program) as temporary:
        work = temporary.with_suffix(".build")
        work.mkdir()
        try:
            for name, text in _source_texts():
                (work / name).write_bytes(text)
            _compile([*command, *flags, "-I", work, *sorted(work.glob("*.c")), "-o", temporary], work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return program
