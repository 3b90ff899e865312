"""The streams of the study: sound without keywords, and keywords set into noise. Made piece by piece, never kept.

Two parts share nothing. ``choice``, on which thresholds are chosen, has the speakers and words of validation, one half
of espeak-ng's voices, and the first half of the held-out noise. ``report`` has the test speakers and the other halves.
Every stream follows from seed, part, kind and number alone.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.words import UNKNOWN
from kwslib.errors import DataError
from kwslib.paths import scratch
from kwslib.speech import soundscape
from kwslib.speech.corpus import Clips, Corpus
from kwslib.speech.disturbance import active_part, gain_to_level
from kwslib.speech.noise import held_out_part
from kwslib.speech.utterances import Line, audible, resampled, utter
from kwslib.speech.voices import PITCH, PITCH_RANGE, RATE_WPM, Extent, cast

SPLITS = {"choice": "validation", "report": "test"}
"""The parts of the study, and whose speakers they have."""
VOICES = Extent({"train": 1, "validation": 290, "test": 290}, takes=1, noise_s=1)
LINES_A_VOICE = 16
SPEECH_DBFS = (-40.0, -15.0)
"""Bounds of the level of an utterance (root mean square over its active frames)."""
FLOOR_DBFS = (-80.0, -50.0)
"""Bounds of the level of the noise behind speech that is not in a mixture."""
NOISE_DBFS = (-60.0, -10.0)
MIXTURE_SNR_DB = (0.0, 20.0)
NOISE_S = (5.0, 30.0)
"""Bounds of the length of one noise in a stream."""
WORD_DBFS = -26.0
"""Level of the keywords set into noise."""
FULL = 32768.0


@dataclass(frozen=True)
class Placed:
    """A keyword in a stream: its class, and the samples at which its active part begins and ends."""

    label: int
    begin: int
    end: int


@dataclass(frozen=True, eq=False)
class Stream:
    """Sound, int16 (samples,), and the keywords in it."""

    samples: np.ndarray
    words: tuple[Placed, ...] = ()


class Sounds:
    """What one part of the study is made of.

    Parameters
    ----------
    corpus : Corpus
    part : str
        ``choice`` or ``report``.
    seed : int

    Raises
    ------
    DataError
        If the corpus lacks clips or noise.
    """

    def __init__(self, corpus: Corpus, part: str, seed: int) -> None:
        self.part, self.seed = part, seed
        self.number = list(SPLITS).index(part)
        self._corpus = corpus

    @cached_property
    def voices(self) -> list[str]:
        """Voices of espeak-ng, accent and variant."""
        return self._corpus.voices(SPLITS[self.part]) or cast(self.seed, VOICES)[SPLITS[self.part]]

    @cached_property
    def _split(self) -> Clips:
        return self._corpus.clips(SPLITS[self.part], "noise-silence")

    @cached_property
    def _clips(self) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(self._split.labels), np.asarray(self._split.audio)

    @cached_property
    def other_words(self) -> np.ndarray:
        """Clips of other words that were not made to sound like a keyword, int16 (n, 16000)."""
        labels, audio = self._clips
        plain = np.array([not self._corpus.is_near_miss(name) for name in self._split.names], bool)
        found = audio[(labels == UNKNOWN) & plain & audio.any(axis=1)]
        if not len(found):
            raise DataError(f"the corpus in {self._corpus.folder} has no {SPLITS[self.part]} clips of other words")
        return found

    @cached_property
    def noises(self) -> list[np.ndarray]:
        """One half of the held-out end of each background recording, float64 of unit root mean square."""
        halves = []
        for recording in self._corpus.noise():
            half = np.array_split(held_out_part(recording), len(SPLITS))[self.number].astype(np.float64)
            if half.any():
                halves.append(half / np.sqrt(np.mean(half**2)))
        if not halves:
            raise DataError(f"the background recordings in {self._corpus.folder} are digital silence")
        return halves

    def keywords(self, clips: int) -> list[tuple[int, np.ndarray]]:
        """Return label and clip of keywords, `clips` of each (0: all), the words in turn; silent clips are left out."""
        labels, audio = self._clips
        rng = self.generator("keywords", 0)
        by_label = []
        for label in range(UNKNOWN + 1, int(labels.max()) + 1):
            own = rng.permutation(np.flatnonzero((labels == label) & audio.any(axis=1)))
            by_label.append([(label, index) for index in own[: clips or None]])
        if not all(by_label):
            raise DataError(f"the corpus in {self._corpus.folder} lacks {SPLITS[self.part]} clips of a keyword")
        longest = max(map(len, by_label))
        turns = [own[turn] for turn in range(longest) for own in by_label if turn < len(own)]
        return [(label, audio[index]) for label, index in turns]

    def generator(self, kind: str, number: int) -> np.random.Generator:
        """Random numbers for one stream."""
        return np.random.default_rng([self.seed, self.number, *kind.encode(), number])

    def negative(self, kind: str, number: int, seconds: int) -> Stream:
        """Return a stream without a keyword; `kind` is one of `kwslib.config.streams.NEGATIVES`, or `SIMILAR`."""
        rng, samples = self.generator(kind, number), seconds * SAMPLE_RATE_HZ
        if kind == "noise":
            return Stream(_int16(self._noise(rng, samples, NOISE_DBFS)))
        if kind == "mixtures":
            speech = self._speech(rng, str(rng.choice(["sentences", "other words"])), samples)
            snr_db = rng.uniform(*MIXTURE_SNR_DB)
            level = 20 * np.log10(max(np.sqrt(np.mean(speech**2)), 1.0) / FULL) - snr_db
            return Stream(_int16(speech + self._noise(rng, samples, (level, level))))
        return Stream(_int16(self._speech(rng, kind, samples) + self._noise(rng, samples, FLOOR_DBFS)))

    def _speech(self, rng: np.random.Generator, kind: str, samples: int) -> np.ndarray:
        """Utterances one after the other until `samples` are full, float64."""
        sound, at = np.zeros(samples), 0
        pause_s = {"sentences": (0.1, 1.0), "joined": (0.0, 0.06), "similar": (0.2, 0.8), "other words": (0.0, 0.3)}
        while at < samples:
            for piece in self._utterances(rng, kind):
                at += round(rng.uniform(*pause_s[kind]) * SAMPLE_RATE_HZ)
                kept = piece[: max(0, samples - at)]
                sound[at : at + len(kept)] = kept * gain_to_level(piece, rng.uniform(*SPEECH_DBFS))
                at += len(piece)
        return sound

    def _utterances(self, rng: np.random.Generator, kind: str) -> list[np.ndarray]:
        if kind == "other words":
            return [self.other_words[rng.integers(len(self.other_words))].astype(np.float64) for _ in range(20)]
        talk = self._corpus.talk
        say = {"sentences": talk.sentence, "joined": talk.plain_word, "similar": talk.similar_word}[kind]
        lines = [
            Line(
                say(rng),
                int(rng.integers(*RATE_WPM, endpoint=True)),
                int(rng.integers(*PITCH, endpoint=True)),
                int(rng.integers(*PITCH_RANGE, endpoint=True)),
            )
            for _ in range(LINES_A_VOICE * (1 if kind == "sentences" else 5))
        ]
        with scratch("voice") as folder:
            spoken = utter(str(rng.choice(self.voices)), lines, folder)
        return [audible(resampled(piece)) for piece in spoken]

    def _noise(self, rng: np.random.Generator, samples: int, level_dbfs: tuple[float, float]) -> np.ndarray:
        """Noises one after the other, recorded or synthesised, each with a level of its own, float64."""
        pieces, have = [], 0
        while have < samples:
            length = min(round(rng.uniform(*NOISE_S) * SAMPLE_RATE_HZ), samples - have)
            piece = self._one_noise(rng, length)
            pieces.append(piece * FULL * 10 ** (rng.uniform(*level_dbfs) / 20))
            have += length
        return np.concatenate(pieces)

    def _one_noise(self, rng: np.random.Generator, length: int) -> np.ndarray:
        """A held-out recording from a random place on, around its end if need be; or a synthesised noise; or both."""
        recorded = np.roll(self.noises[rng.integers(len(self.noises))], int(rng.integers(CLIP_SAMPLES * 60)))
        recorded = np.resize(recorded, length)
        which = rng.integers(3)
        if which == 0:
            return recorded
        words = [audible(word.astype(np.float64)) for word in self.other_words[:40]]
        seconds = -(-length // SAMPLE_RATE_HZ) + 2
        made = soundscape.background(str(rng.choice(soundscape.NOISES)), rng, seconds, words)[:length]
        return made if which == 1 else (made + recorded) / np.sqrt(2)

    def positive(
        self, words: list[tuple[int, np.ndarray]], number: int, snr_db: float | None, spacing_s: int
    ) -> Stream:
        """Set words into noise, one every `spacing_s` seconds at a random sample; without a ratio into silence.

        The active part of every word has the same level, so that the ratio holds while the noise goes on evenly.
        """
        spacing = spacing_s * SAMPLE_RATE_HZ
        rng = self.generator("positive", number)
        sound, placed = np.zeros(len(words) * spacing + spacing), []
        for turn, (label, clip) in enumerate(words):
            at = turn * spacing + int(rng.integers(spacing - CLIP_SAMPLES, spacing))
            sound[at : at + CLIP_SAMPLES] += clip * gain_to_level(clip, WORD_DBFS)
            first, last = active_part(clip)
            placed.append(Placed(label, at + first, at + last))
        if snr_db is not None:
            level = FULL * 10 ** ((WORD_DBFS - snr_db) / 20)
            noise = np.roll(self.noises[number % len(self.noises)], int(rng.integers(CLIP_SAMPLES * 60)))
            sound += level * np.resize(noise, len(sound))
        return Stream(_int16(sound), tuple(placed))

    def benchmark(self, seconds: int, count: int) -> Stream:
        """Return a stream of MLPerf Tiny's kind: keywords at random places in changing background sound."""
        rng, samples = self.generator("benchmark", 0), seconds * SAMPLE_RATE_HZ
        sound = self._noise(rng, samples, (-50.0, -30.0))
        half = samples // 2
        sound[half:] += 0.3 * self._speech(rng, "sentences", samples - half)
        slot, placed = samples // count, []
        keywords = int(self._clips[0].max()) - UNKNOWN
        for turn, (label, clip) in enumerate(self.keywords(-(-count // keywords))[:count]):
            at = turn * slot + int(rng.integers(0, slot - 3 * CLIP_SAMPLES))
            sound[at : at + CLIP_SAMPLES] += clip * gain_to_level(clip, rng.uniform(-30, -18))
            first, last = active_part(clip)
            placed.append(Placed(label, at + first, at + last))
        return Stream(_int16(sound), tuple(placed))


def _int16(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound), -FULL, FULL - 1).astype(np.int16)
