"""Which network is meant."""

import shutil
from pathlib import Path

import pytest

from kwslib.config.words import LABELS
from kwslib.errors import DataError, KwsError, ModelError
from kwslib.paths import models_dir
from kwslib.runs import records
from kwslib.runs.networks import choose, of_file, of_run, released
from tests.gap8 import networks

RECORDED = models_dir() / "quick-small" / "model.tflite"
RELEASED = models_dir() / "small" / "model.tflite"
RELEASED_RUN = records.load(RELEASED.parent).run


pytestmark = pytest.mark.usefixtures("no_fresh_runs")


@pytest.mark.parametrize(
    "named",
    [{}, {"size": "small"}, {"run": "small"}, {"run": RELEASED_RUN}, {"model": RELEASED}, {"model": RELEASED.parent}],
)
def test_the_released_network_is_what_is_meant(named):
    found = choose(**named)
    assert found.graph.name == RELEASED_RUN and found.labels == LABELS and found.corpus == "speech_commands"
    assert found.front_end.key == "integer-40-20-10-0.75" and not found.front_end_chosen
    assert "trained on recorded speech (Speech Commands); front end integer-40-20-10-0.75" in found.describe()


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_every_size_has_its_released_network(size):
    assert choose(size=size).path == released(size).path == models_dir() / size / "model.tflite"


def test_synthetic_networks_are_asked_for_by_name():
    found = choose(run="quick-small")
    assert found.describe().startswith("network: run quick-small, recorded, trained on synthetic speech")
    assert choose(model=RECORDED).labels == found.labels == LABELS


def test_a_fresh_run_comes_before_the_recorded_one(tmp_path):
    fresh = tmp_path / "results" / "quick-medium"
    fresh.mkdir(parents=True)
    for name in ("metrics.json", "model.tflite"):
        shutil.copy(models_dir() / "quick-medium" / name, fresh)
    assert of_run("quick-medium").source == "run quick-medium"


def test_the_caller_can_name_front_end_and_labels(mine):
    names = tuple("abcdefghijkl")
    found = choose(model=mine, front_end="power", labels=names)
    assert found.front_end.kind == "power" and not found.front_end_chosen and found.label(2) == "c"
    assert "choice" not in found.describe() and "have no names" not in found.describe()


def test_a_record_beside_another_file_is_not_believed(mine):
    shutil.copy(models_dir() / "quick-small" / "metrics.json", mine.parent)
    assert of_file(mine).labels is None
    copy = shutil.copy(RECORDED, mine.parent / "copy.tflite")
    assert of_file(Path(copy)).labels == LABELS
    (mine.parent / "metrics.json").write_text("{")
    with pytest.raises(DataError, match=r"metrics\.json is damaged"):
        of_file(mine)


def test_a_run_with_another_network_is_refused(tmp_path):
    folder = tmp_path / "results" / "quick-small"
    shutil.copytree(models_dir() / "quick-small", folder)
    shutil.copy(RELEASED, folder / "model.tflite")
    with pytest.raises(ModelError, match=r"is not the network that metrics\.json beside it describes"):
        of_run("quick-small")
    (folder / "model.tflite").unlink()
    with pytest.raises(DataError, match=r"run quick-small has no model\.tflite; run it again"):
        of_run("quick-small")


def test_without_a_release_the_user_is_told_what_to_name(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    with pytest.raises(DataError, match="no network of size small is released in .*: name a run with --run"):
        choose()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"run": "a", "size": "small"}, "each name a network: give one"),
        ({"model": RECORDED, "size": "small"}, "each name a network: give one"),
        ({"run": "quick-small", "front_end": "power"}, "a run knows its own"),
        ({"model": RECORDED, "front_end": "mel"}, "unknown front end 'mel'"),
        ({"size": "huge"}, "unknown size 'huge': choose one of tiny, small, medium, large"),
        ({"run": "gone"}, "there is no run 'gone'"),
        ({"model": Path("gone.tflite")}, "cannot read the network gone.tflite: No such file"),
        ({"size": "small", "labels": ["yes", "no"]}, "knows its labels: --labels is for a file that names none"),
        ({"size": ""}, "the name of the run or size is empty"),
    ],
)
def test_bad_names(named, message):
    with pytest.raises(KwsError, match=message):
        choose(**named)


def test_networks_that_are_none(tmp_path):
    data = networks.quantised(*networks.SMALL)
    for name, content in {"short": data[: len(data) // 2], "float": networks.floating(), "empty": b""}.items():
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=rf"{name}\.tflite"):
            of_file(path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("abc", "3 labels are given; .* has 12 classes"),
        (["a", "", *"cdefghijkl"], "label 2 is empty"),
        ("abcdefghijka", "label 'a' is given twice"),
    ],
)
def test_bad_labels(mine, labels, message):
    with pytest.raises(KwsError, match=message):
        choose(model=mine, labels=list(labels))
