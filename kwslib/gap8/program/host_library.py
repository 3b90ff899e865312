"""The planned network as a library of the host: whole test sets on the device's own program, tile by tile.

The same tables, steps and addresses as on GAP8, with one thread in place of eight cores, arrays in place of the
memories, and kernels in portable C that compute what the assembly ones do. What differs from the device is thus the
kernels' instructions alone.
"""

import ctypes
import hashlib
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path

import numpy as np

from kwslib import subproc
from kwslib.errors import InputError
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.planner import plan as make_plan
from kwslib.gap8.platforms.simulator.binary import compiler_command
from kwslib.gap8.program import codegen
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_path, cache_dir

FLAGS = ("-std=c11", "-O3", "-march=native", "-fno-strict-aliasing", "-fPIC", "-shared", "-DKWS_HOST")
WARNINGS = ("-Wall", "-Wextra", "-Werror")
BUILD_TIMEOUT_S = 300.0
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
    """

    codes: np.ndarray
    logits: np.ndarray
    winner: np.ndarray
    checksums: np.ndarray | None


def compile_library(plan: Plan) -> Path:
    """Compile the library of a plan into the cache, once for each state of its sources; returns its path.

    Raises
    ------
    kwslib.errors.ToolError
        If there is no C compiler or it fails.
    """
    command = compiler_command()
    texts = codegen.generated(plan, [f"class{i}" for i in range(plan.graph.classes)])
    digest = hashlib.sha256("\0".join([*command[-1:], *FLAGS]).encode())
    for name in (*codegen.RUNTIME, *codegen.HOST, *codegen.HEADERS):
        digest.update((codegen.FIRMWARE / name).read_bytes())
    for name in ("counts.h", "network.c"):
        digest.update(texts[name].encode())
    path = cache_dir() / "host" / f"{digest.hexdigest()[:24]}.so"
    if path.is_file():
        return path
    with atomic_path(path) as temporary, tempfile.TemporaryDirectory(prefix="kws-host-") as work:
        for name in ("counts.h", "network.c"):
            (Path(work) / name).write_text(texts[name])
        sources = [codegen.FIRMWARE / name for name in (*codegen.RUNTIME, *codegen.HOST)]
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(cache_dir() / "zig"), "ZIG_LOCAL_CACHE_DIR": f"{work}/zig"}
        arguments = [*FLAGS, *WARNINGS, "-I", work, "-I", codegen.FIRMWARE, "-o", temporary, *sources, "network.c"]
        subproc.run([*command, *arguments], timeout_s=BUILD_TIMEOUT_S, cwd=work, env=caches)
    return path


@cache
def _open(path: str) -> ctypes.CDLL:
    return ctypes.CDLL(path)


def _run(path: str, plan_parts: tuple, core_codes: np.ndarray, check: bool) -> tuple[np.ndarray, ...]:
    """Run clips in this process, whose library has one set of memories."""
    image, where, flash, input_address, classes, layers = plan_parts
    host = _open(path)
    host.host_load(image, ctypes.c_uint32(where), ctypes.c_uint32(len(image)), flash)
    clips, size = core_codes.shape
    logits, outputs = np.empty((clips, classes), np.int8), np.empty((clips, classes), np.int8)
    checksums = np.zeros((clips, layers), np.uint32) if check else None
    host.host_run(
        core_codes.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_uint32(clips),
        ctypes.c_uint32(size),
        ctypes.c_uint32(input_address),
        logits.ctypes.data_as(ctypes.c_void_p),
        outputs.ctypes.data_as(ctypes.c_void_p),
        checksums.ctypes.data_as(ctypes.c_void_p) if check else None,
    )
    return logits, outputs, checksums


def run(graph: Graph, codes: np.ndarray, checksums: bool = False, processes: int | None = None) -> HostOutputs:
    """Run a network on clips.

    Parameters
    ----------
    graph : Graph
    codes : ndarray (clips, ...)
        Input codes of the network's type.
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
    tensor = graph.input
    codes = np.asarray(codes)
    if codes.dtype != tensor.dtype or codes.size != len(codes) * prod(tensor.shape):
        raise InputError(
            f"{graph.name} takes {tensor.dtype} clips of shape {tensor.shape}, got {codes.dtype} of {codes.shape}"
        )
    plan = make_plan(graph)
    path = str(compile_library(plan))
    core = np.ascontiguousarray(tensor.to_core(np.ascontiguousarray(codes)).reshape(len(codes), -1))
    parts = (
        codegen.contents(plan)["l2.bin"],
        plan.l2_begin,
        bytes(plan.flash_image),
        plan.address(plan.input),
        graph.classes,
        len(graph.layers),
    )
    workers = min(processes or os.cpu_count() or 1, -(-len(core) // CLIPS_A_PROCESS)) or 1
    if workers == 1:
        found = [_run(path, parts, core, checksums)]
    else:
        with ProcessPoolExecutor(workers) as pool:
            pieces = np.array_split(core, workers)
            found = list(pool.map(_run, *zip(*[(path, parts, piece, checksums) for piece in pieces], strict=True)))
    logits, outputs = (np.concatenate([part[i] for part in found]) for i in (0, 1))
    return HostOutputs(
        codes=graph.output.from_core(outputs),
        logits=logits,
        winner=logits.argmax(axis=1),
        checksums=np.concatenate([part[2] for part in found]) if checksums else None,
    )
