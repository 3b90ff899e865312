"""The walk down a column: every product once, in groups that repeat."""

import itertools

import pytest

from kwslib.gap8.kernels.walk import Walk


@pytest.mark.parametrize(("kernel_rows", "stride"), list(itertools.product((3, 4, 9, 10), (1, 2))))
@pytest.mark.parametrize("padding", [(0, 0), (1, 2)])
def test_every_product_once(kernel_rows, stride, padding):
    outputs = 11
    seen = range(padding[0], (outputs - 1) * stride + kernel_rows - padding[1])
    walk = Walk(kernel_rows, stride, outputs, seen, ahead=stride)
    found = [
        (group - product.age, product.tap, stride * group + product.row, product.first, product.last)
        for group in walk.groups
        for product in walk.products(group)
    ]
    expected = set()
    for output in range(outputs):
        rows = [row for row in range(stride * output, stride * output + kernel_rows) if row in seen]
        expected |= {(output, row - stride * output, row, row == rows[0], row == rows[-1]) for row in rows}
    assert len(found) == len(expected) and set(found) == expected


def test_a_kernel_of_one_row_has_one_product_an_output():
    walk = Walk(1, 2, 4, range(7), ahead=2)
    assert [[product.row for product in walk.products(group)] for group in walk.groups] == [[0]] * 4


def test_the_loop_runs_through_equal_groups():
    walk = Walk(10, 2, 49, range(4, 102), ahead=2)
    assert len(walk.looped()) % walk.live == 0 and len(walk.looped()) >= 2 * walk.live
    assert len({tuple(walk.products(group)) for group in walk.looped()}) == 1
    assert all(2 * group + 3 in walk.seen for group in walk.looped())
    assert not Walk(10, 2, 12, range(28), ahead=2).looped()
