import base64
import json
import re
import shutil
from dataclasses import replace

import pytest

from kwslib.config.baselines import baseline_network
from kwslib.errors import DataError
from kwslib.report import run_page
from kwslib.runs import records
from tests.report.test_elements import texts
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sample_run(tmp_path_factory.mktemp("runs"), "small")


def test_the_headline_has_one_row_for_each_network_with_its_data(run):
    shown = texts(run_page.headline([run], "c")._repr_html_())
    columns = shown.index("bytes") + 1
    ours, baseline = shown[columns : 2 * columns], shown[2 * columns :]
    measured = [run.measurement("tflite", "test", silence) for silence in ("digital-silence", "noise-silence")]
    assert ours[:2] == ["small, this book", "synthetic speech"]
    assert ours[2:4] == [
        f"{100 * m.accuracy:.2f}\u00a0% ({100 * m.low:.2f}\u2060–\u2060{100 * m.high:.2f})" for m in measured
    ]
    assert baseline[:4] == ["small, the baseline", "Speech Commands", "89.20\u00a0% (88.30\u2060–\u206090.04)", "–"]


def test_a_note_says_where_results_come_from_and_what_they_were_made_on(run):
    fresh = run_page.note(run).text
    assert "Fresh results" in fresh
    assert "synthetic speech" in fresh
    assert "say nothing about recorded speech" in fresh
    assert run.provenance.date in fresh
    recorded = run_page.note(replace(run, recorded=True, corpus=replace(run.corpus, name="speech_commands"))).text
    assert "Recorded results" in recorded
    assert "not by this build" in recorded
    assert "Speech Commands v0.02" in recorded
    assert "synthetic" not in recorded


def test_badges_name_every_run(run):
    line = run_page.badges([run, replace(run, run="other", recorded=True)]).text
    assert "quick-small: fresh, synthetic speech" in line
    assert "other: recorded, synthetic speech" in line


def test_points_are_the_measurements(run):
    points = run_page.accuracy_points(run, "validation")
    assert len(points) == 8
    made = run.measurement("reference", "validation", "noise-silence")
    assert (points[-1].accuracy, points[-1].low, points[-1].high) == (made.accuracy, made.low, made.high)
    costs = run_page.cost_points([run], "tflite_bytes")
    assert [point.cost for point in costs] == [run.network.tflite_bytes] * 2
    assert costs[0].accuracy == run.measurement("tflite", "test", "digital-silence").accuracy


def test_a_difference_says_whether_the_data_are_the_same(run):
    assert "different data" in run_page.difference_note(run).text
    other = replace(run, corpus=replace(run.corpus, name="speech_commands"))
    assert "not on the same clips" in run_page.difference_note(other).text
    baseline = baseline_network("small").accuracy["test"].confusion.tolist()
    same = [replace(m, confusion=baseline) for m in run.measurements]
    assert "the same number of clips of every class" in run_page.difference_note(replace(other, measurements=same)).text


def test_the_card_is_shown_of_the_recorded_network_alone(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run_page, "models_dir", lambda: tmp_path)
    assert run_page.card(replace(run, recorded=True)).text == ""
    (tmp_path / f"{run.run}.md").write_text("# A name\n\nHeard in a cellar.\n")
    assert run_page.card(replace(run, recorded=True)).text == "Heard in a cellar."
    assert run_page.card(run).text == ""


def test_matrix_tables_are_both_protocols_and_the_baseline(run):
    made = run_page.matrix_tables(run)
    assert [table.name for table in made] == [
        "quick-small-confusion-test-digital-silence",
        "quick-small-confusion-test-noise-silence",
        "baseline-small-confusion-test",
    ]
    assert made[2].frame.iloc[:, 1:].to_numpy().trace() == 4362
    assert "synthetic speech" in made[0].caption
    assert "Speech Commands" in made[2].caption


def test_each_mistake_has_a_player_with_its_own_sound(run):
    html = run_page.mistakes(run).text
    listed = json.loads((run.folder / "mistakes" / "mistakes.json").read_text())[:-1]
    sounds = [base64.b64decode(data) for data in re.findall(r"data:audio/flac;base64,([^\"]+)", html)]
    assert sounds == [(run.folder / "mistakes" / row["file"]).read_bytes() for row in listed]
    assert len(sounds) > 8 and html.count("<ol") == 2 and html.index("<details>") > html.index("</ol>")
    assert f'aria-label="{listed[0]["label"]} taken for {listed[0]["winner"]}"' in html


def test_no_mistakes_are_said_to_be_none(run, tmp_path):
    (tmp_path / "mistakes").mkdir()
    (tmp_path / "mistakes" / "mistakes.json").write_text("[]")
    assert "No clip of the test split was got wrong" in run_page.mistakes(replace(run, source=tmp_path)).text


@pytest.mark.parametrize("break_it", ["sound", "list", "key"])
def test_mistakes_that_are_not_whole_are_refused(run, tmp_path, break_it):
    shutil.copytree(run.folder, tmp_path / "quick-small")
    path = tmp_path / "quick-small" / "mistakes" / "mistakes.json"
    rows = json.loads(path.read_text())
    if break_it == "sound":
        (path.parent / rows[0]["file"]).unlink()
    elif break_it == "list":
        path.write_text("[{")
    else:
        path.write_text(json.dumps([{"label": "yes"}]))
    with pytest.raises(DataError, match="mistakes is not whole .*; run quick-small again"):
        run_page.mistakes(records.load(tmp_path / "quick-small"))


def test_downloads_link_what_is_there(run, tmp_path, monkeypatch):
    folder = tmp_path / "book" / "results" / "quick-small"
    shutil.copytree(run.folder, folder)
    (folder / "accuracy.csv").unlink()
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    links = re.findall(r"{download}`[^<]+ <([^>]+)>`", run_page.downloads(replace(run, source=folder)).text)
    assert "results/quick-small/model.tflite" in links
    assert "results/quick-small/accuracy.csv" not in links
    assert all((tmp_path / "book" / link).is_file() for link in links)
