"""Random layers for the depthwise kernels, with their outputs by NumPy."""

import zlib
from dataclasses import replace
from typing import TypeVar

import numpy as np

from kwslib.gap8.kernels.depthwise import Depthwise5, DepthwiseKernel
from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import Case, words
from tests.gap8.kernels.harness import SENTINEL, Trial, share
from tests.gap8.kernels.twin import Twin, requantisation

Made = TypeVar("Made", bound=DepthwiseKernel)
GUARD_BYTES = 64
TYPICAL = {
    SHORT: Rounding(),
    LONG: Rounding(LONG, before=7, top=255),
    HIGH: Rounding(HIGH, before=3, top=255),
    SIGNED: Rounding(SIGNED, before=2, top=255),
}
"""Each form as a layer without a common shift has it."""
BORDERS = ((False, False), (True, False), (False, True), (True, True))


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
    taps = np.clip(taps - np.rint(taps.mean(axis=(2, 3), keepdims=True)).astype(np.int64), -127, 127)  # sums around 0
    sums = np.zeros((channels, kernel.rows, kernel.columns), np.int64)
    for i in range(kernel.kernel[0]):
        for j in range(kernel.kernel[1]):
            last_row, last_column = (kernel.rows - 1) * kernel.stride[0], (kernel.columns - 1) * kernel.stride[1]
            window = image[:, i : i + last_row + 1 : kernel.stride[0], j : j + last_column + 1 : kernel.stride[1]]
            sums += window * taps[:, :, i, j].sum(axis=0)[:, None, None]
    spread = max(float(np.abs(sums).mean()), 1000)
    factors = roundings.draw(rng, channels, spread, kernel.rounding)
    codes = roundings.codes(sums.transpose(1, 2, 0), factors, kernel.rounding).transpose(2, 0, 1)
    y, x = np.arange(kernel.rows)[:, None] * kernel.out_row_bytes, np.arange(kernel.columns) * kernel.out_column_bytes
    places = GUARD_BYTES + np.arange(channels)[:, None, None] * kernel.out_channel_bytes + y + x
    assert len(np.unique(places)) == codes.size, f"{name}: outputs overlap"
    expected = np.full(places.max() + 1 + GUARD_BYTES, SENTINEL, np.uint8)
    expected[places] = codes
    symbol = f"depthwise_{zlib.crc32(str(kernel).encode()):08x}"
    trial = Trial(symbol, kernel.text(symbol))
    data = trial.put(planes)
    parts = [words(_packed(term, kernel.places)).reshape(channels, -1) for term in taps]
    records = np.concatenate([*parts, factors.view(np.uint32)], axis=1)
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


def twin(made: Case, kernel: DepthwiseKernel) -> Twin:
    """The case for the portable kernel."""
    geometry = {
        "rows": kernel.rows,
        "columns": kernel.columns,
        "kernel_rows": kernel.kernel[0],
        "kernel_columns": kernel.kernel[1],
        "stride_rows": kernel.stride[0],
        "stride_columns": kernel.stride[1],
        "plane_bytes": kernel.plane_bytes,
        "row_bytes": kernel.row_bytes,
        "left": int(kernel.left_padding_implied),
        "out_column_bytes": kernel.out_column_bytes,
        "out_row_bytes": kernel.out_row_bytes,
        "out_channel_bytes": kernel.out_channel_bytes,
        "record_bytes": 4 * (kernel.weight_words + kernel.rounding.words),
        "tap_words": len(kernel.places),
        "tap_word": kernel.places.index(0),
        "wide": int(kernel.wide),
        **requantisation(kernel),
    }
    return Twin(made, kernel.portable, geometry)
