"""The depthwise kernel for all shapes against NumPy."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from kwslib.gap8.kernels.depthwise_any import AnyDepthwise
from kwslib.gap8.kernels.rounding import HIGH, SHORT, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import check
from tests.gap8.kernels.depthwise_cases import BORDERS, TYPICAL, as_planes, case, last_channels

SIZES = [(rows, columns) for rows in range(1, 6) for columns in range(1, 6)]
STRIDES = [(rows, columns) for rows in (1, 2) for columns in (1, 2)]


def test_speed(tmp_path: Path):
    def speed_of(form: str, kernel: tuple[int, int], **options):
        return last_channels(AnyDepthwise, 25, 10, 64, kernel=kernel, rounding=TYPICAL[form], **options)

    tried = [
        case("5 × 5", speed_of(SHORT, (5, 5)), 16),
        case("5 × 5, high", speed_of(HIGH, (5, 5)), 16),
        case("5 × 5, stride 2", last_channels(AnyDepthwise, 13, 10, 64, kernel=(5, 5), stride=(2, 2)), 16),
        case("5 × 5, two terms", speed_of(SHORT, (5, 5), wide=True), 16),
        case("3 × 3", speed_of(SHORT, (3, 3)), 16),
        case("3 × 3, two terms, high", speed_of(HIGH, (3, 3), wide=True), 16),
    ]
    found = check(tried, tmp_path)
    least = dict(zip(found, (8.5, 7.0, 8.4, 5.3, 5.9, 3.4), strict=True))
    assert {name: speed for name, speed in found.items() if speed <= least[name]} == {}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_kernel_and_stride(tmp_path: Path, seed: int):
    rng = np.random.default_rng(seed)
    tried = []
    for size, stride in product(SIZES, STRIDES):
        rows, columns, channels = map(int, rng.integers(1, (9, 12, 11)))
        kernel = last_channels(
            AnyDepthwise,
            rows,
            columns,
            channels + 1,
            kernel=size,
            stride=stride,
            rounding=roundings.FORMS[rng.integers(len(roundings.FORMS))],
            signed=bool(rng.random() < 0.3),
            wide=bool(rng.random() < 0.5),
            padded=BORDERS[rng.integers(4)],
        )
        kernel = as_planes(kernel) if rng.random() < 0.5 else kernel
        assert kernel.refusal() is None
        tried.append(case(f"{size} {stride} {rows} × {columns}", kernel, channels))
    check(tried, tmp_path)


def test_far_strides(tmp_path: Path):
    kernel = last_channels(AnyDepthwise, 4, 6, 3, kernel=(5, 5), stride=(2, 2))
    tried = [
        case("far rows", replace(kernel, row_bytes=1000, plane_bytes=11 * 1000), 2),
        case("far output rows", replace(kernel, out_row_bytes=2100), 3),
        case("far positions", last_channels(AnyDepthwise, 3, 6, 511, kernel=(5, 4)), 3),
    ]
    check(tried, tmp_path)


@pytest.mark.parametrize("form", TYPICAL)
def test_every_form_fits_every_shape(form):
    for size, stride, wide in product(SIZES, STRIDES, (False, True)):
        options = {"rounding": Rounding(form, top=93), "wide": wide}
        kernel = replace(
            last_channels(AnyDepthwise, 7, 9, 77, kernel=size, stride=stride, **options), out_row_bytes=5000
        )
        assert kernel.refusal() is None
        if size in ((3, 3), (5, 5)) and wide:
            assert kernel.text("k")


def test_sizes_of_the_code():
    for form, wide in product(TYPICAL, (False, True)):
        for size, columns in (((3, 3), 10), ((5, 5), 5), ((5, 5), 13), ((5, 5), 20)):
            kernel = last_channels(AnyDepthwise, 25, columns, 64, kernel=size, rounding=TYPICAL[form], wide=wide)
            assert 4 * kernel.text("k").count(".4byte") <= 1700, (form, size, columns)
