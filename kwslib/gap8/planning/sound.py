"""The front end as the first step of a program: ``struct sound`` of the firmware."""

from dataclasses import dataclass

import numpy as np

from kwslib.config.front_end import FrontEnd
from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.front_end_bands import FrontEndBands
from kwslib.gap8.kernels.front_end_codes import FrontEndCodes
from kwslib.gap8.kernels.front_end_layout import layout
from kwslib.gap8.kernels.front_end_logs import FrontEndLogs
from kwslib.gap8.kernels.front_end_transform import FrontEndFirst, FrontEndSecond, FrontEndThird
from kwslib.gap8.planning.layouts import network_input
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import SAMPLE_BYTES, Map, Ref
from kwslib.gap8.planning.runtime import INPUT_HEADER_BYTES
from kwslib.gap8.planning.walk import L2, Walk
from kwslib.integer.front_end_tables import Tables, tables_of

TILE_FRAMES = CORES
"""Frames whose samples come together: one for each core."""
READ_BEHIND = 126
"""Samples behind a frame that its transform may read; they count nothing."""
STATE_BYTES = 4 * (2 * CORES + 2)
"""Of ``struct frame_state`` (firmware/network.h)."""
WORD = 4


@dataclass(frozen=True)
class Stage:
    """A row of the layer profile.

    Attributes
    ----------
    name : str
    operations : int
        Real multiplications of the usual algorithms: a factor for each sample and 2 N log2 N for a transform of N real
        points; five for each bin that has a weight (two squares, the split's share left to the transform, two weights,
        one shift); one for each band; one for each product of the DCT.
    """

    name: str
    operations: int


def stages(front_end: FrontEnd | None) -> tuple[Stage, ...]:
    """Return the stages of a front end in the order in which a frame passes them; none without a front end.

    Parameters
    ----------
    front_end : FrontEnd or None
        Of kind ``integer``.
    """
    if front_end is None:
        return ()
    points, frames = front_end.fft_length, front_end.frames
    log2_points = points.bit_length() - 1
    bins = len(tables_of(front_end).bins)
    return (
        Stage(f"F1_WindowFFT_{points}", frames * (front_end.window_samples + 2 * points * log2_points)),
        Stage(f"F2_PowerMel_{front_end.bands}", frames * 5 * bins),
        Stage(f"F3_Log_{front_end.bands}", frames * front_end.bands),
        Stage(f"F4_DCT_{front_end.coefficients}", frames * front_end.bands * front_end.coefficients),
    )


@dataclass(frozen=True)
class Scratch:
    """How a core's scratch memory is divided, in bytes from its start."""

    first_bin: int
    mirror_bin: int
    energies: int
    logs: int
    size: int

    @classmethod
    def of(cls, tables: Tables) -> "Scratch":
        """Lay it out: behind the transform its lower half is free for the bands, if they are few enough."""
        half, bands = WORD * tables.points, tables.front_end.bands
        energies_bytes, logs_bytes = 2 * WORD * (bands + 1), aligned(2 * bands, WORD)
        needed = energies_bytes + logs_bytes
        energies = 0 if needed <= half else 2 * half
        return cls(
            first_bin=half + WORD * tables.bins.start,
            mirror_bin=half + WORD * (tables.points - tables.bins.start),
            energies=energies,
            logs=energies + energies_bytes,
            size=aligned(2 * half if not energies else 2 * half + needed),
        )


def add(walk: Walk, front_end: FrontEnd) -> None:
    """Add the step of the front end to a plan, in front of all layers.

    Raises
    ------
    kwslib.errors.InputError
        If the front end has no integer form.
    kwslib.gap8.planning.memory.DoesNotFit
        If a memory is too small.
    """
    builder, graph = walk.builder, walk.graph
    tables, last = tables_of(front_end), len(graph.layers) + 1
    scratch, constants = Scratch.of(tables), layout(tables)
    offsets, words = constants.offsets(), constants.words()
    frames, coefficients = front_end.shape
    stride, window = SAMPLE_BYTES * front_end.stride_samples, SAMPLE_BYTES * front_end.window_samples
    tile = window + (min(frames, TILE_FRAMES) - 1) * stride + SAMPLE_BYTES * READ_BEHIND
    codes_bytes = aligned(frames * coefficients)
    target = walk.l1("constants", words.nbytes)
    fingerprint = builder.use("fingerprint", L2, codes_bytes, 0, last)
    builder.plan.input = fingerprint
    builder.plan.fingerprint = Map(fingerprint, network_input(graph))
    kernels = (
        FrontEndFirst(tables.first_radix, tables.legs),
        FrontEndSecond(tables.first_radix),
        FrontEndThird(tables.first_radix),
        FrontEndBands(tables.weight_bits),
        FrontEndLogs(),
        FrontEndCodes(front_end.bands, coefficients, tables.code_shift, graph.input.zero_point),
    )
    *passes, bands, logs, codes = (builder.kernel(kernel) for kernel in kernels)
    step = walk.add(
        "sound",
        (),
        samples_l2=Ref("weights", INPUT_HEADER_BYTES),
        tiles=walk.pair("samples", tile),
        window_bytes=window,
        stride_bytes=stride,
        frames=frames,
        scratch=walk.l1("scratch", TILE_FRAMES * scratch.size),
        states=walk.l1("states", TILE_FRAMES * STATE_BYTES),
        scratch_bytes=scratch.size,
        radix=tables.first_radix,
        legs=tables.legs,
        first_bin_at=scratch.first_bin,
        mirror_bin_at=scratch.mirror_bin,
        energies_at=scratch.energies,
        logs_at=scratch.logs,
        **{name: target + offsets[name] for name in offsets},
        bands=front_end.bands,
        frame_bytes=coefficients,
        codes=walk.l1("codes", codes_bytes),
        codes_l2=fingerprint,
        passes=passes,
        add_bands=bands,
        take_logs=logs,
        make_codes=codes,
        geometry=_geometry(walk, tables),
    )
    builder.fetch(target, words.view(np.int32))
    step.dma_in_bytes = words.nbytes + frames * stride + window - stride
    step.dma_out_bytes = frames * coefficients
    step.description = f"front end {front_end.key}, a frame a core, samples of {TILE_FRAMES} frames at a time"


def _geometry(walk: Walk, tables: Tables) -> str:
    """What the portable twins of the kernels must know of the front end."""
    return walk.builder.geometry(rows=tables.first_radix, columns=tables.legs)
