import numpy as np
import pytest

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import FrontEnd
from kwslib.config.streams import SNR_DB
from kwslib.errors import InputError
from kwslib.integer.front_end import codes_of
from kwslib.speech.augmentation import Material, augment
from kwslib.speech.dataset import evaluation_codes, noisy_codes, training_codes, training_path
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.running_speech import running_speech

SMALL = FrontEnd("magnitude", 40, 20, 10)
POWER = FrontEnd("power", 40, 20, 10)


def test_evaluation_codes_of_the_integer_front_end(tiny_corpus):
    clips, integer = tiny_corpus.clips("test", "noise-silence"), FrontEnd("integer", 40, 20, 10, 0.75)
    codes, _ = evaluation_codes(tiny_corpus, "test", "noise-silence", integer)
    np.testing.assert_array_equal(codes, codes_of(np.asarray(clips.audio), integer))


def test_evaluation_codes_are_the_clips_codes_and_are_kept(tiny_corpus, monkeypatch):
    clips = tiny_corpus.clips("test", "noise-silence")
    codes, labels = evaluation_codes(tiny_corpus, "test", "noise-silence", SMALL)
    np.testing.assert_array_equal(codes, quantise(fingerprints(clips.audio, SMALL)))
    np.testing.assert_array_equal(labels, clips.labels)
    monkeypatch.setattr("kwslib.speech.dataset.fingerprint", None)
    again, _ = evaluation_codes(tiny_corpus, "test", "noise-silence", SMALL)
    np.testing.assert_array_equal(codes, again)


def test_training_codes_are_the_augmented_clips_codes(tiny_corpus, monkeypatch):
    monkeypatch.setattr("kwslib.speech.dataset.CHUNK_CLIPS", 7)
    augmentation = Augmentation(gain_db=3)
    codes, labels = training_codes(tiny_corpus, SMALL, augmentation, 5, 2)
    clips = tiny_corpus.clips("train")
    varied = augment(Material(clips, tiny_corpus.noise()), augmentation, 5, 2, range(len(clips)))
    np.testing.assert_array_equal(codes, quantise(fingerprints(varied, SMALL)))
    np.testing.assert_array_equal(labels, clips.labels)


def test_whatever_the_codes_depend_on_is_in_the_key(tiny_corpus, cache):
    evaluation_codes(tiny_corpus, "test", "noise-silence", SMALL)
    evaluation_codes(tiny_corpus, "test", "digital-silence", SMALL)
    evaluation_codes(tiny_corpus, "validation", "digital-silence", SMALL)
    evaluation_codes(tiny_corpus, "test", "digital-silence", POWER)
    for arguments in ((Augmentation(), 0, 0), (Augmentation(), 1, 0), (Augmentation(), 0, 1)):
        training_codes(tiny_corpus, SMALL, *arguments)
    training_codes(tiny_corpus, SMALL, Augmentation(shift_ms=50), 0, 0)
    training_codes(tiny_corpus, POWER, Augmentation(), 0, 0)
    files = list((cache / "fingerprints").iterdir())
    assert len(files) == 9
    assert len({path.read_bytes() for path in files}) == 9


def test_a_negative_seed_or_copy_is_refused(tiny_corpus):
    with pytest.raises(InputError, match="seed is -1 and copy 0"):
        training_codes(tiny_corpus, SMALL, Augmentation(), -1, 0)


def test_all_other_words_of_the_split_take_turns_and_decide_the_key(tiny_corpus, cache):
    others, digest = tiny_corpus.other_words("train")
    chosen = tiny_corpus.clips("train")
    assert len(others) >= (chosen.labels == 1).sum()
    assert len(digest) == 64
    turned = Augmentation(turn_others=True, snr_probability=0.5)
    codes, _ = training_codes(tiny_corpus, SMALL, turned, 5, 1)
    plain, _ = training_codes(tiny_corpus, SMALL, Augmentation(), 5, 1)
    assert not np.array_equal(codes, plain)
    path = training_path(tiny_corpus, SMALL, turned, 5, 1)
    assert path.exists() and path != training_path(tiny_corpus, SMALL, Augmentation(), 5, 1)
    unknown = chosen.labels == 1
    material = Material(chosen, tiny_corpus.noise(), others)
    varied = augment(material, Augmentation(turn_others=True), 5, 1, np.flatnonzero(unknown))
    np.testing.assert_array_equal(
        training_codes(tiny_corpus, SMALL, Augmentation(turn_others=True), 5, 1)[0][unknown],
        quantise(fingerprints(varied, SMALL)),
    )


def test_words_in_noise_are_the_splits_words_at_the_ratios_in_turn(tiny_corpus, cache, monkeypatch):
    clips = tiny_corpus.clips("validation")
    words = np.flatnonzero(clips.labels != 0)
    mixed, labels = noisy_codes(tiny_corpus, "validation", POWER)
    np.testing.assert_array_equal(labels, clips.labels[words])
    quiet = evaluation_codes(tiny_corpus, "validation", "digital-silence", POWER)[0][words]
    alone = {}
    for ratio in SNR_DB:
        monkeypatch.setattr("kwslib.speech.dataset.SNR_DB", (ratio,))
        alone[ratio] = noisy_codes(tiny_corpus, "validation", POWER)[0]
    distances = [np.abs(alone[ratio].astype(int) - quiet).mean() for ratio in SNR_DB]
    assert distances[0] > 0 and all(np.diff(distances) > 0)  # the lower the ratio, the more noise
    for turn, ratio in enumerate(SNR_DB):
        np.testing.assert_array_equal(mixed[turn :: len(SNR_DB)], alone[ratio][turn :: len(SNR_DB)])


def test_words_in_noise_do_not_depend_on_the_chunks(tiny_corpus, cache, monkeypatch):
    whole, _ = noisy_codes(tiny_corpus, "test", SMALL)
    for path in (cache / "fingerprints").iterdir():
        path.unlink()
    monkeypatch.setattr("kwslib.speech.dataset.CHUNK_CLIPS", 5)
    np.testing.assert_array_equal(noisy_codes(tiny_corpus, "test", SMALL)[0], whole)


def test_running_speech_is_made_of_the_splits_other_words_and_decides_the_key(tiny_corpus):
    clips, others = tiny_corpus.clips("train"), tiny_corpus.other_words("train")[0]
    running = Augmentation(running_speech=0.5)
    codes, labels = training_codes(tiny_corpus, SMALL, running, 5, 1)
    count = len(clips) + round(0.5 * len(clips))
    assert len(codes) == len(labels) == count and (labels[len(clips) :] == 1).all()
    material = Material(clips, tiny_corpus.noise(), others, running_speech(others, 5, 1))
    np.testing.assert_array_equal(codes, quantise(fingerprints(augment(material, running, 5, 1, range(count)), SMALL)))
    plain, _ = training_codes(tiny_corpus, SMALL, Augmentation(), 5, 1)
    np.testing.assert_array_equal(codes[: len(clips)], plain)
    assert training_path(tiny_corpus, SMALL, running, 5, 1) != training_path(tiny_corpus, SMALL, Augmentation(), 5, 1)
