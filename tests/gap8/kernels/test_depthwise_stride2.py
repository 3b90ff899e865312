"""The depthwise kernel of stride 2 for any number of columns against NumPy."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from kwslib.gap8.kernels.depthwise_stride2 import DepthwiseStride2
from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import check
from tests.gap8.kernels.depthwise_cases import TYPICAL, case, last_channels, sizes, varied

KNOWN = (True, False)


def stride2(rows: int, columns: int, pixel: int, **options) -> DepthwiseStride2:
    return last_channels(DepthwiseStride2, rows, columns, pixel, stride=(2, 2), **options)


def test_speed(tmp_path: Path):
    snapped, common = Rounding(), Rounding(shift=17)
    tried = [
        case("medium", stride2(13, 5, 172, rounding=snapped), 80),
        case("medium, padding known", stride2(13, 5, 172, rounding=common, padded=(True, True)), 80),
        case("large", stride2(25, 20, 16, rounding=snapped), 16),
        case("large, padding known", stride2(25, 20, 16, rounding=common, padded=(True, True)), 16),
    ]
    least = {}
    for columns, channels, short, high in (
        (5, 48, 7.5, 4.9),
        (7, 40, 7.3, 4.8),
        (10, 24, 7.0, 4.7),
        (20, 16, 7.2, 4.8),
    ):
        for form, speed in ((SHORT, short), (HIGH, high), (LONG, 5.8), (SIGNED, 3.9)):
            name = f"{columns} columns, {form}"
            tried.append(case(name, stride2(13, columns, 64, rounding=TYPICAL[form], padded=KNOWN), channels))
            least[name] = speed
    tried.append(case("two terms", stride2(13, 10, 64, rounding=Rounding(), padded=KNOWN, wide=True), 24))
    found = check(tried, tmp_path)
    assert found["medium"] > 7.5 and found["medium, padding known"] > 7.7
    assert found["large"] > 7.3 and found["large, padding known"] > 7.4 and found["two terms"] > 5.4
    assert {name: speed for name, speed in found.items() if speed <= least.get(name, 0)} == {}


def test_every_size(tmp_path: Path):
    tried = []
    for rows, columns, padded in sizes((1, 2, 3, 4, 5, 6)):
        tried.append(case(f"{rows} × {columns} {padded}", stride2(rows, columns, 11, padded=padded), 10))
    check(tried, tmp_path)


def test_every_form_and_layout(tmp_path: Path):
    tried = []
    for number, (columns, rounding) in enumerate(product((5, 7), roundings.FORMS)):
        kernel = stride2(7, columns, 9, rounding=rounding, padded=KNOWN)
        tried += [case(f"{rounding} {columns}", changed, 9) for changed in varied(kernel)[number % 2 :: 2]]
    tried.append(case("far output rows", replace(stride2(3, 5, 3, wide=True), out_row_bytes=2100), 3))
    tried.append(case("far rows", replace(stride2(2, 6, 9), row_bytes=2044, plane_bytes=5 * 2044), 2))
    check(tried, tmp_path)


def test_sizes_of_the_code():
    for form, most in ((SHORT, 1100), (HIGH, 1200), (LONG, 1300), (SIGNED, 1500)):
        for columns in (5, 7, 10, 13, 20):
            kernel = stride2(25, columns, 64, rounding=TYPICAL[form], padded=KNOWN)
            assert 4 * kernel.text("k").count(".4byte") <= most, (form, columns)


@pytest.mark.parametrize("change", [{"kernel": (5, 5)}, {"kernel": (3, 1)}, {"stride": (1, 2)}, {"stride": (2, 1)}])
def test_what_is_refused(change):
    kernel = replace(stride2(4, 8, 12), **change)
    assert kernel.refusal() == "not a kernel of 3 × 3 with stride 2"
