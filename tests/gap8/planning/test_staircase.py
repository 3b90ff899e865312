"""Staircases: steps are where the code changes, between bounds that can be reached."""

import numpy as np

from kwslib.gap8.planning import staircase
from tests.gap8.planning.accumulators import expected
from tests.gap8.planning.layers import layer


def test_all_steps_are_where_the_code_changes():
    made = layer("pointwise", (5, 16), 3, output_zero_point=-9)
    stairs = staircase.staircase(made, False)
    inside = (stairs.steps > stairs.lowest) & (stairs.steps <= stairs.highest)
    codes = np.arange(1, stairs.top + 1)[:, np.newaxis]
    assert inside.any() and stairs.top == 255
    assert (expected(made, stairs.steps, False) >= codes)[inside].all()
    assert (expected(made, stairs.steps - 1, False) < codes)[inside].all()
    assert (expected(made, stairs.lowest[np.newaxis], False) >= codes)[stairs.steps == stairs.lowest].all()
    assert (expected(made, stairs.highest[np.newaxis], False) < codes)[stairs.steps > stairs.highest].all()


def test_bounds_are_reached_by_the_extreme_inputs():
    made = layer("pointwise", (4, 9), 1, zero_point=-20, low=-100)
    stairs = staircase.staircase(made, False)
    weights = made.centred_weights.astype(np.int64)
    for found, lowest in ((stairs.lowest, True), (stairs.highest, False)):
        stored = np.where((weights < 0) == lowest, 127 + 100, 0)
        assert (found == (stored * weights).sum(axis=1)).all()
