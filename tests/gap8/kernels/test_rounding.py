"""Requantisation on the simulator against its formula in 64 bits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.common import each_channel
from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, WORDS, Requantise, Rounding
from tests.gap8.kernels import roundings
from tests.gap8.kernels.harness import Trial, run, shown

TOGETHER = 5
CHANNELS = 24


def instructions(rounding: Rounding) -> list[str]:
    """Mnemonics for one accumulator."""
    code = Assembler("k")
    total = code.register()
    Requantise.allocate(code, rounding).apply(code, [total])
    code.emit("sw", total, 0, code.arguments)
    lines = [line.split()[0] for line in shown(code)]
    return lines[: lines.index("sw")] if rounding.form in (SHORT, HIGH) else lines


@pytest.mark.parametrize(
    ("rounding", "names"),
    [
        (Rounding(), ["mul", "p.addRNr", "p.clipu"]),
        (Rounding(shift=17, top=200), ["mul", "p.addRN", "p.clipur"]),
        (Rounding(HIGH, before=3), ["slli", "mulh", "p.addRNr", "p.clipu"]),
        (Rounding(HIGH, shift=3), ["mulh", "p.addRN", "p.clipu"]),
    ],
)
def test_instructions(rounding, names):
    assert instructions(rounding) == names


@pytest.mark.parametrize("rounding", roundings.FORMS, ids=roundings.name)
def test_cycles_are_those_of_the_instructions(rounding):
    worth = {"mulh": 5}
    names = ("mul", "mulh", "slli", "srai", "add", "p.mac", "p.slet", "p.addRN", "p.addRNr", "p.clipu", "p.clipur")
    assert sum(worth.get(name, 1) for name in instructions(rounding) if name in names) == rounding.cycles


def kernel(symbol: str, rounding: Rounding, temporaries: int) -> str:
    """For each channel: load five accumulators, requantise them together, store five bytes."""
    code = Assembler(symbol)
    totals = code.registers(TOGETHER)
    top = code.register() if rounding.needs_top else None
    requantise = Requantise(rounding, code.registers(rounding.parameters), code.registers(temporaries), top)
    requantise.prepare(code)
    with each_channel(code, totals[0]) as at:
        requantise.take(code, at.records)
        for total in totals:
            code.take(total, at.data)
        requantise.apply(code, totals)
        for total in totals:
            code.emit("p.sb.post", total, 1, at.output)
    return code.text()


def trial(rounding: Rounding, words: np.ndarray, sums: np.ndarray, temporaries: int) -> Trial:
    symbol = f"requantise_{roundings.name(rounding)}_{temporaries}"
    made = Trial(symbol, kernel(symbol, rounding, temporaries))
    data, records = made.put(sums.T.astype(np.int32)), made.put(words)
    made.arguments[2] = [data, records, made.reserve(sums.size), CHANNELS]
    return made


def test_every_form_equals_its_formula(tmp_path: Path):
    rng = np.random.default_rng(5)
    trials, expected = [], []
    for rounding in roundings.FORMS:
        words = roundings.draw(rng, CHANNELS, 90_000, rounding)
        sums = rng.integers(-200_000, 200_000, (TOGETHER, CHANNELS))
        sums[:3, 0] = 0, 1, -1
        codes = roundings.codes(sums, words, rounding)
        assert {0, rounding.top} < set(codes.ravel().tolist())
        for temporaries in {min(rounding.temporaries, 1), rounding.temporaries, rounding.temporaries + 1}:
            trials.append(trial(rounding, words, sums, temporaries))
            expected.append(codes)
    for made, outcome, codes in zip(trials, run(trials, tmp_path), expected, strict=True):
        np.testing.assert_array_equal(outcome.output.reshape(CHANNELS, TOGETHER).T, codes, err_msg=made.symbol)


def test_the_limits_of_32_bits(tmp_path: Path):
    """Products, and their sum with the offset, that fill the 32 bits; halves are rounded up."""
    largest = 2**31 - 1
    cases = {
        Rounding(top=255): ((3, -2, 1), (3, 2, 31)),
        Rounding(LONG, before=9, top=255): ((3, 511, 7, 23), (0, 200, -1, 1)),
        Rounding(HIGH, top=255): ((largest, 0, 1), (largest, -(2**20), 22)),
        Rounding(SIGNED, before=4, top=255): ((largest, -9, 1, 3, 1), (2**30, 5, -1, 2**20, 21)),
    }
    edges = np.array([-(2**22), -3, 0, 5, 2**22 - 1])
    trials, expected = [], []
    for rounding, pair in cases.items():
        words = np.array([pair[place % 2] for place in range(CHANNELS)], np.int64).astype(np.int32)
        sums = edges[:, None] - np.arange(CHANNELS) * np.sign(edges)[:, None]
        trials.append(trial(rounding, words, sums, rounding.temporaries))
        expected.append(roundings.codes(sums, words, rounding))
    for made, outcome, codes in zip(trials, run(trials, tmp_path), expected, strict=True):
        np.testing.assert_array_equal(outcome.output.reshape(CHANNELS, TOGETHER).T, codes, err_msg=made.symbol)


def test_registers_are_counted():
    for rounding in roundings.FORMS:
        assert rounding.parameters == len(WORDS[rounding.form]) - (rounding.shift is not None)
        parameters = list(range(5, 5 + rounding.parameters))
        with pytest.raises(AssertionError, match="registers"):
            Requantise(rounding, parameters[1:], [20, 21], 22)
        if rounding.temporaries:
            with pytest.raises(AssertionError, match="registers"):
                Requantise(rounding, parameters, [], 22)
        if rounding.needs_top:
            with pytest.raises(AssertionError, match="largest code"):
                Requantise(rounding, parameters, [20, 21])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"form": "exact"}, "'exact'"),
        ({"shift": 0}, "common shift of 0"),
        ({"shift": 32}, "common shift of 32"),
        ({"before": 1}, "first shift of 1"),
        ({"form": LONG, "before": 32}, "first shift of 32"),
        ({"form": HIGH, "before": -1}, "first shift of -1"),
        ({"top": 0}, "codes up to 0"),
        ({"top": 256}, "codes up to 256"),
    ],
)
def test_what_does_not_fit(changed, message):
    assert message in replace(Rounding(), **changed).refusal()
    assert Rounding().refusal() is Rounding(LONG, shift=31, before=31, top=1).refusal() is None
    assert Rounding(SIGNED, shift=1, top=255).refusal() is None
