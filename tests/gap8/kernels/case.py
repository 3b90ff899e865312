"""A trial of a kernel with what it must leave, and the check of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.gap8.kernels.harness import SENTINEL, Trial, run


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


def check(cases: list[Case], folder: Path) -> dict[str, float]:
    """Run all cases, compare every byte, and return the products a cycle of each (warm, eight cores)."""
    outcomes = run([case.trial for case in cases], folder)
    for case, outcome in zip(cases, outcomes, strict=True):
        np.testing.assert_array_equal(outcome.output, case.expected, err_msg=case.name)
        written = case.expected[case.expected != SENTINEL]
        assert written.size < 200 or np.mean((written > 0) & (written < written.max())) > 0.15, (
            f"{case.name} hardly tests a thing"
        )
    return {case.name: case.macs / outcome.warm_cycles for case, outcome in zip(cases, outcomes, strict=True)}
