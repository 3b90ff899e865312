"""What the kernels share: requantisation and the loop over channels."""

from pathlib import Path

import numpy as np
import pytest

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.common import Requantise, dot, each_channel
from tests.gap8.kernels.harness import Trial, requantised, run, shown


@pytest.mark.parametrize("shift", [None, 17])
def test_three_instructions_an_accumulator(shift):
    code = Assembler("k")
    total = code.register()
    Requantise.allocate(code, shift).apply(code, [total])
    names = [line.split()[0] for line in shown(code)[:-1]]
    assert names == ["mul", "p.addRNr" if shift is None else "p.addRN", "p.clipu"]


def test_a_shift_is_either_in_a_register_or_known():
    Requantise(q=5, bias=6, n=7)
    Requantise(q=5, bias=6, n=None, shift=17)
    for n, shift in ((None, None), (7, 17)):
        with pytest.raises(AssertionError, match="in a register or known"):
            Requantise(5, 6, n, shift)


def test_the_first_product_of_a_sum_needs_no_zero():
    code = Assembler("k")
    total, data, weights = code.registers(3)
    dot(code, total, data, weights, first=True)
    dot(code, total, data, weights, first=False)
    assert [line.split()[0] for line in shown(code)[:-1]] == ["pv.dotsp.b", "pv.sdotsp.b"]


def scaled(symbol: str, shift: int | None, counted: bool) -> str:
    """A kernel that requantises one accumulator a channel."""
    code = Assembler(symbol)
    scratch = code.register()
    requantise = Requantise.allocate(code, shift)
    with each_channel(code, scratch, code.register() if counted else None) as at:
        requantise.take(code, at.records)
        code.take(scratch, at.data)
        requantise.apply(code, [scratch])
        code.emit("p.sb.post", scratch, 1, at.output)
    return code.text()


def test_every_channel_is_requantised_with_its_own_parameters(tmp_path: Path):
    rng = np.random.default_rng(6)
    channels = 40
    sums, q = rng.integers(-70_000, 70_000, channels), rng.integers(86, 256, channels)
    trials, expected = [], []
    for shift in (None, 17):
        n = np.full(channels, 17) if shift else rng.integers(12, 20, channels)
        bias = rng.integers(-(1 << 20), 1 << 20, channels)
        records = np.stack([q, bias, n if shift is None else n + 5], axis=1).astype(np.int32)
        for counted in (True, False):
            symbol = f"scaled_{shift}_{counted:d}"
            trial = Trial(symbol, scaled(symbol, shift, counted))
            data, at = trial.put(sums.astype(np.int32)), trial.put(records)
            trial.arguments[2] = [data, at, trial.reserve(channels), channels]
            trials.append(trial)
            expected.append(requantised(sums, q, bias, n))
    for outcome, codes in zip(run(trials, tmp_path), expected, strict=True):
        assert outcome.output.tolist() == codes.tolist()
