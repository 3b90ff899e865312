"""Depthwise kernels of stride 2 against NumPy."""

from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.depthwise_stride2 import Stride2Depthwise4, Stride2Depthwise5
from tests.gap8.kernels import cases

BOTH = (True, True)


def test_five_columns(tmp_path: Path):
    tried = [
        cases.depthwise("medium", Stride2Depthwise5, 80, 13, 5, 12, 172),
        cases.depthwise("medium, padding known", Stride2Depthwise5, 80, 13, 5, 12, 172, padded=BOTH, shift=17),
        cases.depthwise("one channel, wide rows", Stride2Depthwise5, 1, 6, 5, 40, 409),
    ]
    for rows in range(1, 8):
        for padded in ((False, False), (True, False), (False, True), BOTH):
            tried.append(cases.depthwise(f"{rows} {padded}", Stride2Depthwise5, 10, rows, 5, 12, 11, padded=padded))
    speed = cases.check(tried, tmp_path)
    assert speed["medium"] > 7.5 and speed["medium, padding known"] > 7.7


def test_multiples_of_four_columns(tmp_path: Path):
    tried = [
        cases.depthwise("large", Stride2Depthwise4, 16, 25, 20, 44, 16),
        cases.depthwise("large, padding known", Stride2Depthwise4, 16, 25, 20, 44, 16, padded=BOTH, shift=17),
        cases.depthwise("one strip", Stride2Depthwise4, 3, 5, 4, 12, 276),
    ]
    for rows in range(1, 8):
        for padded in ((False, False), (True, False), (False, True), BOTH):
            tried.append(cases.depthwise(f"{rows} {padded}", Stride2Depthwise4, 10, rows, 8, 20, 12, padded=padded))
    speed = cases.check(tried, tmp_path)
    assert speed["large"] > 7.3 and speed["large, padding known"] > 7.4


@pytest.mark.parametrize("shape", [(0, 12, 68), (13, 8, 68), (13, 14, 68), (13, 12, 0), (13, 12, 410), (3, 2048, 5)])
def test_five_columns_that_do_not_fit(shape):
    assert Stride2Depthwise5(*shape).refusal()
    with pytest.raises(InputError, match="kernel k: "):
        Stride2Depthwise5(*shape).text("k")
    with pytest.raises(InputError, match="common shift"):
        Stride2Depthwise5(13, 12, 68, shift=0).text("k")


@pytest.mark.parametrize(
    "shape", [(0, 20, 44, 64), (25, 6, 44, 64), (25, 0, 44, 64), (25, 20, 40, 64), (2, 8, 20, 512)]
)
def test_columns_that_do_not_fit(shape):
    assert Stride2Depthwise4(*shape).refusal()
    with pytest.raises(InputError, match="kernel k: "):
        Stride2Depthwise4(*shape).text("k")
    with pytest.raises(InputError, match="common shift"):
        Stride2Depthwise4(25, 20, 44, 64, shift=0).text("k")
