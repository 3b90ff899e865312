"""First convolution against NumPy."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.first_convolution import FirstConvolution
from kwslib.gap8.kernels.rounding import HIGH, LONG, SIGNED, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import Case, check, words
from tests.gap8.kernels.harness import SENTINEL, Trial, share
from tests.gap8.kernels.twin import Twin, check_twins, own_shifts, requantisation


def case(name: str, kernel: FirstConvolution, channels: int) -> Case:
    """Random data for a kernel; the rows of padding hold something else than zeros, since they must not be read."""
    rng = np.random.default_rng(1)
    top, bottom = kernel.padding
    seen = rng.integers(-128, 128, (kernel.columns, kernel.padded_rows, 4)) + 128 * (not kernel.signed)
    weights = rng.integers(-127, 128, (channels, kernel.kernel_rows, 4))
    spread = 74 * (74 if kernel.signed else 147) * np.sqrt(4 * kernel.kernel_rows)
    grid = (kernel.columns, kernel.rows)
    sums = rng.integers(-int(spread), int(spread), grid) if kernel.sums else np.zeros(grid, np.int64)
    factors = roundings.draw(rng, channels, spread, kernel.rounding)
    zeroed = seen.copy()
    zeroed[:, :top] = 0
    zeroed[:, kernel.padded_rows - bottom :] = 0
    windows = [zeroed[:, y * kernel.stride :][:, : kernel.kernel_rows] for y in range(kernel.rows)]
    totals = np.stack([np.einsum("xrt,crt->xc", window, weights) for window in windows], axis=1) + sums[..., None]
    codes = roundings.codes(totals, factors, kernel.rounding)
    offsets = (
        np.arange(channels) * kernel.channel_bytes
        + np.arange(kernel.columns)[:, None, None] * kernel.column_bytes
        + np.arange(kernel.rows)[:, None] * kernel.row_bytes
    )
    expected = np.full(offsets.max() + 9, SENTINEL, np.uint8)
    expected[offsets] = codes
    trial = _trial(kernel, seen, weights, factors, sums, expected.size)
    return Case(name, trial, expected, codes.size * 4 * kernel.kernel_rows)


def _trial(kernel, seen, weights, factors, sums, size) -> Trial:
    fields = [getattr(kernel, field) for field in kernel.parameters() if field not in ("rounding", "padding")]
    symbol = "_".join(map(str, map(int, (*fields, *kernel.padding))))
    symbol = f"conv_{symbol}_{roundings.name(kernel.rounding)}"
    trial = Trial(symbol, kernel.text(symbol))
    data = trial.put(words(seen))
    records = np.concatenate([words(weights), factors.view(np.uint32)], 1)
    at = trial.put(records)
    starts = trial.put(sums.astype(np.int32))
    out = trial.reserve(size)
    for core, part in enumerate(share(len(weights))):
        if part:
            arguments = [data, at + 4 * records.shape[1] * part[0], out + kernel.channel_bytes * part[0], len(part)]
            trial.arguments[core] = [*arguments, *[starts] * kernel.sums]
    return trial


def plain(kernel_rows: int, stride: int, rows: int, columns: int, **options) -> FirstConvolution:
    """A kernel whose output is planes with a gap behind each row."""
    row_bytes = columns + 2
    return FirstConvolution(kernel_rows, stride, rows, columns, row_bytes, 1, rows * row_bytes + 3, **options)


def test_equal_and_fast(tmp_path: Path):
    common = Rounding(shift=17)
    small = FirstConvolution(10, 2, 25, 5, 8, 1, 216)
    tried = [
        case("small", small, 64),
        case("small, padding known", replace(small, padding=(4, 5), rounding=common), 64),
        case("medium", FirstConvolution(10, 2, 25, 10, 12, 1, 324), 80),
        case("medium, padding known", FirstConvolution(10, 2, 25, 10, 12, 1, 324, padding=(4, 5)), 80),
        case("large", FirstConvolution(10, 2, 49, 40, 44, 1, 2156), 8),
        case("large, padding known", FirstConvolution(10, 2, 49, 40, 44, 1, 2156, padding=(4, 4)), 8),
        case("stride 1", plain(10, 1, 25, 10, rounding=common), 64),
        case("five rows", plain(5, 1, 25, 10, rounding=common), 64),
        case("four rows", plain(4, 1, 25, 10, rounding=common), 64),
        case("three rows", plain(3, 1, 25, 10, rounding=common), 64),
        case("three rows, stride 2", plain(3, 2, 25, 10, rounding=common), 64),
        case("long", plain(10, 2, 25, 10, rounding=Rounding(LONG, shift=14, before=7)), 64),
        case("high", plain(10, 2, 25, 10, rounding=Rounding(HIGH, shift=5)), 64),
    ]
    speed = check(tried, tmp_path)
    assert speed["small"] > 18.9 and speed["small, padding known"] > 20.1
    assert speed["medium"] > 19 and speed["medium, padding known"] > 20.2
    assert speed["large"] > 19.4 and speed["large, padding known"] > 19.9
    assert speed["stride 1"] > 20.3 and speed["five rows"] > 15.1
    assert speed["four rows"] > 13.4 and speed["three rows"] > 11.3 and speed["three rows, stride 2"] > 10
    assert speed["long"] > 17 and speed["high"] > 15.3


def test_every_kernel_and_number_of_rows(tmp_path: Path):
    """Each walk down a column: shorter than the kernel, without a loop, with one, and what is left of it."""
    rng = np.random.default_rng(7)
    tried = []
    for kernel_rows, stride, size in itertools.product(range(1, 11), (1, 2), range(3)):
        rows = int(rng.integers(*((1, 8), (8, 24), (24, 36))[size]))
        kernel = plain(kernel_rows, stride, rows, int(rng.integers(1, 4)), signed=bool(rng.integers(2)))
        tried.append(case(str(kernel), kernel, 5))
        padded = replace(kernel, padding=tuple(rng.integers(0, kernel_rows, 2).tolist()))
        if padded.refusal() is None:
            tried.append(case(str(padded), padded, 5))
    assert len(tried) > 100
    check(tried, tmp_path)


def test_every_form(tmp_path: Path):
    tried = []
    for number, rounding in enumerate(roundings.FORMS):
        for kernel_rows, stride in ((10, 2), (10, 1), (3, 1)):
            sums = (number + kernel_rows) % 2 == 0
            kernel = plain(kernel_rows, stride, 23, 2, rounding=rounding, sums=sums, padding=(1, 2))
            if kernel.refusal() is None:
                tried.append(case(str(kernel), kernel, 9))
    assert len(tried) > 35
    check(tried, tmp_path)


def test_outputs_anywhere(tmp_path: Path):
    tried = []
    for strides in ((1200, 2400, 3), (2100, 2, 6), (12, 700, 1), (5, 2900, 70)):
        for kernel_rows, stride, top in ((10, 2, 127), (10, 1, 200), (4, 1, 127)):
            for form in (Rounding(top=top), Rounding(HIGH, before=2, top=top)):
                kernel = FirstConvolution(kernel_rows, stride, 12, 2, *strides, rounding=form, sums=True)
                tried.append(case(str(kernel), kernel, 2))
    check(tried, tmp_path)


def test_the_twin_is_equal(tmp_path: Path):
    twins = []
    for number, rounding in enumerate(roundings.FORMS):
        kernel = plain(2 + number % 5, 1 + number % 2, 4, 3, rounding=rounding, signed=number % 3 > 0)
        kernel = own_shifts(replace(kernel, sums=number % 2 == 0))
        geometry = {
            "rows": kernel.rows,
            "columns": kernel.columns,
            "kernel_rows": kernel.kernel_rows,
            "stride_rows": kernel.stride,
            "out_row_bytes": kernel.row_bytes,
            "out_column_bytes": kernel.column_bytes,
            "out_channel_bytes": kernel.channel_bytes,
            "record_bytes": 4 * (kernel.kernel_rows + kernel.rounding.words),
            "sums": int(kernel.sums),
            **requantisation(kernel),
        }
        twins.append(Twin(case(str(kernel), kernel, 6), kernel.portable, geometry))
    check_twins(twins, tmp_path)


@pytest.mark.parametrize("form", ["short", "high"])
def test_the_largest_kernel_has_registers_for_everything(form):
    kernel = FirstConvolution(10, 1, 20, 2, 4096, 1, 1, rounding=Rounding(form, top=200), sums=True)
    assert kernel.needed_registers == 30 and kernel.refusal() is None
    assert "31 registers" in replace(kernel, rounding=Rounding(LONG, top=200), row_bytes=8).refusal()
    assert replace(kernel, rounding=Rounding(SIGNED, shift=9), row_bytes=8, sums=False).refusal() is None


@pytest.mark.parametrize("kernel", [plain(10, 1, 31, 40, padding=(4, 5)), plain(9, 1, 33, 40), plain(10, 2, 49, 40)])
def test_the_code_leaves_room_in_the_instruction_cache(kernel):
    assert 4 * kernel.text("k").count(".4byte") <= 2048


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kernel_rows": 11}, "11 rows"),
        ({"kernel_rows": 0}, "0 rows"),
        ({"stride": 3}, "stride 3"),
        ({"rows": 0}, "0 rows"),
        ({"columns": 0}, "0 columns"),
        ({"columns": 4096}, "4096 columns"),
        ({"padding": (10, 0)}, "10 and 0 rows"),
        ({"padding": (0, -1)}, "0 and -1 rows"),
        ({"padding": (0, 10)}, "0 and 10 rows"),
        ({"rows": 1, "padding": (5, 5)}, "5 and 5 rows"),
        ({"rounding": Rounding(shift=0)}, "common shift"),
    ],
)
def test_what_does_not_fit(changed, message):
    kernel = replace(FirstConvolution(10, 2, 25, 5, 8, 1, 216), **changed)
    assert message in kernel.refusal()
    with pytest.raises(InputError, match="kernel k: "):
        kernel.text("k")
