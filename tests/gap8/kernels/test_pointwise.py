"""Pointwise kernel against NumPy."""

import numpy as np

from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.kernels.rounding import Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import Case, words
from tests.gap8.kernels.harness import SENTINEL, Trial, share
from tests.gap8.kernels.twin import Twin, scaling

SHORT = Rounding()


def case(name: str, kernel: Pointwise, groups: int, blocks: int, first_byte: int = 0) -> Case:
    """Random data for a kernel; the blocks are shared by the cores, group by group."""
    rng = np.random.default_rng(3)
    channels, positions = 4 * groups, kernel.positions * blocks
    low, high = (-128, 128) if kernel.signed else (0, 256)
    data = rng.integers(low, high, (positions, kernel.pixel_bytes))
    used = data[:, : kernel.inputs]
    weights = rng.integers(-127, 128, (channels, kernel.inputs))
    spread = 74 * (74 if kernel.signed else 147) * np.sqrt(kernel.inputs)
    sums = rng.integers(-int(spread), int(spread), positions) if kernel.sums else np.zeros(positions, np.int64)
    factors = roundings.draw(rng, channels, spread, kernel.rounding)
    codes = roundings.codes(used @ weights.T + sums[:, None], factors, kernel.rounding)
    offsets = (
        first_byte
        + np.arange(channels)[:, None, None] * kernel.channel_bytes
        + np.arange(blocks)[:, None] * kernel.block_bytes
        + np.arange(kernel.positions) * kernel.position_bytes
    )
    expected = np.full(offsets.max() + 9, SENTINEL, np.uint8)
    expected[offsets] = codes.reshape(blocks, kernel.positions, channels).transpose(2, 0, 1)
    return Case(
        name, _trial(kernel, data, weights, factors, sums, expected.size, first_byte), expected, used.size * channels
    )


def _trial(kernel, data, weights, factors, sums, size, first_byte) -> Trial:
    groups, blocks = len(weights) // 4, len(data) // kernel.positions
    by_step = words(weights.reshape(groups, 4, kernel.inputs // 4, 4)).transpose(0, 2, 1).reshape(groups, -1)
    behind = factors.view(np.uint32).reshape(groups, 4, -1).transpose(0, 2, 1).reshape(groups, -1)
    records = np.concatenate([by_step, behind], axis=1)
    fields = [getattr(kernel, field) for field in kernel.parameters() if field != "rounding"]
    symbol = "_".join(str(int(value)).replace("-", "m") for value in fields)
    symbol = f"pointwise_{symbol}_{roundings.name(kernel.rounding)}"
    trial = Trial(symbol, kernel.text(symbol))
    at = trial.put(data.astype(np.uint8))
    record = trial.put(records)
    starts = trial.put(sums.astype(np.int32))
    out = trial.reserve(size) + first_byte
    for core, part in enumerate(share(groups * blocks)):
        segments: list[list[int]] = []
        for item in part:
            group, block = divmod(item, blocks)
            if segments and block:
                segments[-1][3] += 1
                continue
            position = block * kernel.positions
            start = out + 4 * group * kernel.channel_bytes + block * kernel.block_bytes
            segments.append([record + 4 * records.shape[1] * group, at + position * kernel.pixel_bytes, start, 1])
            if kernel.sums:
                segments[-1].append(starts + 4 * position)
        if segments:
            trial.arguments[core] = [len(segments), *sum(segments, [])]
    return trial


def twin(made: Case, kernel: Pointwise) -> Twin:
    """The case for the portable kernel."""
    geometry = {
        "inputs": kernel.inputs,
        "block_positions": kernel.positions,
        "pixel_bytes": kernel.pixel_bytes,
        "block_bytes": kernel.block_bytes,
        "out_column_bytes": kernel.position_bytes,
        "out_channel_bytes": kernel.channel_bytes,
        "codes_signed": int(kernel.signed),
        "sums": int(kernel.sums),
        "parameter_words": kernel.rounding.words,
        "scaling": scaling(kernel.rounding),
    }
    return Twin(made, kernel.portable, geometry)
