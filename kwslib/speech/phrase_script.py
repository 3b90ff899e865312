"""Who speaks somebody's own phrases, and what each voice says: phrases, and what must not be taken for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.config.words import UNKNOWN
from kwslib.errors import InputError
from kwslib.speech.corpus import SPLITS
from kwslib.speech.languages import Language
from kwslib.speech.near_misses import HALF, JOIN, KEYWORD, NEAR, ORDINARY, RUNNING, Saying
from kwslib.speech.phrases import Phrase
from kwslib.speech.sentences import Talk
from kwslib.speech.voices import PITCH, PITCH_RANGE, RATE_WPM, VARIANTS

SHARES = {"train": 56, "validation": 9, "test": 9}
"""Variants of espeak-ng in each split. A variant with all its accents is in one split alone."""
MOST_VOICES = {"train": 360, "validation": 60, "test": 60}
"""Voices (accent and variant) of a split, where there are more; as the synthetic corpus of Google's words has."""
LEAST_VOICES = 6
TAKES_A_VOICE = 8
"""Clips of phrases that a voice speaks, all phrases together, as far as each is spoken `LEAST_TAKES` times."""
LEAST_TAKES, MOST_TAKES = 2, 4
QUOTAS = {HALF: 1, JOIN: 1, NEAR: 3, ORDINARY: 2, RUNNING: 4}
"""Clips of each kind of negative for every `TAKES_A_VOICE` clips of phrases."""
FALLBACK = {HALF: NEAR, JOIN: NEAR, NEAR: ORDINARY}
"""What is spoken instead where a kind is empty: a phrase of one syllable has no halves."""


@dataclass(frozen=True)
class Utterance:
    """What a voice says once: rate in words a minute, espeak-ng's pitch and pitch range, pieces cut out of it."""

    saying: Saying
    label: int
    rate_wpm: int
    pitch: int
    range: int
    pieces: int = 1


def takes_of(phrases: int) -> int:
    """Return how often each voice speaks each phrase.

    Examples
    --------
    >>> [takes_of(count) for count in (1, 2, 3, 10)]
    [4, 4, 2, 2]
    """
    return min(MOST_TAKES, max(LEAST_TAKES, TAKES_A_VOICE // phrases))


def cast_variants(language: Language, seed: int, most: int = 0) -> dict[str, list[str]]:
    """Draw the voices of each split; no variant is in two, whatever its accent.

    Parameters
    ----------
    language : Language
    seed : int
    most : int
        Voices in all; 0 for as many as `MOST_VOICES` lets.

    Raises
    ------
    InputError
        If that is fewer than `LEAST_VOICES`.
    """
    if most and most < LEAST_VOICES:
        raise InputError(f"voices is {most}: give at least {LEAST_VOICES}, so that each split has some, or 0 for all")
    rng = np.random.default_rng([seed, 8])
    variants = list(VARIANTS)
    rng.shuffle(variants)
    apart = max(1, round(most * SHARES["test"] / sum(SHARES.values())))
    wanted = {"train": most - 2 * apart, "validation": apart, "test": apart} if most else MOST_VOICES
    found, begin = {}, 0
    for split, share in SHARES.items():
        own = variants[begin : begin + share]
        voices = [f"{accent}+{variant}" for accent in language.accents for variant in own]
        rng.shuffle(voices)
        found[split] = voices[: wanted[split]]
        begin += share
    return found


def script_of(
    phrases: Sequence[Phrase],
    language: Language,
    pools: Mapping[str, Mapping[str, Sequence[Saying]]],
    talk: Talk,
    seed: int,
    most: int = 0,
) -> dict[str, dict[str, list[Utterance]]]:
    """Return what each voice of each split says, in the order it says it.

    Parameters
    ----------
    phrases : sequence of Phrase
    language : Language
    pools : mapping
        Negatives by kind, for each accent.
    talk : Talk
        Says the sentences that seconds are cut out of.
    seed, most : int
        As for `cast_variants`.
    """
    made: dict[str, dict[str, list[Utterance]]] = {}
    for split, voices in cast_variants(language, seed, most).items():
        made[split] = {}
        for number, voice in enumerate(voices):
            rng = np.random.default_rng([seed, 9, SPLITS.index(split), number])
            made[split][voice] = _lines(phrases, pools[voice.partition("+")[0]], talk, rng)
    return made


def _lines(
    phrases: Sequence[Phrase], pools: Mapping[str, Sequence[Saying]], talk: Talk, rng: np.random.Generator
) -> list[Utterance]:
    takes = takes_of(len(phrases))
    lines = [
        _utterance(Saying(KEYWORD, phrase.text, phrase.text), UNKNOWN + 1 + number, phrase.rate_wpm, rng)
        for _ in range(takes)
        for number, phrase in enumerate(phrases)
    ]
    times = max(1, round(takes * len(phrases) / TAKES_A_VOICE))
    for kind, quota in QUOTAS.items():
        if kind == RUNNING:
            for _ in range(times):
                text = talk.sentence(rng)
                lines.append(_utterance(Saying(RUNNING, text, text), UNKNOWN, RATE_WPM, rng, quota))
            continue
        own = kind
        while own in FALLBACK and not pools[own]:
            own = FALLBACK[own]
        for index in rng.integers(len(pools[own]), size=quota * times):
            lines.append(_utterance(pools[own][index], UNKNOWN, RATE_WPM, rng))
    return lines


def _utterance(
    saying: Saying, label: int, rate_wpm: tuple[int, int], rng: np.random.Generator, pieces: int = 1
) -> Utterance:
    return Utterance(
        saying,
        label,
        rate_wpm=int(rng.integers(*rate_wpm, endpoint=True)),
        pitch=int(rng.integers(*PITCH, endpoint=True)),
        range=int(rng.integers(*PITCH_RANGE, endpoint=True)),
        pieces=pieces,
    )
