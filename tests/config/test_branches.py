"""Branches of a floating-point phase."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.branches import branch_starts, whole_step
from kwslib.errors import InputError


@given(branches=st.integers(1, 20), more=st.integers(0, 500))
def test_each_branch_goes_through_the_whole_schedule(branches, more):
    float_steps = 2 * branches + more
    starts = branch_starts(float_steps, branches)
    assert starts[0] == 0 and len(starts) == branches
    ends = [*starts[1:], float_steps]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    assert min(lengths) >= 1 and max(lengths) - min(lengths) <= 1
    for start, end in zip(starts, ends, strict=True):
        steps = [whole_step(step, float_steps, branches) for step in range(start, end)]
        assert steps[0] == 0 and steps == sorted(steps)
        assert float_steps - steps[-1] <= -(-float_steps // (end - start))
    assert whole_step(float_steps, float_steps, branches) == float_steps


@given(step=st.integers(0, 99))
def test_one_branch_is_the_schedule_itself(step):
    assert whole_step(step, 80, 1) == step


def test_branches_of_one_step_are_refused():
    with pytest.raises(InputError, match="branches is 4, .* has 7 steps: give at most 3, or more steps"):
        branch_starts(7, 4)
