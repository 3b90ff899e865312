"""What is shown of networks for own phrases: every figure of the record, and what synthetic voices are worth."""

from dataclasses import replace

import pytest

from kwslib.config.own_words import VALUE_OF_VOICES
from kwslib.provenance import provenance
from kwslib.report import own_words_page as page
from kwslib.studies import own_words_records
from kwslib.studies.own_words_records import PAGE, Count, OwnWords, PhraseFacts
from kwslib.studies.streaming_records import Point

POINT = Point("all", 1.0, 0.812, 2, 3, 0.75, 0.15, 2.2, 80, {"clean": 4, "20 dB": 8}, 0.3, 0.5)
MADE = OwnWords(
    run="words-a",
    language="en",
    language_name="English",
    phrases=[PhraseFacts("lights <on>", "l'aIts 'O2n", 0.8, 149, 220)],
    voices={"train": 360, "validation": 60, "test": 60},
    clips={"train": 7000, "validation": 1000, "test": 1001},
    left_out=7,
    held_out=Count(1000, 961),
    by_kind={"lights <on>": Count(480, 470), "_near_": Count(180, 150)},
    point=POINT,
    stream_hours=4.0,
    cycles=358436,
    elf_sha256="e",
    tflite_sha256="t",
    wall_s={"voices": 60.0, "streams": 120.0},
    processor_s={"voices": 90.0, "streams": 150.0},
    provenance=provenance(),
)


@pytest.fixture
def place(monkeypatch, tmp_path):
    monkeypatch.setattr(own_words_records, "models_dir", lambda: tmp_path / "models")
    monkeypatch.setattr(own_words_records, "results_dir", lambda: tmp_path / "results")
    return tmp_path


def test_the_terminal_is_told_figures_and_what_they_are_worth(place):
    said = page.text(MADE, place)
    for part in (
        "96.10 % right",
        "0.75 an hour (0.15 to 2.19) in 4.0 hours",
        "chosen on validation voices for at most 1",
        "5.0 % clean, 10.0 % 20 dB",
        "own recordings: none, so nothing is known of people",
        "left out because they did not fit in a second, or were silent: 7",
        "358,436 cycles",
        "3.0 minutes, 4.0 minutes of processor",
        VALUE_OF_VOICES,
    ):
        assert part in said, part


def test_own_recordings_are_reported_apart(place):
    made = replace(MADE, own={"lights <on>": Count(10, 9)}, own_training=80)
    said = page.text(made, place)
    assert "own recordings, lights <on>: 9 of 10 right (60 to 98 %)" in said and "none, so nothing" not in said
    assert "Own recordings</h2>" in page.html(made) and "Own recordings</h2>" not in page.html(MADE)


def test_the_page_is_whole_and_escapes_what_it_shows(place):
    path = page.write(MADE, place)
    text = path.read_text()
    assert path.name == PAGE and text.rstrip().endswith("</html>")
    assert "lights <on>" not in text and "lights &lt;on&gt;" in text
    assert VALUE_OF_VOICES in text and "a phrase in which a sound or two" in text


def test_the_chapter_has_fresh_and_recorded_networks_and_labels_them(place):
    assert page.table([]) is page.NOTHING and page.badges([]) is page.NOTHING and page.kinds_table([]) is page.NOTHING
    own_words_records.save(MADE, place / "results" / "words-a")
    own_words_records.save(replace(MADE, held_out=Count(10, 1)), place / "models" / "words-a")
    own_words_records.save(replace(MADE, run="words-b"), place / "models" / "words-b")
    made = page.all_made()
    assert [(one.run, recorded) for one, _, recorded in made] == [("words-a", False), ("words-b", True)]
    assert page.badges(made).text.count(page.LABEL) == 2
    table = page.table(made)
    assert table.frame["accuracy"].tolist() == [0.961, 0.961]
    assert table.shown["false accepts an hour"][0] == "0.75 (0.15–2.20)"
    assert len(page.kinds_table(made).frame) == 4


def test_prose_has_numbers_of_the_method():
    found = page.texts()
    assert found["voices"] == "480" and found["recordings"] == "10, 50, 200"
    assert len(page.kinds().frame) == 5
