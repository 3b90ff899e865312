"""Depthwise kernels of stride 2 against NumPy."""

from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels import (
    depthwise_stride2_4,
    depthwise_stride2_4_refusal,
    depthwise_stride2_5,
    depthwise_stride2_5_refusal,
)
from tests.gap8.kernels import cases

BOTH = (True, True)


def test_five_columns(tmp_path: Path):
    tried = [
        cases.depthwise("medium", depthwise_stride2_5, 80, 13, 5, 12, 172),
        cases.depthwise("medium, padding known", depthwise_stride2_5, 80, 13, 5, 12, 172, padded=BOTH, shift=17),
        cases.depthwise("one channel, wide rows", depthwise_stride2_5, 1, 6, 5, 40, 409),
    ]
    for rows in range(1, 8):
        for padded in ((False, False), (True, False), (False, True), BOTH):
            tried.append(cases.depthwise(f"{rows} {padded}", depthwise_stride2_5, 10, rows, 5, 12, 11, padded=padded))
    speed = cases.check(tried, tmp_path)
    assert speed["medium"] > 7.5 and speed["medium, padding known"] > 7.7


def test_multiples_of_four_columns(tmp_path: Path):
    tried = [
        cases.depthwise("large", depthwise_stride2_4, 16, 25, 20, 44, 16),
        cases.depthwise("large, padding known", depthwise_stride2_4, 16, 25, 20, 44, 16, padded=BOTH, shift=17),
        cases.depthwise("one strip", depthwise_stride2_4, 3, 5, 4, 12, 276),
    ]
    for rows in range(1, 8):
        for padded in ((False, False), (True, False), (False, True), BOTH):
            tried.append(cases.depthwise(f"{rows} {padded}", depthwise_stride2_4, 10, rows, 8, 20, 12, padded=padded))
    speed = cases.check(tried, tmp_path)
    assert speed["large"] > 7.3 and speed["large, padding known"] > 7.4


@pytest.mark.parametrize("shape", [(0, 12, 68), (13, 8, 68), (13, 14, 68), (13, 12, 0), (13, 12, 410), (3, 2048, 5)])
def test_five_columns_that_do_not_fit(shape):
    assert depthwise_stride2_5_refusal(*shape)
    with pytest.raises(InputError, match="kernel k: "):
        depthwise_stride2_5("k", *shape)
    with pytest.raises(InputError, match="common shift"):
        depthwise_stride2_5("k", 13, 12, 68, shift=0)


@pytest.mark.parametrize(
    "shape", [(0, 20, 44, 64), (25, 6, 44, 64), (25, 0, 44, 64), (25, 20, 40, 64), (2, 8, 20, 512)]
)
def test_columns_that_do_not_fit(shape):
    assert depthwise_stride2_4_refusal(*shape)
    with pytest.raises(InputError, match="kernel k: "):
        depthwise_stride2_4("k", *shape)
    with pytest.raises(InputError, match="common shift"):
        depthwise_stride2_4("k", 25, 20, 44, 64, shift=0)
