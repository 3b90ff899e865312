"""The cost model: cycles of a step, from the instructions of its kernels and what was measured around them.

It serves two ends: planners compare ways of running a layer by it, and a plan says what it should cost. Constants that
name no source were fitted to runs on the simulator (``benchmarks/gap8_family.py`` shows how near they come).
"""

from math import prod

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.depthwise import DepthwiseKernel
from kwslib.gap8.kernels.depthwise_any import AnyDepthwise
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import weights
from kwslib.gap8.planning.work import Blocks, Work
from kwslib.integer.graph import Layer

STEP_CYCLES, DEPTHWISE_STEP_CYCLES = 1200, 850
"""Of a step whose code is cold: instruction refills, the first weights, barriers."""
ROW_TILE_CYCLES, RUN_CYCLES = 250, 100
"""Of a pointwise layer: of a tile of rows, and of a run of blocks, whose words the plan lists."""
EXPOSED = 4
"""Bytes a cycle of the first tile that comes and the last one that goes, while no core computes."""
STRIPS_CYCLES = 3300
"""Of a first layer of strips: the input is fetched and laid out."""
PIECE_CYCLES, PIECE_WORD_CYCLES = 25, 11
"""Of a piece of a strip, and of each of its words."""
WINDOW_ROW_CYCLES, WINDOW_WORD_CYCLES = 30, 20
"""Of a kernel row in a window that is gathered, and of each of its words."""
SUM_CYCLES, SUM_WORD_CYCLES = 126, 4
"""Of the second term of a position, and of each word of its inputs."""
FETCH_CYCLES = 400
"""What a step saves whose weights came with those of an earlier one: no transfer to start and to wait for."""
DEEP_CYCLES = 15_000
"""What a layer waits for its first weights where those of the layer in front come from the flash as well."""
FRONT_CYCLES = 2000
"""The same of a first convolution, which waits for the input and its weights."""
REFILL_CYCLES_A_BYTE = 12 / 16
"""Of code that is not in the instruction cache: a line of 16 bytes (shared/gap8/hardware.md, by GVSOC's model)."""
TILE_CYCLES = 900
"""Of a tile: barriers, waiting, the transfers' start."""
CHUNK_CYCLES = 150
"""Of a chunk of weights."""
CALL_CYCLES = 90
"""Of a call of a kernel: the frame, the first loads."""
WIDE_CYCLES = 1.35
"""Of a product of the second term of nine-bit weights, for each one of the first term."""
ANY_STALLS = 1.03
"""Of the kernel of any shape, whose instructions are counted."""
NARROW = 0.2
"""Of a strip's cycles, what does not shrink with its columns."""
FUSED_CALL_CYCLES = 200
"""The same where two kernels take turns in the instruction cache, channel by channel."""
CONFLICTS = 1.02
"""Cores that wait for each other's banks."""
L2_BYTES_A_CYCLE = 3
"""Of tiles, which the fabric controller moves in pieces of half a kilobyte (the DMA alone: 8)."""


def scaling(rounding: Rounding) -> dict[str, int | str]:
    """Return the members of ``struct scaling`` of a kernel's form."""
    return {
        "form": rounding.form.upper(),
        "before": rounding.before,
        "zero_point": 0,
        "low": 0,
        "high": rounding.top,
    }


def vector_scaling(layer: Layer, rounding: Rounding) -> dict[str, int | str]:
    """Return the members of ``struct scaling`` of a form whose codes are stored signed, as those of a vector are."""
    low, high = layer.clamp
    return scaling(rounding) | {"zero_point": low, "low": low, "high": high}


def exact_scaling(layer: Layer) -> dict[str, int | str]:
    """Return the members of ``struct scaling`` of the reference's own form of a layer."""
    low, high = layer.clamp
    form = weights.exact_form(layer)
    return {"form": form, "before": 0, "zero_point": layer.output.zero_point, "low": low, "high": high}


def block(work: Work, positions: int) -> float:
    """Return the cycles of a block of four channels and some positions on one core, by its instructions."""
    steps = work.inputs // 4
    products = steps * (4 + 5 * positions) + 2
    finish = 4 * positions * work.rounding.cycles + 4 * work.rounding.parameters + 8
    store = 4 * positions if positions < 5 else 17
    start = 5 * positions if work.sums else 0
    return products + finish + store + start


def pointwise(work: Work, tile_rows: int, groups: int, blocks: tuple[Blocks, ...], buffers: int) -> int:
    """Return the cycles of a pointwise step: those of the busiest core in each tile, and what surrounds them.

    Parameters
    ----------
    work : Work
    tile_rows : int
        Output rows of a tile.
    groups : int
        Groups of four channels of a chunk.
    blocks : tuple of Blocks
        Of a tile.
    buffers : int
        Of weights: with one, each chunk is waited for.
    """
    chunks, tiles = -(-work.groups // groups), -(-work.rows // tile_rows)
    whole = work.input_in_l1 and work.output_in_l1
    last = work.groups - (chunks - 1) * groups
    once = _chunk(work, tile_rows, groups, blocks, tiles, whole) * (chunks - 1)
    cycles = STEP_CYCLES + once + _chunk(work, tile_rows, last, blocks, tiles, whole)
    if chunks > 1 and buffers == 1:
        cycles += chunks * (100 + groups * work.group_bytes / L2_BYTES_A_CYCLE)
    if work.sums:
        cycles += work.rows * work.columns * (work.inputs / 4 * SUM_WORD_CYCLES + SUM_CYCLES) / CORES
    if not work.input_in_l1:
        cycles += work.input_bytes(tile_rows) / EXPOSED
    if not work.output_in_l1:
        cycles += work.output_bytes(tile_rows, groups) / EXPOSED
    cycles += STRIPS_CYCLES if work.strips else 0
    if work.layout.plane:
        cycles += (work.layout.size if work.output_in_l1 else 2 * work.output_bytes(tile_rows, groups)) / 4 / CORES
    return round(cycles)


def _chunk(work: Work, tile_rows: int, groups: int, blocks: tuple[Blocks, ...], tiles: int, whole: bool) -> float:
    """Return the cycles of some groups of channels, all tiles."""
    once = 0.0
    for part in blocks:
        units = -(-groups * part.lines * part.count // CORES)
        segments = -(-units // part.count) + 1 if part.lines > 1 else -(-units // (part.lines * part.count)) + 1
        once += units * block(work, part.positions) + RUN_CYCLES * segments
    if work.strips:
        once += work.pieces(tile_rows) * (PIECE_CYCLES + PIECE_WORD_CYCLES * work.strips.piece / 4) / CORES
    elif work.window_rows:
        words = work.inputs / 4 * WINDOW_WORD_CYCLES + WINDOW_ROW_CYCLES * work.window_rows[0]
        once += tile_rows * work.columns * words / CORES
    moved = 0.0 if work.input_in_l1 else work.input_bytes(tile_rows)
    moved += 0.0 if work.output_in_l1 else work.output_bytes(tile_rows, groups)
    once = max(once, moved / L2_BYTES_A_CYCLE)
    return tiles * (once + (0 if whole else ROW_TILE_CYCLES)) + CHUNK_CYCLES


def front(layer: Layer, rounding: Rounding, tile: int, tiles: int, fused: bool = False, sums: bool = False) -> int:
    """Return the cycles of a first convolution: spreading the input, then column by column.

    Parameters
    ----------
    layer : Layer
    rounding : Rounding
    tile, tiles : int
        Channels of a tile, and how many tiles there are.
    fused : bool
        Whether it is one step with the depthwise layer behind it.
    sums : bool
        Whether its weights need a second term.
    """
    rows, columns, channels = layer.output.shape
    padded = (rows - 1) * layer.stride[0] + layer.kernel[0]
    output = layer.kernel[0] + layer.stride[0] + rounding.cycles + 1 + sums
    column = rows * output + 12
    spread = columns * (padded * 9 / CORES + 40)
    if sums:
        spread += rows * columns * (layer.kernel[0] * 5 + 20) / CORES
    a_channel = columns * column * CONFLICTS + (FUSED_CALL_CYCLES if fused else 40)
    return round(FRONT_CYCLES + spread + _rounds(channels, tile) * a_channel + tiles * TILE_CYCLES * (tiles > 1))


def depthwise(
    layer: Layer, kernel: DepthwiseKernel, tile: int, moved_bytes: int, fused: bool = False, parts: int = 1
) -> int:
    """Return the cycles of a depthwise layer: row by row of each channel, in strips of columns.

    Parameters
    ----------
    layer : Layer
    kernel : DepthwiseKernel
    tile : int
        Channels of a tile.
    moved_bytes : int
        Of all tiles, to and from L1.
    fused : bool
        Whether it is one step with the convolution in front.
    parts : int
        Of a channel's rows, which the cores share; the kernel computes one.
    """
    rows, columns, channels = kernel.rows, kernel.columns, layer.output.shape[2]
    products = layer.kernel[0] * -(-layer.kernel[1] // 4)
    output = products + kernel.rounding.cycles + 1 + kernel.wide * WIDE_CYCLES * products
    width = 5 if columns == 5 else 4
    words = layer.kernel[0] if layer.stride[0] > 1 else 1
    row = columns * output + -(-columns // width) * 3.5 * words
    a_channel = rows * row * CONFLICTS
    if isinstance(kernel, AnyDepthwise):
        full, rest = divmod(columns, kernel.strip)
        strips = full + (NARROW + (1 - NARROW) * rest / kernel.strip if rest else 0)
        a_channel = strips * kernel.strip_instructions * ANY_STALLS
    a_channel += FUSED_CALL_CYCLES if fused else 60
    tiles = -(-channels // tile)
    cycles = max(_rounds(channels, tile, parts) * a_channel, moved_bytes / L2_BYTES_A_CYCLE)
    return round((0 if fused else DEPTHWISE_STEP_CYCLES) + cycles + (0 if fused or tiles == 1 else tiles * TILE_CYCLES))


def _rounds(channels: int, tile: int, parts: int = 1) -> float:
    """Return the channels, or parts of them, of the busiest core, all tiles together."""
    rounds = 0
    for start in range(0, channels, tile):
        rounds += -(-min(tile, channels - start) * parts // CORES)
    return rounds


def pool(layer: Layer, moved_bytes: int) -> int:
    """Return the cycles of a global average pool, of whose planes `moved_bytes` come from L2."""
    rows, columns, channels = layer.input.shape
    words = columns // 4 + 1
    compute = -(-channels // CORES) * (rows * (words * 1.1 + 2) + 50)
    return round(1000 + max(compute, moved_bytes / L2_BYTES_A_CYCLE))


def linear(outputs: int, words: int, wide: bool, chunks: int, record_bytes: int) -> int:
    """Return the cycles of a linear layer.

    Parameters
    ----------
    outputs : int
    words : int
        Of four inputs each.
    wide : bool
        Whether its weights come in two terms.
    chunks, record_bytes : int
        Parts of the weights, and bytes of them all.
    """
    compute = -(-outputs // CORES) * (words * (2 if wide else 1) * 5 + 90)
    return round(630 + max(compute, record_bytes / L2_BYTES_A_CYCLE if chunks > 1 else 0) + chunks * CHUNK_CYCLES)


def softmax(classes: int) -> int:
    """Return the cycles of a softmax."""
    return round(260 + classes * 34)


def general(layer: Layer, from_l2: bool) -> int:
    """Return the cycles of a layer in portable C; `from_l2` says whether it reads or writes a map there."""
    outputs = prod(layer.output.shape)
    taps = layer.macs / outputs if layer.macs else prod(layer.kernel)
    return round(1500 + outputs / CORES * (140 + taps * (40 if from_l2 else 30)))
