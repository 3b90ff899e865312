import numpy as np
import pytest

from kwslib.config.streams import NEGATIVES, SIMILAR
from kwslib.config.words import KEYWORDS, LABELS
from kwslib.errors import DataError, InputError
from kwslib.speech.disturbance import active_part, active_power
from kwslib.speech.sentences import PhraseTalk
from kwslib.studies import streaming_sounds
from kwslib.studies.streaming_changes import CHANGES, Change
from kwslib.studies.streaming_sounds import WORD_DBFS, Sounds
from tests.studies.test_streaming import Drawn


@pytest.fixture(scope="module")
def report():
    return Sounds(Drawn(), "report", seed=0)


@pytest.mark.parametrize("kind", [*NEGATIVES, SIMILAR])
def test_a_stream_follows_from_its_number(report, kind):
    one, same = (Sounds(Drawn(), "report", 0).negative(kind, 1, 4) for _ in range(2))
    assert np.array_equal(one.samples, same.samples)
    assert one.samples.dtype == np.int16 and len(one.samples) == 64_000 and one.words == ()
    assert one.samples.std() > 5
    assert not np.array_equal(one.samples, report.negative(kind, 2, 4).samples)


def test_the_parts_share_no_voice_no_noise_and_no_clip(report):
    choice = Sounds(Drawn(), "choice", seed=0)
    assert len(set(choice.voices)) == len(set(report.voices)) == 290
    assert not set(choice.voices) & set(report.voices)
    for one, other in zip(choice.noises, report.noises, strict=True):
        assert len(one) + len(other) == 12 * 16000 // 5
        assert not np.array_equal(one[:1000], other[:1000])
    assert not np.array_equal(choice.keywords(1)[0][1], report.keywords(1)[0][1])


def test_keywords_come_in_turn_and_as_often(report):
    labels = [label for label, _ in report.keywords(2)]
    assert labels == list(range(2, 12)) * 2
    assert len(report.keywords(0)) == 30


@pytest.mark.parametrize("snr_db", [None, 20.0, 0.0])
def test_keywords_lie_where_they_are_said_to_at_the_ratio(report, snr_db):
    words = report.keywords(1)
    stream = report.positive(words, 0, snr_db, 3)
    assert [LABELS[word.label] for word in stream.words] == list(KEYWORDS)
    sound = stream.samples.astype(float)
    quiet = np.ones(len(sound), bool)
    for word in stream.words:
        quiet[word.begin - 16_000 : word.end + 16_000] = False
    signal = 32768 * 10 ** (WORD_DBFS / 20)
    if snr_db is None:
        assert not sound[quiet].any()
        for word in stream.words:
            part = np.resize(stream.samples[word.begin : word.end], 16_000)
            assert np.sqrt(active_power(part[None])[0]) == pytest.approx(signal, rel=0.1)
    else:
        assert 20 * np.log10(signal / sound[quiet].std()) == pytest.approx(snr_db, abs=0.5)


def test_words_begin_at_all_places_relative_to_the_hops(report):
    begins = [
        word.begin % 3840 for number in range(12) for word in report.positive(report.keywords(0), number, None, 3).words
    ]
    assert np.histogram(begins, bins=8, range=(0, 3840))[0].min() > len(begins) / 8 / 2


def test_the_benchmark_has_its_words_apart(report):
    stream = report.benchmark(60, 6)
    assert len(stream.words) == 6 and len(stream.samples) == 60 * 16_000
    assert all(b.begin - a.end > 16_000 for a, b in zip(stream.words, stream.words[1:], strict=False))


def test_the_active_part_of_a_word():
    clip = np.zeros(16_000, np.int16)
    clip[5000:9000] = 1000
    assert active_part(clip) == (4800, 9280)


def test_a_corpus_without_words_or_noise_is_refused():
    class Silent(Drawn):
        def noise(self):
            return [np.zeros(12 * 16_000, np.float32)]

        def clips(self, split, silence="digital-silence"):
            found = super().clips(split, silence)
            found.audio[:] = 0
            return found

    silent = Sounds(Silent(), "report", 0)
    for need in (lambda: silent.noises, lambda: silent.other_words, lambda: silent.keywords(0)):
        with pytest.raises(DataError):
            need()


def test_changes_of_a_stream():
    sound = np.int16([0, 1000, -2000, 20_000])
    assert Change("gain", -20.0).apply(sound).tolist() == [0, 100, -200, 2000]
    assert Change("gain", 20.0).apply(sound).tolist() == [0, 10_000, -20_000, 32_767]
    assert Change("offset", 0.5).apply(sound).tolist() == [16_384, 17_384, 14_384, 32_767]
    assert Change("clipped", 0.1).apply(sound).tolist() == [0, 1000, -2000, 2000]
    assert len({change.name for change in CHANGES}) == len(CHANGES)
    with pytest.raises(InputError, match="unknown change"):
        Change("reversed", 1.0).apply(sound)


def test_voices_are_real(report):
    assert all(voice.count("+") == 1 for voice in report.voices)
    assert streaming_sounds.SPLITS == {"choice": "validation", "report": "test"}


def test_a_corpus_may_say_who_speaks_and_what(monkeypatch):
    class Own(Drawn):
        @property
        def talk(self):
            return PhraseTalk(("lights on",), ("light son",))

        def voices(self, split):
            return [f"{split}+f1"]

        def is_near_miss(self, name):
            return name != "3"  # one of the three clips of other words

    spoken = []

    def utter(voice, lines, folder):
        spoken.append((voice, {line.text for line in lines}))
        return [np.full(4000, 2000, np.int16) for _ in lines]

    monkeypatch.setattr(streaming_sounds, "utter", utter)
    own = Sounds(Own(), "report", 0)
    assert own.voices == ["test+f1"]
    own.negative("similar", 0, 2)
    assert spoken[0] == ("test+f1", {"light son"})
    assert len(own.other_words) == 1 and len(Sounds(Drawn(), "report", 0).other_words) == 3
