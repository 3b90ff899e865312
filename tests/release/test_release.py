import hashlib
import json
import re
import shutil

import pytest
from click.testing import CliRunner

from kwslib.cli.main import main
from kwslib.errors import DataError, InputError
from kwslib.paths import write_json
from kwslib.release import card, crate, release
from kwslib.report import overview
from kwslib.runs import archive, records
from kwslib.studies import robustness_records
from tests.sample_run import sample_robustness, sample_run


@pytest.fixture
def places(monkeypatch, tmp_path):
    """A project without runs: the results folder and the models folder."""
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    return tmp_path / "book" / "results", tmp_path / "models"


def put(fresh, name, *, seed=1, more=0, size="small", **training):
    """A finished run on Speech Commands with `more` correct validation clips than drawn."""
    made = sample_run(fresh / ".made" / name, size, "best", "speech_commands")
    (fresh / name).parent.mkdir(parents=True, exist_ok=True)
    made.folder.rename(fresh / name)
    path = fresh / name / "metrics.json"
    value = json.loads(path.read_text())
    del value["checksum"]
    value |= {"run": name, "seed": seed}
    value["training"] |= {"seed": seed, **training}
    for row in value["measurements"]:
        if (row["network"], row["split"]) == ("tflite", "validation"):
            row["correct"] += more
            row["accuracy"] = row["correct"] / row["clips"]
    write_json(path, value)
    return fresh / name


def test_a_run_is_released_whole_and_found_by_both_names(places):
    fresh, models = places
    assert release.released("small") is None
    put(fresh, "best-small")
    (fresh / "best-small" / "robustness").mkdir()
    folder = release.publish("best-small", note="Some clips\nare rebuilt.")
    assert folder == models / "small"
    expected = {*archive.RECORDED_FILES, "gap8", "robustness", "README.md", "card.json", crate.METADATA}
    assert {path.name for path in folder.iterdir()} == expected
    assert [path.name for path in models.iterdir()] == ["small"]
    assert "**Data note.** Some clips\nare rebuilt." in (folder / "README.md").read_text()
    assert (folder / "README.md").read_text() == card.card(folder)
    assert release.released("small").run == "best-small"
    assert [run.run for run in overview.all_runs()] == ["best-small"]
    fresh.rename(fresh.with_name("away"))
    for name in ("small", "best-small"):
        found = records.find(name)
        assert (found.run, found.recorded, found.folder) == ("best-small", True, folder)


def test_the_best_seed_of_several_is_released(places):
    fresh, _ = places
    put(fresh, "best-small", more=2)
    put(fresh, "best-small-s2", seed=2, threads=2)
    put(fresh, "best-small-s3", seed=3, more=1)
    folder = release.publish("best-small", ["best-small", "best-small-s2", "best-small-s3"])
    kept = json.loads((folder / "seeds.json").read_text())
    assert [row["run"] for row in kept["runs"]] == ["best-small", "best-small-s2", "best-small-s3"]
    for row in kept["runs"]:
        run = records.find(row["run"])
        found = run.measurement("tflite", "test", "digital-silence")
        assert row["test, digital-silence"] == {
            "clips": found.clips,
            "correct": found.correct,
            "accuracy": found.accuracy,
        }
    with pytest.raises(
        InputError, match=r"best-small-s2 is not the best by validation .* best-small \d+; release that"
    ):
        release.publish("best-small-s2", ["best-small"])
    assert json.loads((folder / "metrics.json").read_text())["run"] == "best-small"


def test_siblings_must_differ_in_the_seed_alone(places):
    fresh, models = places
    put(fresh, "best-small")
    put(fresh, "other", seed=2, copies=99)
    put(fresh, "same", seed=1)
    with pytest.raises(InputError, match="run other is no other seed of best-small"):
        release.publish("best-small", ["other"])
    with pytest.raises(InputError, match="run same has seed 1, as another run"):
        release.publish("best-small", ["same"])
    with pytest.raises(DataError, match="there is no run 'nothing'"):
        release.publish("best-small", ["nothing"])
    assert not models.exists()


def test_what_is_not_released(places):
    fresh, models = places
    with pytest.raises(DataError, match="this run has not ended, or never ran"):
        release.publish("best-small")
    sample_run(fresh)
    with pytest.raises(InputError, match="run quick-small was made on synthetic: only networks of speech_commands"):
        release.publish("quick-small")
    folder = put(fresh, "best-small")
    (folder / "history.csv").rename(folder / "away.csv")
    with pytest.raises(DataError, match=re.escape("lacks history.csv; run it again")):
        release.publish("best-small")
    (folder / "away.csv").rename(folder / "history.csv")
    (folder / "model.tflite").write_bytes(b"changed")
    with pytest.raises(DataError, match="is not the network that metrics.json describes"):
        release.publish("best-small")
    assert not models.exists()


def test_a_failed_release_leaves_the_one_before(places):
    fresh, models = places
    folder = put(fresh, "best-small")
    release.publish("best-small")
    before = (models / "small" / "README.md").read_text()
    (folder / "gap8" / "deployment.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        release.publish("best-small", note="new")
    assert (models / "small" / "README.md").read_text() == before
    assert [path.name for path in models.iterdir()] == ["small"]


def test_the_command_takes_one_note(places, tmp_path):
    fresh, models = places
    put(fresh, "best-small")
    note = tmp_path / "note.txt"
    note.write_text("Some clips are rebuilt.\n")
    words = ["release", "best-small", "--note-file", str(note)]
    result = CliRunner().invoke(main, [*words, "--note", "other"])
    assert result.exit_code == 2
    assert "--note and --note-file both give the note" in result.stderr
    assert CliRunner().invoke(main, words).output == f"released in {models / 'small'}\n"
    assert json.loads((models / "small" / "card.json").read_text())["data_note"] == "Some clips are rebuilt."


def test_a_release_keeps_what_was_measured_of_the_one_that_it_replaces(places):
    fresh, models = places
    sample_robustness(put(fresh, "best-small"), records.load(fresh / "best-small"))
    release.publish("best-small")
    assert robustness_records.replaced("small") is None
    shutil.rmtree(fresh / "best-small")
    put(fresh, "best-small", more=1)
    shutil.rmtree(fresh / "best-small" / "gap8")  # of the drawn network
    path = fresh / "best-small" / "metrics.json"
    value = json.loads(path.read_text())
    (fresh / "best-small" / "model.tflite").write_bytes(b"another network")
    value["network"]["tflite_sha256"] = hashlib.sha256(b"another network").hexdigest()
    write_json(path, value)
    for _ in range(2):  # the second time the same network replaces itself
        release.publish("best-small")
        before = robustness_records.replaced("small")
        assert before.points and before.tflite_sha256 != value["network"]["tflite_sha256"]
        assert not (models / "small" / "robustness").exists()


def test_a_released_network_that_its_successor_started_from_stays(places):
    fresh, models = places
    put(fresh, "best-small")
    (fresh / "best-small" / "robustness").mkdir()
    before = release.publish("best-small")
    network = (before / "model.tflite").read_bytes()
    put(fresh, "best-small-s2", seed=2, start_sha256=hashlib.sha256(network).hexdigest())
    another = network + bytes(4)
    (fresh / "best-small-s2" / "model.tflite").write_bytes(another)
    shutil.rmtree(fresh / "best-small-s2" / "gap8")  # which is of the network that was there
    path = fresh / "best-small-s2" / "metrics.json"
    value = json.loads(path.read_text())
    value["network"]["tflite_sha256"] = hashlib.sha256(another).hexdigest()
    write_json(path, value)
    release.publish("best-small-s2")
    assert sorted(path.name for path in models.iterdir()) == ["best-small", "small"]
    stays = models / "best-small"
    assert (stays / "model.tflite").read_bytes() == network
    assert {path.name for path in stays.iterdir()} == {*archive.RECORDED_FILES, "gap8", crate.METADATA}
    assert (before / "replaced" / "robustness").is_dir()  # once
    assert records.find_recorded("best-small").folder == stays
    put(fresh, "best-small-s3", seed=3, start_sha256=hashlib.sha256(network).hexdigest())
    release.publish("best-small-s3")  # which did not start from the network that it replaces
    assert sorted(path.name for path in models.iterdir()) == ["best-small", "small"]


@pytest.mark.parametrize("base", ["start", "teacher"])
def test_a_network_that_nobody_else_could_train_is_refused(places, base):
    fresh, _ = places
    put(fresh, "best-small-mine")
    sha256 = hashlib.sha256((fresh / "best-small-mine" / "model.tflite").read_bytes()).hexdigest()
    put(fresh, "best-small", recipe={base: "best-small-mine"}, **{f"{base}_sha256": sha256})
    with pytest.raises(InputError, match=f"the {base} of run best-small is best-small-mine, .* 'kws record best-small"):
        release.publish("best-small")
    archive.record("best-small-mine")
    release.publish("best-small")
    put(fresh, "best-small-s2", recipe={base: "best-small-mine"}, **{f"{base}_sha256": "0" * 64})
    with pytest.raises(InputError, match=f"{base} of run best-small-s2 .* recorded under this name is another"):
        release.publish("best-small-s2")


def test_the_card_says_with_how_many_threads_the_same_bytes_come_out(places):
    fresh, _ = places
    put(fresh, "best-small", threads=1)
    card_text = (release.publish("best-small") / "README.md").read_text()
    assert "kws run --size small --profile best --corpus speech_commands --threads 1 --run best-small" in card_text
