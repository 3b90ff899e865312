"""Padding: what ``struct fill`` fills is all that is not the map's, and what is the map's stays."""

import numpy as np
import pytest

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning import layouts, padding
from kwslib.gap8.planning.layouts import PlaneShape
from tests.gap8.planning.layers import tensor

SHAPES = [
    PlaneShape(7, 8, top=1),
    PlaneShape(5, 8),
    PlaneShape(7, 12, top=1, left=2, beside=True),
    PlaneShape(8, 24, top=2, left=5, beside=True),
    PlaneShape(8, 24, top=0, left=0, beside=True),
]
CHANNELS = 3


def filled(fill, size):
    """Which bytes `fill_planes` of firmware/runtime.c writes: of each plane those before `head` and from `tail` on."""
    mask = np.zeros(size, bool)
    for plane in range(fill["planes"]):
        own = mask[plane * fill["plane_bytes"] : (plane + 1) * fill["plane_bytes"]]
        own[: fill["head"]] = own[fill["tail"] :] = True
    return mask


def layout_of(plane):
    return layouts.planes(tensor(CHANNELS, zero_point=-3, shape=(5, 5)), plane)


@pytest.mark.parametrize("plane", SHAPES)
def test_whole_planes_have_their_padding_filled(plane):
    layout = layout_of(plane)
    fill = padding.of_planes(layout, CHANNELS)
    mask = filled(fill, CHANNELS * plane.plane_bytes).reshape(CHANNELS, plane.rows, plane.row_bytes)
    assert mask[:, : plane.top].all() and mask[:, plane.top + 5 :].all()
    if plane.beside:  # the map is written afterwards
        assert mask[:, :, : plane.left].all() and mask[:, :, plane.left + 5 :].all()
    else:
        assert not mask[:, plane.top : plane.top + 5].any()
    assert fill["word"] == 0x01010101 * (-3 + 128)
    assert fill["plane_bytes"] % 4 == fill["head"] % 4 == fill["tail"] % 4 == 0


@pytest.mark.parametrize("plane", SHAPES)
def test_tiles_have_what_lies_beside_the_columns_filled(plane):
    fill, rows = padding.of_tile(layout_of(plane), CHANNELS, 2), 2
    if not plane.beside:
        assert fill == padding.NOTHING
        return
    mask = filled(fill, CHANNELS * rows * plane.row_bytes).reshape(CHANNELS, rows, plane.row_bytes)
    assert mask[:, :, : plane.left].all() and mask[:, :, plane.left + 5 :].all()
    assert fill["plane_bytes"] % 4 == fill["head"] % 4 == fill["tail"] % 4 == 0


def test_long_rows_keep_their_middle():
    plane = PlaneShape(8, 40, top=2, left=4, beside=True)
    layout = layouts.planes(tensor(1, shape=(5, 20)), plane)
    mask = filled(padding.of_tile(layout, 1, 1), 40)
    assert mask[:4].all() and mask[24:].all() and not mask[4:24].any()


def test_filling_costs_what_its_words_and_planes_do():
    plane = PlaneShape(27, 24, top=1, left=1, beside=True)
    layout = layouts.planes(tensor(64, shape=(25, 20)), plane)
    whole = padding.fill_cycles(padding.of_planes(layout, 64))
    rows = padding.fill_cycles(padding.of_tile(layout, 64, 5))
    assert padding.fill_cycles(padding.NOTHING) == 0
    assert whole == 64 // CORES * (padding.FILL_CYCLES + padding.FILL_WORD_CYCLES * 27 * 24 // 4)
    assert rows == 64 * 5 // CORES * (padding.FILL_CYCLES + padding.FILL_WORD_CYCLES * 2)
