"""Batches follow from the step number; the recipe decides what their targets are."""

import numpy as np
import pytest

from kwslib.config.front_end import INPUT_SCALE
from kwslib.config.recipe import Recipe
from kwslib.errors import InputError
from kwslib.network import variation
from kwslib.network.batches import VARIATION, Batches, EvaluationBatches, as_input


def test_input_is_what_the_codes_stand_for_with_a_last_axis():
    codes = np.array([[[0, 128], [255, 129]]], np.uint8)
    assert as_input(codes, 2.0).tolist() == [[[[-256.0], [0.0]], [[254.0], [2.0]]]]
    assert as_input(codes).dtype == np.float32
    assert as_input(codes)[0, 1, 1, 0] == np.float32(INPUT_SCALE)


def test_batches_visit_every_clip_once_a_pass(copies):
    batches = Batches(copies, 2, seed=1)
    assert batches.steps_per_pass == 3
    seen = np.concatenate([batches(step)[0] for step in range(3)])
    expected = as_input(copies(0)[0])
    assert np.array_equal(np.sort(seen.sum(axis=(1, 2, 3))), np.sort(expected.sum(axis=(1, 2, 3))))


def test_a_batch_follows_from_its_step_number_alone(copies):
    batches = Batches(copies, 2, seed=1)
    x, labels = batches(4)
    batches(1)
    again, labels_again = Batches(copies, 2, seed=1)(4)
    assert np.array_equal(batches(4)[0], x) and np.array_equal(again, x) and np.array_equal(labels_again, labels)
    assert not np.array_equal(Batches(copies, 2, seed=2)(4)[0], x)


def test_passes_take_the_copies_in_turn(copies):
    asked = []

    def counted(number):
        asked.append(number)
        return copies(number)

    batches = Batches(counted, 2, seed=1)
    asked.clear()
    for step in range(12):
        batches(step)
    assert asked == [0, 1, 0, 1]


def test_plain_targets_are_labels_that_belong_to_their_clips(copies):
    codes, labels = copies(0)
    x, targets = Batches(copies, 2, seed=1)(0)
    order = np.random.default_rng([1, 0]).permutation(300)[:100]
    assert targets.dtype == np.int32 and np.array_equal(targets, labels[order])
    assert np.array_equal(x, as_input(codes[order]))


def test_a_recipe_is_applied_with_draws_from_seed_and_step(copies):
    recipe = Recipe(shift_frames=4, mixup_alpha=0.3, teacher="large", teacher_share=0.5)

    def taught(number):
        return np.random.default_rng([9, number]).dirichlet(np.ones(12), 300).astype(np.float32)

    x, targets = Batches(copies, 2, 1, recipe=recipe, taught=taught)(4)
    order = np.random.default_rng([1, 1]).permutation(300)[100:200]
    codes, labels = copies(1)
    soft = variation.targets(recipe, labels[order], taught(1)[order])
    expected = variation.vary(recipe, as_input(codes[order]), soft, np.random.default_rng([1, 4, VARIATION]))
    assert np.array_equal(x, expected[0]) and np.array_equal(targets, expected[1])


def test_too_few_clips_are_refused(copies):
    with pytest.raises(InputError, match="99 training clips, a batch needs 100"):
        Batches(lambda number: tuple(part[:99] for part in copies(number)), 1, seed=0)


@pytest.mark.parametrize(("clips", "sizes"), [(1, [1]), (100, [100]), (250, [100, 100, 50])])
def test_evaluation_batches_hold_every_clip_in_order(copies, clips, sizes):
    codes = copies(0)[0][:clips]
    batches = EvaluationBatches(codes, 2.0)
    parts = [batches[index][0] for index in range(len(batches))]
    assert [len(part) for part in parts] == sizes
    assert np.array_equal(np.concatenate(parts), as_input(codes, 2.0))
