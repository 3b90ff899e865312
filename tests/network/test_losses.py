"""The loss against TensorFlow's own cross-entropy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kwslib.config.recipe import Recipe
from kwslib.network.losses import loss_of

RANDOM = np.random.default_rng(3)
LOGITS = RANDOM.normal(0, 3, (40, 5)).astype(np.float32)
LABELS = RANDOM.integers(0, 5, 40)
TARGETS = (0.9 * np.eye(5)[LABELS] + 0.1 / 5).astype(np.float32)
FREQUENCIES = np.array([0.5, 0.2, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("part", [0.5, 1.0])
def test_a_part_of_the_log_frequencies_is_added(part):
    shifted = LOGITS + part * np.log(FREQUENCIES).astype(np.float32)
    expected = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(TARGETS, shifted)).numpy()
    assert float(loss_of(Recipe(logit_adjustment=part), FREQUENCIES)(TARGETS, LOGITS)) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_network_that_learns_frequencies_alone_learns_none_with_the_whole_adjustment():
    """The best constant logits under the whole adjustment are equal ones; without it, the log frequencies."""
    targets = np.eye(5, dtype=np.float32)[np.repeat(np.arange(5), (100 * FREQUENCIES).astype(int))]
    for part in (0.0, 0.5, 1.0):
        loss = loss_of(Recipe(logit_adjustment=part, label_smoothing=0.1), FREQUENCIES)
        logits = tf.Variable(tf.zeros((1, 5)))
        optimizer = keras.optimizers.Adam(0.05)
        for _ in range(400):
            with tf.GradientTape() as tape:
                value = loss(targets, tf.repeat(logits, len(targets), axis=0))
            optimizer.apply_gradients([(tape.gradient(value, logits), logits)])
        found = logits.numpy()[0] - logits.numpy().mean()
        wanted = (1 - part) * np.log(FREQUENCIES)
        assert found == pytest.approx(wanted - wanted.mean(), abs=0.01)


def test_without_adjustment_it_is_plain_cross_entropy():
    assert isinstance(loss_of(Recipe(), FREQUENCIES), keras.losses.SparseCategoricalCrossentropy)
    plain = loss_of(Recipe(label_smoothing=0.1), FREQUENCIES)
    expected = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(TARGETS, LOGITS)).numpy()
    assert float(plain(TARGETS, LOGITS)) == pytest.approx(expected, rel=1e-5)
