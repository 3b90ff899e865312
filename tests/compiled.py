"""Programs that several tests build alike are compiled once in a process: what they are made of decides."""

import functools
from pathlib import Path

from kwslib import toolchain
from kwslib.paths import atomic_write_bytes

PROJECT = "counts.h"
"""What the folder of a network's C project has, and no other one that tests compile."""


def once(compile_program):
    """Wrap `kwslib.toolchain.compile_program`: ziglang is not called for a project that it has compiled as it is.

    Everything in the folder counts, and the flags; what ziglang refuses is refused again.
    """
    made: dict[tuple[object, ...], tuple[bytes, int]] = {}

    @functools.wraps(compile_program)
    def compile_or_copy(compiler, arguments, program, folder):
        if not compiler.is_zig or not (Path(folder) / PROJECT).is_file():
            compile_program(compiler, arguments, program, folder)
            return
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        key = compiler.words, tuple(map(str, arguments)), toolchain.digest(files)
        if key in made:
            content, mode = made[key]
            atomic_write_bytes(program, content)
            program.chmod(mode)
            return
        compile_program(compiler, arguments, program, folder)
        made[key] = program.read_bytes(), program.stat().st_mode

    return compile_or_copy
