"""What is kept of a run in models/."""

import shutil

import pytest

from kwslib.errors import DataError
from kwslib.runs import archive, records
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return sample_run(tmp_path_factory.mktemp("results"))


@pytest.fixture
def places(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    return tmp_path / "book" / "results", tmp_path / "models"


def test_a_fresh_run_is_recorded_without_checkpoints_and_notebook(made, places):
    fresh, recorded = places
    shutil.copytree(made.folder, fresh / "quick-small")
    (fresh / "quick-small" / "training").mkdir()
    (fresh / "quick-small" / "train.ipynb").write_text("{}")
    for _ in range(2):  # the second time it replaces the first
        assert archive.record("quick-small") == recorded / "quick-small"
    expected = sorted([*archive.RECORDED_FILES, records.GAP8])
    assert sorted(path.name for path in (recorded / "quick-small").iterdir()) == expected
    shutil.rmtree(fresh / "quick-small")
    assert records.find("quick-small").recorded


def test_only_a_whole_run_is_recorded(made, places):
    fresh, recorded = places
    with pytest.raises(DataError, match="has not ended, or never ran"):
        archive.record("quick-small")
    shutil.copytree(made.folder, fresh / "quick-small")
    (fresh / "quick-small" / "model.tflite").unlink()
    with pytest.raises(DataError, match="lacks model.tflite; run it again"):
        archive.record("quick-small")
    assert not recorded.exists()


def test_a_run_that_was_not_deployed_is_recorded_without(made, places):
    fresh, recorded = places
    shutil.copytree(made.folder, fresh / "quick-small")
    shutil.rmtree(fresh / "quick-small" / records.GAP8)
    archive.record("quick-small")
    assert not (recorded / "quick-small" / records.GAP8).exists()


def test_a_fresh_deployment_of_a_recorded_network_is_recorded_alone(made, places):
    fresh, recorded = places
    shutil.copytree(made.folder, recorded / "quick-small")
    shutil.copytree(made.folder / records.GAP8, fresh / "quick-small" / records.GAP8)
    (fresh / "quick-small" / records.GAP8 / "program.txt").write_text("new")
    before = (recorded / "quick-small" / records.METRICS).read_text()
    assert archive.record("quick-small") == recorded / "quick-small"
    assert (recorded / "quick-small" / records.GAP8 / "program.txt").read_text() == "new"
    assert (recorded / "quick-small" / records.METRICS).read_text() == before


def test_a_released_network_is_found_by_its_run_and_keeps_its_other_files(made, places):
    fresh, recorded = places
    shutil.copytree(made.folder, recorded / "small")
    (recorded / "small" / "README.md").write_text("a card")
    shutil.copytree(made.folder / records.GAP8, fresh / made.run / records.GAP8)
    (fresh / made.run / records.GAP8 / "program.txt").write_text("new")
    assert archive.record(made.run) == recorded / "small"
    assert (recorded / "small" / records.GAP8 / "program.txt").read_text() == "new"
    assert (recorded / "small" / "README.md").read_text() == "a card"
