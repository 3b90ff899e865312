"""Depthwise kernels of stride 1 against NumPy."""

from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.depthwise import Depthwise4, Depthwise5
from tests.gap8.kernels import cases

BOTH = (True, True)


def test_five_columns(tmp_path: Path):
    tried = [
        cases.depthwise("small", Depthwise5, 64, 25, 5, 8, 68),
        cases.depthwise("small, padding known", Depthwise5, 64, 25, 5, 8, 68, padded=BOTH, shift=17),
        cases.depthwise("medium", Depthwise5, 172, 13, 5, 8, 172),
        cases.depthwise("medium, padding known", Depthwise5, 172, 13, 5, 8, 172, padded=BOTH),
        cases.depthwise("far positions", Depthwise5, 9, 8, 5, 8, 409),
    ]
    for rows in (*range(1, 10), 40):
        for padded in ((False, False), (True, False), (False, True), BOTH):
            tried.append(cases.depthwise(f"{rows} {padded}", Depthwise5, 10, rows, 5, 8, 11, padded=padded))
    speed = cases.check(tried, tmp_path)
    assert speed["small"] > 8.9 and speed["small, padding known"] > 9.1
    assert speed["medium"] > 8.5 and speed["medium, padding known"] > 8.7


def test_multiples_of_four_columns(tmp_path: Path):
    tried = [
        cases.depthwise("large", Depthwise4, 32, 25, 20, 24, 32),
        cases.depthwise("large, padding known", Depthwise4, 32, 25, 20, 24, 32, padded=BOTH, shift=17),
        cases.depthwise("one strip", Depthwise4, 3, 5, 4, 8, 276),
        cases.depthwise("wide rows", Depthwise4, 8, 7, 12, 32, 9),
        cases.depthwise("far rows", Depthwise4, 2, 2, 8, 2044, 500),
    ]
    for rows in range(1, 9):
        for padded in ((False, False), (True, False), (False, True), BOTH):
            tried.append(cases.depthwise(f"{rows} {padded}", Depthwise4, 10, rows, 8, 12, 12, padded=padded))
    speed = cases.check(tried, tmp_path)
    assert speed["large"] > 8.9 and speed["large, padding known"] > 9.1


@pytest.mark.parametrize("shape", [(0, 68), (25, 0), (25, 410)])
def test_five_columns_that_do_not_fit(shape):
    assert Depthwise5(*shape).refusal()
    with pytest.raises(InputError, match="kernel k: "):
        Depthwise5(*shape).text("k")
    with pytest.raises(InputError, match="common shift"):
        Depthwise5(25, 68, shift=0).text("k")


@pytest.mark.parametrize(
    "shape",
    [
        (0, 20, 24, 64),
        (25, 0, 24, 64),
        (25, 6, 24, 64),
        (25, 20, 20, 64),
        (25, 20, 25, 64),
        (2, 8, 2048, 8),
        (2, 8, 12, 512),
    ],
)
def test_columns_that_do_not_fit(shape):
    assert Depthwise4(*shape).refusal()
    with pytest.raises(InputError, match="kernel k: "):
        Depthwise4(*shape).text("k")
    with pytest.raises(InputError, match="common shift"):
        Depthwise4(25, 20, 24, 64, shift=0).text("k")
