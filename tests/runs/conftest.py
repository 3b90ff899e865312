"""Fixtures of several modules that ask which network is meant."""

import pytest

from tests.gap8 import networks


@pytest.fixture
def mine(tmp_path):
    """The file of a small network that says nothing of itself."""
    path = tmp_path / "mine.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL))
    return path


@pytest.fixture
def no_fresh_runs(monkeypatch, tmp_path):
    """A folder of results with no run in it: only what is recorded is found."""
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
