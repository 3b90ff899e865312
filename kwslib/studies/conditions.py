"""The conditions of a robustness measurement: noise, time shift, level, a room, and noise alone."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from kwslib.accuracy import poisson_interval, wilson_interval
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.errors import InputError
from kwslib.network.evaluation import tflite_predictor
from kwslib.runs.clips import codes_for
from kwslib.runs.known_network import Network
from kwslib.speech.cache import CHUNK_CLIPS
from kwslib.speech.corpus import Corpus
from kwslib.speech.disturbance import active_power, change_level, mix, move, noise_segment, reverberate, stream
from kwslib.speech.noise import held_out_part
from kwslib.speech.soundscape import background
from kwslib.studies.robustness_records import ALL, FalseAccepts, Point

SNR_DB = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)
SHIFTS_MS = tuple(float(shift) for shift in range(-400, 401, 100))
GAINS_DB = tuple(float(gain) for gain in range(-30, 21, 5))
REVERBERATION_MS = (150.0, 300.0, 450.0, 600.0)
"""From a furnished room to a bare one."""
UNHEARD = ("gusts",)
"""Kinds of synthesised noise that no training on recorded speech hears (`kwslib.speech.noise_pool`)."""
UNHEARD_SECONDS = 60
THRESHOLDS = (0.0, 0.5, 0.7, 0.9)
"""Least probability at which a keyword counts as accepted; at 0 every winner counts."""
HOP_S = 0.5


Listener = Callable[[Iterable[np.ndarray]], np.ndarray]
"""Pieces of int16 (n, 16000) -> probabilities (all, 12)."""


def listener(network: Network, data: bytes) -> Listener:
    """Return a function that computes the probabilities of clips with TFLite's kernels."""
    predictor, output = tflite_predictor(data), network.graph.output

    def listen(pieces: Iterable[np.ndarray]) -> np.ndarray:
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy's transforms let other threads run
            codes = pool.map(lambda audio: codes_for(network, audio), pieces)
            found = np.concatenate([predictor(piece) for piece in codes])
        return (found.astype(np.float64) - output.file_zero_point) * output.scale

    return listen


def _pieces(audio: np.ndarray) -> Iterator[np.ndarray]:
    return (audio[start : start + CHUNK_CLIPS] for start in range(0, len(audio), CHUNK_CLIPS))


@dataclass(frozen=True)
class Study:
    """What every part of a measurement works on.

    Attributes
    ----------
    listen : Listener
    clips : ndarray of int, shape (n,)
        Indices of the clips in the test split.
    labels : ndarray of uint8, shape (n,)
    audio : ndarray of int16, shape (n, 16000)
    held_out : dict
        Name of a background recording -> its held-out part, float32.
    seed : int
    say : callable
    """

    listen: Listener
    clips: np.ndarray
    labels: np.ndarray
    audio: np.ndarray
    held_out: dict[str, np.ndarray]
    seed: int
    say: Callable[[str], None]

    def point(
        self, kind: str, value: float | None, pieces: Iterable[np.ndarray], noise: str = "", limited: Sequence[int] = ()
    ) -> Point:
        """Measure one condition; `limited` may be filled while the pieces are made."""
        shares = self.listen(pieces)
        right = shares.argmax(axis=1) == self.labels
        groups = (self.labels > UNKNOWN, self.labels == UNKNOWN, self.labels == SILENCE)
        counts = [(int(group.sum()), int(right[group].sum())) for group in groups]
        (keyword, keyword_right), (unknown, unknown_right), (silence, silence_right) = counts
        low, high = wilson_interval(int(right.sum()), len(right))
        return Point(
            kind=kind,
            noise=noise,
            value=value,
            clips=len(right),
            correct=int(right.sum()),
            accuracy=float(right.mean()),
            low=low,
            high=high,
            keyword_clips=keyword,
            keyword_correct=keyword_right,
            unknown_clips=unknown,
            unknown_correct=unknown_right,
            silence_clips=silence,
            silence_correct=silence_right,
            limited=sum(limited),
        )


def stratified(labels: np.ndarray, clips: int, seed: int) -> np.ndarray:
    """Draw clips from every label in proportion, and return their sorted indices; 0 clips mean all.

    Raises
    ------
    InputError
        If `clips` is more than there are, or less than the number of labels.
    """
    if clips == 0:
        return np.arange(len(labels))
    classes = len(np.unique(labels))
    if not classes <= clips <= len(labels):
        raise InputError(f"clips is {clips}: give {classes} to {len(labels)}, or 0 for all of them")
    generator = np.random.Generator(np.random.PCG64([seed, clips]))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        place[generator.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(np.argsort(place, kind="stable")[:clips])


def prepare(listen: Listener, corpus: Corpus, clips: int, seed: int, say: Callable[[str], None]) -> Study:
    """Draw the clips, and hold out the last part of each background recording.

    Raises
    ------
    InputError
        If `clips` is not 0 and not a number of clips that can be drawn.
    DataError
        If the corpus lacks clips or recordings.
    """
    names_and_recordings = zip(corpus.noise_names(), corpus.noise(), strict=True)
    held_out = {name: held_out_part(recording) for name, recording in names_and_recordings}
    found = corpus.clips("test", "noise-silence")
    chosen = stratified(found.labels, clips, seed)
    return Study(listen, chosen, np.asarray(found.labels[chosen]), np.asarray(found.audio[chosen]), held_out, seed, say)


def measure_false_accepts(study: Study, thresholds: Sequence[float]) -> list[FalseAccepts]:
    """Count false accepts in each held-out recording, then in all of them together."""
    rows, shares, hours = [], [], []
    for name, recording in study.held_out.items():
        shares.append(study.listen(_pieces(stream(recording, HOP_S))))
        hours.append(len(recording) / SAMPLE_RATE_HZ / 3600)
        rows += false_accepts(name, shares[-1], hours[-1], thresholds)
    rows += false_accepts(ALL, np.concatenate(shares), sum(hours), thresholds)
    study.say(f"false accepts: {len(study.held_out)} recordings")
    return rows


def measure_shifts(study: Study) -> list[Point]:
    """Measure the clips shifted in time; those of ``_silence_`` stay where they are."""
    silent = (study.labels == SILENCE)[:, None]
    points = [
        study.point("shift", shift_ms, _pieces(np.where(silent, study.audio, move(study.audio, shift_ms))))
        for shift_ms in SHIFTS_MS
    ]
    study.say(f"time shift: {len(SHIFTS_MS)} values")
    return points


def measure_levels(study: Study) -> list[Point]:
    """Measure the clips at other levels."""
    points = []
    for gain_db in GAINS_DB:
        changed, clipped = change_level(study.audio, gain_db)
        points.append(study.point("level", gain_db, _pieces(changed), limited=[int(clipped.sum())]))
    study.say(f"level: {len(GAINS_DB)} values")
    return points


def measure_rooms(study: Study) -> list[Point]:
    """Measure the clips as heard across rooms; those of ``_silence_`` stay as they are."""
    silent = (study.labels == SILENCE)[:, None]
    points = []
    for time_ms in REVERBERATION_MS:
        seeds = _pieces(np.stack([np.full(len(study.clips), study.seed), study.clips], axis=1))
        pairs = zip(_pieces(study.audio), _pieces(silent), seeds, strict=True)
        pieces = (np.where(still, audio, reverberate(audio, time_ms, seed)) for audio, still, seed in pairs)
        points.append(study.point("reverberation", time_ms, pieces))
    study.say(f"reverberation: {len(REVERBERATION_MS)} times")
    return points


@dataclass(frozen=True)
class Words:
    """The clips that noise is mixed with; those of ``_silence_`` are zeros.

    Attributes
    ----------
    audio : ndarray of int16, shape (n, 16000)
    power : ndarray of float, shape (n,)
        Active power; `reference_power` for a clip without signal.
    reference_power : float
        Median active power of the clips with a signal.
    without_signal : ndarray of bool, shape (n,)
    """

    audio: np.ndarray
    power: np.ndarray
    reference_power: float
    without_signal: np.ndarray


def words_of(study: Study) -> Words:
    """Turn the clips of ``_silence_`` into zeros, and find the active power of the others."""
    audio = study.audio.copy()
    audio[study.labels == SILENCE] = 0
    power = np.concatenate([active_power(piece) for piece in _pieces(audio)])
    reference = float(np.median(power[power > 0]))
    without = power == 0
    power[without] = reference
    return Words(audio, power, reference, without)


def measure_noise(study: Study, words: Words) -> list[Point]:
    """Measure the words clean, then in each background noise, and in those of `UNHEARD`, at each ratio."""
    points = [study.point("snr", None, _pieces(words.audio))]
    rng = np.random.default_rng(study.seed)
    unheard = {f"{kind} (synthesised)": background(kind, rng, UNHEARD_SECONDS, []) for kind in UNHEARD}
    for number, (name, recording) in enumerate((study.held_out | unheard).items()):
        noise = np.stack([noise_segment(recording, (study.seed, int(clip), number)) for clip in study.clips])
        for snr_db in SNR_DB:
            limited: list[int] = []
            pieces = _mixtures(words, noise, snr_db, limited)
            points.append(study.point("snr", snr_db, pieces, name, limited))
        study.say(f"noise: {name}")
    return points


def _mixtures(words: Words, noise: np.ndarray, snr_db: float, limited: list[int]) -> Iterator[np.ndarray]:
    """Yield words mixed with noise, and add to `limited` how many of them were turned down to full scale."""
    for audio, power, noise_piece in zip(_pieces(words.audio), _pieces(words.power), _pieces(noise), strict=True):
        mixed, turned_down = mix(audio, power, noise_piece, snr_db)
        limited.append(int(turned_down.sum()))
        yield mixed


def false_accepts(noise: str, shares: np.ndarray, hours: float, thresholds: Sequence[float]) -> list[FalseAccepts]:
    """Count the keywords among a listener's decisions, probabilities (decisions, 12), for each threshold.

    Raises
    ------
    InputError
        If a threshold is not between 0 and 1.
    """
    check_thresholds(thresholds)
    rows = []
    winners, top = shares.argmax(axis=1), shares.max(axis=1)
    for threshold in thresholds:
        count = int(np.sum((winners > UNKNOWN) & (top >= threshold)))
        low, high = poisson_interval(count)
        rows.append(FalseAccepts(noise, threshold, len(shares), count, hours, count / hours, low / hours, high / hours))
    return rows


def check_thresholds(thresholds: Iterable[float]) -> None:
    """Raise InputError unless every threshold is a probability."""
    for threshold in thresholds:
        if not 0 <= threshold <= 1:
            raise InputError(f"threshold is {threshold:g}: give a probability from 0 to 1")
