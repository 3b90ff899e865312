"""Tiles of pointwise layers: in what is free, evenly shared out, never past the padding."""

import pytest

from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.tiling import Blocks, TileBytes, Tiling, pointwise_tiling

SMALL = Blocks(rows=25, row_blocks=1, inputs=64, groups=16, group_bytes=304)
LARGE = Blocks(rows=25, row_blocks=4, inputs=276, groups=69, group_bytes=1152)
TILE = TileBytes(input_row=20 * 276, output_row=24, below=1)


def taken(work, tile, tiling):
    """Bytes of both buffers of a tiling, each region aligned."""
    tile_rows, chunk = tiling.rows, tiling.groups
    weights = (2 if chunk < work.groups else 1) * aligned(chunk * work.group_bytes)
    if tile is None:
        return weights
    return weights + 2 * aligned(tile_rows * tile.input_row) + 2 * aligned(4 * chunk * tile_rows * tile.output_row)


def test_everything_at_once_where_it_fits():
    assert pointwise_tiling(SMALL, None, 16 * 304 + 8) == Tiling(25, 16)


def test_whole_maps_take_all_rows_and_chunks_of_weights():
    tiling = pointwise_tiling(SMALL, None, 4096)
    assert tiling.rows == 25
    assert tiling.groups < 16
    assert taken(SMALL, None, tiling) <= 4096


@pytest.mark.parametrize("free", [16_000, 30_000, 50_000])
def test_tiles_fit_and_leave_nothing_behind_the_padding(free):
    tiling = pointwise_tiling(LARGE, TILE, free)
    assert taken(LARGE, TILE, tiling) <= free
    assert -LARGE.rows % tiling.rows <= TILE.below


def test_more_room_never_gives_fewer_blocks_at_a_time():
    tilings = [pointwise_tiling(LARGE, TILE, free) for free in (16_000, 30_000, 50_000)]
    sizes = [tiling.rows * tiling.groups for tiling in tilings]
    assert sizes == sorted(sizes)


def test_none_where_not_even_one_group_fits():
    assert pointwise_tiling(SMALL, None, 303) is None
    assert pointwise_tiling(LARGE, TILE, 2 * 1152 + 2 * 20 * 276) is None
