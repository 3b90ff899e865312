"""Pointwise kernel against NumPy."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.pointwise import Pointwise, by_channel
from kwslib.gap8.kernels.rounding import HIGH, LONG, SIGNED, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.case import Case, check, words
from tests.gap8.kernels.harness import SENTINEL, Trial, share
from tests.gap8.kernels.twin import Twin, check_twins, own_shifts, requantisation


def case(name: str, kernel: Pointwise, groups: int, blocks: int, first_byte: int = 0) -> Case:
    """Random data for a kernel; the blocks are shared by the cores, group by group."""
    rng = np.random.default_rng(3)
    channels, positions = 4 * groups, kernel.positions * blocks
    low, high = (-128, 128) if kernel.signed else (0, 256)
    data = rng.integers(low, high, blocks * kernel.input_block_bytes + kernel.positions * kernel.pixel_bytes)
    starts = np.add.outer(
        np.arange(blocks) * kernel.input_block_bytes, np.arange(kernel.positions) * kernel.pixel_bytes
    ).ravel()
    used = data[starts[:, None] + np.arange(kernel.inputs)]
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
    trial = _trial(kernel, data, weights, factors, sums, blocks, expected.size, first_byte)
    return Case(name, trial, expected, used.size * channels)


def _trial(kernel, data, weights, factors, sums, blocks, size, first_byte) -> Trial:
    groups = len(weights) // 4
    taps = words(weights.reshape(groups, 4, kernel.inputs // 4, 4))
    if not by_channel(kernel.inputs, kernel.rounding.words):
        taps = taps.transpose(0, 2, 1)
    behind = factors.view(np.uint32).reshape(groups, 4, -1).transpose(0, 2, 1).reshape(groups, -1)
    records = np.concatenate([taps.reshape(groups, -1), behind], axis=1)
    records = np.pad(records, [(0, 0), (0, 1 - records.shape[1] % 2)])
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
            start = out + 4 * group * kernel.channel_bytes + block * kernel.block_bytes
            segments.append([record + 4 * records.shape[1] * group, at + block * kernel.input_block_bytes, start, 1])
            if kernel.sums:
                segments[-1].append(starts + 4 * block * kernel.positions)
        if segments:
            trial.arguments[core] = [len(segments), *sum(segments, [])]
    return trial


def close(inputs: int, positions: int, pixel_bytes: int, *output: int, **options) -> Pointwise:
    """A kernel whose blocks of activations follow one another; `output`: channel, position, block bytes."""
    return Pointwise(inputs, positions, pixel_bytes, *output, positions * pixel_bytes, **options)


def plain(inputs: int, positions: int, **options) -> Pointwise:
    """A kernel without gaps in its input, and some in its output."""
    return close(inputs, positions, inputs, 4 * positions + 1, 1, positions + 1, **options)


def test_equal_and_fast(tmp_path: Path):
    small = close(64, 5, 68, 216, 1, 8, words=True)
    common = replace(small, rounding=Rounding(shift=17))
    tried = [
        case("small", small, 16, 25, first_byte=8),
        case("common shift", common, 16, 25),
        case("medium", close(172, 5, 172, 120, 1, 8, words=True), 8, 13, first_byte=8),
        case("large", close(276, 5, 276, 48, 1, 5), 8, 8, first_byte=1),
        case("sums", replace(common, sums=True), 16, 25),
        case("long", replace(common, rounding=Rounding(LONG, shift=14, before=7)), 16, 25),
        case("high", replace(common, rounding=Rounding(HIGH, shift=4)), 16, 25),
        case("signed", replace(common, rounding=Rounding(SIGNED, shift=4)), 16, 25),
        case("four positions", close(140, 4, 140, 120, 1, 4), 8, 16),
        case("three positions", close(140, 3, 140, 120, 1, 3), 8, 16),
        case("wide positions", close(1016, 5, 1020, 12, 1, 8, words=True), 8, 1),
        case("wide planes", close(64, 5, 68, 1400, 1, 8, words=True), 8, 24),
        case("channels last", close(276, 5, 276, 1, 276, 5 * 276), 8, 8),
    ]
    speed = check(tried, tmp_path)
    assert speed["small"] > 18.1 and speed["common shift"] > 18.25
    assert speed["medium"] > 20 and speed["large"] > 20.4
    assert speed["sums"] > 17.5 and speed["long"] > 16.9 and speed["high"] > 15.9 and speed["signed"] > 14.4
    assert speed["four positions"] > 19 and speed["three positions"] > 17.9
    assert speed["wide positions"] > 20.8 and speed["wide planes"] > 17.9 and speed["channels last"] > 20.5


def test_every_form_with_every_block(tmp_path: Path):
    tried = []
    for number, (rounding, positions) in enumerate(itertools.product(roundings.FORMS, range(1, 6))):
        signed, sums = number % 2 == 0, number % 3 == 0
        near = plain(20, positions, rounding=rounding, signed=signed, sums=sums)
        tried.append(case(str(near), near, 3, 2, first_byte=positions))
        if positions > 3:  # the fewest registers are left: as many pointers as can be
            far = close(8, positions, 1600 if positions == 4 else 1300, 9, 1, 5, rounding=rounding, sums=sums)
            tried.append(case(str(far), far, 2, 1))
    check(tried, tmp_path)


def test_any_number_of_inputs(tmp_path: Path):
    kernels = [plain(inputs, positions) for inputs in (4, 8, 12, 16, 512, 4096) for positions in range(1, 5)]
    check([case(str(kernel), kernel, 1, 1) for kernel in kernels], tmp_path)


def test_positions_of_any_size(tmp_path: Path):
    possible = []
    for pixel_bytes in (508, 512, 1020, 1024, 2044, 2048, 4092):
        kernels = [close(24, positions, pixel_bytes, 10, 1, 5) for positions in range(1, 6)]
        assert [kernel.refusal() is None for kernel in kernels] == [*[True] * 4, pixel_bytes <= 2044]
        possible += [kernel for kernel in kernels if kernel.refusal() is None]
    check([case(str(kernel), kernel, 2, 2) for kernel in possible], tmp_path)


def test_blocks_anywhere_in_the_input(tmp_path: Path):
    """With gaps between them, and so that they overlap."""
    kernels = [
        replace(plain(24, 5), input_block_bytes=500),
        replace(plain(24, 5, sums=True), input_block_bytes=72),
        replace(plain(24, 4), pixel_bytes=48, input_block_bytes=48),
        replace(plain(8, 3), input_block_bytes=3000),
        replace(plain(12, 5), pixel_bytes=1024, input_block_bytes=2400),
    ]
    check([case(str(kernel), kernel, 3, 3) for kernel in kernels], tmp_path)


def test_outputs_anywhere(tmp_path: Path):
    tried = []
    for positions, channel_bytes, position_bytes, block_bytes, whole in (
        (5, 680, 1, 8, True),
        (5, 1020, 1, 2048, True),
        (5, 2100, 1, 8, True),
        (4, 40, 1, 4, True),
        (4, 1400, 1, 12, True),
        (5, 1, 600, 3000, False),
        (4, 1, 700, 2800, False),
        (3, 4000, 700, 2100, False),
        (5, 5200, 600, 3000, False),
        (2, 3001, 1, 2, False),
        (1, 7, 0, 1, False),
    ):
        kernel = close(12, positions, 12, channel_bytes, position_bytes, block_bytes, words=whole)
        far = 1040 if positions == 5 else 2048
        for each in (kernel, replace(kernel, rounding=roundings.FORMS[-1], pixel_bytes=far)):
            tried.append(case(str(each), each, 2, 2, first_byte=0 if whole else 3))
    check(tried, tmp_path)


def test_the_twin_is_equal(tmp_path: Path):
    twins = []
    for number, rounding in enumerate(roundings.FORMS):
        kernel = own_shifts(plain(20, 1 + number % 5, rounding=rounding, signed=number % 3 == 0, sums=number % 2 == 0))
        geometry = {
            "inputs": kernel.inputs,
            "block_positions": kernel.positions,
            "pixel_bytes": kernel.pixel_bytes,
            "block_bytes": kernel.block_bytes,
            "block_in_bytes": kernel.input_block_bytes,
            "out_column_bytes": kernel.position_bytes,
            "out_channel_bytes": kernel.channel_bytes,
            "sums": int(kernel.sums),
            "by_channel": int(by_channel(kernel.inputs, kernel.rounding.words)),
            **requantisation(kernel),
        }
        twins.append(Twin(case(str(kernel), kernel, 3, 2), kernel.portable, geometry))
    check_twins(twins, tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"inputs": 66}, "multiple of 4"),
        ({"inputs": 0}, "multiple of 4"),
        ({"inputs": 16384, "pixel_bytes": 16384}, "at most 16380"),
        ({"positions": 6}, "1 to 5"),
        ({"positions": 0}, "1 to 5"),
        ({"pixel_bytes": 0}, "multiple of 4"),
        ({"pixel_bytes": 66}, "multiple of 4"),
        ({"pixel_bytes": 2048}, "12 bits"),
        ({"input_block_bytes": 342}, "342 bytes a block"),
        ({"channel_bytes": 125}, "whole words"),
        ({"block_bytes": 5}, "whole words"),
        ({"positions": 3}, "need 4 positions"),
        ({"position_bytes": 2}, "a byte each"),
        ({"rounding": Rounding(shift=0)}, "common shift"),
        ({"rounding": Rounding(shift=32)}, "common shift"),
    ],
)
def test_what_does_not_fit(changed, message):
    kernel = replace(close(64, 5, 68, 128, 1, 8, words=True), **changed)
    assert message in kernel.refusal()
    with pytest.raises(InputError, match=message):
        kernel.text("k")
