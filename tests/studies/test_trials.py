"""Trainings of a study, one by one in the results, and together with the project."""

from dataclasses import dataclass

import pytest

from kwslib.artifacts import write_record
from kwslib.errors import DataError
from kwslib.studies.trials import Trials


@dataclass(frozen=True)
class One:
    name: str
    value: int


@dataclass(frozen=True)
class Many:
    ones: list[One]


KEPT = Trials("numbers", "one.json", One, Many, lambda one: one.name, "kws numbers")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr("kwslib.studies.trials.models_dir", lambda: tmp_path / "models")
    return tmp_path


def finish(name, value):
    write_record(KEPT.place(name) / "one.json", One(name, value), None)


def test_finished_ones_are_kept_in_order_beside_those_kept_before(place):
    assert KEPT.recorded() == []
    finish("b", 1)
    assert KEPT.record() == place / "models" / "numbers" / "numbers.json"
    finish("a", 2)
    (KEPT.place("b") / "one.json").unlink()  # of another machine, say
    (KEPT.place("c")).mkdir()  # under way
    KEPT.record()
    assert KEPT.recorded() == [One("a", 2), One("b", 1)]
    finish("b", 3)
    KEPT.record()
    assert KEPT.recorded() == [One("a", 2), One("b", 3)]


def test_nothing_finished_is_an_error_and_nothing_is_written(place):
    with pytest.raises(DataError, match="there is no finished training in .*numbers; run: kws numbers"):
        KEPT.record()
    assert not (place / "models").exists()


def test_damage_is_named(place):
    finish("a", 1)
    path = KEPT.record()
    path.write_text(path.read_text().replace('"value": 1', '"value": 2'))
    with pytest.raises(DataError, match=r"numbers\.json is damaged .*; record the study again"):
        KEPT.recorded()
    (KEPT.place("a") / "one.json").write_text("{")
    with pytest.raises(DataError, match=r"one\.json is damaged .*; remove it and run the study again"):
        KEPT.read(KEPT.place("a"))
