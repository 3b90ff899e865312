"""The seeds of a recipe: what is recorded of them is read and written again byte for byte."""

import json

import pytest

from kwslib.errors import DataError
from kwslib.paths import models_dir
from kwslib.release import seeds
from kwslib.runs import records
from tests.sample_run import sample_run

RECORDED = sorted(models_dir().glob(f"*/{seeds.FILE}"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_recorded_seeds_are_read_and_written_again(path, tmp_path):
    found = seeds.read(path.parent)
    assert sorted(one.seed for one in found.runs) == [1, 2, 3] and found.chosen_by == "noise-silence"
    seeds.write(found, tmp_path)
    assert (tmp_path / seeds.FILE).read_bytes() == path.read_bytes()
    assert found.runs[0].run == records.load(path.parent).run


def test_a_seed_has_its_runs_counts(tmp_path):
    run = sample_run(tmp_path, "small", "best", "speech_commands")
    one = seeds.Seed.of(run)
    assert (one.run, one.seed, one.tflite_sha256) == (run.run, run.seed, run.network.tflite_sha256)
    for key, count in one.counts.items():
        found = run.measurement("tflite", *key.split(", "))
        assert (count.clips, count.correct, count.accuracy) == (found.clips, found.correct, found.accuracy)
    assert len(one.counts) == 4


def test_the_recipe_leaves_out_what_a_seed_decides(tmp_path):
    recipe = seeds.recipe(sample_run(tmp_path))
    assert not recipe.keys() & {"seed", "best_step", "threads"} and recipe["copies"]


def test_one_seed_and_damaged_files(tmp_path):
    assert seeds.read(tmp_path) is None
    (tmp_path / seeds.FILE).write_text(json.dumps({"schema": 1, "chosen_by": "noise-silence", "runs": [{"run": "a"}]}))
    with pytest.raises(DataError, match="seeds.json is damaged .*; release the run again"):
        seeds.read(tmp_path)
    (tmp_path / seeds.FILE).write_text(json.dumps({"schema": 2}))
    with pytest.raises(DataError, match="another version"):
        seeds.read(tmp_path)
