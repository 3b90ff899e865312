"""The front end as the first step of a program: ``struct sound`` of the firmware."""

from typing import Any

import numpy as np

from kwslib.config.front_end import FrontEnd
from kwslib.errors import ModelError
from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.front_end_bands import FrontEndBands
from kwslib.gap8.kernels.front_end_codes import FrontEndCodes
from kwslib.gap8.kernels.front_end_layout import layout
from kwslib.gap8.kernels.front_end_logs import FrontEndLogs
from kwslib.gap8.kernels.front_end_transform import FrontEndFirst, FrontEndSecond, FrontEndThird
from kwslib.gap8.planning.layouts import network_input
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import SAMPLE_BYTES, Map, Ref
from kwslib.gap8.planning.runtime import GUARD_BYTES, INPUT_HEADER_BYTES
from kwslib.gap8.planning.walk import L2, Walk
from kwslib.integer.front_end_tables import Tables, tables_of

TILE_FRAMES = CORES
"""Frames whose samples come together: one for each core."""
READ_BEHIND = 126
"""Samples behind a frame that its transform may read; they count nothing."""
WORD, HALF = 4, 2
CODES = "codes"
"""The region of the fingerprint in L1, `GUARD_BYTES` in front of it and behind it."""
FREED = "samples 1"
"""The region of a tile of samples that is free while the last tile is worked on, if their number is odd: what the next
step wants may come there (`run_sound`, firmware/sound.c)."""


def add(walk: Walk, front_end: FrontEnd) -> None:
    """Add the step of the front end to a plan, in front of all layers.

    Raises
    ------
    ModelError
        If the bands need more scratch memory than the transform leaves.
    kwslib.gap8.planning.memory.DoesNotFit
        If a memory is too small.
    """
    builder, tables = walk.builder, tables_of(front_end)
    if 2 * WORD * (front_end.bands + 1) > WORD * tables.points:
        raise ModelError(
            f"front end {front_end.key}: {front_end.bands} bands need more memory than a transform of "
            f"{front_end.fft_length} points leaves; choose at most {tables.points // 2 - 1} bands"
        )
    frames, coefficients = front_end.shape
    stride, window = SAMPLE_BYTES * front_end.stride_samples, SAMPLE_BYTES * front_end.window_samples
    tile = window + (min(frames, TILE_FRAMES) - 1) * stride + SAMPLE_BYTES * READ_BEHIND
    constants, words = walk.l1("constants", layout(tables).words().nbytes), layout(tables).words()
    codes_bytes, last = aligned(frames * coefficients), len(walk.graph.layers) + 1
    fingerprint = builder.use("fingerprint", L2, codes_bytes, 0, last)
    builder.plan.input = fingerprint
    builder.plan.fingerprint = Map(fingerprint, network_input(walk.graph))
    step = walk.add(
        "sound",
        (),
        samples_l2=Ref("weights", INPUT_HEADER_BYTES),
        tiles=walk.pair("samples", tile),
        window_bytes=window,
        frames=frames,
        codes=walk.l1(CODES, codes_bytes + 2 * GUARD_BYTES) + GUARD_BYTES,
        codes_l2=fingerprint,
        front_end=_front_end(walk, tables, constants),
    )
    builder.fetch(constants, words.view(np.int32))
    step.dma_in_bytes = words.nbytes + (frames - 1) * stride + window
    step.dma_out_bytes = frames * coefficients
    step.description = f"front end {front_end.key}, a frame a core, samples of {TILE_FRAMES} frames at a time"


def _front_end(walk: Walk, tables: Tables, constants: Ref) -> dict[str, Any]:
    """Return the members of ``struct front_end`` (firmware/front_end.h)."""
    front_end, builder = tables.front_end, walk.builder
    logs = aligned(HALF * front_end.bands, WORD)
    scratch = aligned(2 * WORD * tables.points + 4 * WORD + logs)
    kernels = {
        "first_pass": FrontEndFirst(tables.first_radix, tables.legs),
        "second_pass": FrontEndSecond(tables.first_radix),
        "third_pass": FrontEndThird(tables.first_radix),
        "make_bands": FrontEndBands(tables.weight_bits),
        "make_logs": FrontEndLogs(),
        "make_codes": FrontEndCodes(
            front_end.bands, front_end.coefficients, tables.code_shift, walk.graph.input.zero_point
        ),
    }
    return {
        "first_radix": tables.first_radix,
        "legs": tables.legs,
        "stride_bytes": SAMPLE_BYTES * front_end.stride_samples,
        "first_bin": tables.bins.start,
        "weight_bits": tables.weight_bits,
        "bands": front_end.bands,
        "coefficients": front_end.coefficients,
        "code_shift": tables.code_shift,
        "zero_point": walk.graph.input.zero_point,
        **{name: constants + offset for name, offset in layout(tables).offsets().items()},
        "scratch": walk.l1("scratch", CORES * scratch),
        "scratch_bytes": scratch,
        "shared": walk.l1("shared frame", WORD * (2 * CORES + 2) + logs),
        "times": walk.l1("times", WORD * len(walk.builder.plan.stages)),
        **{name: builder.kernel(kernel) for name, kernel in kernels.items()},
    }
