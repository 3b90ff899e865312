"""Somebody's own phrases: checked before anything is spoken, and how fast voices must speak them to fit in a second."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.config.words import checked_words
from kwslib.errors import InputError
from kwslib.paths import scratch
from kwslib.speech import languages, phonemes
from kwslib.speech.languages import Language, Words
from kwslib.speech.utterances import Line, audible, resampled, utter
from kwslib.speech.voices import PITCH, PITCH_RANGE, RATE_WPM

LONGEST_S = 0.95
"""A phrase has to be so short that it lies whole in the second that a network hears."""
USUAL_WPM = 170
"""Words a minute at which a phrase is tried."""
FASTEST_WPM = 300
"""Nobody speaks faster to a machine; espeak-ng slurs beyond it."""
LEAST_SPAN_WPM = 40
"""Least distance between the slowest and the fastest rate of a phrase, so that voices still differ."""
TRIED_VARIANTS = ("f1", "m3", "klatt", "Andy", "linda", "max")
"""Variants of voice that a phrase is tried with."""
LONGEST_SHOWN = 80
MARGIN = 0.97
"""Share of `LONGEST_S` that the slowest voice tried may take, as others are slower still."""


@dataclass(frozen=True)
class Phrase:
    """A phrase that voices will speak.

    Attributes
    ----------
    text : str
    words : Words
        Its phonemes in the first accent of the language.
    usual_s : float
        Seconds that the slowest of a few voices takes at `USUAL_WPM`.
    rate_wpm : tuple of int
        Slowest and fastest rate that voices speak it at, words a minute.
    """

    text: str
    words: Words
    usual_s: float
    rate_wpm: tuple[int, int]

    @property
    def is_hurried(self) -> bool:
        """Whether it does not fit in a second at `USUAL_WPM`, so that voices speak it faster."""
        return self.rate_wpm[0] > USUAL_WPM

    def describe(self) -> str:
        """Say in one line how it sounds and how long it is, and what follows where that is too long."""
        low, high = self.rate_wpm
        line = (
            f"'{self.text}': {phonemes.readable(self.words)}, {self.usual_s:.2f} s at {USUAL_WPM} words a minute; "
            f"voices speak it at {low} to {high}"
        )
        if not self.is_hurried:
            return line
        return (
            f"{line}, because the network hears one second and nothing is cut: people must say it as fast, "
            "or choose a shorter phrase"
        )


def check_phrases(texts: Sequence[str], language: Language) -> list[Phrase]:
    """Check phrases and measure how long voices take for them.

    Raises
    ------
    InputError
        For a phrase that is empty, stands twice, cannot be a label (a path, markup, too long), that espeak-ng cannot
        speak in this language, that sounds like another one, or that takes more than a second even when it is spoken
        fast.
    ToolError
        If espeak-ng is missing or fails.
    """
    if not texts:
        raise InputError('name at least one phrase, such as: kws words "lights on" "lights off"')
    comma = next((text for text in texts if "," in text), None)
    if comma is not None and len(comma) <= LONGEST_SHOWN:
        raise InputError(f"'{comma}' has a comma: give each phrase as an argument of its own")
    checked = checked_words(texts)
    said = languages.check_speakable(language, checked)
    longest = _longest(checked, language)
    return [
        Phrase(text, words, seconds, _rates(text, seconds))
        for text, words, seconds in zip(checked, said, longest, strict=True)
    ]


def _longest(texts: Sequence[str], language: Language) -> list[float]:
    """Seconds that the slowest of a few voices takes for each text at the usual rate."""
    middle = (sum(PITCH) // 2, sum(PITCH_RANGE) // 2)
    lines = [Line(text, USUAL_WPM, *middle) for text in texts]
    with scratch("phrases") as folder:
        voices = [f"{language.accents[0]}+{variant}" for variant in TRIED_VARIANTS]
        spoken = [utter(voice, lines, folder) for voice in voices]
    seconds = [[len(audible(resampled(one))) / SAMPLE_RATE_HZ for one in own] for own in spoken]
    return [float(value) for value in np.max(seconds, axis=0)]


def _rates(text: str, usual_s: float) -> tuple[int, int]:
    """Slowest and fastest rate at which a phrase fits; time goes with the inverse of the rate."""
    slowest = int(np.ceil(USUAL_WPM * usual_s / (LONGEST_S * MARGIN)))
    if slowest <= RATE_WPM[0]:
        return RATE_WPM
    if slowest > FASTEST_WPM - LEAST_SPAN_WPM:
        raise InputError(
            f"'{text}' takes {usual_s:.1f} s at {USUAL_WPM} words a minute, and more than the second that a network "
            f"hears even at {FASTEST_WPM}: choose a phrase of about {_share_of(text)} as many letters"
        )
    return slowest, max(RATE_WPM[1], slowest + LEAST_SPAN_WPM)


def _share_of(text: str) -> str:
    return "half" if len(text) > 20 else "two thirds"
