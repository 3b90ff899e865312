"""The corpus of own phrases: spoken once, resumed, divided by voice, with own recordings mixed in and set apart."""

import json
import pickle
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from kwslib import speech
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.errors import DataError, InputError
from kwslib.speech import phrase_studio
from kwslib.speech.corpus import SPLITS
from kwslib.speech.languages import language_named
from kwslib.speech.near_misses import KINDS
from kwslib.speech.own_recordings import read_own
from kwslib.speech.phrase_clips import LONGEST_SAMPLES, Spoken, pieces_of, repeats_of
from kwslib.speech.phrase_corpus import Order, Phrases
from kwslib.speech.phrase_script import Utterance
from kwslib.speech.phrase_studio import folder_of, open_phrases
from kwslib.speech.phrases import check_phrases
from kwslib.speech.sentences import holds
from tests.corpora import write_wav

TEXTS = ["lights on", "lights off"]


@pytest.fixture(scope="module")
def phrases():
    return tuple(check_phrases(TEXTS, language_named("en")))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    time_s = np.arange(8000) / 16000
    for word, hertz in (("lights on", 300), ("lights_off", 500), ("coughs", 700)):
        for number in range(10):
            sound = 5000 * np.sin(2 * np.pi * (hertz + number) * time_s)
            write_wav(folder / word / f"p{number}_nohash_0.wav", sound)
    return read_own(folder, TEXTS)


@pytest.fixture(scope="module")
def made(phrases, recordings, tmp_path_factory):
    """A corpus with recordings, the order it was made from, and what was said."""
    patch, said = pytest.MonkeyPatch(), []
    patch.setenv("KWS_CACHE", str(tmp_path_factory.mktemp("cache")))
    order = Order(phrases, language_named("en"), seed=3, voices=6, own=recordings)
    yield open_phrases(order, say=said.append), order, said
    patch.undo()


def test_it_has_phrases_negatives_and_silence_in_every_split(made):
    corpus, _, _ = made
    assert corpus.labels == ("_silence_", "_unknown_", "lights on", "lights off")
    for split in SPLITS:
        clips = corpus.clips(split, "noise-silence")
        counts = Counter(clips.labels.tolist())
        assert set(counts) == {0, 1, 2, 3} and len(set(clips.names)) == len(clips)
        assert {name.partition("/")[0] for name in clips.names} >= {*KINDS, *TEXTS, "_silence_"}
        assert corpus.manifest["splits"][split] == Counter(name.partition("/")[0] for name in clips.names)
        spoken = np.asarray(clips.audio[clips.labels != SILENCE], float)
        assert spoken.std(axis=1).min() > 20


def test_no_voice_and_no_variant_is_in_two_splits(made):
    corpus, _, _ = made
    variants = [
        {voice.partition("+")[2] for voice in corpus.voices(split)} for split in ("train", "validation", "test")
    ]
    assert all(variants) and sum(map(len, variants)) == len(set().union(*variants))


def test_silence_is_zeros_or_noise(made):
    corpus, _, _ = made
    for split, silence, quiet in (
        ("train", "noise-silence", 1),
        ("test", "digital-silence", 1),
        ("test", "noise-silence", 0),
    ):
        clips = corpus.clips(split, silence)
        assert (not clips.audio[clips.labels == SILENCE].any()) == quiet
    with pytest.raises(InputError, match="unknown split 'tests'"):
        corpus.clips("tests")


def test_own_recordings_train_choose_and_are_tested_apart(made):
    corpus, order, _ = made
    own = corpus.own_clips()
    assert len(own) == len(order.own.splits["test"]) > 0
    assert np.array_equal(own.audio, order.own.splits["test"].audio)
    train = corpus.clips("train")
    mixed = [index for index, name in enumerate(train.names) if "/own " in name]
    sounds = {train.audio[index].tobytes() for index in mixed}
    assert sounds == {clip.tobytes() for clip in order.own.splits["train"].audio}
    tested = {clip.tobytes() for clip in own.audio}
    for split in SPLITS:
        assert not tested & {clip.tobytes() for clip in corpus.clips(split).audio}


def test_what_streams_say_has_no_phrase_and_near_misses_are_known(made):
    corpus, _, _ = made
    rng = np.random.default_rng(0)
    for _ in range(200):
        for text in (corpus.talk.sentence(rng), corpus.talk.plain_word(rng), corpus.talk.similar_word(rng)):
            assert not any(holds(text, phrase) for phrase in TEXTS) and "[[" not in text
    assert corpus.is_near_miss("_join_/en+f1_0.wav") and not corpus.is_near_miss("_ordinary_/en+f1_0.wav")
    assert len(corpus.noise()) == corpus.manifest["noise_recordings"]


def test_it_is_opened_again_by_its_folder(made, monkeypatch):
    corpus, order, _ = made
    monkeypatch.setattr(phrase_studio, "utter", lambda *_: pytest.fail("spoken again"))
    again = open_phrases(order)
    assert again.manifest == corpus.manifest and again.folder == folder_of(order)
    assert pickle.loads(pickle.dumps(again)).labels == corpus.labels
    assert speech.corpus_in(corpus.folder) == "phrases"
    assert speech.open_corpus("phrases", corpus.folder, TEXTS).manifest == corpus.manifest
    with pytest.raises(InputError, match="has the phrases lights on, lights off, not yes"):
        speech.open_corpus("phrases", corpus.folder, ["yes"])
    with pytest.raises(DataError, match="has no speech of your own phrases"):
        Phrases(corpus.folder.parent)


def test_order_decides_the_samples_and_the_folder(made, phrases):
    _, order, _ = made
    others = (
        replace(order, seed=4),
        replace(order, own=None),
        replace(order, voices=8),
        replace(order, phrases=phrases[:1]),
    )
    assert len({folder_of(one) for one in (order, *others)}) == 5


@pytest.mark.slow
@pytest.mark.slice
def test_an_interrupted_recording_goes_on_and_ends_with_the_same_samples(phrases, tmp_path, monkeypatch):
    order = Order(phrases[:1], language_named("de"), seed=1, voices=6)
    hashes, real, count = [], phrase_studio.utter, []

    def break_off(*arguments):
        count.append(1)
        if len(count) == 4:
            raise KeyboardInterrupt
        return real(*arguments)

    for name in ("whole", "broken"):
        monkeypatch.setenv("KWS_CACHE", str(tmp_path / name))
        if name == "broken":
            monkeypatch.setattr(phrase_studio, "utter", break_off)
            with pytest.raises(KeyboardInterrupt):
                open_phrases(order, workers=1)
            assert not (folder_of(order)).exists()
            said = []
            hashes.append(open_phrases(order, workers=2, say=said.append).manifest["hash"])
            assert re.fullmatch(r"[345] of 6 voices were spoken before", said[0])
        else:
            hashes.append(open_phrases(order, workers=1).manifest["hash"])
    assert hashes[0] == hashes[1]
    assert not list((tmp_path / "broken").glob("phrases/*.voices"))


def test_a_damaged_corpus_is_made_again(made):
    corpus, order, _ = made
    path = corpus.folder / "test.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(DataError, match="test.npy is damaged: give the phrases to kws words again"):
        Phrases(corpus.folder)
    assert open_phrases(order).manifest["hash"] == corpus.manifest["hash"]
    assert path.read_bytes() == whole


def test_a_byte_that_changes_is_named_and_a_corpus_without_checksums_is_taken(made):
    corpus, _, _ = made
    for path in sorted(corpus.folder.iterdir()):
        whole = path.read_bytes()
        path.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
        with pytest.raises(DataError, match=rf"{path.name} is damaged|has no speech of your own phrases"):
            Phrases(corpus.folder)
        assert speech.corpus_in(corpus.folder) == "phrases"
        path.write_bytes(whole)
    path = corpus.folder / "manifest.json"
    whole = path.read_bytes()
    older = {name: value for name, value in json.loads(whole).items() if name not in ("files_sha256", "checksum")}
    path.write_text(json.dumps(older))
    assert Phrases(corpus.folder).labels == corpus.labels
    path.write_bytes(whole)


def test_a_phrase_is_left_out_where_it_does_not_fit_and_never_cut():
    order = phrase_studio.Saying("keyword", "on", "on"), phrase_studio.Saying("_running_", "a b", "a b")
    lines = [Utterance(order[0], 2, 170, 50, 50)] * 3 + [Utterance(order[1], UNKNOWN, 170, 50, 50, 4)]
    loud = np.full(40_000, 3000, np.int16)
    sounds = [loud[:9000], loud[: LONGEST_SAMPLES + 1], loud[:0], loud]
    found, left_out = pieces_of("en+f1", lines, sounds, np.random.default_rng(0))
    assert left_out == 2
    assert [(one.name, len(one.samples)) for one in found] == [
        ("on/en+f1_0.wav", 9000),
        *((f"_running_/en+f1_{number}.wav", LONGEST_SAMPLES) for number in range(4)),
    ]
    assert isinstance(found[0], Spoken)


def test_few_recordings_are_repeated_to_a_quarter():
    labels = np.repeat(np.uint8([2, 3]), [10, 300])
    times = repeats_of(labels, {2: 300, 3: 300})
    assert times[0] * 10 / (times[0] * 10 + 300) == pytest.approx(0.25)
    assert set(times[10:]) == {1}


def test_the_manifest_says_what_it_is(made):
    corpus, _, said = made
    manifest = json.loads((corpus.folder / "manifest.json").read_text())
    assert manifest["split_rule"].startswith("by variant of voice") and "own recordings" in manifest["split_rule"]
    assert manifest["settings"]["language"] == "en" and said[-1] == "6 of 6 voices"
