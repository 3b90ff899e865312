"""Examples in docstrings run as tests, from the project's folder; those that need more say so.

``# doctest: +SLOW`` marks an example that takes minutes, ``# doctest: +KWS_DATA`` one that needs Speech Commands.
"""

import doctest
import os

import pytest

from kwslib import toolchain
from tests import compiled

SLOW = doctest.register_optionflag("SLOW")
KWS_DATA = doctest.register_optionflag("KWS_DATA")


def pytest_collection_modifyitems(items):
    """Mark the examples that need minutes or speech."""
    for item in items:
        examples = getattr(getattr(item, "dtest", None), "examples", ())
        if any(SLOW in example.options for example in examples):
            item.add_marker(pytest.mark.slow)
        if any(KWS_DATA in example.options for example in examples) and not os.environ.get("KWS_DATA"):
            item.add_marker(pytest.mark.skip(reason="KWS_DATA names no recorded speech"))


@pytest.fixture(scope="session", autouse=True)
def _results_of_tests(tmp_path_factory):
    """Tests see no run of this checkout but the recorded ones, even after ``make book``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KWS_RESULTS", str(tmp_path_factory.mktemp("results")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _programs_of_tests():
    """Tests that build the same program compile it once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toolchain, "compile_program", compiled.once(toolchain.compile_program))
        yield


@pytest.fixture(autouse=True)
def _results_of_examples(request, monkeypatch, tmp_path):
    """Examples leave their results in a folder of their own."""
    if getattr(request.node, "dtest", None) is not None:
        monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
