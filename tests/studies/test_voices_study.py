"""What synthetic voices are worth: rows of recordings and voices, trained once, tested on recordings once."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.words import KEYWORDS, LABELS, SILENCE
from kwslib.errors import DataError, InputError
from kwslib.speech.languages import language_named
from kwslib.speech.phrase_corpus import Order
from kwslib.speech.phrase_studio import open_phrases
from kwslib.speech.phrases import check_phrases
from kwslib.speech.speech_commands import open_speech_commands
from kwslib.studies import voices_study
from kwslib.studies.voices_rows import ROWS, Mixture, Row, recordings_of
from tests import corpora
from tests.network.on_jax import TINY


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    return corpora.build(tmp_path_factory.mktemp("speech"))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("place")
    patch.setenv("KWS_RESULTS", str(folder / "results"))
    patch.setenv("KWS_CACHE", str(folder / "cache"))
    patch.setattr("kwslib.studies.trials.models_dir", lambda: folder / "models")
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def recordings(place, speech):
    return open_speech_commands(speech)


@pytest.fixture(scope="module")
def voices(place):
    english = language_named("en")
    return open_phrases(Order(tuple(check_phrases(KEYWORDS, english)), english, voices_study.CORPUS_SEED, voices=6))


def test_rows_have_each_number_with_and_without_voices():
    with_voices = {row.recordings for row in ROWS.values() if row.voices}
    assert with_voices - {0} == {row.recordings for row in ROWS.values() if not row.voices} == {10, 50, 200}
    assert 0 in with_voices and all(row.name == name for name, row in ROWS.items())


def test_fewer_recordings_are_among_more_and_split_once(recordings):
    few, many = recordings_of(recordings, 5, 1), recordings_of(recordings, 10, 1)
    assert set(few[0]) | set(few[1]) <= set(many[0]) | set(many[1])
    for train, validation in (few, many):
        assert not set(train) & set(validation)
    assert len(many[0]) == 9 * 11 and len(many[1]) == 11 and len(few[1]) == 0
    assert recordings_of(recordings, 5, 2) != few
    listed = set(recordings.listing("train"))
    assert set(many[0]) | set(many[1]) <= listed
    with pytest.raises(DataError, match="10 training clips of .*, not 50"):
        recordings_of(recordings, 50, 1)


def test_a_mixture_has_voices_recordings_or_both(recordings, voices):
    alone, both, only = (
        Mixture(row, voices, recordings, 1) for row in map(ROWS.get, ("voices", "voices-10", "only-10"))
    )
    assert len({one.manifest["hash"] for one in (alone, both, only)}) == 3
    base = voices.clips("train")
    assert np.array_equal(alone.clips("train").audio, base.audio)
    mixed = both.clips("train")
    assert np.array_equal(mixed.audio[: len(base)], base.audio)
    sounds = {clip.tobytes() for clip in mixed.audio[len(base) :]}
    assert len(sounds) == 9 * 11 <= len(mixed) - len(base)
    own = only.clips("train")
    assert {clip.tobytes() for clip in own.audio if clip.any()} == sounds
    counts = np.bincount(own.labels, minlength=len(LABELS))
    silences = min(9, int((base.labels == SILENCE).sum()))
    assert counts.tolist() == [silences, *[9] * 11] and not own.audio[own.labels == SILENCE].any()
    assert len(only.clips("validation", "noise-silence")) == 12
    with pytest.raises(InputError, match="a mixture has no test split"):
        only.clips("test")


def test_voices_of_other_words_are_refused(recordings, voices):
    class Other:
        labels = (*LABELS[:2], "marvin")

    with pytest.raises(InputError, match="the voices speak"):
        Mixture(Row("x", True, 0), Other(), recordings, 1)


@pytest.mark.slow
@pytest.mark.slice
def test_a_row_is_trained_and_tested_once_and_read_afterwards(place, speech, voices, monkeypatch):
    tiny = replace(TINY, name=voices_study.SIZE)
    monkeypatch.setattr(voices_study, "SIZES", {voices_study.SIZE: tiny})
    said: list[str] = []
    options = {"only": ["only-10"], "seeds": [5], "steps": 6, "voices": 6, "say": said.append}
    (one,) = voices_study.run_all(str(speech), **options)
    assert one.validation.clips == 12 and {count.clips for count in one.test.values()} == {12 * 2}
    assert (one.train_recordings, one.steps) == (99, 6) and 100 < one.train_clips <= 108
    lines = len(said)
    (again,) = voices_study.run_all(str(speech), **options)
    assert again == one and len(said) == lines + 1
    path = voices_study.KEPT.record()
    assert voices_study.KEPT.recorded() == [one]
    path.write_text(json.dumps(json.loads(path.read_text()))[:-20])
    with pytest.raises(DataError, match="voices-study.json is damaged"):
        voices_study.KEPT.recorded()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ["voice"]}, "unknown row 'voice'.*did you mean 'voices'"),
        ({"steps": -1}, "none may be negative"),
        ({"seeds": [-1]}, "none may be negative"),
        ({"steps": 1}, "steps"),
    ],
)
def test_bad_options_are_refused_before_anything_is_spoken(place, options, message):
    with pytest.raises(InputError, match=message):
        next(voices_study.run_all("/nowhere", **options))


def test_nothing_is_recorded_where_no_row_is_finished(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path))
    monkeypatch.setattr("kwslib.studies.trials.models_dir", lambda: tmp_path / "models")
    assert voices_study.KEPT.recorded() == []
    with pytest.raises(DataError, match="run: kws words-study"):
        voices_study.KEPT.record()
