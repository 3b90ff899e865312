import re
from dataclasses import replace

import pytest

from kwslib.accuracy import poisson_interval
from kwslib.report import robustness_page as page
from kwslib.report.elements import DASH
from kwslib.studies.robustness_records import Found
from tests.report.figures import drawn
from tests.sample_run import sample_robustness, sample_run

SHOWN = (page.badges, page.accepts_table, page.accepts_note, page.notes, page.downloads)


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    runs = [sample_run(tmp_path_factory.mktemp("runs"), size) for size in ("small", "medium")]
    return [Found(sample_robustness(run.folder, run), run.folder / "robustness", True) for run in runs]


def test_without_a_measurement_the_page_says_what_to_do():
    for shown in SHOWN:
        assert "No network has been measured" in shown([])._repr_markdown_()
    for kind in page.AXES:
        assert page.curves([], kind) is page.accuracy_table([], kind) is page.NOTHING


def test_a_badge_says_recorded_which_speech_and_what_training_heard(every):
    text = page.badges(every)._repr_html_()
    assert text.count("Recorded results") == 2
    assert "speech_commands" in text
    assert "none of these recordings" in text


def test_noise_has_a_panel_a_recording_and_a_line_a_network(every):
    picture = page.curves(every, "snr")
    texts = drawn.texts(picture)
    assert [text for text in texts if text in ("hiss", "hum")] == ["hiss", "hum"]
    networks = [found.robustness.run for found in every]
    assert [text for text in texts if text in networks] == networks
    assert len(drawn.marks(picture, "line")) == 2 * len(networks)
    (rows,) = drawn.rows(picture)
    assert {row["accuracy"] for row in rows if row["series"] == networks[0]} == {0.5}
    assert {row["clean"] for row in rows} == {0.9}


@pytest.mark.parametrize("kind", ["shift", "level"])
def test_the_others_have_one_panel(every, kind):
    picture = page.curves(every, kind)
    assert len(drawn.marks(picture, "line")) == len(every)
    assert "quick-small" in picture.alt
    assert "95 % intervals" in picture.alt


def test_intervals_are_those_of_the_points(every):
    (rows,) = drawn.rows(page.curves(every, "level"))
    points = [p for found in every for p in found.robustness.points if p.kind == "level" and p.value is not None]
    assert [(row["value"], row["low"], row["high"]) for row in rows] == [(p.value, p.low, p.high) for p in points]


def test_a_row_a_network_and_noise(every):
    table = page.accuracy_table(every, "snr")
    assert list(table.shown.columns) == ["network", "noise", "0", "+10", "clean"]
    assert table.shown.iloc[0].tolist() == ["quick-small", "hiss", "50.0", "50.0", "90.0"]
    assert len(table.frame) == 2 * 5
    assert list(page.accuracy_table(every, "shift").shown.columns) == ["network", "-100", "0", "+100"]


def test_false_accepts_are_shown_together_and_brought_along_one_by_one(every):
    table = page.accepts_table(every)
    assert len(table.frame) == 6
    shown = table.shown.iloc[0].tolist()
    assert shown[1:] == ["at least 0.5", 80, 2, "0.60", "200.0", "24.2–722.5"]
    assert "722.5" in re.sub(r"\s", " ", table._repr_html_())


def test_the_note_computes_what_no_false_accept_would_leave(every):
    text = page.accepts_note(every)._repr_markdown_()
    assert "0.60 minutes, 80 decisions" in text
    assert f"up to {poisson_interval(0)[1] / 0.01:.0f} an hour" in text


def test_notes_count_mixtures_turned_down(every):
    row = page.notes(every).frame.iloc[0]
    assert (row["mixtures"], row["turned down"]) == (400, 12)


def test_files_are_linked(every):
    text = page.downloads(every)._repr_markdown_()
    assert text.count("{download}") == 6


def test_a_network_stands_beside_the_one_that_it_replaced(every, monkeypatch):
    now = every[0].robustness
    louder = [replace(p, accuracy=0.25) if p.kind == "snr" and p.value == 0 else p for p in now.points]
    before = replace(now, points=[p for p in louder if p.noise != "hum" or p.kind != "snr"])
    monkeypatch.setattr(page, "replaced", lambda size: before if size == every[0].folder.parent.name else None)
    table = page.replaced_table(every)
    assert table.shown["network"].tolist() == ["small, before", "small, now"]
    assert table.shown["0 dB"].tolist() == ["25.0", "50.0"]
    assert table.shown["20 dB"].tolist() == [DASH, DASH]
    monkeypatch.setattr(page, "replaced", lambda size: None)
    assert "No released network has replaced" in page.replaced_table(every).text


def test_a_condition_that_older_records_lack(every):
    assert page.having(every, "reverberation") == []
    assert page.curves(every, "reverberation") is page.NOTHING
    point = replace(every[0].robustness.points[0], kind="reverberation", value=300.0)
    newer = replace(every[0], robustness=replace(every[0].robustness, points=[*every[0].robustness.points, point]))
    table = page.accuracy_table([newer, every[1]], "reverberation")
    assert table.shown.to_dict("records") == [{"network": "quick-small", "300": "90.0"}]
    assert len(drawn.marks(page.curves([newer, every[1]], "reverberation"), "line")) == 1


def test_groups_are_means_over_the_noises(every):
    table = page.groups_table(every)
    assert table.shown["clips"].tolist() == ["keyword", "unknown", "silence"] * 2
    points = [p for p in every[0].robustness.points if p.kind == "snr" and p.value == 10.0]
    for group, shown in zip(page.GROUPS, table.shown["10 dB"].tolist(), strict=False):
        shares = [getattr(p, f"{group}_correct") / getattr(p, f"{group}_clips") for p in points]
        assert shown == f"{100 * sum(shares) / len(shares):.1f}"
    assert set(table.shown["20 dB"]) == {DASH}
