"""The sizes against every line of the baseline's tables."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.presets import BASELINE_SIZES, SIZES, size_named
from kwslib.config.profiles import BASELINE_SCHEDULES, PROFILES, profile_named
from kwslib.config.schedule import CosineSchedule, Schedule, Stage
from kwslib.errors import InputError
from tests.places import BASELINE_TABLES

SEED = json.loads(BASELINE_TABLES.read_text())["sizes"]
COMMANDS = {
    "small": "5 64 10 4 2 2 64 3 3 1 1 64 3 3 1 1 64 3 3 1 1 64 3 3 1 1",
    "medium": "5 172 10 4 2 1 172 3 3 2 2 172 3 3 1 1 172 3 3 1 1 172 3 3 1 1",
    "large": "6 276 10 4 2 1 276 3 3 2 2 276 3 3 1 1 276 3 3 1 1 276 3 3 1 1 276 3 3 1 1",
}


@pytest.mark.parametrize("name", BASELINE_SIZES)
def test_layer_table_is_the_seeds(name):
    rows = [{"name": row.name, "operations": row.operations} for row in SIZES[name].layers]
    assert rows == [{"name": row["name"], "operations": row["operations"]} for row in SEED[name]["layers"]]
    assert SIZES[name].operations == SEED[name]["total"]["operations"]


@pytest.mark.parametrize("name", BASELINE_SIZES)
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
    small, medium, large = (BASELINE_SCHEDULES[name] for name in BASELINE_SIZES)
    assert [(s.learning_rate, s.steps) for s in small.stages] == [(5e-4, 2000), (2e-4, 1000), (1e-4, 1000)]
    assert [(s.learning_rate, s.steps) for s in medium.stages] == [(5e-4, 10000), (1e-4, 10000), (2e-5, 10000)]
    assert [(s.learning_rate, s.steps) for s in large.stages] == [(5e-4, 3000)]
    assert [s.baseline_quantise for s in (small, medium, large)] == [2000, 5000, 1]
    assert small.float_steps == small.baseline_quantise and medium.float_steps == medium.baseline_quantise


def test_learning_rate_by_step():
    schedule = BASELINE_SCHEDULES["small"]
    rates = [schedule.learning_rate(step) for step in (0, 1999, 2000, 2999, 3000, 3999)]
    assert rates == [5e-4, 5e-4, 2e-4, 2e-4, 1e-4, 1e-4]
    with pytest.raises(InputError, match="step 4000 lies behind"):
        schedule.learning_rate(4000)


@given(st.sampled_from([s for p in PROFILES.values() for s in p.schedules.values()]), st.integers(6, 100_000))
def test_a_scaled_schedule_keeps_its_stages(schedule, steps):
    scaled = schedule.scaled(steps)
    assert scaled.steps == steps
    if isinstance(schedule, Schedule):
        assert [s.learning_rate for s in scaled.stages] == [s.learning_rate for s in schedule.stages]
    assert 0 < scaled.float_steps < steps


@pytest.mark.parametrize("steps", [-5, 0, 1, 5])
def test_too_few_steps_are_refused(steps):
    with pytest.raises(InputError, match=f"steps must be at least 6 for this schedule, got {steps}"):
        BASELINE_SCHEDULES["small"].scaled(steps)


@pytest.mark.parametrize(("rate", "steps"), [(0.1, 0), (0.1, -1), (0, 10), (-1, 10)])
def test_a_stage_without_steps_or_rate_is_refused(rate, steps):
    with pytest.raises(InputError, match="positive steps and learning rate"):
        Schedule((Stage(rate, steps),), 1)


def test_a_cosine_schedule_rises_falls_and_begins_again_when_quantised():
    schedule = CosineSchedule(0.004, 0.0005, steps=1000, float_steps=800, warm_up_steps=100)
    rates = [schedule.learning_rate(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.00004) and rates[99] == rates[100] == max(rates) == 0.004
    assert rates[450] == pytest.approx(0.002) and 0 < rates[799] < 1e-7
    assert rates[800] == 0.0005 and rates[900] == pytest.approx(0.00025)
    assert np.all(np.diff(rates[100:800]) < 0) and np.all(np.diff(rates[800:]) < 0)
    for step in (-1, 1000):
        with pytest.raises(InputError, match=f"step {step} lies"):
            schedule.learning_rate(step)


@given(st.integers(6, 100_000))
def test_a_scaled_cosine_schedule_keeps_its_rates_and_phases(steps):
    scaled = PROFILES["best"].schedules["small"].scaled(steps)
    assert scaled.rate == PROFILES["best"].schedules["small"].rate
    assert 0 < scaled.warm_up_steps < scaled.float_steps < scaled.steps == steps


def test_a_cosine_schedule_without_a_phase_is_refused():
    with pytest.raises(InputError, match="must each be longer"):
        CosineSchedule(0.004, 0.0005, steps=1000, float_steps=1000, warm_up_steps=100)
    with pytest.raises(InputError, match="learning rates must be positive"):
        CosineSchedule(0, 0.0005, steps=1000, float_steps=800, warm_up_steps=100)
    with pytest.raises(InputError, match="at least 6"):
        PROFILES["best"].schedules["small"].scaled(5)


def test_the_profiles_of_old_keep_the_scale_of_the_seed_and_a_plain_recipe():
    for name in ("baseline", "quick"):
        assert PROFILES[name].input_scale == INPUT_SCALE
        assert all(PROFILES[name].recipe(size).plain for size in SIZES)
        assert "hold_out_noise" not in PROFILES[name].augmentation.key
        assert list(PROFILES[name].sizes_by_front_end()) == [PROFILES[name].front_end]
    best = PROFILES["best"]
    assert all(best.augmentation_of(size).hold_out_noise for size in SIZES)
    assert best.sizes_by_front_end() == {"integer": ["tiny", "small"], "power": ["medium", "large"]}
    assert [bool(best.augmentation_of(size).running_speech) for size in SIZES] == [True, True, False, False]


def test_what_is_tuned_starts_from_a_network_of_the_profile_best():
    tuned = PROFILES["tuned"]
    assert tuned.sizes_by_front_end() == {"integer": ["small", "medium", "large"]}
    for size in tuned.schedules:
        name, seed = tuned.recipe(size).start.removeprefix(f"best-{size}"), ("", "-s2", "-s3")
        assert name in seed and tuned.recipe(size).start_share > 0
        assert tuned.augmentation_of(size).running_speech > 0 and tuned.augmentation_of(size).snr_probability > 0


def test_unknown_names_get_the_nearest():
    with pytest.raises(InputError, match="unknown size 'smal'.*did you mean 'small'"):
        size_named("smal")
    with pytest.raises(InputError, match="unknown profile 'quik'.*did you mean 'quick'"):
        profile_named("quik")
