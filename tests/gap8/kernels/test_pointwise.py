"""Pointwise kernel against NumPy."""

from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.pointwise import Pointwise
from tests.gap8.kernels import cases


def test_equal_and_fast(tmp_path: Path):
    tried = [
        cases.pointwise("small", 64, 68, 216, 8, True, groups=16, blocks=25, first_byte=8),
        cases.pointwise("small, common shift", 64, 68, 216, 8, True, groups=16, blocks=25, shift=17),
        cases.pointwise("medium", 172, 172, 120, 8, True, groups=8, blocks=13, first_byte=8),
        cases.pointwise("large", 276, 276, 48, 5, False, groups=8, blocks=8, first_byte=1),
        cases.pointwise("fewest", 12, 12, 8, 8, True, groups=3, blocks=1),
        cases.pointwise("one step in the loop, bytes", 16, 24, 23, 7, False, groups=5, blocks=3, first_byte=2),
        cases.pointwise("most", 408, 408, 508, 12, True, groups=2, blocks=2),
        cases.pointwise("small shift", 20, 20, 52, 8, True, groups=9, blocks=5, shift=9),
        cases.pointwise("large shift", 20, 20, 52, 8, True, groups=9, blocks=5, shift=20),
    ]
    speed = cases.check(tried, tmp_path)
    assert speed["small"] > 18.1 and speed["small, common shift"] > 18.2
    assert speed["medium"] > 20 and speed["large"] > 20.4


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8, 8, 8, 8, True), "12 on"),
        ((66, 68, 8, 8, True), "multiple of 4"),
        ((64, 60, 8, 8, True), "holds 64"),
        ((64, 66, 8, 8, True), "multiple of 4"),
        ((64, 68, 125, 8, True), "whole words"),
        ((64, 68, 128, 5, True), "whole words"),
        ((64, 512, 8, 8, True), "12 bits"),
        ((64, 64, 684, 8, True), "12 bits"),
        ((504, 504, 8, 8, True), "12 bits"),
        ((64, 64, 8, 2048, True), "12 bits"),
    ],
)
def test_shapes_that_do_not_fit(shape, message):
    assert message in Pointwise(*shape).refusal()
    with pytest.raises(InputError, match=message):
        Pointwise(*shape).text("k")


@pytest.mark.parametrize("shift", [0, 32, -1])
def test_shifts_that_do_not_fit(shift):
    with pytest.raises(InputError, match="common shift"):
        Pointwise(64, 64, 8, 8, True, shift=shift).text("k")
