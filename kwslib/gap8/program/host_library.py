"""The planned network as a library of the host: runs whole test sets through the device's own program.

It has the same tables, steps and addresses as on GAP8. One thread replaces the eight cores, arrays replace the
memories, and kernels in portable C replace the assembly ones. Only the kernels' instructions differ from the device.
"""

import ctypes
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from kwslib import toolchain
from kwslib.gap8.planning import planner
from kwslib.gap8.planning.plan import Plan, Ref
from kwslib.gap8.planning.runtime import INPUT_HEADER_BYTES
from kwslib.gap8.program import codegen
from kwslib.integer.graph import Graph
from kwslib.subproc import end_with_parent

FLAGS = (
    "-std=c11",
    "-O3",
    "-march=native",
    "-fno-strict-aliasing",
    "-fPIC",
    "-shared",
    "-DKWS_HOST",
    codegen.LISTEN_MACRO,
    "-Wall",
    "-Wextra",
    "-Werror",
)
CLIPS_A_PROCESS = 64  # fewer are not worth a process


@dataclass(frozen=True, eq=False)
class HostOutputs:
    """What the host library made of some clips.

    Attributes
    ----------
    codes : ndarray, int8 or uint8 (clips, classes)
        In the file's own type.
    logits : ndarray, int8 (clips, classes)
    winner : ndarray, int64 (clips,)
    checksums : ndarray, uint32 (clips, layers), or None
        As the program on the device prints them.
    fingerprints : ndarray, uint32 (clips,), or None
        Checksums of the fingerprints, for a graph with a front end.
    """

    codes: np.ndarray
    logits: np.ndarray
    winner: np.ndarray
    checksums: np.ndarray | None
    fingerprints: np.ndarray | None = None


def compile_library(plan: Plan) -> Path:
    """Compile the library of a plan into the cache, once for each state of its sources; returns its path.

    Raises
    ------
    kwslib.toolchain.CompilerError
        If there is no C compiler or it fails.
    """
    texts = codegen.tables(plan, [f"class{i}" for i in range(plan.graph.classes)])
    names = (
        *(*codegen.RUNTIME, *codegen.HOST, *codegen.LISTEN, *codegen.LISTEN_HOST),
        *(*codegen.HEADERS, *codegen.LISTEN_HEADERS),
    )
    files = {name: (codegen.FIRMWARE / name).read_bytes() for name in names}
    files |= {name: text.encode() for name, text in texts.items()}
    return toolchain.compile_cached("host/network.so", toolchain.find_host(), FLAGS, files)


@dataclass(frozen=True)
class Program:
    """A compiled library, and what it is given before the first clip; it can be sent to another process."""

    shared_object: str
    l2_image: bytes
    l2_begin: int
    flash: bytes
    clip_address: int
    classes: int
    layers: int


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the library computed of some clips: int8 core codes (clips, classes), and checksums if asked for."""

    logits: np.ndarray
    codes: np.ndarray
    checksums: np.ndarray


@cache
def _open(path: str) -> ctypes.CDLL:
    return ctypes.CDLL(path)


_IN_PLACE: dict[str, Program] = {}
"""The program whose weights are in each open library; kept, since the library reads its flash where it is."""


def _loaded(program: Program) -> ctypes.CDLL:
    """Open a library and give it the weights, once: as on the device, one inference follows the other."""
    host = _open(program.shared_object)
    if _IN_PLACE.get(program.shared_object) != program:
        host.host_load(
            program.l2_image, ctypes.c_uint32(program.l2_begin), ctypes.c_uint32(len(program.l2_image)), program.flash
        )
        _IN_PLACE[program.shared_object] = program
    return host


def run_here(program: Program, given: np.ndarray, check: bool = False) -> Outputs:
    """Run clips in this process, whose library has one set of memories.

    Parameters
    ----------
    program : Program
    given : ndarray
        int8 core codes (clips, input codes); or samples, int16 (clips, 16000), for a program that begins with sound.
    check : bool
        Also compute checksums.
    """
    host = _loaded(program)
    clips = len(given)
    size = given.nbytes // max(clips, 1)
    shape = (clips, program.classes)
    sums = np.zeros((clips, program.layers + 1), np.uint32)
    outputs = Outputs(np.empty(shape, np.int8), np.empty(shape, np.int8), sums)
    host.host_run(
        given.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_uint32(clips),
        ctypes.c_uint32(size),
        ctypes.c_uint32(program.clip_address),
        outputs.logits.ctypes.data_as(ctypes.c_void_p),
        outputs.codes.ctypes.data_as(ctypes.c_void_p),
        outputs.checksums.ctypes.data_as(ctypes.c_void_p) if check else None,
    )
    return outputs


def prepare(graph: Graph) -> Program:
    """Plan a network and compile its library, for `run_here`.

    Raises
    ------
    kwslib.errors.KwsError
        If the network cannot be planned, or the library cannot be compiled.
    """
    plan = planner.plan(graph)
    return Program(
        shared_object=str(compile_library(plan)),
        l2_image=codegen.contents(plan)["l2.bin"],
        l2_begin=plan.l2_begin,
        flash=bytes(plan.flash_image),
        clip_address=plan.address(Ref("weights", INPUT_HEADER_BYTES)),
        classes=graph.classes,
        layers=len(graph.layers),
    )


def run(graph: Graph, codes: np.ndarray, checksums: bool = False, processes: int | None = None) -> HostOutputs:
    """Run a network on clips.

    Parameters
    ----------
    graph : Graph
    codes : ndarray (clips, ...)
        Input codes of the network's type; or samples, int16 (clips, 16000), for a graph with a front end.
    checksums : bool
        Also compute every layer's checksum.
    processes : int, optional
        One for each core of the host by default; 1 stays in this process.

    Raises
    ------
    InputError
        If the codes are not the network's.
    kwslib.errors.ToolError
        If the library cannot be compiled.
    """
    codes = np.ascontiguousarray(codes)
    for clip in codes[:1]:
        codegen.check_clip(graph, clip)
    given = codes if graph.front_end else graph.input.to_core(codes)
    given = np.ascontiguousarray(given.reshape(len(codes), -1))
    program = prepare(graph)
    workers = min(processes or os.cpu_count() or 1, -(-len(given) // CLIPS_A_PROCESS)) or 1
    if workers == 1:
        parts = [run_here(program, given, checksums)]
    else:
        with ProcessPoolExecutor(workers, initializer=end_with_parent) as pool:
            pieces = np.array_split(given, workers)
            parts = list(pool.map(run_here, [program] * workers, pieces, [checksums] * workers))
    logits = np.concatenate([part.logits for part in parts])
    sums = np.concatenate([part.checksums for part in parts])
    return HostOutputs(
        codes=graph.output.from_core(np.concatenate([part.codes for part in parts])),
        logits=logits,
        winner=logits.argmax(axis=1),
        checksums=sums[:, :-1] if checksums else None,
        fingerprints=sums[:, -1] if checksums and graph.front_end else None,
    )
