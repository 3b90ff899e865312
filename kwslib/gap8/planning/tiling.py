"""Tiles of a pointwise layer: rows of the map and groups of channels that pass through L1, blocks of positions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from kwslib.gap8.hardware import CORES, LARGEST_TRANSFER_BYTES
from kwslib.gap8.planning import cost
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.runtime import NEAR_SHARE_WORDS
from kwslib.gap8.planning.work import POSITIONS, Blocks, Work

FEWEST_EARLY_GROUPS = 8
"""Groups of channels whose weights should find room in the step before: one for each core."""


RUNS, LONG_RUNS = 8, 7
"""Runs of a batch, with four and with five words each: what `ARGUMENT_WORDS` of firmware/runtime.h has room for."""


def share(part: Blocks, work: Work, groups: int, channel_bytes: int) -> list[int]:
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
    return list(_share(part, work.sums, work.group_bytes, groups, channel_bytes))


@lru_cache(maxsize=4096)
def _share(part: Blocks, sums: bool, group_bytes: int, groups: int, channel_bytes: int) -> tuple[int, ...]:
    units = groups * part.lines * part.count
    lists = []
    for core in range(CORES):
        begin, end = core * units // CORES, (core + 1) * units // CORES
        runs = _runs(part, sums, group_bytes, channel_bytes, begin, end)
        lists.append(_batches(runs, LONG_RUNS if sums else RUNS))
    pitch = max(map(len, lists))
    return tuple(word for words in lists for word in [*words, *[0] * (pitch - len(words))])


def _runs(part: Blocks, sums: bool, group_bytes: int, channel_bytes: int, unit: int, end: int) -> list[list[int]]:
    """Return the runs of blocks from one unit to another: where they begin, and how many blocks they have."""
    runs = []
    while unit < end:
        line, block = divmod(unit, part.count)
        group, line = divmod(line, part.lines)
        count = min(part.count - block, end - unit)
        run = [
            group * group_bytes,
            part.start_in + line * part.line_in + block * part.block_in,
            part.start_out + 4 * group * channel_bytes + line * part.line_out + block * part.block_out,
            count,
        ]
        if sums:
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

    def first_rows(self, rows: int) -> int:
        """Return the rows of the first tile that are wanted: the others of the map are whole tiles."""
        return rows - (self.tiles(rows) - 1) * self.rows

    def first_blocks(self, rows: int) -> tuple[Blocks, ...]:
        """Return the blocks of the first tile: blocks along columns are computed whole, some rows twice."""
        if self.vertical or self.first_rows(rows) == self.rows:
            return self.blocks
        return tuple(part.shorter(self.first_rows(rows)) for part in self.blocks)

    def describe(self, work: Work, lead: str) -> str:
        """Say how the work is split, for people."""
        shapes = " and ".join(f"4 × {part.positions}" for part in self.blocks)
        where = "maps whole" if self.rows == work.rows else f"tiles of {self.rows} rows"
        along = " along columns" if self.vertical else ""
        return f"{lead}blocks of {shapes}{along}, chunks of {4 * self.groups} channels, {where}"


@lru_cache(maxsize=4096)
def choose(work: Work, free: int, known: Tiling | None = None) -> Tiling | None:
    """Choose the tiling with the fewest predicted cycles.

    Parameters
    ----------
    work : Work
    free : int
        Bytes of L1 for tiles, windows and weights.
    known : Tiling, optional
        Of an equal layer: what says which blocks each core computes is in L1 already.

    Returns
    -------
    Tiling or None
        None if not even the smallest tiling fits.
    """
    best = known if known and _bytes(work, known.rows, known.groups, known.buffers) <= free else None
    whole = work.input_in_l1 and work.output_in_l1 and not work.window_rows
    shared, chunks = _Shared(work), list(_chunks(work))
    for tile_rows in (work.rows,) if whole else range(1, work.rows + 1):
        for groups in chunks:
            least = _bytes(work, tile_rows, groups, 1)
            if least > free:
                continue
            for vertical in (False, True):
                blocks = shared.blocks(tile_rows, groups, vertical)
                if blocks is None:
                    continue
                found = Tiling(tile_rows, groups, 2, blocks, vertical, 0)
                cycles = shared.cycles(found)
                if best and cycles >= best.cycles:
                    continue
                shares = _share_bytes(work, found)
                if least + shares > free:
                    continue
                if _bytes(work, tile_rows, groups, 2) + shares > free:
                    found = replace(found, buffers=1)
                    cycles = shared.cycles(found)
                if best is None or cycles < best.cycles:
                    best = replace(found, cycles=cycles)
    return best


class _Shared:
    """What many tilings of a layer share, each found once."""

    def __init__(self, work: Work):
        self.work = work
        self._blocks: dict[tuple[int, tuple[int, int], bool], tuple[Blocks, ...] | None] = {}
        self._of_rows: dict[int, Work] = {}

    def blocks(self, tile_rows: int, groups: int, vertical: bool) -> tuple[Blocks, ...] | None:
        """Return the blocks of a tile, along rows or columns, or None where no kernel takes them."""
        key = tile_rows, self.work.out_strides(groups), vertical
        if key not in self._blocks:
            self._blocks[key] = _blocks(self.work, *key)
        return self._blocks[key]

    def cycles(self, found: Tiling) -> int:
        """Return the predicted cycles of a tiling; a shorter first tile has its own."""
        work, first = self.work, found.first_blocks(self.work.rows)
        if first == found.blocks:
            return cost.pointwise(work, found.rows, found.groups, found.blocks, found.buffers)
        rows = found.first_rows(work.rows)
        others, alone = self._work(work.rows - rows), self._work(rows)
        cycles = cost.pointwise(others, found.rows, found.groups, found.blocks, found.buffers)
        return cycles + cost.pointwise(alone, rows, found.groups, first, buffers=2) - cost.STEP_CYCLES

    def _work(self, rows: int) -> Work:
        """Return the same work of fewer rows."""
        if rows not in self._of_rows:
            self._of_rows[rows] = replace(self.work, rows=rows)
        return self._of_rows[rows]


def least_bytes(work: Work) -> int:
    """Return the bytes that the smallest tiling needs."""
    return _bytes(work, 1, 1, 1)


def _share_bytes(work: Work, found: Tiling) -> int:
    """Return the bytes in L1 that say which blocks each core computes: of a full chunk and of the last one."""
    last = work.groups - (-(-work.groups // found.groups) - 1) * found.groups
    words = 0
    for part in found.blocks:
        for groups in {found.groups, last}:
            runs = _most_runs(groups * part.lines, part.count)
            words += runs * (5 if work.sums else 4) + -(-runs // (LONG_RUNS if work.sums else RUNS)) + 1
    return min(4 * CORES * words, 4 * NEAR_SHARE_WORDS)


@lru_cache(maxsize=4096)
def _most_runs(lines: int, count: int) -> int:
    """Return the runs of the core with the most, where lines of `count` blocks are shared out."""
    edges = [core * lines * count // CORES for core in range(CORES + 1)]
    return max(-(-end // count) - begin // count for begin, end in pairwise(edges) if end > begin)


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
        need += aligned(work.window_bytes(tile_rows))
    if work.sums:
        need += aligned(4 * -(-work.rows // tile_rows) * tile_rows * work.columns)
    return need


def _blocks(work: Work, tile_rows: int, out_strides: tuple[int, int], vertical: bool) -> tuple[Blocks, ...] | None:
    """Return the blocks of a tile whose rows and columns are written so far apart; see `_Shared.blocks`."""
    row_out, column_out = out_strides
    row_in, column_in = work.in_strides(tile_rows)
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
