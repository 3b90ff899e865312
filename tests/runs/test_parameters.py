import json

import nbformat
import pytest

from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES
from kwslib.errors import InputError
from kwslib.paths import book_dir
from kwslib.runs import parameters
from kwslib.runs.parameters import check, check_all, declared, parse


@pytest.fixture(autouse=True)
def no_data(monkeypatch, tmp_path):
    monkeypatch.delenv("KWS_DATA", raising=False)
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


@pytest.mark.parametrize("template", ["train.ipynb", "gap8.ipynb"])
def test_declared_is_the_parameters_cell(template):
    cells = nbformat.read(book_dir() / template, as_version=4).cells
    cell = next(cell for cell in cells if "parameters" in cell.metadata.get("tags", ()))
    values = {}
    exec(cell.source, values)
    del values["__builtins__"]
    annotations = {name: kind.__name__ for name, kind in values.pop("__annotations__").items()}
    assert {name: entry.default for name, entry in declared(template).items()} == values
    assert {name: entry.type for name, entry in declared(template).items()} == annotations
    assert all(entry.help for entry in declared(template).values())


def test_defaults_are_a_quick_small_run():
    chosen = check()
    assert chosen.run == "quick-small"
    assert chosen.corpus == "synthetic"
    assert chosen.schedule == PROFILES["quick"].schedules["small"]
    assert chosen.front_end == SIZES["small"].front_end("power")
    assert chosen.validate_every_steps == PROFILES["quick"].validate_every_steps["small"]
    assert chosen.given == {"corpus": "synthetic", "front_end": "power", "run": "quick-small"}


def test_given_resolves_to_the_same_run(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_DATA", str(tmp_path))
    first = check(size="large", steps=40, seed=3, front_end="power", threads=1)
    monkeypatch.delenv("KWS_DATA")
    again = check(**first.given)
    assert again == first
    assert again.key == first.key
    assert first.corpus == "speech_commands"
    assert first.data == str(tmp_path)


def test_run_name_says_what_differs():
    assert check(seed=2, size="medium").run == "quick-medium-s2"
    assert check(front_end="power", steps=20, profile="baseline").run == "baseline-small-power-20steps"
    assert check(corpus="synthetic").run == "quick-small-synthetic"
    assert check(run="mine").run == "mine"


def test_data_chooses_speech_commands(tmp_path):
    assert check(data=str(tmp_path)).corpus == "speech_commands"
    assert check(data=str(tmp_path), corpus="synthetic").data == ""


def test_steps_squeeze_schedule_and_validation():
    whole, squeezed = check(size="medium"), check(size="medium", steps=84)
    assert squeezed.schedule.steps == 84
    ratio = squeezed.validate_every_steps / 84
    assert ratio == pytest.approx(whole.validate_every_steps / whole.schedule.steps, rel=0.1)


@pytest.mark.parametrize(
    "change",
    [
        {"size": "large"},
        {"profile": "baseline"},
        {"seed": 2},
        {"steps": 60},
        {"front_end": "magnitude"},
        {"threads": 1},
    ],
)
def test_key_follows_what_decides_the_result(change):
    assert check(**change).key != check().key
    assert json.loads(json.dumps(check(**change).config)) == check(**change).config


def test_key_does_not_follow_names_and_folders(tmp_path):
    assert check(run="mine").key == check().key
    one, other = (check(corpus="speech_commands", data=str(tmp_path / name)) for name in "ab")
    assert one.key == other.key


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sise": "small"}, r"unknown parameter 'sise': choose one of size, .*; did you mean 'size'\?"),
        ({"size": "smal"}, r"unknown size 'smal': choose one of small, medium, large; did you mean 'small'\?"),
        ({"profile": "quik"}, r"unknown profile 'quik': .*; did you mean 'quick'\?"),
        ({"corpus": "sinthetic"}, r"unknown corpus 'sinthetic': .*; did you mean 'synthetic'\?"),
        ({"front_end": "powr"}, r"unknown front end 'powr': .*; did you mean 'power'\?"),
        ({"steps": -5}, "steps is -5: give a positive number"),
        ({"steps": 3}, "steps must be at least 6"),
        ({"seed": -1}, "seed is -1: give an integer of at least 0"),
        ({"threads": -2}, r"threads is -2: give 0 \(all\) or more"),
        ({"seed": "1"}, "parameter seed is '1': give a whole number"),
        ({"seed": True}, "parameter seed is True: give a whole number"),
        ({"steps": 2.5}, "parameter steps is 2.5: give a whole number"),
        ({"size": 5}, "parameter size is 5: give text"),
        ({"run": "../x"}, r"'\.\./x' cannot name a run"),
        ({"run": "failed"}, "'failed' cannot name a run"),
    ],
)
def test_bad_values_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        check(**values)


def test_parse_reads_by_type():
    assert parse("seed", "12") == 12
    assert parse("size", "12") == "12"
    with pytest.raises(InputError, match="parameter steps is 'many': give a whole number"):
        parse("steps", "many")
    with pytest.raises(InputError, match=r"unknown parameter 'stepz'.*did you mean 'steps'\?"):
        parse("stepz", "1")


def test_two_runs_of_one_name_are_refused():
    with pytest.raises(InputError, match="two runs would write the folder 'mine'"):
        check_all([{"seed": 1, "run": "mine"}, {"seed": 2, "run": "mine"}])


def test_missing_notebook_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    with pytest.raises(InputError, match="cannot read the notebook .*KWS_ROOT must name the checkout"):
        parameters.declared()
