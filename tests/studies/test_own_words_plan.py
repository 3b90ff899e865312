"""What ``kws words`` will do is checked before anything is written, and named after its phrases."""

from dataclasses import replace

import numpy as np
import pytest

from kwslib.errors import DataError, InputError
from kwslib.speech.languages import language_named
from kwslib.studies.own_words_plan import name_of, plan
from tests.corpora import write_wav


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_plan_says_what_will_be_done_and_writes_nothing(place):
    made = plan(["lights on", "lights off"], voices=24, steps=60)
    said = "\n".join(made.describe())
    assert "voices: 18 train, 3 validation, 3 test; no variant of a voice is in two splits" in said
    assert "'lights on': l'aIts 'O2n" in said and said.endswith("small, 60 steps")
    assert made.chosen.words == ("lights on", "lights off") and made.chosen.corpus == "phrases"
    assert made.chosen.front_end.kind == "integer" and made.chosen.augmentation.hold_out_noise
    assert made.chosen.run == "words-lights-on.lights-off-24voices-steps60"
    assert not list(place.iterdir())


def test_the_name_says_what_differs(place):
    made = plan(["licht an"], "de", voices=12)
    assert name_of(made.order, {}) == "words-licht-an-de-12voices"
    assert name_of(replace(made.order, voices=0, language=language_named("en")), {"seed": 2}) == "words-licht-an-seed2"
    assert plan(["an"], "de", name="mine").chosen.run == "mine"
    other, same = plan(["开灯"], "cmn").chosen.run, plan(["关灯"], "cmn").chosen.run
    assert other.startswith("words-") and other.isascii() and other != same


@pytest.mark.parametrize(
    ("texts", "options", "kind", "message"),
    [
        (["on"], {"language": "zz"}, InputError, "does not speak the language 'zz'"),
        (["on"], {"steps": 1}, InputError, "steps"),
        (["on"], {"size": "smal"}, InputError, "did you mean 'small'"),
        (["on"], {"name": "../x"}, InputError, "cannot name a run"),
        (["on"], {"voices": 2}, InputError, "voices is 2: give at least 6"),
        (["on"], {"stepz": 2}, InputError, "did you mean 'steps'"),
        (["on"], {"corpus": "folder", "words": "on"}, InputError, "words, corpus follow from the phrases"),
        (["on"], {"teacher": "medium", "teacher_share": 0.5}, InputError, "the teacher 'medium' knows the words"),
    ],
)
def test_contradictions_are_refused_before_anything_is_written(place, texts, options, kind, message):
    with pytest.raises(kind, match=message):
        plan(texts, **options)
    assert not list(place.iterdir())


def test_recordings_are_read_and_reported(place):
    with pytest.raises(DataError, match="does not exist"):
        plan(["on"], recordings=place / "nowhere")
    for number in range(5):
        write_wav(place / "mine" / "on" / f"{number}.wav", np.full(6000, 900 + number))
    made = plan(["on"], recordings=place / "mine", voices=6)
    said = "\n".join(made.describe())
    assert "own recordings: 3 train, 1 validation, 1 test" in said and "hold phrases alone" in said
    assert made.chosen.run == "words-on-6voices-own"
