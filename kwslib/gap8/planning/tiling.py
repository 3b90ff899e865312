"""Tiles of a pointwise layer: how many rows of the map, and how many groups of channels, pass through L1 at a time."""

from dataclasses import dataclass

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning.memory import aligned

CHUNK_COST_CYCLES = 150
"""Barrier, wait and restart for a chunk of weights. An estimate, used only to compare tilings."""
TILE_COST_CYCLES = 300
"""The same for a tile of the map."""


@dataclass(frozen=True)
class Blocks:
    """The work of a pointwise layer, in blocks of four output channels times a few positions of a row.

    Attributes
    ----------
    rows : int
        Of the map.
    row_blocks : int
        Blocks in a row.
    inputs : int
        Input channels.
    groups : int
        Groups of four output channels.
    group_bytes : int
        Weights and parameters of a group.
    """

    rows: int
    row_blocks: int
    inputs: int
    groups: int
    group_bytes: int

    @property
    def cycles(self) -> int:
        """Cycles of a block, from the kernel's instructions."""
        return 29 * self.inputs // 4 + 100


@dataclass(frozen=True)
class TileBytes:
    """The size of a tile of rows, where the maps lie in L2.

    Attributes
    ----------
    input_row : int
        Bytes of a row of the input, all channels.
    output_row : int
        Bytes of a row of one output channel.
    below : int
        Rows of padding below the map. The last tile is written whole: its surplus rows must fall into the padding.
    """

    input_row: int
    output_row: int
    below: int


@dataclass(frozen=True)
class Tiling:
    """Rows of a tile, and groups of four output channels of a chunk."""

    rows: int
    groups: int


def pointwise_tiling(work: Blocks, tile: TileBytes | None, free: int) -> Tiling | None:
    """Choose the tiling that keeps all cores evenly busy.

    Parameters
    ----------
    work : Blocks
    tile : TileBytes or None
        None: the maps lie whole in L1, and only the weights come in chunks.
    free : int
        Bytes of L1 for the tiles and the weights, both twice: one is computed while the next one arrives.

    Returns
    -------
    Tiling or None
        None if not even the smallest tiling fits.
    """
    best: Tiling | None = None
    least_cycles = 0
    for tile_rows in range(1, work.rows + 1) if tile else (work.rows,):
        if tile and -work.rows % tile_rows > tile.below:
            continue
        for chunk in range(1, work.groups + 1):
            if _bytes(work, tile, tile_rows, chunk) > free:
                continue  # all of them at once need one buffer, and may fit again
            cycles = _cycles(work, tile, tile_rows, chunk)
            if best is None or cycles < least_cycles:
                best, least_cycles = Tiling(tile_rows, chunk), cycles
    return best


def _bytes(work: Blocks, tile: TileBytes | None, tile_rows: int, chunk: int) -> int:
    chunks = -(-work.groups // chunk)
    need = min(2, chunks) * aligned(chunk * work.group_bytes)
    if tile:
        need += 2 * aligned(tile_rows * tile.input_row) + 2 * aligned(4 * chunk * tile_rows * tile.output_row)
    return need


def _cycles(work: Blocks, tile: TileBytes | None, tile_rows: int, chunk: int) -> int:
    """Estimate the cycles: those of the busiest core in each tile, plus a fixed cost of each tile and chunk."""
    chunks, tiles = -(-work.groups // chunk), -(-work.rows // tile_rows)
    cost = chunks * (CHUNK_COST_CYCLES + (tiles * TILE_COST_CYCLES if tile else 0))
    for start in range(0, work.groups, chunk):
        for top in range(0, work.rows, tile_rows):
            units = min(chunk, work.groups - start) * min(tile_rows, work.rows - top) * work.row_blocks
            cost += -(-units // CORES) * work.cycles
    return cost
