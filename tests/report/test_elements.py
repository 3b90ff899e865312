import base64
import io
import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from kwslib.config.baselines import baseline_network
from kwslib.errors import DataError
from kwslib.report import elements
from kwslib.report.elements import Table
from kwslib.runs import records
from tests.sample_run import sample_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sample_run(tmp_path_factory.mktemp("runs"), "small")


def texts(html):
    return re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", html)


def download(html, name):
    return base64.b64decode(re.search(rf'download="{name}" href="data:[a-z/]+;base64,([^"]+)"', html)[1]).decode()


def test_a_table_shows_shares_counts_and_intervals():
    frame = pd.DataFrame(
        {"who": ["a", "b"], "clips": [4890, 12], "correct": [4362, 6], "accuracy": [0.89202, 0.5]}
        | {"low": [0.883, 0.25], "high": [0.9, 0.75], "MACs": [2656768, 5], "bytes": [None, 7.0]}
    )
    assert texts(Table(frame, "t", "cap")._repr_html_()) == [
        *("who", "correct", "accuracy", "95 % interval", "MACs", "bytes"),
        *("a", "4\u202f362 of 4\u202f890", "89.20 %", "88.30–90.00 %", "2\u202f656\u202f768", "–"),
        *("b", "6 of 12", "50.00 %", "25.00–75.00 %", "5", "7"),
    ]


def test_a_table_brings_its_numbers_along_in_full():
    frame = pd.DataFrame({"who": ["a", "ü, b"], "accuracy": [1 / 3, 0.5], "count": [1, 2]})
    html = Table(frame, "numbers")._repr_html_()
    back = pd.read_csv(io.StringIO(download(html, "numbers.csv")))
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)
    records = json.loads(download(html, "numbers.json"))
    assert [row["who"] for row in records] == ["a", "ü, b"]
    assert records[0]["accuracy"] == pytest.approx(1 / 3, abs=1e-14)


def test_a_table_does_not_let_text_become_markup():
    html = Table(pd.DataFrame({"<i>": ["<script>"]}), "x", '"><b>')._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_numbers_and_dates_stay_on_one_line():
    assert elements.count(2_656_768) == "2\u202f656\u202f768"
    assert elements.millions(2_656_768) == "2.66 M"
    assert elements.unbroken("2026-11-23 23:22") == "2026\u201111\u201123\u00a023:22"


def test_names_stay_on_one_line_and_long_words_may_break():
    words = ["a" * 40, "many short words that can break anyway, between words", "quick-small"]
    shown = Table(pd.DataFrame({"hash": words}), "t")._repr_html_()
    assert re.findall(r"<td([^>]*)>", shown) == [' class="long"', "", ' class="name"']


def test_another_table_can_be_shown_than_is_downloaded():
    html = Table(pd.DataFrame({"raw": [0.123456]}), "t", shown=pd.DataFrame({"seen": ["12 %"]}))._repr_html_()
    assert texts(html) == ["seen", "12 %"]
    assert download(html, "t.csv") == "raw\n0.123456\n"


def test_a_table_of_many_columns_is_set_tighter():
    frame = pd.DataFrame({"a": [1]})
    assert 'class="kws-table dense"' in Table(frame, "t", dense=True)._repr_html_()
    assert 'class="kws-table"' in Table(frame, "t")._repr_html_()


def test_a_table_is_written_as_its_links_have_it(tmp_path):
    table = Table(pd.DataFrame({"a": [1 / 3]}), "t")
    table.save(tmp_path, "kept")
    shown = table._repr_html_()
    assert (tmp_path / "kept.csv").read_text() == download(shown, "t.csv")
    assert (tmp_path / "kept.json").read_text() == download(shown, "t.json")


def test_the_headline_has_one_row_for_each_network_with_its_data(run):
    shown = texts(elements.headline([run], "c")._repr_html_())
    columns = shown.index("bytes") + 1
    ours, seeds = shown[columns : 2 * columns], shown[2 * columns :]
    measured = [run.measurement("tflite", "test", silence) for silence in ("digital-silence", "noise-silence")]
    assert ours[:2] == ["small, this book", "synthetic speech"]
    assert ours[2:4] == [
        f"{100 * m.accuracy:.2f}\u00a0% ({100 * m.low:.2f}\u2060–\u2060{100 * m.high:.2f})" for m in measured
    ]
    assert seeds[:4] == ["small, the baseline", "Speech Commands", "89.20\u00a0% (88.30\u2060–\u206090.04)", "–"]


def test_a_note_says_where_results_come_from_and_what_they_were_made_on(run):
    fresh = elements.note(run).text
    assert "Fresh results" in fresh
    assert "synthetic speech" in fresh
    assert "say nothing about recorded speech" in fresh
    assert run.provenance.date in fresh
    recorded = elements.note(replace(run, recorded=True, corpus=replace(run.corpus, name="speech_commands"))).text
    assert "Recorded results" in recorded
    assert "not by this build" in recorded
    assert "Speech Commands v0.02" in recorded
    assert "synthetic" not in recorded


def test_badges_name_every_run(run):
    line = elements.badges([run, replace(run, run="other", recorded=True)]).text
    assert "quick-small: fresh, synthetic speech" in line
    assert "other: recorded, synthetic speech" in line


def test_points_are_the_measurements(run):
    points = elements.accuracy_points(run, "validation")
    assert len(points) == 8
    made = run.measurement("reference", "validation", "noise-silence")
    assert (points[-1].accuracy, points[-1].low, points[-1].high) == (made.accuracy, made.low, made.high)
    costs = elements.cost_points([run], "tflite_bytes")
    assert [point.cost for point in costs] == [run.network.tflite_bytes] * 2
    assert costs[0].accuracy == run.measurement("tflite", "test", "digital-silence").accuracy


def test_a_difference_says_whether_the_data_are_the_same(run):
    assert "different data" in elements.difference_note(run).text
    other = replace(run, corpus=replace(run.corpus, name="speech_commands"))
    assert "not on the same clips" in elements.difference_note(other).text
    seeds = baseline_network("small").accuracy["test"].confusion.tolist()
    same = [replace(m, confusion=seeds) for m in run.measurements]
    assert "the same number of clips of every class" in elements.difference_note(replace(other, measurements=same)).text


def test_the_card_is_shown_of_the_recorded_network_alone(run, tmp_path, monkeypatch):
    monkeypatch.setattr(elements, "models_dir", lambda: tmp_path)
    assert elements.card(replace(run, recorded=True)).text == ""
    (tmp_path / f"{run.run}.md").write_text("# A name\n\nHeard in a cellar.\n")
    assert elements.card(replace(run, recorded=True)).text == "Heard in a cellar."
    assert elements.card(run).text == ""


def test_matrix_tables_are_both_protocols_and_the_seeds(run):
    made = elements.matrix_tables(run)
    assert [table.name for table in made] == [
        "quick-small-confusion-test-digital-silence",
        "quick-small-confusion-test-noise-silence",
        "baseline-small-confusion-test",
    ]
    assert made[2].frame.iloc[:, 1:].to_numpy().trace() == 4362
    assert "synthetic speech" in made[0].caption
    assert "Speech Commands" in made[2].caption


def test_each_mistake_has_a_player_with_its_own_sound(run):
    html = elements.mistakes(run).text
    listed = json.loads((run.folder / "mistakes" / "mistakes.json").read_text())
    sounds = [base64.b64decode(data) for data in re.findall(r"data:audio/wav;base64,([^\"]+)", html)]
    assert sounds == [(run.folder / "mistakes" / row["file"]).read_bytes() for row in listed]
    assert len(sounds) == 8
    assert f'aria-label="{listed[0]["label"]} taken for {listed[0]["winner"]}"' in html


def test_no_mistakes_are_said_to_be_none(run, tmp_path):
    (tmp_path / "mistakes").mkdir()
    (tmp_path / "mistakes" / "mistakes.json").write_text("[]")
    assert "No clip of the test split was got wrong" in elements.mistakes(replace(run, source=tmp_path)).text


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
        elements.mistakes(records.load(tmp_path / "quick-small"))


def test_downloads_link_what_is_there(run, tmp_path, monkeypatch):
    folder = tmp_path / "book" / "results" / "quick-small"
    shutil.copytree(run.folder, folder)
    (folder / "accuracy.csv").unlink()
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    links = re.findall(r"{download}`[^<]+ <([^>]+)>`", elements.downloads(replace(run, source=folder)).text)
    assert "results/quick-small/model.tflite" in links
    assert "results/quick-small/accuracy.csv" not in links
    assert all((tmp_path / "book" / link).is_file() for link in links)
