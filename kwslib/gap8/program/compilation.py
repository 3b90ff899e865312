"""From a C project to a program: compiled and linked by ziglang from PyPI, or by a RISC-V GCC of the system.

Programs for GAP8 and for upstream's target pulp-open are bare-metal ELF files; one for the host is the same planned
network with kernels in portable C (`kwslib.gap8.platforms.host`).
"""

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile

from kwslib import subproc
from kwslib.errors import InputError, ModelError, ToolError, check_name
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.planner import plan as make_plan
from kwslib.gap8.platforms.simulator.binary import compiler_command as host_compiler
from kwslib.gap8.program import codegen
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_path, atomic_write_bytes, cache_dir

COMPILER_VARIABLE = "KWS_RISCV_CC"
"""A RISC-V GCC of the system, by name or path, in place of ziglang."""
BUILD_TIMEOUT_S = 300.0
FLAGS = (
    *("-std=c11", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-builtin", "-fno-pic"),
    *("-fno-zero-initialized-in-bss", "-fno-strict-aliasing", "-nostdlib", "-static", "-msmall-data-limit=0"),
)
# Small code: the instruction cache holds 4 KB. -g keeps the symbols, which the profile needs; its sections are dropped.
ZIG_TARGET = (
    "-Os",
    "-g",
    "--target=riscv32-freestanding-none",
    "-mcpu=generic_rv32+m+c+zicsr",
    "-fno-sanitize=all",
    "-mno-relax",
)
GCC_TARGET = (
    "-O2",
    "-march=rv32imc_zicsr",
    "-mno-relax",
    "-fno-tree-loop-distribute-patterns",
)  # else memset calls itself
HOST_FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing")
TARGETS = {"gap8": (), "pulp-open": ("-DPULP_OPEN",), "host": ("-DKWS_HOST",)}
"""What the C sources are told, by what they are compiled for."""

ABI = "-mabi=ilp32"
LINKER_FLAGS = ("-Wl,-T,link.ld", "-L.", "-Wl,--build-id=none")
GENERATED = ("network.c", "kernels.S", "contents.S")
HOST_SOURCES = (*codegen.RUNTIME, *codegen.HOST, *codegen.HOST_PROGRAM, "network.c", "contents.S")
PROJECT, PLAN, PROGRAM = "project", "plan.json", "network.elf"
"""What `build` leaves in its folder."""


def device_sources() -> tuple[str, ...]:
    """What is compiled for the device, in the order in which it is linked.

    The hot loops and what calls them lie together, so that they share the 4 KB instruction cache evenly.
    """
    kernels = "kernels.S"
    return (kernels, *codegen.RUNTIME, *(name for name in GENERATED if name != kernels), *codegen.DEVICE)


@dataclass(frozen=True)
class Build:
    """A program and what it was built from.

    Attributes
    ----------
    elf : Path
    plan : Plan
    """

    elf: Path
    plan: Plan


def compiler() -> list[str]:
    """The words that call the RISC-V compiler, its target included.

    Raises
    ------
    InputError
        If ``$KWS_RISCV_CC`` names none.
    ToolError
        If there is neither.
    """
    wanted = os.environ.get(COMPILER_VARIABLE)
    if wanted:
        found = shutil.which(wanted)
        if not found:
            raise InputError(
                f"no RISC-V compiler '{wanted}': give {COMPILER_VARIABLE} the name or path of one, "
                "or unset it to use ziglang"
            )
        return [found, *GCC_TARGET, ABI]
    if importlib.util.find_spec("ziglang") is None:
        raise ToolError(
            "no RISC-V compiler: install ziglang (pip install 'ziglang==0.15.*'), "
            f"or set {COMPILER_VARIABLE} to a RISC-V GCC"
        )
    return [sys.executable, "-m", "ziglang", "cc", *ZIG_TARGET, ABI]


def command(target: str) -> list[str]:
    """All words of the compiler's call but the name of the program.

    Raises
    ------
    InputError, ToolError
        If there is no compiler for the target.
    """
    check_name("target", target, TARGETS)
    if target == "host":
        return [*host_compiler(), *HOST_FLAGS, *TARGETS[target], "-I.", *HOST_SOURCES]
    sources = device_sources()
    return [*compiler(), *FLAGS, *TARGETS[target], "-I.", *LINKER_FLAGS, *sources]


def compile_project(folder: Path, elf: Path, target: str = "gap8") -> None:
    """Compile and link a project that `kwslib.gap8.program.codegen.write_project` wrote.

    Parameters
    ----------
    folder, elf : Path
        `elf` appears whole or not at all.
    target : str
        Name in `TARGETS`.

    Raises
    ------
    ToolError
        If compiling or linking fails; the linker also proves that program and plan fit L1 and L2.
    """
    elf = elf.absolute()
    words = command(target)
    with atomic_path(elf) as temporary, tempfile.TemporaryDirectory(prefix="kws-build-") as work:
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(cache_dir() / "zig"), "ZIG_LOCAL_CACHE_DIR": work}
        subproc.run([*words, "-o", temporary], timeout_s=BUILD_TIMEOUT_S, cwd=folder, env=caches)


def build(
    graph: Graph,
    folder: Path,
    classes: Sequence[str] | None = None,
    codes: np.ndarray | None = None,
    target: str = "gap8",
) -> Build:
    """Plan a network, write its C project, the plan and the program into a folder: all of them, or nothing.

    Parameters
    ----------
    graph : Graph
    folder : Path
        Gets `PROJECT`, `PLAN` and `PROGRAM`; what else lies there stays.
    classes : sequence of str, optional
        Names of the classes.
    codes : ndarray, optional
        The input in the image; codes of zero otherwise.
    target : str
        Name in `TARGETS`.

    Raises
    ------
    ModelError
        If the network does not fit GAP8, or needs an external memory that the target does not have.
    ToolError
        If there is no compiler or it fails.
    """
    if (folder / PROJECT).exists() and not (folder / PROJECT / "counts.h").is_file():
        raise InputError(f"{folder / PROJECT} is there and no C project of a network: choose another folder")
    plan = make_plan(graph)
    if target == "pulp-open" and plan.flash_image:
        raise ModelError(
            f"{graph.name} streams {len(plan.flash_image)} bytes of weights from GAP8's HyperFlash, and pulp-open has "
            "another external memory: use the platform gvsoc or simulator for it"
        )
    command(target)  # a missing compiler is met before anything is written
    program = folder / PROGRAM
    with atomic_path(folder / PROJECT) as project:
        codegen.write_project(plan, project, classes, codes)
        compile_project(project, program, target)
    plan.save(folder / PLAN)
    return Build(program, plan)


def with_input(built: Build, codes: np.ndarray, elf: Path, warm_runs: int = 0, check: bool = True) -> Path:
    """Write a copy of the program with another input, and return its path.

    Parameters
    ----------
    built : Build
    codes : ndarray
        Codes of the network's input type, of its input's size.
    elf : Path
        The copy.
    warm_runs : int
        Inferences after the first, for warm cycles.
    check : bool
        One more inference that computes checksums.

    Raises
    ------
    InputError
        If the codes are not the network's.
    """
    tensor = built.plan.graph.input
    codes = np.asarray(codes)
    if codes.dtype != tensor.dtype or codes.size != int(np.prod(tensor.shape)):
        raise InputError(
            f"{built.plan.graph.name} takes {tensor.dtype} codes of shape {tensor.shape}, "
            f"got {codes.dtype} of shape {codes.shape}"
        )
    data = bytearray(built.elf.read_bytes())
    with built.elf.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".weights")
        offset = section["sh_offset"]
    image = codegen.input_image(built.plan, codes, warm_runs, check)
    data[offset : offset + len(image)] = image
    atomic_write_bytes(elf, bytes(data))
    elf.chmod(built.elf.stat().st_mode)
    return elf


def digest(elf: Path) -> str:
    """16 hex digits that name a program."""
    return hashlib.sha256(elf.read_bytes()).hexdigest()[:16]
