"""The sizes against every line of the seed's tables."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import InputError
from kwslib.sizes import PROFILES, SEED_SCHEDULES, SIZES, Schedule, Stage, profile_named, size_named

SEED = json.loads((Path(__file__).parent / "fixtures" / "seed_tables.json").read_text())["sizes"]
COMMANDS = {
    "small": "5 64 10 4 2 2 64 3 3 1 1 64 3 3 1 1 64 3 3 1 1 64 3 3 1 1",
    "medium": "5 172 10 4 2 1 172 3 3 2 2 172 3 3 1 1 172 3 3 1 1 172 3 3 1 1",
    "large": "6 276 10 4 2 1 276 3 3 2 2 276 3 3 1 1 276 3 3 1 1 276 3 3 1 1 276 3 3 1 1",
}


@pytest.mark.parametrize("name", SIZES)
def test_layer_table_is_the_seeds(name):
    rows = [{"name": row.name, "operations": row.operations} for row in SIZES[name].layers]
    assert rows == [{"name": row["name"], "operations": row["operations"]} for row in SEED[name]["layers"]]
    assert SIZES[name].operations == SEED[name]["total"]["operations"]


@pytest.mark.parametrize("name", SIZES)
def test_model_size_info_is_the_seeds_command(name):
    assert " ".join(map(str, SIZES[name].model_size_info)) == COMMANDS[name]


@pytest.mark.parametrize(
    ("name", "macs", "parameters", "frames"),
    [
        ("small", 2_656_768, 22_604, (49, 10)),
        ("medium", 9_816_384, 135_032, (49, 10)),
        ("large", 218_291_712, 410_700, (98, 40)),
    ],
)
def test_macs_parameters_and_fingerprint(name, macs, parameters, frames):
    size = SIZES[name]
    assert (size.macs, size.parameters, size.front_end().shape) == (macs, parameters, frames)


@pytest.mark.parametrize("name", SIZES)
def test_shapes_follow_one_another(name):
    layers = SIZES[name].layers
    for before, after in zip(layers, layers[1:], strict=False):
        assert after.input_shape == before.output_shape


def test_the_seeds_schedules():
    small, medium, large = (SEED_SCHEDULES[name] for name in SIZES)
    assert [(s.learning_rate, s.steps) for s in small.stages] == [(5e-4, 2000), (2e-4, 1000), (1e-4, 1000)]
    assert [(s.learning_rate, s.steps) for s in medium.stages] == [(5e-4, 10000), (1e-4, 10000), (2e-5, 10000)]
    assert [(s.learning_rate, s.steps) for s in large.stages] == [(5e-4, 3000)]
    assert [s.seed_quantise for s in (small, medium, large)] == [2000, 5000, 1]
    assert small.float_steps == small.seed_quantise and medium.float_steps == medium.seed_quantise


def test_learning_rate_by_step():
    schedule = SEED_SCHEDULES["small"]
    rates = [schedule.learning_rate(step) for step in (0, 1999, 2000, 2999, 3000, 3999)]
    assert rates == [5e-4, 5e-4, 2e-4, 2e-4, 1e-4, 1e-4]
    with pytest.raises(InputError, match="step 4000 lies behind"):
        schedule.learning_rate(4000)


@given(st.sampled_from([s for p in PROFILES.values() for s in p.schedules.values()]), st.integers(6, 100_000))
def test_a_scaled_schedule_keeps_its_stages(schedule, steps):
    scaled = schedule.scaled(steps)
    assert scaled.steps == steps
    assert [s.learning_rate for s in scaled.stages] == [s.learning_rate for s in schedule.stages]
    assert 0 < scaled.float_steps < steps


@pytest.mark.parametrize("steps", [-5, 0, 1, 5])
def test_too_few_steps_are_refused(steps):
    with pytest.raises(InputError, match=f"steps must be at least 6 for this schedule, got {steps}"):
        SEED_SCHEDULES["small"].scaled(steps)


@pytest.mark.parametrize(("rate", "steps"), [(0.1, 0), (0.1, -1), (0, 10), (-1, 10)])
def test_a_stage_without_steps_or_rate_is_refused(rate, steps):
    with pytest.raises(InputError, match="positive steps and learning rate"):
        Schedule((Stage(rate, steps),), 1)


def test_unknown_names_get_the_nearest():
    with pytest.raises(InputError, match="unknown size 'smal'.*did you mean 'small'"):
        size_named("smal")
    with pytest.raises(InputError, match="unknown profile 'quik'.*did you mean 'quick'"):
        profile_named("quik")
