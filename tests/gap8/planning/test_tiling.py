"""Tiles of pointwise layers: they cover the map once, share it evenly, and fit what is free."""

import numpy as np
import pytest

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import layouts, tiling
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.work import Work
from tests.gap8.planning.layers import tensor

BATCH_WORDS = 36


def work(rows=25, columns=5, inputs=64, outputs=64, *, plane=None, sums=False, l1=True, window=None):
    map_ = tensor(outputs, shape=(rows, columns))
    layout = layouts.planes(map_, plane) if plane else layouts.pixels(map_, layouts.pixel_bytes(outputs, 16))
    pixel = layouts.pixel_bytes(inputs)
    groups = -(-outputs // 4)
    return Work(
        rows=rows,
        columns=columns,
        inputs=inputs,
        pixel_bytes=pixel,
        groups=groups,
        group_bytes=4 * (inputs + 12),
        layout=layout,
        rounding=Rounding(shift=17),
        signed=False,
        sums=sums,
        input_in_l1=l1,
        output_in_l1=l1,
        input_row_bytes=columns * pixel,
        window_rows=window,
    )


WORKS = {
    "planes": work(plane=PlaneShape(27, 8, top=1)),
    "pixels": work(),
    "one column": work(24, 1, 12, 20, plane=PlaneShape(26, 4, top=1)),
    "odd": work(31, 13, 24, 45, plane=PlaneShape(33, 16, top=1, left=1, beside=True)),
    "sums": work(11, 7, 16, 22, sums=True),
    "tiles": work(25, 20, 276, 276, plane=PlaneShape(27, 24, top=1), l1=False),
    "tiles of windows": work(25, 20, 72, 30, l1=False, window=(3, 1, 25)),
}


def runs(words, pitch, core, long):
    """The runs of a core, as firmware/pointwise.c reads them."""
    found, at = [], core * pitch
    while words[at]:
        count, size = words[at], 5 if long else 4
        assert 1 + count * size <= BATCH_WORDS
        found += [words[at + 1 + size * run : at + 1 + size * (run + 1)] for run in range(count)]
        at += 1 + count * size
    assert at < (core + 1) * pitch
    return found


@pytest.mark.parametrize("name", WORKS)
def test_every_position_of_every_group_is_computed_once(name):
    made = WORKS[name]
    found = tiling.choose(made, 40_000)
    channel_bytes = made.channel_bytes(found.rows)
    row_out, column_out = made.out_strides(found.groups)
    expected = {
        (4 * group * channel_bytes + y * row_out + x * column_out): (
            group * made.group_bytes,
            (y * made.columns + x) * made.pixel_bytes,
        )
        for group in range(found.groups)
        for y in range(found.rows)
        for x in range(made.columns)
    }
    seen, loads = {}, np.zeros(CORES, int)
    for part in found.blocks:
        words = tiling.share(part, made, found.groups, channel_bytes)
        assert len(words) % CORES == 0
        for core in range(CORES):
            for record, source, target, count, *_ in runs(words, len(words) // CORES, core, made.sums):
                for block in range(count):
                    loads[core] += part.positions
                    for position in range(part.positions):
                        place = target + block * part.block_out + position * part.position_out
                        assert place not in seen
                        seen[place] = (record, source + block * part.block_in + position * part.position_in)
    assert seen == expected
    assert loads.max() - loads.min() <= sum(part.positions for part in found.blocks)


def test_sums_follow_the_blocks():
    made = WORKS["sums"]
    found = tiling.choose(made, 40_000)
    for part in found.blocks:
        words = tiling.share(part, made, found.groups, made.channel_bytes(found.rows))
        for core in range(CORES):
            for _, source, _, count, sums in runs(words, len(words) // CORES, core, True):
                # the second term of a block lies in the order of lines and blocks, as firmware/pointwise.c adds up
                line, rest = divmod(sums // 4 // part.positions, part.count)
                assert source == part.start_in + line * part.line_in + rest * part.block_in
                assert sums + 4 * count * part.positions <= 4 * part.lines * part.count * part.positions


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.parametrize("free", [9_000, 20_000, 50_000])
def test_a_tiling_fits_what_is_free_or_there_is_none(name, free):
    made = WORKS[name]
    found = tiling.choose(made, free)
    if found is None:
        assert tiling.least_bytes(made) > free
        return
    assert tiling._bytes(made, found.rows, found.groups, found.buffers) <= free
    assert found.rows * found.tiles(made.rows) >= made.rows and 1 <= found.groups <= made.groups
    assert all(made.kernel(part, found.rows).refusal() is None for part in found.blocks)


def test_more_room_is_never_slower():
    cycles = [tiling.choose(WORKS["tiles"], free).cycles for free in (16_000, 24_000, 32_000, 48_000)]
    assert cycles == sorted(cycles, reverse=True) and cycles[0] > cycles[-1]


def test_nothing_fits_nowhere():
    assert tiling.choose(WORKS["tiles"], 1000) is None


def test_whole_maps_are_one_tile_and_blocks_of_five_where_they_can_be():
    found = tiling.choose(WORKS["planes"], 40_000)
    assert found.rows == 25 and found.tiles(25) == 1
    assert {part.positions for part in found.blocks} == {5}
    assert "4 × 5" in found.describe(WORKS["planes"], "") and "maps whole" in found.describe(WORKS["planes"], "")


@pytest.mark.parametrize("length", range(1, 40))
def test_a_line_is_split_into_as_few_blocks_as_there_can_be(length):
    parts = tiling._split(length, 5)
    assert sum(positions * count for positions, count in parts) == length
    assert sum(count for _, count in parts) == -(-length // 5)
    sizes = [positions for positions, _ in parts]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("name", WORKS)
def test_the_first_tile_has_the_rows_that_whole_tiles_leave(name):
    made = WORKS[name]
    for free in (14_000, 20_000, 40_000):
        found = tiling.choose(made, free)
        if found is None:
            continue
        first = found.first_rows(made.rows)
        assert first + (found.tiles(made.rows) - 1) * found.rows == made.rows and 1 <= first <= found.rows
        rows = found.rows if found.vertical else first
        sources = {
            part.start_in + line * part.line_in + block * part.block_in + position * part.position_in
            for part in found.first_blocks(made.rows)
            for line in range(part.lines)
            for block in range(part.count)
            for position in range(part.positions)
        }
        assert sources == {position * made.pixel_bytes for position in range(rows * made.columns)}


def test_two_rows_share_evenly_what_one_row_does_not():
    """69 groups of four blocks a row: 8 cores share an odd chunk of them evenly in tiles of two rows alone."""
    made = WORKS["tiles"]
    found = tiling.choose(made, 57_000)
    assert found.rows == 2 and found.buffers == 2 and found.first_rows(made.rows) == 1
    assert all(found.groups * part.lines * part.count % CORES == 0 for part in found.blocks)


def test_an_equal_layer_needs_no_second_room_for_its_shares():
    made = WORKS["tiles"]
    known = tiling.choose(made, 57_000)
    least = tiling._bytes(made, known.rows, known.groups, known.buffers)
    assert tiling.choose(made, least, known) == known
    assert tiling.choose(made, least).cycles > known.cycles
