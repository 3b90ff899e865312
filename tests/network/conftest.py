"""A network small enough to train in a test, and data it can learn."""

import numpy as np
import pytest

from kwslib.sizes import Schedule, Size, Stage


@pytest.fixture(scope="session")
def tiny():
    """A DS-CNN of eight channels with the small network's front end."""
    return Size("tiny", (2, 8, 10, 4, 2, 2, 8, 3, 3, 1, 1), 40, 20, 10)


@pytest.fixture(scope="session")
def tiny_schedule():
    return Schedule((Stage(0.01, 8), Stage(0.005, 8)), float_steps=10)


@pytest.fixture(scope="session")
def copies(tiny):
    """Two copies of 300 fingerprints whose class shifts their level."""
    frames, coefficients = tiny.front_end().shape

    def copy(number):
        rng = np.random.default_rng(number)
        labels = rng.integers(0, 12, 300).astype(np.uint8)
        codes = rng.normal(128, 12, (300, frames, coefficients)) + 4.0 * (labels[:, None, None] - 6)
        return np.clip(np.rint(codes), 0, 255).astype(np.uint8), labels

    return copy
