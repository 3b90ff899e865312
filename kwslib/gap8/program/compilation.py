"""From a network to a program: planned, written as a C project, compiled and linked.

Programs for GAP8 and for upstream's target pulp-open are bare-metal ELF files. A program for the host is the same
planned network with kernels in portable C (`kwslib.gap8.platforms.host`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from elftools.elf.elffile import ELFFile

from kwslib import toolchain
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import InputError, ModelError, check_name
from kwslib.gap8.hardware import FLASH_BYTES
from kwslib.gap8.planning import planner, record
from kwslib.gap8.planning.plan import SAMPLE_BYTES, Plan
from kwslib.gap8.program import codegen, cross_compilers
from kwslib.gap8.program.listening import Listening
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_path, atomic_write_bytes
from kwslib.toolchain import Compiler

DEVICE_FLAGS = (
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-pic",
    "-fno-zero-initialized-in-bss",
    "-fno-strict-aliasing",
    "-nostdlib",
    "-static",
    "-msmall-data-limit=0",
)
LINKER_FLAGS = ("-Wl,-T,link.ld", "-L.", "-Wl,--build-id=none")
HOST_FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing")
TARGETS: dict[str, tuple[str, ...]] = {"gap8": (), "pulp-open": ("-DPULP_OPEN",), "host": ("-DKWS_HOST",)}
"""Macros of the C sources, by what they are compiled for."""

DEVICE_SOURCES = ("kernels.S", *codegen.RUNTIME, "network.c", "contents.S", *codegen.DEVICE)
"""In the order in which they are linked. The hot loops and their callers lie together, so that they share the 4 KB
instruction cache evenly."""
LISTEN_DEVICE_SOURCES = (
    *("kernels.S", *codegen.RUNTIME, *codegen.LISTEN, codegen.LISTENING, "network.c", "contents.S"),
    *codegen.LISTEN_DEVICE,
)
LISTEN_HOST_SOURCES = (
    *(*codegen.RUNTIME, *codegen.HOST, *codegen.LISTEN, *codegen.LISTEN_HOST, *codegen.LISTEN_HOST_PROGRAM),
    *(codegen.LISTENING, "network.c", "contents.S"),
)
"""Of programs that listen to a stream."""
HOST_SOURCES = (*codegen.RUNTIME, *codegen.HOST, *codegen.HOST_PROGRAM, "network.c", "contents.S")
PROJECT, PLAN, PROGRAM = "project", "plan.json", "network.elf"
RECORDING = "recording.pcm"
"""What `build` leaves in its folder."""


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


def compiler_for(target: str) -> Compiler:
    """Return the compiler of a target.

    Raises
    ------
    InputError
        If there is no such target.
    kwslib.toolchain.CompilerError
        If there is no compiler for it.
    """
    return toolchain.find_host() if check_name("target", target, TARGETS) == "host" else cross_compilers.find_riscv()


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
    kwslib.toolchain.CompilerError
        If compiling or linking fails; the linker also proves that program and plan fit L1 and L2.
    """
    compiler = compiler_for(target)
    if target == "host":
        arguments = [*HOST_FLAGS, *TARGETS[target], "-I.", *HOST_SOURCES]
    else:
        arguments = [*DEVICE_FLAGS, *TARGETS[target], "-I.", *LINKER_FLAGS, *DEVICE_SOURCES]
    toolchain.compile_program(compiler, arguments, elf, folder)


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
    kwslib.toolchain.CompilerError
        If there is no compiler or it fails.
    """
    _check_project(folder)
    plan = planner.plan(graph)
    if target == "pulp-open" and plan.flash_image:
        raise ModelError(
            f"{graph.name} streams {len(plan.flash_image)} bytes of weights from GAP8's HyperFlash, and pulp-open has "
            "another external memory: use the platform gvsoc or simulator for it"
        )
    compiler_for(target)  # a missing compiler is an error before anything is written
    program = folder / PROGRAM
    with atomic_path(folder / PROJECT) as project:
        codegen.write_project(plan, project, classes, codes)
        compile_project(project, program, target)
    record.save(plan.record(), folder / PLAN)
    return Build(program, plan)


def listen_flags(listens: Listening) -> tuple[str, ...]:
    """Return the compiler's flags for the sources of a program that listens."""
    return codegen.LISTEN_MACRO, f"-DHOP_FRAMES={listens.frames}"


def build_listener(
    graph: Graph, folder: Path, classes: Sequence[str], listens: Listening, samples: np.ndarray
) -> Build:
    """Build the program for GAP8 that listens to a recording in the external flash, as `build` does.

    Parameters
    ----------
    graph : Graph
        With a front end.
    folder : Path
    classes : sequence of str
    listens : Listening
    samples : ndarray, int16 (samples,)

    Raises
    ------
    InputError
        If the flash cannot hold the recording.
    ModelError
        If the network does not fit GAP8.
    kwslib.toolchain.CompilerError
        If there is no compiler or it fails.
    """
    _check_project(folder)
    plan = planner.plan(graph, listens.spare_bytes)
    most = (FLASH_BYTES - len(plan.flash_image) - 8) // SAMPLE_BYTES
    if len(samples) > most:
        raise InputError(
            f"the recording has {len(samples) / SAMPLE_RATE_HZ:.1f} s; the external flash holds "
            f"{most / SAMPLE_RATE_HZ:.1f} s of sound: cut it into parts"
        )
    compiler = compiler_for("gap8")
    program = folder / PROGRAM
    with atomic_path(folder / PROJECT) as project:
        codegen.write_project(plan, project, classes, listens=listens)
        (project / RECORDING).write_bytes(np.ascontiguousarray(samples, "<i2").tobytes())
        flags = (*DEVICE_FLAGS, *listen_flags(listens), f'-DRECORDING_FILE="{RECORDING}"')
        arguments = [*flags, "-I.", *LINKER_FLAGS, *LISTEN_DEVICE_SOURCES]
        toolchain.compile_program(compiler, arguments, program, project)
    record.save(plan.record(), folder / PLAN)
    return Build(program, plan)


def _check_project(folder: Path) -> None:
    if (folder / PROJECT).exists() and not (folder / PROJECT / "counts.h").is_file():
        raise InputError(f"{folder / PROJECT} is there and no C project of a network: choose another folder")


def with_input(built: Build, codes: np.ndarray, elf: Path, warm_runs: int = 0, check: bool = True) -> Path:
    """Write a copy of the program with another input, and return its path.

    Parameters
    ----------
    built : Build
    codes : ndarray
        Codes of the network's input type, of its input's size; or samples, int16 (16000,), for a graph with a front
        end.
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
    codes = np.asarray(codes)
    codegen.check_clip(built.plan.graph, codes)
    data = bytearray(built.elf.read_bytes())
    with built.elf.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".weights")
        if section is None:
            raise InputError(f"{built.elf} has no section .weights: build it again")
        offset = section["sh_offset"]
    image = codegen.input_image(built.plan, codes, warm_runs, check)
    data[offset : offset + len(image)] = image
    atomic_write_bytes(elf, bytes(data))
    elf.chmod(built.elf.stat().st_mode)
    return elf


def digest(elf: Path) -> str:
    """16 hex digits that name a program."""
    return hashlib.sha256(elf.read_bytes()).hexdigest()[:16]
