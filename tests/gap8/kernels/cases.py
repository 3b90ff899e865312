"""Random layers for each kernel, with their outputs by NumPy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.gap8.kernels.first_convolution import FirstConvolution
from kwslib.gap8.kernels.pointwise import Pointwise
from tests.gap8.kernels.harness import SENTINEL, Trial, parameters, requantised, run, share


@dataclass(frozen=True)
class Case:
    """A trial and the bytes it must leave: the whole output region, sentinels where nothing is written."""

    name: str
    trial: Trial
    expected: np.ndarray
    macs: int


def words(data: np.ndarray) -> np.ndarray:
    """Int8 values, four by four along the last axis, as words."""
    return np.ascontiguousarray(data.astype(np.int8)).view(np.uint32)[..., 0]


def factors(q: np.ndarray, bias: np.ndarray, n: np.ndarray, shift: int | None = None, **_) -> np.ndarray:
    """What stands behind the weights of each channel; of a common shift, something else, since it must not be read."""
    return np.stack([q, bias, n if shift is None else n + 5], axis=1).astype(np.int32).view(np.uint32)


def first_convolution(
    name: str, rows: int, columns: int, row_bytes: int, plane_bytes: int, channels: int, **options
) -> Case:
    rng = np.random.default_rng(1)
    top, bottom = options.get("padding", (0, 0))
    seen = rng.integers(-128, 128, (columns, 2 * rows + 8, 4))
    seen[:, :top] = 0
    seen[:, 2 * rows + 8 - bottom :] = 0
    weights = rng.integers(-127, 128, (channels, 10, 4))
    q, bias, n = parameters(rng, channels, 40 * 74 * 30, options.get("shift"))
    sums = np.stack([np.einsum("xrt,crt->cx", seen[:, 2 * y : 2 * y + 10], weights) for y in range(rows)], axis=1)
    expected = np.full((channels, plane_bytes), SENTINEL, np.uint8)
    for y in range(rows):
        values = requantised(sums[:, y].T.astype(np.int64), q, bias, n).T
        expected[:, y * row_bytes : y * row_bytes + columns] = values
    if top or bottom:  # the rows of padding must not be read
        seen[:, :top] = rng.integers(-128, 128, (columns, top, 4))
        seen[:, 2 * rows + 8 - bottom :] = rng.integers(-128, 128, (columns, bottom, 4))
    symbol = f"conv_{rows}_{columns}_{row_bytes}_{top}_{bottom}_{options.get('shift')}"
    trial = Trial(symbol, FirstConvolution(rows, columns, row_bytes, plane_bytes, **options).text(symbol))
    data = trial.put(words(seen))
    records = np.concatenate([words(weights).astype(np.uint32), factors(q, bias, n, **options)], 1)
    at = trial.put(records)
    out = trial.reserve(expected.size)
    for core, part in enumerate(share(channels)):
        if part:
            trial.arguments[core] = [data, at + 52 * part[0], out + plane_bytes * part[0], len(part)]
    return Case(name, trial, expected.ravel(), rows * columns * 40 * channels)


def pointwise(
    name: str,
    inputs: int,
    pixel_bytes: int,
    plane_bytes: int,
    block_bytes: int,
    as_words: bool,
    groups: int,
    blocks: int,
    first_byte: int = 0,
    **options,
) -> Case:
    rng = np.random.default_rng(3)
    channels, positions = 4 * groups, 5 * blocks
    data = rng.integers(-128, 128, (positions, pixel_bytes))
    data[:, :inputs] = rng.integers(0, 128, (positions, inputs))
    weights = rng.integers(-127, 128, (channels, inputs))
    q, bias, n = parameters(rng, channels, 74 * 74 * np.sqrt(inputs), options.get("shift"))
    codes = requantised(data[:, :inputs] @ weights.T, q, bias, n)
    expected = np.full(channels * plane_bytes, SENTINEL, np.uint8)
    for channel in range(channels):
        for block in range(blocks):
            place = first_byte + channel * plane_bytes + block * block_bytes
            expected[place : place + 5] = codes[5 * block : 5 * block + 5, channel]
    by_step = words(weights.reshape(groups, 4, inputs // 4, 4)).transpose(0, 2, 1).reshape(groups, -1)
    behind = factors(q, bias, n, **options).reshape(groups, 4, 3).transpose(0, 2, 1).reshape(groups, 12)
    records = np.concatenate([by_step, behind], axis=1)
    symbol = f"pointwise_{inputs}_{pixel_bytes}_{plane_bytes}_{block_bytes}_{as_words:d}_{options.get('shift')}"
    kernel = Pointwise(inputs, pixel_bytes, plane_bytes, block_bytes, as_words, **options)
    trial = Trial(symbol, kernel.text(symbol))
    at = trial.put(data.astype(np.int8))
    record = trial.put(records)
    out = trial.reserve(expected.size) + first_byte
    for core, part in enumerate(share(groups * blocks)):
        segments = []
        for item in part:
            group, block = divmod(item, blocks)
            if segments and block:
                segments[-1][3] += 1
            else:
                start = out + 4 * group * plane_bytes + block * block_bytes
                segments.append([record + 4 * records.shape[1] * group, at + 5 * block * pixel_bytes, start, 1])
        if segments:
            trial.arguments[core] = [len(segments), *sum(segments, [])]
    return Case(name, trial, expected, positions * inputs * channels)


def check(cases: list[Case], folder: Path) -> dict[str, float]:
    """Run all cases, compare every byte, and return the products a cycle of each (warm, eight cores)."""
    outcomes = run([case.trial for case in cases], folder)
    for case, outcome in zip(cases, outcomes, strict=True):
        np.testing.assert_array_equal(outcome.output, case.expected, err_msg=case.name)
        written = case.expected[case.expected != SENTINEL]
        assert written.size < 200 or np.mean((written > 0) & (written < 127)) > 0.15, (
            f"{case.name} hardly tests a thing"
        )
    return {case.name: case.macs / outcome.warm_cycles for case, outcome in zip(cases, outcomes, strict=True)}
