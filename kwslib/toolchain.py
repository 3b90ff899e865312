"""The one place that finds and calls C compilers.

Programs of this machine (simulator, libraries, host program) are compiled by the C compiler that ``KWS_CC`` names.
Where the variable is not set, ziglang from PyPI does it, so that nothing but Python packages has to be installed.
Compilers for other machines, with the flags that choose those, are in `kwslib.gap8.program.cross_compilers`.
"""

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from kwslib import seals, subproc
from kwslib.errors import InputError, ToolError
from kwslib.paths import atomic_path, cache_dir, locked, scratch

HOST_VARIABLE = "KWS_CC"
"""Variable that names a C compiler of this machine, to be used instead of ziglang."""
INSTALL_ZIGLANG = "pip install 'ziglang==0.15.*'"
COMPILE_TIMEOUT_S = 300.0


class CompilerError(ToolError):
    """There is no compiler, or it failed; the message ends with its last lines."""


class NoSuchCompiler(CompilerError, InputError):
    """The compiler that the user named does not exist."""


@dataclass(frozen=True)
class Compiler:
    """How to call a C compiler.

    Attributes
    ----------
    words : tuple of str
        What calls it, flags that choose its target included.
    is_zig : bool
        Whether it is ziglang from PyPI.
    """

    words: tuple[str, ...]
    is_zig: bool

    @property
    def name(self) -> str:
        """Ziglang with its version, or the path of a compiler of the system."""
        return f"ziglang {metadata.version('ziglang')}" if self.is_zig else self.words[0]


def find_host(cc: str | None = None) -> Compiler:
    """Return the compiler for programs of this machine.

    Parameters
    ----------
    cc : str, optional
        Name or path of one; ``$KWS_CC`` otherwise, and ziglang if that is unset.

    Raises
    ------
    NoSuchCompiler
        If `cc`, or what the variable names, does not exist.
    CompilerError
        If none is named and ziglang is not installed.
    """
    wanted = cc or os.environ.get(HOST_VARIABLE)
    if wanted:
        return Compiler((on_path(wanted, "C compiler", HOST_VARIABLE),), is_zig=False)
    return Compiler(ziglang("C compiler", f"{HOST_VARIABLE} to a C compiler of the system"), is_zig=True)


def on_path(wanted: str, what: str, variable: str) -> str:
    """Return the path of a compiler that the user named.

    Raises
    ------
    NoSuchCompiler
        If there is none of that name.
    """
    found = shutil.which(wanted)
    if not found:
        raise NoSuchCompiler(
            f"no {what} '{wanted}': give {variable} the name or path of one, or unset it to use ziglang"
        )
    return found


def ziglang(what: str, other: str = "") -> tuple[str, ...]:
    """Return what calls ziglang's C compiler; where it is missing, the message says what to set instead.

    Raises
    ------
    CompilerError
        If ziglang is not installed.
    """
    if importlib.util.find_spec("ziglang") is None:
        instead = f", or set {other}" if other else ""
        raise CompilerError(f"no {what}: install ziglang ({INSTALL_ZIGLANG}){instead}")
    return (sys.executable, "-m", "ziglang", "cc")


def compile_program(compiler: Compiler, arguments: Sequence[str | Path], program: Path, folder: Path) -> None:
    """Call a compiler.

    Parameters
    ----------
    compiler : Compiler
    arguments : sequence of str or Path
        Flags and sources, without ``-o``.
    program : Path
        What it makes; it appears whole or not at all.
    folder : Path
        Where it is called: names of sources are relative to it.

    Raises
    ------
    CompilerError
        If the compiler fails, or does not end in time.
    """
    with atomic_path(program.absolute()) as temporary, scratch("zig") as local:
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(cache_dir() / "zig"), "ZIG_LOCAL_CACHE_DIR": str(local)}
        words = [*compiler.words, *arguments, "-o", temporary]
        try:
            subproc.run(words, timeout_s=COMPILE_TIMEOUT_S, cwd=folder, env=caches)
        except ToolError as error:
            raise CompilerError(str(error)) from error


def compile_cached(
    program: str,
    compiler: Compiler,
    flags: Sequence[str],
    files: Mapping[str, bytes],
    without_runtime: bool = False,
) -> Path:
    """Compile a program that this machine runs into the cache, once for each state of its files; returns its path.

    One process compiles; others that want the same program wait for it. A checksum stands beside the program, and one
    that was spoiled is compiled again.

    Parameters
    ----------
    program : str
        Folder in the cache and name: ``simulator/gap8sim``. A folder named by the digest goes between them.
    compiler : Compiler
    flags : sequence of str
    files : mapping of str to bytes
        Sources, headers and what they embed, by their path; the sources are those that end in ``.c``.
    without_runtime : bool
        Try ziglang without its runtime library first: compiling that would take most of the time. Not for a shared
        library, in which a symbol may be missing without an error, unless the linker is told to refuse that.

    Raises
    ------
    CompilerError
        If the compiler fails.
    kwslib.errors.KwsError
        If the cache folder cannot be written.
    """
    part, _, name = program.rpartition("/")
    path = cache_dir() / part / _cache_key(compiler, flags, files) / name
    if seals.is_as_written(path):
        return path
    with locked(path.with_name(f"{name}.lock"), "choose another cache folder with KWS_CACHE"):
        if not seals.is_as_written(path):
            _compile_into_cache(path, compiler, flags, files, without_runtime)
            seals.write_beside(path)
    return path


def _compile_into_cache(
    path: Path, compiler: Compiler, flags: Sequence[str], files: Mapping[str, bytes], without_runtime: bool
) -> None:
    with scratch("compile") as work:
        for file, content in files.items():
            (work / file).parent.mkdir(exist_ok=True)
            (work / file).write_bytes(content)
        arguments = [*flags, "-I.", *(file for file in files if file.endswith(".c"))]
        if without_runtime and compiler.is_zig:
            try:
                compile_program(compiler, [*arguments, "-rtlib=none"], path, work)
                return
            except CompilerError as error:
                if "undefined symbol" not in str(error):
                    raise
        compile_program(compiler, arguments, path, Path(work))


def digest(files: Mapping[str, bytes]) -> str:
    """16 hex digits that name files: their names and contents."""
    found = hashlib.sha256()
    for name, content in files.items():
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]


def _cache_key(compiler: Compiler, flags: Sequence[str], files: Mapping[str, bytes]) -> str:
    parts = [digest(files), _processor(), compiler.name, *flags]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def _processor() -> str:
    """Name the processor: compilers make code for the one at hand, and several may share a cache folder."""
    features = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^(flags|Features)\s*:(.*)$", info.read_text(errors="replace"), re.MULTILINE)
        features += found[2] if found else ""
    return features
