"""What the kernels share: dot products and the loop over channels."""

from pathlib import Path

import numpy as np
import pytest

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.common import REGISTERS, dot, each_channel
from tests.gap8.kernels.harness import Trial, run, shown


@pytest.mark.parametrize(("signed", "kind"), [(False, "usp"), (True, "sp")])
def test_the_first_product_of_a_sum_needs_no_zero(signed, kind):
    code = Assembler("k")
    total, data, weights = code.registers(3)
    dot(code, total, data, weights, first=True, signed=signed)
    dot(code, total, data, weights, first=False, signed=signed)
    assert [line.split()[0] for line in shown(code)[:-1]] == [f"pv.dot{kind}.b", f"pv.sdot{kind}.b"]


def test_a_kernel_has_that_many_registers():
    code = Assembler("k")
    code.registers(REGISTERS - 1)  # beside the arguments
    with pytest.raises(AssertionError, match="more registers"):
        code.register()


def products(symbol: str, signed: bool, counted: bool) -> str:
    """A kernel that computes the dot product of a word of data and a word of a record, for each channel."""
    code = Assembler(symbol)
    scratch, weights = code.registers(2)
    with each_channel(code, scratch, code.register() if counted else None) as at:
        code.take(weights, at.records)
        code.take(scratch, at.data)
        dot(code, scratch, scratch, weights, first=True, signed=signed)
        code.emit("p.sw.post", scratch, 4, at.output)
    return code.text()


def test_every_channel_has_its_own_data(tmp_path: Path):
    rng = np.random.default_rng(6)
    channels = 40
    weights = rng.integers(-128, 128, (channels, 4))
    trials, expected = [], []
    for signed in (False, True):
        data = rng.integers(-128, 128, (channels, 4)) + 128 * (not signed)
        for counted in (True, False):
            symbol = f"products_{signed:d}_{counted:d}"
            trial = Trial(symbol, products(symbol, signed, counted))
            places = trial.put(data.astype(np.uint8)), trial.put(weights.astype(np.int8))
            trial.arguments[2] = [*places, trial.reserve(4 * channels), channels]
            trials.append(trial)
            expected.append((data * weights).sum(1))
    for outcome, sums in zip(run(trials, tmp_path), expected, strict=True):
        assert outcome.output.view(np.int32).tolist() == sums.tolist()
