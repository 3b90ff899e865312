"""The depthwise kernel of stride 1 for any number of columns against NumPy."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from kwslib.gap8.kernels.depthwise_rows import DepthwiseRows
from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import check
from tests.gap8.kernels.depthwise_cases import TYPICAL, case, last_channels, sizes, varied

KNOWN = (True, False)


def rows_of(rows: int, columns: int, pixel: int, **options) -> DepthwiseRows:
    return last_channels(DepthwiseRows, rows, columns, pixel, **options)


def test_speed(tmp_path: Path):
    snapped, common = Rounding(), Rounding(shift=17)
    tried = [
        case("large", rows_of(25, 20, 32, rounding=snapped), 32),
        case("large, padding known", rows_of(25, 20, 32, rounding=common, padded=(True, True)), 32),
    ]
    least = {}
    for columns, channels, short, high in (
        (5, 64, 8.8, 5.4),
        (7, 48, 8.7, 5.4),
        (10, 40, 8.9, 5.5),
        (13, 32, 8.8, 5.4),
    ):
        for form, speed in ((SHORT, short), (HIGH, high), (LONG, 7.0), (SIGNED, 4.3)):
            name = f"{columns} columns, {form}"
            tried.append(case(name, rows_of(25, columns, 64, rounding=TYPICAL[form], padded=KNOWN), channels))
            least[name] = speed
    tried.append(case("two terms", rows_of(25, 10, 64, rounding=Rounding(), padded=KNOWN, wide=True), 40))
    found = check(tried, tmp_path)
    assert found["large"] > 8.9 and found["large, padding known"] > 9.1 and found["two terms"] > 6.4
    assert {name: speed for name, speed in found.items() if speed <= least.get(name, 0)} == {}


def test_every_size(tmp_path: Path):
    tried = []
    for rows, columns, padded in sizes((1, 2, 3, 4, 5, 8)):
        tried.append(case(f"{rows} × {columns} {padded}", rows_of(rows, columns, 11, padded=padded), 10))
    check(tried, tmp_path)


def test_every_form_and_layout(tmp_path: Path):
    tried = []
    for number, (columns, rounding) in enumerate(product((5, 7), roundings.FORMS)):
        kernel = rows_of(7, columns, 9, rounding=rounding, padded=KNOWN)
        tried += [case(f"{rounding} {columns}", changed, 9) for changed in varied(kernel)[number % 2 :: 2]]
    check(tried, tmp_path)


def test_far_outputs(tmp_path: Path):
    tried = [
        case("far rows", replace(rows_of(3, 7, 9), row_bytes=2044, plane_bytes=5 * 2044), 2),
        case("far output rows", replace(rows_of(5, 6, 3, wide=True), out_row_bytes=2100), 3),
        case("far positions", rows_of(3, 6, 511), 3),
        case("far channels", replace(rows_of(3, 6, 1), out_channel_bytes=5000, plane_bytes=2560), 3),
    ]
    check(tried, tmp_path)


def test_sizes_of_the_code():
    for form, most in ((SHORT, 1200), (HIGH, 1300), (LONG, 1450), (SIGNED, 1650)):
        for columns in (5, 7, 10, 13, 20):
            kernel = rows_of(25, columns, 64, rounding=TYPICAL[form], padded=KNOWN)
            assert 4 * kernel.text("k").count(".4byte") <= most, (form, columns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": (5, 5)}, "not a kernel of 3 × 3 with stride 1"),
        ({"stride": (1, 2)}, "not a kernel of 3 × 3 with stride 1"),
        ({"wide": True, "rounding": Rounding(LONG, top=99)}, "'long', with two terms: 31 registers of 30"),
        ({"wide": True, "rounding": Rounding(SIGNED)}, "'signed', with two terms: 31 registers of 30"),
    ],
)
def test_what_is_refused(change, message):
    assert message in (replace(rows_of(4, 8, 12), **change).refusal() or "")
