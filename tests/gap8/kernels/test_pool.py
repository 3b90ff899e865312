"""Sums of planes against NumPy."""

from pathlib import Path

import numpy as np
import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.pool import PlaneSums
from tests.gap8.kernels.case import Case, check
from tests.gap8.kernels.harness import Trial, share
from tests.gap8.kernels.twin import Twin, check_twins


def case(name: str, channels: int, *shape: int) -> Case:
    rows, columns, row_bytes, plane_bytes, left = shape
    rng = np.random.default_rng(4)
    planes = rng.integers(0, 256, (channels, plane_bytes)).astype(np.uint8)
    grid = planes[:, : rows * row_bytes].reshape(channels, rows, row_bytes)[..., left : left + columns]
    symbol = "_".join(map(str, ("sums", *shape)))
    trial = Trial(symbol, PlaneSums(*shape).text(symbol))
    at = trial.put(planes)
    out = trial.reserve(4 * channels)
    for core, part in enumerate(share(channels)):
        if part:
            trial.arguments[core] = [at + part[0] * plane_bytes, out + 4 * part[0], len(part)]
    return Case(name, trial, grid.sum((1, 2), dtype=np.int32).view(np.uint8), channels * rows * columns)


def test_equal_and_fast(tmp_path: Path):
    tried = [
        case("small", 64, 25, 5, 8, 216, 0),
        case("medium", 172, 13, 5, 8, 120, 0),
        case("large", 32, 25, 20, 24, 648, 1),
        case("one code", 3, 1, 1, 4, 4, 3),
        case("one word", 9, 6, 4, 4, 24, 0),
        case("aligned", 9, 2, 12, 16, 36, 0),
        case("one word, odd", 9, 9, 2, 4, 40, 2),
        case("one word, five rows", 9, 5, 2, 8, 44, 2),
        case("wide", 3, 7, 75, 84, 1000, 3),
        case("large, 32", 32, 25, 20, 24, 600, 0),
    ]
    speed = check(tried, tmp_path)
    assert speed["small"] > 8.9 and speed["large"] > 12.4


def test_the_twin_is_equal(tmp_path: Path):
    twins = []
    for shape in ((25, 20, 24, 648, 1), (3, 5, 8, 28, 0), (1, 1, 4, 4, 3)):
        members = ("rows", "columns", "row_bytes", "plane_bytes", "left")
        geometry = dict(zip(members, shape, strict=True))
        twins.append(Twin(case(str(shape), 9, *shape), PlaneSums.portable, geometry))
    check_twins(twins, tmp_path)


@pytest.mark.parametrize(
    "shape",
    [
        (0, 5, 8, 216, 0),
        (25, 0, 8, 216, 0),
        (25, 5, 8, 216, 4),
        (25, 5, 4, 216, 0),
        (25, 5, 10, 216, 0),
        (2, 5, 8, 17, 0),
        (4096, 5, 8, 40000, 0),
        (2, 513, 520, 1040, 0),
    ],
)
def test_shapes_that_do_not_fit(shape):
    assert PlaneSums(*shape).refusal()
    with pytest.raises(InputError, match="kernel k: "):
        PlaneSums(*shape).text("k")
