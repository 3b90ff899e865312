"""A network small enough to train in a test, and data it can learn."""

import pytest

from tests.network.on_jax import SCHEDULE, TINY, copy


@pytest.fixture(scope="session")
def tiny():
    """A DS-CNN of eight channels with the small network's front end."""
    return TINY


@pytest.fixture(scope="session")
def tiny_schedule():
    return SCHEDULE


@pytest.fixture(scope="session")
def copies():
    """Copy number -> codes and labels."""
    return copy
