"""Tiles of a pointwise layer: rows of the map and groups of channels that pass through L1, blocks of positions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from kwslib.gap8.hardware import CORES, LARGEST_TRANSFER_BYTES
from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import cost
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, aligned

POSITIONS = 5
"""Positions of a block (4 channels × 5 positions: 22.07 MAC/cycle, the most that registers hold)."""
FEWEST_EARLY_GROUPS = 8
"""Groups of channels whose weights should find room in the step before: one for each core."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of one size in a tile: each line has `count` of them.

    Attributes
    ----------
    positions : int
        Of a block.
    lines, count : int
    start_in, start_out : int
        Bytes of the first block in a tile.
    line_in, line_out, block_in, block_out, position_in, position_out : int
        Bytes from one line, block and position to the next.
    """

    positions: int
    lines: int
    count: int
    start_in: int
    start_out: int
    line_in: int
    line_out: int
    block_in: int
    block_out: int
    position_in: int
    position_out: int

    def halves(self) -> list["Blocks"]:
        """Return the first and the second blocks of lines that have two."""
        second = replace(self, start_in=self.start_in + self.block_in, start_out=self.start_out + self.block_out)
        return [replace(self, count=1), replace(second, count=1)]

    def merged(self) -> "Blocks":
        """Return the same as one line, where each line has one block."""
        if self.count != 1:
            return self
        return Blocks(
            self.positions,
            1,
            self.lines,
            self.start_in,
            self.start_out,
            0,
            0,
            self.line_in,
            self.line_out,
            self.position_in,
            self.position_out,
        )


RUNS, LONG_RUNS = 8, 7
"""Runs of a batch, with four and with five words each: what `ARGUMENT_WORDS` of firmware/runtime.h has room for."""


def share(part: Blocks, work: "Work", groups: int, channel_bytes: int) -> list[int]:
    """Share the blocks of a chunk among the cores, as ``struct blocks`` of the firmware describes it.

    Parameters
    ----------
    part : Blocks
    work : Work
    groups : int
        Groups of four channels in the chunk.
    channel_bytes : int
        From one output channel to the next.

    Returns
    -------
    list of int
        Words, as many for each core.
    """
    units = groups * part.lines * part.count
    lists = []
    for core in range(CORES):
        begin, end = core * units // CORES, (core + 1) * units // CORES
        runs = _runs(part, work, channel_bytes, begin, end)
        lists.append(_batches(runs, LONG_RUNS if work.sums else RUNS))
    pitch = max(map(len, lists))
    return [word for words in lists for word in [*words, *[0] * (pitch - len(words))]]


def _runs(part: Blocks, work: "Work", channel_bytes: int, unit: int, end: int) -> list[list[int]]:
    """Return the runs of blocks from one unit to another: where they begin, and how many blocks they have."""
    runs = []
    while unit < end:
        line, block = divmod(unit, part.count)
        group, line = divmod(line, part.lines)
        count = min(part.count - block, end - unit)
        run = [
            group * work.group_bytes,
            part.start_in + line * part.line_in + block * part.block_in,
            part.start_out + 4 * group * channel_bytes + line * part.line_out + block * part.block_out,
            count,
        ]
        if work.sums:
            run.append(4 * (line * part.count + block) * part.positions)
        runs.append(run)
        unit += count
    return runs


def _batches(runs: list[list[int]], most: int) -> list[int]:
    """Return batches of at most `most` runs, and the end."""
    words: list[int] = []
    for start in range(0, len(runs), most):
        batch = runs[start : start + most]
        words.append(len(batch))
        for run in batch:
            words += run
    return [*words, 0]


@dataclass(frozen=True)
class Work:
    """What is known of a pointwise layer before its tiles are.

    Attributes
    ----------
    rows, columns : int
        Of the output map.
    inputs, pixel_bytes : int
        Of a position or window: bytes that count, and from one to the next.
    groups, group_bytes : int
        Groups of four output channels; weights and parameters of one.
    layout : Layout
        Of the output.
    rounding : Rounding
    signed, sums : bool
        As in `kwslib.gap8.kernels.pointwise.Pointwise`.
    input_in_l1, output_in_l1 : bool
    input_row_bytes : int
    window_rows : (int, int, int) or None
        Kernel rows, stride and input rows where windows are gathered.
    """

    rows: int
    columns: int
    inputs: int
    pixel_bytes: int
    groups: int
    group_bytes: int
    layout: Layout
    rounding: Rounding
    signed: bool
    sums: bool
    input_in_l1: bool
    output_in_l1: bool
    input_row_bytes: int
    window_rows: tuple[int, int, int] | None

    def input_bytes(self, tile_rows: int) -> int:
        """Return the bytes of an input tile."""
        rows = tile_rows
        if self.window_rows:
            kernel, stride, most = self.window_rows
            rows = min((tile_rows - 1) * stride + kernel, most)
        return rows * self.input_row_bytes + DMA_SLACK_BYTES

    def channel_bytes(self, tile_rows: int) -> int:
        """Return the bytes from one output channel to the next, in the map or in a tile."""
        if self.output_in_l1 or not self.layout.plane:
            return self.layout.channel_bytes
        return tile_rows * self.layout.row_bytes

    def output_bytes(self, tile_rows: int, groups: int) -> int:
        """Return the bytes of an output tile."""
        if self.layout.plane:
            return 4 * groups * tile_rows * self.layout.row_bytes
        return tile_rows * self.columns * 4 * groups

    def out_strides(self, groups: int) -> tuple[int, int]:
        """Return the bytes from one row, and from one column, to the next where the kernel writes."""
        if self.output_in_l1 or self.layout.plane:
            return self.layout.row_bytes, self.layout.column_bytes
        return self.columns * 4 * groups, 4 * groups

    def kernel(self, part: Blocks, tile_rows: int) -> Pointwise:
        """Return the kernel of some blocks."""
        layout = self.layout
        words = (
            part.positions == POSITIONS
            and part.position_out == 1
            and layout.plane is not None
            and layout.plane.left == 0
            and part.start_out == 0
            and (part.block_out % 4 == 0 or part.count == 1)
            and part.line_out % 4 == 0
        )
        return Pointwise(
            self.inputs,
            part.positions,
            part.position_in,
            self.channel_bytes(tile_rows),
            part.position_out,
            part.block_out,
            part.block_in,
            words=words,
            rounding=self.rounding,
            signed=self.signed,
            sums=self.sums,
        )


@dataclass(frozen=True)
class Tiling:
    """Rows of a tile, groups of four output channels of a chunk, the blocks of a tile, and what it should cost.

    Attributes
    ----------
    buffers : int
        Of weights: two take turns, or one waits for every chunk.
    vertical : bool
        Whether blocks lie along columns.
    """

    rows: int
    groups: int
    buffers: int
    blocks: tuple[Blocks, ...]
    vertical: bool
    cycles: int

    def tiles(self, rows: int) -> int:
        """Return how many tiles the map has."""
        return -(-rows // self.rows)

    def describe(self, work: Work, lead: str) -> str:
        """Say how the work is split, for people."""
        shapes = " and ".join(f"4 × {part.positions}" for part in self.blocks)
        where = "maps whole" if self.rows == work.rows else f"tiles of {self.rows} rows"
        along = " along columns" if self.vertical else ""
        return f"{lead}blocks of {shapes}{along}, chunks of {4 * self.groups} channels, {where}"


@lru_cache(maxsize=4096)
def choose(work: Work, free: int) -> Tiling | None:
    """Choose the tiling with the fewest predicted cycles.

    Parameters
    ----------
    work : Work
    free : int
        Bytes of L1 for tiles, windows and weights.

    Returns
    -------
    Tiling or None
        None if not even the smallest tiling fits.
    """
    best: Tiling | None = None
    whole = work.input_in_l1 and work.output_in_l1 and not work.window_rows
    for tile_rows in (work.rows,) if whole else range(1, work.rows + 1):
        for groups in _chunks(work):
            least = _bytes(work, tile_rows, groups, 1)
            if least > free:
                continue
            for vertical in (False, True):
                blocks = _blocks(work, tile_rows, groups, vertical)
                if blocks is None:
                    continue
                shares = _share_bytes(work, groups, blocks)
                buffers = 2 if _bytes(work, tile_rows, groups, 2) + shares <= free else 1
                if least + shares > free:
                    continue
                cycles = cost.pointwise(work, tile_rows, groups, blocks, buffers)
                if best is None or cycles < best.cycles:
                    best = Tiling(tile_rows, groups, buffers, blocks, vertical, cycles)
    return best


def least_bytes(work: Work) -> int:
    """Return the bytes that the smallest tiling needs."""
    return _bytes(work, 1, 1, 1)


def _share_bytes(work: Work, groups: int, blocks: tuple[Blocks, ...]) -> int:
    """Return a bound of the bytes that say which blocks each core computes, of a full chunk and of the last one."""
    words = 0
    for part in blocks:
        units = -(-groups * part.lines * part.count // CORES)
        runs = min(units, -(-units // part.count) + 1)
        words += runs * (5 if work.sums else 4) + runs // LONG_RUNS + 2
    chunks = -(-work.groups // groups)
    return 4 * CORES * words * (1 if work.groups == chunks * groups else 2)


def _chunks(work: Work) -> Iterator[int]:
    """Yield the groups of a chunk that may be tried: those of which one fewer would not need one chunk more."""
    room = work.layout.column_bytes // 4 if not work.layout.plane and not work.output_in_l1 else 0
    seen = set()
    for chunks in range(1, work.groups + 1):
        groups = -(-work.groups // chunks)
        for size in {groups, aligned(groups, CORES)}:
            if size in seen or size > work.groups:
                continue
            if room and -(-work.groups // size) * size > room:
                continue
            seen.add(size)
            yield size


def _bytes(work: Work, tile_rows: int, groups: int, buffers: int) -> int:
    chunks = -(-work.groups // groups)
    need = min(buffers, chunks) * aligned(groups * work.group_bytes)
    if not work.input_in_l1:
        size = aligned(work.input_bytes(tile_rows))
        need += 2 * size if size <= LARGEST_TRANSFER_BYTES else 1 << 20
    if not work.output_in_l1:
        need += 2 * aligned(work.output_bytes(tile_rows, groups))
    if work.window_rows:
        need += aligned(tile_rows * work.columns * work.pixel_bytes)
    if work.sums:
        need += aligned(4 * -(-work.rows // tile_rows) * tile_rows * work.columns)
    return need


def _blocks(work: Work, tile_rows: int, groups: int, vertical: bool) -> tuple[Blocks, ...] | None:
    """Return the blocks of a tile, along rows or columns, or None where no kernel takes them."""
    row_out, column_out = work.out_strides(groups)
    row_in, column_in = work.columns * work.pixel_bytes, work.pixel_bytes
    lines, length = (work.columns, tile_rows) if vertical else (tile_rows, work.columns)
    line_in, line_out = (column_in, column_out) if vertical else (row_in, row_out)
    step_in, step_out = (row_in, row_out) if vertical else (column_in, column_out)
    for largest in range(POSITIONS, 0, -1):
        parts, first = [], 0
        for positions, count in _split(length, largest):
            part = Blocks(
                positions,
                lines,
                count,
                first * step_in,
                first * step_out,
                line_in,
                line_out,
                positions * step_in,
                positions * step_out,
                step_in,
                step_out,
            )
            parts.append(part)
            first += positions * count
        if len(parts) == 1 and parts[0].count == 2:  # the first blocks of all lines, then the second ones
            parts = parts[0].halves()
        merged = tuple(part.merged() for part in parts)
        if all(work.kernel(part, tile_rows).refusal() is None for part in merged):
            return merged
    return None


def _split(length: int, largest: int) -> list[tuple[int, int]]:
    """Split a line into as few blocks as there can be, as even as can be: pairs of positions and count."""
    count = -(-length // largest)
    small, more = divmod(length, count)
    parts = [(small + 1, more), (small, count - more)]
    return [(positions, number) for positions, number in parts if number]
