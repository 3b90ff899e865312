"""From what voices spoke to the clips of a split: pieces cut, noise and channel, silence, own recordings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.speech import soundscape
from kwslib.speech.corpus import SPLITS, extra_clips
from kwslib.speech.near_misses import KEYWORD
from kwslib.speech.own_recordings import OwnClips
from kwslib.speech.phrase_corpus import MOST_REPEATS, OWN_SHARE, Order
from kwslib.speech.phrase_script import Utterance
from kwslib.speech.phrases import LONGEST_S
from kwslib.speech.synthetic import BABBLE_VOICES
from kwslib.speech.utterances import is_click

NOISE_S = 40
LONGEST_SAMPLES = int(LONGEST_S * SAMPLE_RATE_HZ)
NO_CLIPS = OwnClips((), np.zeros(0, np.uint8), np.zeros((0, CLIP_SAMPLES), np.int16))


@dataclass(frozen=True)
class Spoken:
    """A sound that becomes a clip: its name, its label, and samples, int16, of at most `LONGEST_SAMPLES`."""

    name: str
    label: int
    samples: np.ndarray


def pieces_of(
    voice: str, own: Sequence[Utterance], sounds: Sequence[np.ndarray], rng: np.random.Generator
) -> tuple[list[Spoken], int]:
    """Return what becomes clips of what a voice spoke, and how many phrases are left out.

    A phrase that takes longer than `LONGEST_S`, or came out silent, is left out, never cut. Of other sounds that are
    longer, a random piece is taken, or several where the script says so.
    """
    made, left_out = [], 0
    numbers: Counter[str] = Counter()
    for line, sound in zip(own, sounds, strict=True):
        kind = line.saying.kind
        if kind == KEYWORD:
            if not 0 < len(sound) <= LONGEST_SAMPLES:
                left_out += 1
                continue
            parts = [sound]
        else:
            parts = [_piece(sound, rng) for _ in range(line.pieces)]
        folder = line.saying.name if kind == KEYWORD else kind
        for part in parts:
            if not is_click(part.astype(np.float64)):
                made.append(Spoken(f"{folder}/{voice}_{numbers[folder]}.wav", line.label, part))
                numbers[folder] += 1
    return made, left_out


def _piece(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if len(sound) <= LONGEST_SAMPLES:
        return sound
    begin = int(rng.integers(len(sound) - LONGEST_SAMPLES + 1))
    return sound[begin : begin + LONGEST_SAMPLES]


def babble_of(
    voices: Mapping[str, Sequence[Utterance]], spoken: Mapping[str, Sequence[np.ndarray]], last: bool = False
) -> list[np.ndarray]:
    """Return what babble is made of: what some voices say that is no phrase."""
    names = list(voices)[-BABBLE_VOICES:] if last else list(voices)[:BABBLE_VOICES]
    return [
        sound[:CLIP_SAMPLES]
        for voice in names
        for line, sound in zip(voices[voice], spoken[voice], strict=True)
        if line.saying.kind != KEYWORD and len(sound)
    ]


def compose(
    order: Order, number: int, sounds: Sequence[Spoken], babble: list[np.ndarray]
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Set the sounds of a split in clips with noise; add own recordings, and silence: zeros in training, noise else."""
    seed, split = order.seed, SPLITS[number]
    recordings = soundscape.recordings(np.random.default_rng([seed, 11, number]), NOISE_S, babble)
    own = _own_of(order, split, Counter(sound.label for sound in sounds))
    phrases = sum(sound.label > UNKNOWN for sound in sounds)
    silences = extra_clips(phrases, len(order.phrases))
    audio = np.zeros((len(sounds) + silences + len(own), CLIP_SAMPLES), np.int16)
    for index in range(len(sounds) + silences):
        rng = np.random.default_rng([seed, 12, number, index])
        if index < len(sounds):
            audio[index] = soundscape.clip_of(sounds[index].samples, recordings, rng)
        elif split != "train":
            audio[index] = soundscape.silence_of(recordings, rng)
    if len(own):
        audio[len(sounds) + silences :] = own.audio
    names = [sound.name for sound in sounds] + [f"_silence_/{index}.wav" for index in range(silences)]
    labels = np.array([sound.label for sound in sounds] + [SILENCE] * silences, np.uint8)
    return [*names, *own.names], np.concatenate([labels, own.labels]), audio


def repeats_of(labels: np.ndarray, others: Mapping[int, int]) -> np.ndarray:
    """Return how often each recording of a training is repeated, so that a few among thousands are heard.

    Parameters
    ----------
    labels : ndarray of uint8, shape (n,)
        Classes of the recordings.
    others : mapping
        Synthetic clips of each class. The recordings of a class become `OWN_SHARE` of it, or are repeated
        `MOST_REPEATS` times.

    Examples
    --------
    >>> repeats_of(np.uint8([2, 2, 3]), {2: 12, 3: 6000}).tolist()
    [2, 2, 20]
    """
    times = np.ones(len(labels), int)
    for label in np.unique(labels):
        here = labels == label
        wanted = OWN_SHARE / (1 - OWN_SHARE) * others.get(int(label), 0) / here.sum()
        times[here] = min(MOST_REPEATS, max(1, round(wanted)))
    return times


def _own_of(order: Order, split: str, counts: Mapping[int, int]) -> OwnClips:
    """The own recordings of a split, repeated in the training."""
    if order.own is None or split == "test":
        return NO_CLIPS
    own = order.own.splits[split]
    times = repeats_of(own.labels, counts) if split == "train" else np.ones(len(own), int)
    names = [
        f"{name.partition('/')[0]}/own {repeat} {name.partition('/')[2]}"
        for name, count in zip(own.names, times, strict=True)
        for repeat in range(count)
    ]
    return OwnClips(tuple(names), np.repeat(own.labels, times), np.repeat(own.audio, times, axis=0))
