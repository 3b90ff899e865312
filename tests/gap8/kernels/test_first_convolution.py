"""First convolution against NumPy."""

import numpy as np

from kwslib.gap8.kernels.first_convolution import FirstConvolution
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import Case, words
from tests.gap8.kernels.harness import SENTINEL, Trial, share


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
