"""Fixtures of several rooms, and hypothesis without a clock."""

import pytest
from hypothesis import HealthCheck, settings

from tests import corpora, quick_notebook

# A loaded machine may take seconds for what takes milliseconds here: no example fails for that.
settings.register_profile("kws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kws")


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A project folder with the quick notebook; nobody writes into it."""
    return quick_notebook.build(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="session")
def speech(tmp_path_factory):
    """A data folder with a tiny Speech Commands; nobody writes into it."""
    return corpora.build(tmp_path_factory.mktemp("speech"))


@pytest.fixture
def place(monkeypatch, tmp_path, root, speech):
    """Results folder, not made yet, of a project with the quick notebook; the environment names it and the rest."""
    for name, value in {"ROOT": root, "DATA": speech, "CACHE": tmp_path / "cache", "RESULTS": tmp_path / "r"}.items():
        monkeypatch.setenv(f"KWS_{name}", str(value))
    monkeypatch.delenv("KWS_INSTALL_S", raising=False)
    return tmp_path / "r"


@pytest.fixture(scope="session")
def gap8_root(tmp_path_factory):
    return quick_notebook.build_gap8(quick_notebook.build(tmp_path_factory.mktemp("gap8")))


@pytest.fixture
def gap8(gap8_root, place, monkeypatch):
    """The project of `place` with a notebook that pretends to deploy; returns its folder."""
    monkeypatch.setenv("KWS_ROOT", str(gap8_root))
    yield gap8_root / "book"
    (gap8_root / "book" / "refuse").unlink(missing_ok=True)
