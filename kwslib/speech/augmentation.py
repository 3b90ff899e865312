"""Augmentation for training: background noise, time shift and volume as in the TensorFlow example, and more.

What is more: speed, noise at a signal-to-noise ratio, joined halves of keywords, other words taken in turn, and
running speech.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.errors import DataError
from kwslib.speech.corpus import Clips
from kwslib.speech.disturbance import active_power
from kwslib.speech.noise import second_at
from kwslib.speech.utterances import audible

FULL = 32768
JOINT_SAMPLES = 160
"""Two halves of words are cross-faded over 10 ms."""
TURN = 78
"""Tells the order of other words from what else follows from a seed."""


@dataclass(frozen=True, eq=False)
class Material:
    """What a copy of the training set is made of.

    Attributes
    ----------
    clips : Clips
        The clips to vary.
    noise : sequence of float32 arrays
        Background recordings in [-1, 1], each of at least 16000 samples; may be empty if no noise is wanted.
    others : ndarray of int16, shape (n, 16000)
        All other words of the split, for `Augmentation.turn_others`.
    running : ndarray of float32, shape (samples,)
        Running speech in [-1, 1], for `Augmentation.running_speech`; at least 16000 samples if any is wanted.
    """

    clips: Clips
    noise: Sequence[np.ndarray] = ()
    others: np.ndarray = field(default_factory=lambda: np.zeros((0, CLIP_SAMPLES), np.int16))
    running: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True)
class _Draws:
    """The random numbers of one clip, 0 … 1: all are drawn for every clip, so that no setting disturbs another."""

    shift: float
    gain: float
    noisy: float
    recording: float
    start: float
    volume: float
    speed: float
    at_ratio: float
    ratio: float
    join: float
    first: float
    second: float

    @classmethod
    def of(cls, seed: int, copy: int, index: int) -> "_Draws":
        generator = np.random.Generator(np.random.PCG64([seed, copy, index]))
        return cls(*generator.random(12))


def augment(
    material: Material, augmentation: Augmentation, seed: int, copy: int, indices: Sequence[int] | np.ndarray
) -> np.ndarray:
    """Return augmented clips.

    Each clip's variation follows from (seed, copy, index) alone, whatever is asked for beside it.

    Parameters
    ----------
    material : Material
    augmentation : Augmentation
        How far to vary.
    seed, copy : int
        Non-negative; the training's seed, and which varied copy of the corpus this is.
    indices : sequence of int
        Which clips; those behind the last one are seconds of running speech.

    Returns
    -------
    ndarray of float32, shape (len(indices), 16000)
        In [-1, 1].

    Raises
    ------
    DataError
        If noise is asked for and there is none.
    """
    if (augmentation.noise_probability > 0 or augmentation.snr_probability > 0) and not len(material.noise):
        raise DataError(
            "there is no background recording to add: add some, or set noise_probability and snr_probability to 0"
        )
    turned = _turned(material, augmentation, seed, copy)
    result = np.zeros((len(indices), CLIP_SAMPLES), np.float32)
    for row, index in zip(result, indices, strict=True):
        draws = _Draws.of(seed, copy, int(index))
        running = index >= len(material.clips)
        label = UNKNOWN if running else material.clips.labels[index]
        if running:
            row[:] = second_at(material.running, draws.first)
        elif label != SILENCE:
            samples = turned[int(index)] if int(index) in turned else material.clips.audio[index]
            if label == UNKNOWN and draws.join < augmentation.joined_probability:
                samples = _joined(material.clips, draws)
            _place(row, _sped(samples, augmentation, draws), augmentation, draws)
        if draws.at_ratio < augmentation.snr_probability and (label != SILENCE or augmentation.snr_silence):
            speech = row if label != SILENCE else _some_keyword(material.clips, draws)
            _add_at_ratio(row, speech, _piece(material.noise, draws), augmentation, copy, draws)
        elif draws.noisy < augmentation.noise_probability:
            volume = draws.volume * (1.0 if label == SILENCE else augmentation.noise_volume)
            row += np.float32(volume) * _piece(material.noise, draws)
    return np.clip(result, -1.0, 1.0, out=result)


def varied_labels(clips: Clips, augmentation: Augmentation) -> np.ndarray:
    """Return the labels of a copy, uint8: those of the clips, and ``_unknown_`` for the added running speech."""
    added = round(augmentation.running_speech * len(clips))
    return np.concatenate([clips.labels, np.full(added, UNKNOWN, clips.labels.dtype)])


def _turned(material: Material, augmentation: Augmentation, seed: int, copy: int) -> dict[int, np.ndarray]:
    """Samples of the other words of this copy by index of the clip that they stand in for."""
    if not augmentation.turn_others or not len(material.others):
        return {}
    places = np.flatnonzero(material.clips.labels == UNKNOWN)
    # One order for all copies: each word comes once before any comes twice.
    order = np.random.default_rng([seed, TURN]).permutation(len(material.others))
    chosen = order[(copy * len(places) + np.arange(len(places))) % len(order)]
    return {int(place): material.others[other] for place, other in zip(places, chosen, strict=True)}


def _place(row: np.ndarray, samples: np.ndarray, augmentation: Augmentation, draws: _Draws) -> None:
    """Write a clip into `row`, moved in time and in level; zeros move in."""
    limit = round(augmentation.shift_ms * SAMPLE_RATE_HZ / 1000)
    shift = int(draws.shift * (2 * limit + 1)) - limit
    gain = 10 ** (augmentation.gain_db * (2 * draws.gain - 1) / 20) / FULL
    # The first slice is where the moved clip lands, the second what of it is still inside the second.
    np.multiply(
        samples[max(0, -shift) : CLIP_SAMPLES - max(0, shift)],
        np.float32(gain),
        out=row[max(0, shift) : CLIP_SAMPLES - max(0, -shift)],
    )


def _sped(samples: np.ndarray, augmentation: Augmentation, draws: _Draws) -> np.ndarray:
    """Play a clip faster or slower; its middle stays in the middle, and zeros fill what is missing."""
    if not augmentation.speed_change:
        return samples
    factor = 1 + augmentation.speed_change * (2 * draws.speed - 1)
    played = soxr.resample(samples.astype(np.float32), SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ, quality="MQ")
    begin = (len(played) - CLIP_SAMPLES) // 2
    if begin >= 0:
        return played[begin : begin + CLIP_SAMPLES]
    return np.pad(played, (-begin, CLIP_SAMPLES - len(played) + begin))


def _joined(clips: Clips, draws: _Draws) -> np.ndarray:
    """The first half of one keyword and the second half of another, in the middle of a clip; float64."""
    words = np.flatnonzero(clips.labels > UNKNOWN)
    first = words[int(draws.first * len(words))]
    others = words[clips.labels[words] != clips.labels[first]]
    if not len(others):  # a single keyword: a half of it alone
        others = words
    second = others[int(draws.second * len(others))]
    begin, end = (audible(clips.audio[index].astype(np.float64)) for index in (first, second))
    begin, end = begin[: len(begin) // 2 + JOINT_SAMPLES], end[len(end) // 2 :]
    joint = min(JOINT_SAMPLES, len(begin), len(end))
    fade = np.linspace(0, 1, joint)
    middle = begin[len(begin) - joint :] * (1 - fade) + end[:joint] * fade
    whole = np.concatenate([begin[: len(begin) - joint], middle, end[joint:]])[:CLIP_SAMPLES]
    left = (CLIP_SAMPLES - len(whole)) // 2
    return np.pad(whole, (left, CLIP_SAMPLES - len(whole) - left))


def _piece(noise: Sequence[np.ndarray], draws: _Draws) -> np.ndarray:
    """One second of a recording."""
    return second_at(noise[int(draws.recording * len(noise))], draws.start)


def _some_keyword(clips: Clips, draws: _Draws) -> np.ndarray:
    words = np.flatnonzero(clips.labels > UNKNOWN)
    return clips.audio[words[int(draws.first * len(words))]] / np.float32(FULL)


def _add_at_ratio(
    row: np.ndarray, speech: np.ndarray, piece: np.ndarray, augmentation: Augmentation, copy: int, draws: _Draws
) -> None:
    """Add noise at a ratio to the speech's active power; what would be beyond full scale is turned down as a whole."""
    power, noise = float(active_power(speech[None])[0]), float(np.mean(np.square(piece, dtype=np.float64)))
    if not power or not noise:  # a clip or a piece of digital silence
        return
    low_db, high_db = augmentation.snr_bounds_db(copy)
    ratio_db = low_db + draws.ratio * (high_db - low_db)
    row += np.float32(np.sqrt(power / noise / 10 ** (ratio_db / 10))) * piece
    row /= max(1.0, float(np.abs(row).max()))
