"""The chapter on the simulator: its tables, and what it says of GVSOC."""

import html
from dataclasses import replace

import pytest

from kwslib.gap8.measure import recordings
from kwslib.gap8.platforms.gvsoc import HOME_VARIABLE
from kwslib.gap8.platforms.simulator import source_hash
from kwslib.report import simulator_page
from kwslib.report.elements import count
from tests.gap8 import fake_gvsoc
from tests.gap8.measure.test_recordings import RECORDED, Printer


@pytest.fixture(scope="module")
def comparison():
    return simulator_page.compare()


def test_the_simulator_is_as_close_to_gvsoc_as_the_project_aims(comparison):
    agreements = comparison.agreements
    frame = simulator_page.program_frame(agreements)
    assert list(frame["program"]) == [recording.name for recording in comparison.recordings]
    assert (frame["close"] == frame["figures"]).all()
    assert (frame["figures"] > 0).all()
    starts = simulator_page.start_frame(agreements)
    assert list(starts["program"]) == ["smoke", "timing", "timing", "timing"]
    assert "cycles since reset" in starts["GVSOC, recorded"][0] and "cold icache" in starts["GVSOC, recorded"][2]


def test_differences_are_counted_where_they_are(comparison):
    recording = replace(comparison.recordings[0], stdout=RECORDED, start_lines={1: "the start"})
    own = "entry: 102 cycles\nwalk\n timer: 1021 7\nhash 00c0ffee\nOK\n"
    agreement = recordings.check(recording, Printer(own, recording.exit_status))
    assert simulator_page.program_frame([agreement]).to_dict("records") == [
        {
            "program": recording.name,
            "what it measures": recording.measures,
            **{"lines": 5, "equal lines": 3, "figures": 3, "equal": 1, "close": 2, "largest difference": 21},
            "recorded": recording.recorded,
        }
    ]
    lines = simulator_page.line_frame([agreement])
    assert list(lines["largest difference"]) == [2, 0, 21, 0, 0]
    assert list(lines["figures"]) == [1, 0, 2, 0, 0]
    assert lines["GVSOC, recorded"][2] == " timer: 1000 7" and lines["simulator"][2] == " timer: 1021 7"
    starts = simulator_page.start_frame([agreement])
    assert starts[["decided by", "equal", "close"]].values.tolist() == [["the start", 0, 1]]
    figures = simulator_page.figure_frame([agreement])
    assert figures[["line", "GVSOC, recorded", "simulator", "difference"]].values.tolist() == [
        [1, 100, 102, 2],
        [3, 1000, 1021, 21],
        [3, 7, 7, 0],
    ]


def test_the_proses_figures_are_the_tables(comparison):
    texts = simulator_page.texts(comparison)
    frame = simulator_page.program_table(comparison).frame
    assert texts["programs"] == count(len(frame)) and texts["figures"] == count(frame["figures"].sum())
    assert (texts["relative"], texts["absolute"]) == ("2 %", "2")


def test_tables_and_badges_show_themselves(comparison):
    lines = simulator_page.line_table(comparison)
    assert set(lines.frame["program"]) == set(lines.shown["program"]) == set(simulator_page.SHOWN_LINE_BY_LINE)
    assert len(lines.shown) < len(lines.frame)
    for table in (simulator_page.program_table(comparison), simulator_page.start_table(comparison), lines):
        assert table.caption in html.unescape(table._repr_html_())
    badges = simulator_page.badges(comparison).text
    assert comparison.reference.commit[:12] in badges and source_hash() in badges


def test_gvsoc_is_run_where_it_is_installed(comparison, tmp_path, monkeypatch):
    listed = comparison.recordings[:1]
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    assert "This page was built without GVSOC (*no GVSOC: set" in simulator_page.gvsoc_note(listed).text
    (tmp_path / "text").write_text(listed[0].stdout)
    home = fake_gvsoc.build(tmp_path / "sdk", f"cat {tmp_path}/text\nexit {listed[0].exit_status}\n")
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    figures = len(comparison.agreements[0].figures)
    assert f"of {figures} recorded figures it printed {figures} again" in simulator_page.gvsoc_note(listed).text
    (tmp_path / "text").write_text("something else")
    assert "which does not print what was recorded: " in simulator_page.gvsoc_note(listed).text
