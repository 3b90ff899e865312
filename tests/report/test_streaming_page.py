from dataclasses import replace

import pytest

from kwslib.accuracy import poisson_interval
from kwslib.config.streams import CLEAN, NEGATIVES, SNR_DB, TARGETS_PER_HOUR, StreamStudy
from kwslib.config.words import KEYWORDS, LABELS
from kwslib.provenance import provenance
from kwslib.report import streaming_details as details
from kwslib.report import streaming_page as page
from kwslib.studies.robustness_records import CorpusName
from kwslib.studies.streaming_changes import CHANGES
from kwslib.studies.streaming_curves import PLACES
from kwslib.studies.streaming_records import (
    ALL,
    Ambient,
    Benchmark,
    Curve,
    Extent,
    Found,
    KindAccepts,
    Level,
    Place,
    Point,
    Smoothing,
    Streaming,
    save,
)
from tests.report.figures import drawn

CONDITIONS = (CLEAN, *(f"{ratio:g} dB" for ratio in SNR_DB))
TABLES = (
    page.badges,
    page.points_table,
    page.word_points_table,
    page.kinds_table,
    details.levels_table,
    details.benchmark_table,
    details.smoothing_table,
    details.notes,
    details.downloads,
)
PICTURES = (page.curves, page.word_curves, details.places)


def rates(accepts, hours):
    return (accepts / hours, *(bound / hours for bound in poisson_interval(accepts)))


def sample(run, ambient=()):
    extent = Extent(30.0, 200, dict.fromkeys(KEYWORDS, 20))
    curves, points = [], []
    for word in (ALL, *KEYWORDS):
        words = 200 if word == ALL else 20
        curves.append(Curve(word, [0.2, 0.5, 1.0], [300, 6, 0], {name: [0, words // 4, words] for name in CONDITIONS}))
        missed = dict.fromkeys(CONDITIONS, words // 4)
        for target in TARGETS_PER_HOUR:
            points.append(Point(word, target, 0.5, 5, 6, *rates(6, 30.0), words, missed, 0.31, 0.62))
    return Streaming(
        run=run,
        size="small",
        tflite_sha256="0",
        corpus=CorpusName("speech_commands", "0"),
        labels=list(LABELS),
        study=StreamStudy(),
        smoothing_hops=3,
        refractory_ms=960,
        suppression_ms=480,
        extents={"choice": extent, "report": extent},
        smoothings=[Smoothing(hops, 1.0, 0.7, 30, 90 + hops, 1000) for hops in (2, 3)],
        curves=curves,
        points=points,
        kinds=[KindAccepts(kind, t, 5.0, 2, *rates(2, 5.0)) for kind in NEGATIVES for t in TARGETS_PER_HOUR],
        places=[Place(i / PLACES, 10 if i else 0, 5 if i else 0) for i in range(PLACES)],
        levels=[Level(c.kind, c.value, 300, 200, 210, "go", 0.12, "_silence_", 0.6) for c in CHANGES],
        benchmark=[Benchmark(1200.0, target, 50, 40, 10, 3) for target in TARGETS_PER_HOUR],
        ambient=list(ambient),
        seconds=100.0,
        provenance=provenance(),
    )


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    found = []
    for name in ("small", "medium"):
        folder = tmp_path_factory.mktemp("runs") / name / "streaming"
        save(sample(name), folder)
        found.append(Found(sample(name), folder, recorded=True))
    return found


def test_without_a_study_the_page_says_what_to_do():
    for shown in (*TABLES, *PICTURES):
        assert "No network has been measured" in shown([])._repr_markdown_()
    assert "No recordings" in details.ambient_table([]).text


@pytest.mark.parametrize("shown", TABLES)
def test_tables_have_a_part_for_each_network(every, shown):
    piece = shown(every)
    text = piece.text if hasattr(piece, "text") else piece._repr_html_()
    assert "small" in text and "medium" in text


def test_a_point_is_shown_with_its_intervals_and_percentages(every):
    row = page.points_table(every).shown.iloc[0]
    assert row["an hour"] == "0.20" and row["95 % interval"] == "0.07–0.44"
    assert row["missed, 10 dB"] == "25.0 %" and row["latency, ms"] == "310"
    assert len(page.word_points_table(every).shown) == 2 * len(TARGETS_PER_HOUR) * len(KEYWORDS)


def test_curves_have_a_panel_a_network_and_a_line_a_ratio(every):
    picture = page.curves(every)
    texts = drawn.texts(picture)
    assert [text for text in texts if text in ("small", "medium")] == ["small", "medium"]
    assert [text for text in texts if text in CONDITIONS] == list(CONDITIONS)
    assert len(drawn.marks(picture, "line")) == 2 * len(CONDITIONS)
    lines = next(rows for rows in drawn.rows(picture) if "threshold" in rows[0])
    clean = [row for row in lines if row["series"] == CONDITIONS[0]]
    # no false accept is drawn as half of one
    assert [row["rate"] for row in clean] == pytest.approx([10, 0.2, 0.5 / 30], rel=1e-3)
    assert [row["missed"] for row in clean] == [0, 0.25, 1]


def test_words_have_a_panel_each(every):
    picture = page.word_curves(every)
    assert [text for text in drawn.texts(picture) if text in KEYWORDS] == list(KEYWORDS)
    assert "95 %" not in picture.alt and "stop" in picture.alt


def test_a_network_stands_beside_the_one_that_it_replaced(every, monkeypatch):
    now = every[0].streaming
    worse = [replace(curve, accepts=[3001, 301, 0]) for curve in now.curves]
    monkeypatch.setattr(details, "replaced", lambda size: replace(now, curves=worse) if size == "small" else None)
    monkeypatch.setattr(details, "EQUAL_RATES_PER_HOUR", (100, 10))
    assert "No released network" in details.replaced_table([replace(one, recorded=False) for one in every]).text
    table = details.replaced_table(every)
    assert table.shown["network"].tolist() == ["small, before", "small, now"] * 2
    assert table.shown["at most an hour"].tolist() == [100, 100, 10, 10]
    assert table.shown["threshold"].tolist() == ["0.500", "0.200", "1.000", "0.200"]
    assert table.shown["missed, 10 dB"].tolist() == ["25.0 %", "0.0 %", "100.0 %", "0.0 %"]


def test_no_threshold_that_is_high_enough_is_a_dash(every, monkeypatch):
    now = every[0].streaming
    loud = replace(now, curves=[replace(curve, accepts=[3001, 3001, 3001]) for curve in now.curves])
    monkeypatch.setattr(details, "replaced", lambda size: loud if size == "small" else None)
    before = details.replaced_table(every).shown.iloc[0]
    assert before["threshold"] == before["missed, clean"] == "–"


def test_places_without_decisions_are_left_out(every):
    picture = details.places(every)
    assert len(drawn.marks(picture, "line")) == 2 and len(drawn.marks(picture, "symbol")) == 2 * (PLACES - 1)


def test_own_recordings_are_shown():
    row = Ambient("kitchen", 3, 2.5, 1.0, 4, *rates(4, 2.5), {"yes": 4})
    found = Found(sample("small", [row]), None, recorded=False)
    assert "kitchen" in details.ambient_table([found])._repr_html_()


def test_texts_are_of_the_method():
    assert page.texts()["targets"] == "10, 1, 0.1"
    assert page.texts()["ratios"] == "20, 10, 5 and 0 dB"
