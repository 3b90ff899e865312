"""Strips of output columns: their widths. The kernels' own tests run them."""

import pytest

from kwslib.gap8.kernels.strips import widths


@pytest.mark.parametrize("five", [False, True])
def test_strips_cover_every_row(five):
    for columns in range(1, 50):
        strips = widths(columns, five)
        assert sum(strips) == columns
        assert len(set(strips)) <= 2 and set(strips[:-1]) <= {4}


def test_five_columns_are_one_strip_where_the_registers_suffice():
    assert widths(5, five=True) == (5,)
    assert widths(5, five=False) == (4, 1)
    assert widths(13, five=True) == (4, 4, 4, 1)
