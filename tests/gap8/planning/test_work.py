"""Blocks of positions, and the bytes of a pointwise layer's tiles."""

import pytest

from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.work import Blocks
from tests.gap8.planning.test_tiling import work

LINE = Blocks(4, 7, 2, 0, 0, 100, 10, 40, 4, 10, 1)


def starts(part):
    """Where each block begins in the input and in the output."""
    return {
        (
            part.start_in + line * part.line_in + block * part.block_in,
            part.start_out + line * part.line_out + block * part.block_out,
        )
        for line in range(part.lines)
        for block in range(part.count)
    }


def test_halves_of_lines_are_the_same_blocks():
    first, second = LINE.halves()
    assert (first.count, second.count) == (1, 1)
    assert starts(first) | starts(second) == starts(LINE) and not starts(first) & starts(second)


def test_lines_of_one_block_are_one_line():
    first = LINE.halves()[0]
    merged = first.merged()
    assert (merged.lines, merged.count) == (1, 7) and starts(merged) == starts(first)
    assert LINE.merged() == LINE


PLANE = PlaneShape(27, 8, top=1)


@pytest.mark.parametrize("rows", [1, 3])
def test_bytes_of_tiles(rows):
    made = work(plane=PLANE, l1=False)
    assert made.input_bytes(rows) >= rows * made.input_row_bytes
    assert made.output_bytes(rows, 2) == 2 * made.output_bytes(rows, 1) == 8 * rows * made.layout.row_bytes
    assert made.channel_bytes(rows) == rows * made.layout.row_bytes
    assert work(plane=PLANE).channel_bytes(rows) == made.layout.channel_bytes


def test_windows_see_more_rows():
    made = work(l1=False, window=(5, 2, 9))
    slack = made.input_bytes(1) - 5 * made.input_row_bytes
    assert made.input_bytes(2) == 7 * made.input_row_bytes + slack
    assert made.input_bytes(9) == 9 * made.input_row_bytes + slack
