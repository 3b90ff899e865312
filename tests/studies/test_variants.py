"""Each variant changes one thing, and the recorded trials are theirs."""

import pytest

from kwslib.config.profiles import PROFILES
from kwslib.errors import InputError
from kwslib.studies import ablation, variants
from kwslib.studies.variants import LISTENING, SIZE, VARIANTS, WHOLE


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_changes_one_thing(name):
    whole, changed = variants.profile_of(VARIANTS[name].base, 400), variants.profile_of(name, 400)
    assert changed.schedules[SIZE].steps == 400
    parts = {
        "front_end": lambda profile: profile.front_end_of(SIZE),
        "scale": lambda profile: profile.input_scale,
        "schedule": lambda profile: profile.schedules[SIZE],
        "augmentation": lambda profile: profile.augmentation_of(SIZE),
        "recipe": lambda profile: profile.recipe(SIZE),
    }
    different = [part for part, value in parts.items() if value(whole) != value(changed)]
    shares = VARIANTS[name].train_share != VARIANTS[VARIANTS[name].base].train_share
    assert len(different) + shares == (name != VARIANTS[name].base)


def test_the_recipes_that_are_changed_change_nothing_themselves():
    assert {one.base for one in VARIANTS.values()} == {WHOLE, LISTENING}
    assert VARIANTS[WHOLE].base == WHOLE and VARIANTS[LISTENING].base == LISTENING


def test_listening_is_the_profile_best_of_today_on_the_shorter_schedule():
    listening, best = variants.profile_of(LISTENING), PROFILES["best"]
    assert listening.schedules[SIZE] == variants.SCHEDULE.scaled(variants.STEPS)
    assert listening.recipe(SIZE) == best.recipe(SIZE)
    assert listening.augmentation_of(SIZE) == best.augmentation_of(SIZE)
    assert listening.front_end_of(SIZE) == best.front_end_of(SIZE)


def test_beside_the_recipe_it_is_the_profile_best():
    whole, best = variants.profile_of(WHOLE), PROFILES["best"]
    assert whole.schedules[SIZE] == variants.SCHEDULE.scaled(variants.STEPS)
    assert whole.recipe(SIZE) == variants.BASE and whole.augmentation == best.augmentation
    assert (whole.front_end, whole.input_scale) == (best.front_end, best.input_scale)


def test_what_is_recorded_was_trained_as_the_variants_say():
    trials = ablation.KEPT.recorded()
    assert {WHOLE, "decay"} <= {trial.variant for trial in trials} <= set(VARIANTS)
    for trial in trials:
        teacher = trial.profile.pop("teacher_sha256", None)
        profile = variants.profile_of(trial.variant, trial.steps)
        assert trial.profile == variants.described(profile), trial.variant
        assert bool(teacher) == bool(profile.recipe(SIZE).teacher)
        assert not trial.provenance.dirty and trial.seed in ablation.SEEDS


def test_an_unknown_variant_is_refused():
    with pytest.raises(InputError, match="unknown variant 'mixp'.*did you mean 'mixup'"):
        variants.profile_of("mixp")
