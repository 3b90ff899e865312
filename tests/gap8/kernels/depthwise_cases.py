"""Random layers for the depthwise kernels, with their outputs by NumPy in 64 bits."""

import zlib
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from kwslib.gap8.kernels.depthwise import Depthwise5, DepthwiseKernel
from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, Rounding
from tests.gap8.kernels.cases import Case, words
from tests.gap8.kernels.harness import SENTINEL, Trial, run, share

Made = TypeVar("Made", bound=DepthwiseKernel)
GUARD_BYTES = 64
LARGEST_FACTOR, LONG_BITS = 400, 7
FORMS = (SHORT, LONG, HIGH, SIGNED)
ROUNDINGS = ((None, 255), (None, 93), (14, 127))
"""Common shifts and largest codes to try."""
BORDERS = ((False, False), (True, False), (False, True), (True, True))


def rounding(form: str, shift: int | None = None, top: int = 255) -> Rounding:
    """A form as a planner could choose it; accumulators of 5 × 5 taps and two terms have 22 bits."""
    return Rounding(form, shift, {SHORT: 0, LONG: LONG_BITS}.get(form, 8), top)


def last_channels(
    make: type[Made],
    rows: int,
    columns: int,
    pixel: int,
    kernel: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (1, 1),
    **options,
) -> Made:
    """A kernel that writes channels last, its planes as small as can be."""
    row_bytes = -(-((columns - 1) * stride[1] + kernel[1]) // 4) * 4
    plane_bytes = ((rows - 1) * stride[0] + kernel[0]) * row_bytes
    return make(kernel, stride, rows, columns, row_bytes, plane_bytes, pixel, pixel * columns, 1, **options)


def as_planes(kernel: Made) -> Made:
    """The same kernel, but it reads planes with gaps and writes planes with gaps."""
    return replace(
        kernel,
        row_bytes=kernel.row_bytes + 4,
        plane_bytes=(kernel.row_bytes + 4) * (kernel.rows * kernel.stride[0] + kernel.kernel[0]),
        out_column_bytes=1,
        out_row_bytes=kernel.columns + 3,
        out_channel_bytes=(kernel.columns + 3) * (kernel.rows + 1),
    )


def five(rows: int, pixel: int, **options) -> Depthwise5:
    """The kernel for five columns, channels last."""
    return Depthwise5((3, 3), (1, 1), rows, 5, 8, 8 * (rows + 2), pixel, 5 * pixel, 1, **options)


def sizes(rows: tuple[int, ...]) -> list[tuple[int, int, tuple[bool, bool]]]:
    """Rows, columns and known padding to try: all kinds of padding with one and two kinds of strips, else in turn."""
    found = [(count, columns, padded) for count in rows for columns in (3, 6) for padded in BORDERS]
    for number, columns in enumerate((1, 2, 4, 5, 7, 8, 9)):
        found += [(count, columns, BORDERS[(number + count) % len(BORDERS)]) for count in rows]
    return found


def varied(kernel: Made) -> list[Made]:
    """The kernel, with signed data, with two terms, and from planes to planes: those that it does not refuse."""
    found = [kernel, replace(kernel, signed=True), replace(kernel, wide=True), as_planes(kernel)]
    return [changed for changed in found if changed.refusal() is None]


def case(name: str, kernel: DepthwiseKernel, channels: int) -> Case:
    """Random planes and weights for a kernel: codes of the whole range, garbage wherever it must not matter."""
    rng = np.random.default_rng(zlib.crc32(f"{name} {kernel}".encode()))
    planes, image = _planes(rng, kernel, channels)
    taps = rng.integers(-127, 128, (kernel.terms, channels, *kernel.kernel))
    sums = np.zeros((channels, kernel.rows, kernel.columns), np.int64)
    for i in range(kernel.kernel[0]):
        for j in range(kernel.kernel[1]):
            last_row, last_column = (kernel.rows - 1) * kernel.stride[0], (kernel.columns - 1) * kernel.stride[1]
            window = image[:, i : i + last_row + 1 : kernel.stride[0], j : j + last_column + 1 : kernel.stride[1]]
            sums += window * taps[:, :, i, j].sum(axis=0)[:, None, None]
    factors = _factors(rng, kernel.rounding, sums)
    codes = _rounded(kernel.rounding, sums, factors)
    y, x = np.arange(kernel.rows)[:, None] * kernel.out_row_bytes, np.arange(kernel.columns) * kernel.out_column_bytes
    places = GUARD_BYTES + np.arange(channels)[:, None, None] * kernel.out_channel_bytes + y + x
    assert len(np.unique(places)) == codes.size, f"{name}: outputs overlap"
    expected = np.full(places.max() + 1 + GUARD_BYTES, SENTINEL, np.uint8)
    expected[places] = codes
    symbol = f"depthwise_{zlib.crc32(str(kernel).encode()):08x}"
    trial = Trial(symbol, kernel.text(symbol))
    data = trial.put(planes)
    parts = [words(_packed(term, kernel.places)).reshape(channels, -1) for term in taps]
    columns = list(factors.values())
    if kernel.rounding.shift is not None:
        columns[-1] = columns[-1] + 5  # something else, since it must not be read
    records = np.concatenate([*parts, np.stack(columns, axis=1).astype(np.int32).view(np.uint32)], axis=1)
    record = trial.put(records)
    out = trial.reserve(expected.size) + GUARD_BYTES
    for core, part in enumerate(share(channels)):
        if part:
            first = part[0]
            trial.arguments[core] = [
                data + first * kernel.plane_bytes,
                record + 4 * records.shape[1] * first,
                out + first * kernel.out_channel_bytes,
                len(part),
            ]
    return Case(name, trial, expected, codes.size * kernel.kernel[0] * kernel.kernel[1])


def _planes(rng: np.random.Generator, kernel: DepthwiseKernel, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Planes as bytes (channels, plane_bytes), and what the windows see of them as numbers (channels, rows, bytes)."""
    rows = (kernel.rows - 1) * kernel.stride[0] + kernel.kernel[0]
    planes = rng.integers(0, 256, (channels, kernel.plane_bytes)).astype(np.uint8)
    seen = planes[:, : rows * kernel.row_bytes].reshape(channels, rows, kernel.row_bytes).copy()
    for row, known in zip((0, -1), kernel.padded, strict=True):
        if known:
            seen[:, row] = 0
    if kernel.generator == "depthwise_any":  # it reads the rows of padding
        planes[:, : rows * kernel.row_bytes] = seen.reshape(channels, -1)
    image = (seen.view(np.int8) if kernel.signed else seen).astype(np.int64)
    if kernel.left_padding_implied:
        image = np.pad(image[..., : kernel.columns], ((0, 0), (0, 0), (1, 1)))
    return planes, image


def _packed(taps: np.ndarray, places: tuple[int, ...]) -> np.ndarray:
    """Taps (channels, rows, columns) as bytes of weight words (channels, rows, places, 4)."""
    packed = np.zeros((*taps.shape[:2], len(places), 4), np.int64)
    for number, place in enumerate(places):
        for tap in range(taps.shape[2]):
            if 0 <= place + tap < 4:
                packed[:, :, number, place + tap] = taps[:, :, tap]
    return packed


def _factors(rng: np.random.Generator, form: Rounding, sums: np.ndarray) -> dict[str, np.ndarray]:
    """A channel's words in their order, int64 each, so that codes spread over the range, some beyond its ends."""
    flat = sums.reshape(len(sums), -1)
    low, spread = flat.min(axis=1), np.maximum(np.ptp(flat, axis=1), 2000)
    slope = form.top / spread * rng.uniform(0.8, 1.5, len(sums))
    if form.form in (HIGH, SIGNED):
        n = np.floor(np.log2(2.0 ** (form.before - 1) / slope))
    else:
        n = np.floor(np.log2(LARGEST_FACTOR / slope))
    n = np.clip(n, 1, 31).astype(np.int64) if form.shift is None else np.full(len(sums), form.shift)
    exact = slope * 2.0**n
    offset = np.rint(-(low + spread * rng.uniform(-0.05, 0.1, len(sums))) * exact).astype(np.int64)
    if form.form == SHORT:
        return {"q": np.maximum(np.rint(exact).astype(np.int64), 1), "B": offset, "n": n}
    if form.form == LONG:
        both = np.rint(exact * 2**form.before).astype(np.int64)
        return {"hi": both >> form.before, "lo": both & (2**form.before - 1), "B": offset, "n": n}
    m = np.minimum(np.rint(exact * 2.0 ** (32 - form.before)), 2**31 - 1).astype(np.int64)
    if form.form == HIGH:
        return {"m": m, "B": offset, "n": n}
    return {"m": m, "B'": offset // 2, "κ": rng.integers(1, 2000, len(sums)), "B": offset - offset // 2, "n": n}


def _rounded(form: Rounding, sums: np.ndarray, factors: dict[str, np.ndarray]) -> np.ndarray:
    """The stored codes, by the formulas, in 64 bits; products that a kernel computes in 32 bits must fit."""
    word = {name: values[:, None, None] for name, values in factors.items()}
    products = []
    if form.form == SHORT:
        value = sums * word["q"]
    elif form.form == LONG:
        products = [sums * word["lo"], sums * word["hi"]]
        value = products[1] + (products[0] >> form.before)
    else:
        products = [sums << form.before]
        value = (products[0] * word["m"]) >> 32
    if form.form == SIGNED:
        value = value + word["B'"]
        assert value.size < 200 or (value < 0).any()
        value = np.where(value < 0, value - word["κ"], value)
    total = value + word["B"] + (np.int64(1) << (word["n"] - 1))
    for product in (*products, value, total):
        assert np.abs(product).max() < 2**31, "the case does not fit 32 bits"
    return np.clip(total >> word["n"], 0, form.top).astype(np.uint8)


def check(tried: list[Case], folder: Path) -> dict[str, float]:
    """Run all cases, compare every byte, and return the products a cycle of each (warm, eight cores)."""
    speeds = {}
    for done, outcome in zip(tried, run([item.trial for item in tried], folder), strict=True):
        np.testing.assert_array_equal(outcome.output, done.expected, err_msg=done.name)
        codes = done.expected[done.expected != SENTINEL]
        assert codes.size < 200 or len(np.unique(codes)) > 30, f"{done.name} hardly tests a thing"
        speeds[done.name] = done.macs / outcome.warm_cycles
    return speeds
