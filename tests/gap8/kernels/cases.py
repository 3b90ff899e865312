"""Random layers for each kernel, with their outputs by NumPy."""

import numpy as np

from kwslib.gap8.kernels.depthwise import DepthwiseKernel
from tests.gap8.kernels.case import Case, words
from tests.gap8.kernels.harness import SENTINEL, Trial, parameters, requantised, share


def factors(q: np.ndarray, bias: np.ndarray, n: np.ndarray, shift: int | None = None, **_) -> np.ndarray:
    """What stands behind the weights of each channel; of a common shift, something else, since it must not be read."""
    return np.stack([q, bias, n if shift is None else n + 5], axis=1).astype(np.int32).view(np.uint32)


def depthwise(
    name: str,
    make: type[DepthwiseKernel],
    channels: int,
    rows: int,
    columns: int,
    row_bytes: int,
    pixel_bytes: int,
    **options,
) -> Case:
    """All four depthwise kernels."""
    rng = np.random.default_rng(2)
    kind = make.generator
    stride = 2 if "stride2" in kind else 1
    left = kind == "depthwise_4"  # bytes in front of column 0
    in_rows, in_columns = (2 * rows + 1, 2 * columns) if stride == 2 else (rows + 2, columns)
    padded = options.get("padded", (False, False))
    planes = rng.integers(-128, 128, (channels, in_rows, row_bytes))  # garbage where nothing is defined
    image = rng.integers(0, 128, (channels, in_rows, in_columns))
    image[:, 0] = 0
    image[:, -1] = 0 if stride == 1 or padded[1] else image[:, -1]
    planes[..., left : left + in_columns] = image
    if kind != "depthwise_5":
        planes[..., left + in_columns] = 0
        planes[..., :left] = 0
    if kind == "depthwise_4":
        planes[:, 0] = planes[:, -1] = 0
    for row, known in zip((0, -1), padded, strict=True):
        if known:  # must not be read
            planes[:, row] = rng.integers(-128, 128, planes[:, row].shape)
    wide = np.pad(image, ((0, 0), (0, 0), (stride == 1, 1)))
    weights = rng.integers(-127, 128, (channels, 3, 3))
    q, bias, n = parameters(rng, channels, 9 * 74 * 20, options.get("shift"))
    sums = np.zeros((rows, columns, channels), np.int64)
    for i in range(3):
        for j in range(3):
            window = wide[:, i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (columns - 1) + 1 : stride]
            sums += (window * weights[:, i, j, None, None]).transpose(1, 2, 0)
    expected = np.full((rows * columns, pixel_bytes), SENTINEL, np.uint8)
    expected[:, :channels] = requantised(sums, q, bias, n).reshape(-1, channels)
    places = {"depthwise_5": (-1, 0, 1, 2), "depthwise_4": (0, 1)}.get(kind, (0,))
    taps = np.zeros((channels, 3, len(places), 4), np.int64)
    for number, place in enumerate(places):
        for tap in range(3):
            if 0 <= place + tap < 4:
                taps[:, :, number, place + tap] = weights[:, :, tap]
    records = np.concatenate([words(taps).reshape(channels, -1), factors(q, bias, n, **options)], 1)
    shape = (rows, pixel_bytes) if kind == "depthwise_5" else (rows, columns, row_bytes, pixel_bytes)
    shape = (rows, row_bytes, pixel_bytes) if kind == "depthwise_stride2_5" else shape
    symbol = "_".join(map(str, (kind, *shape, *map(int, padded), options.get("shift"))))
    trial = Trial(symbol, make(*shape, **options).text(symbol))
    at = trial.put(planes.astype(np.int8))
    record = trial.put(records)
    out = trial.reserve(expected.size)
    for core, part in enumerate(share(channels)):
        if part:
            first = part[0]
            trial.arguments[core] = [
                at + first * in_rows * row_bytes,
                record + 4 * records.shape[1] * first,
                out + first,
                len(part),
            ]
    return Case(name, trial, expected.ravel(), rows * columns * 9 * channels)
