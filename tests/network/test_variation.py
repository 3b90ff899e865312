"""Masks, shifts, mixed clips and soft targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.recipe import Recipe
from kwslib.network.variation import targets, vary

LABELS = np.array([0, 3, 11, 3])


@pytest.fixture
def batch():
    return np.random.default_rng(0).normal(0, 30, (4, 49, 10, 1)).astype(np.float32)


def test_a_plain_recipe_changes_nothing(batch):
    hard = targets(Recipe(), LABELS)
    x, y = vary(Recipe(), batch, hard, np.random.default_rng(0))
    assert np.array_equal(x, batch) and np.array_equal(y, np.eye(12, dtype=np.float32)[LABELS])


@given(st.floats(0, 1), st.floats(0.01, 1))
def test_targets_are_probabilities(smoothing, share):
    taught = np.random.default_rng(1).dirichlet(np.ones(12), 4).astype(np.float32)
    recipe = Recipe(label_smoothing=smoothing, teacher="large", teacher_share=share)
    soft = targets(recipe, LABELS, taught)
    assert soft.min() >= 0 and np.allclose(soft.sum(axis=1), 1, atol=1e-5)


def test_smoothing_and_a_teacher_by_hand():
    smooth = targets(Recipe(label_smoothing=0.12), LABELS)
    assert smooth[1].tolist() == pytest.approx([0.01] * 3 + [0.89] + [0.01] * 8)
    taught = np.full((4, 12), 1 / 12, np.float32)
    soft = targets(Recipe(teacher="large", teacher_share=0.6), LABELS, taught)
    assert soft[0, 0] == pytest.approx(0.4 + 0.6 / 12)


def test_a_shift_moves_frames_and_repeats_the_edge(batch):
    x, _ = vary(Recipe(shift_frames=5), batch, np.zeros((4, 12)), np.random.default_rng(3))
    for moved, before in zip(x, batch, strict=True):
        candidates = [np.clip(np.arange(49) - shift, 0, 48) for shift in range(-5, 6)]
        assert any(np.array_equal(moved, before[frames]) for frames in candidates)
    assert not np.array_equal(x, batch)


def test_masks_put_the_mean_of_the_clip_and_leave_the_zeroth_coefficient(batch):
    recipe = Recipe(coefficient_masks=1, mask_coefficients=3)
    x, _ = vary(recipe, batch, np.zeros((4, 12)), np.random.default_rng(1))
    changed = (x != batch).any(axis=(1, 3))
    assert changed.any() and not changed[:, 0].any() and changed.sum(axis=1).max() <= 3
    assert np.array_equal(x[..., 0, :], batch[..., 0, :])
    clip, column = np.argwhere(changed)[0]
    assert np.allclose(x[clip, :, column, 0], batch[clip, :, column, 0].mean(), atol=1e-3)


@given(st.integers(0, 10_000))
def test_time_masks_are_no_longer_than_asked(seed):
    batch = np.random.default_rng(0).normal(0, 30, (4, 49, 10, 1)).astype(np.float32)
    recipe = Recipe(time_masks=2, mask_frames=6)
    x, _ = vary(recipe, batch, np.zeros((4, 12)), np.random.default_rng(seed))
    assert (x != batch).all(axis=(2, 3)).sum(axis=1).max() <= 12


def test_mixup_mixes_targets_as_it_mixes_clips(batch):
    unit = np.eye(12, dtype=np.float32)[[0, 1, 2, 3]]
    x, y = vary(Recipe(mixup_alpha=0.4), batch, unit, np.random.default_rng(2))
    mixture = y[:, :4]  # the targets are unit vectors, so they say which clips were mixed, and how
    assert np.allclose(x.reshape(4, -1), mixture @ batch.reshape(4, -1), atol=1e-3)
    assert (np.diag(mixture) >= 0.5).all()


def test_batches_that_are_not_mixed(batch):
    recipe = Recipe(mixup_alpha=0.4, mixup_probability=0.0)
    x, _ = vary(recipe, batch, np.eye(4, 12), np.random.default_rng(2))
    assert np.array_equal(x, batch)


def test_the_same_generator_gives_the_same_batch_and_the_arguments_stay(batch):
    recipe = Recipe(shift_frames=3, time_masks=1, mask_frames=4, mixup_alpha=0.3)
    before, soft = batch.copy(), targets(recipe, LABELS)
    one, other = (vary(recipe, batch, soft, np.random.default_rng([1, 2])) for _ in range(2))
    assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])
    assert np.array_equal(batch, before) and np.array_equal(soft, targets(recipe, LABELS))
