"""Who speaks the synthetic corpus and what they say: voices of espeak-ng, cast into splits."""

from dataclasses import dataclass

import numpy as np

from kwslib.config.words import KEYWORDS, LABELS, UNKNOWN
from kwslib.errors import InputError
from kwslib.speech.corpus import SPLITS

# fmt: off
OTHER_WORDS = (
    "backward", "bed", "bird", "cat", "dog", "eight", "five", "follow", "forward", "four", "happy",
    "house", "learn", "marvin", "nine", "one", "seven", "sheila", "six", "three", "tree", "two", "visual",
    "wow", "zero",
)
# fmt: on
"""The words of Speech Commands v0.02 that are not keywords (Warden 2018, arXiv:1804.03209)."""

ACCENTS = ("en-us", "en-us-nyc", "en", "en-029", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-gb-x-rp")
"""English as espeak-ng accents it; only the one for Shavian script is left out."""

# fmt: off
VARIANTS = (
    "Alex", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Henrique", "Hugo", "Jacky", "Lee", "Mario",
    "Michael", "Mike", "Nguyen", "Reed", "adam", "anika", "antonio", "belinda", "benjamin", "boris",
    "caleb", "david", "ed", "edward", "edward2", "f1", "f2", "f3", "f4", "f5", "grandma", "grandpa",
    "gustave", "ian", "iven", "iven2", "iven3", "iven4", "john", "klatt", "klatt3", "klatt4", "klatt5",
    "klatt6", "linda", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "marcelo", "max", "michel",
    "miguel", "mike2", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby",
    "steph", "steph2", "steph3", "travis", "victor", "zac",
)
# fmt: on
"""Voice variants of espeak-ng 1.52. Left out: whispers (unvoiced), robots, creatures, echoes, and caricatures that are
hard to understand."""

RATE_WPM, PITCH, PITCH_RANGE = (140, 220), (30, 70), (30, 80)
"""Bounds of an utterance's speaking rate (words a minute), pitch and pitch range (espeak-ng's 0 to 100)."""


@dataclass(frozen=True)
class Extent:
    """How much is generated: voices by split, takes of each keyword by each voice, seconds of each noise."""

    voices: dict[str, int]
    takes: int
    noise_s: int


@dataclass(frozen=True)
class Take:
    """One utterance: which voice speaks which word how (rate in words a minute, espeak-ng's pitch and range)."""

    split: str
    voice: str
    word: str
    number: int
    rate_wpm: int
    pitch: int
    range: int

    @property
    def name(self) -> str:
        """Name of the clip, in the manner of Speech Commands."""
        return f"{self.word}/{self.voice}_{self.number}.wav"

    @property
    def label(self) -> int:
        """Index into `LABELS`."""
        return LABELS.index(self.word) if self.word in KEYWORDS else UNKNOWN


def cast(seed: int, extent: Extent) -> dict[str, list[str]]:
    """Draw the voices (accent and variant) of each split; no voice is in two.

    Raises
    ------
    InputError
        If there are not enough voices.
    """
    voices = [f"{accent}+{variant}" for accent in ACCENTS for variant in VARIANTS]
    wanted = [extent.voices[split] for split in SPLITS]
    if min(wanted) < 1 or sum(wanted) > len(voices):
        raise InputError(f"{wanted} voices are wanted; at least 1 for a split and {len(voices)} in all can be had")
    np.random.default_rng([seed, 1]).shuffle(voices)
    ends = np.cumsum(wanted)
    return {split: voices[end - count : end] for split, count, end in zip(SPLITS, wanted, ends, strict=True)}


def script(seed: int, extent: Extent) -> dict[str, list[Take]]:
    """Return what each voice says, in the order it says it: each keyword `takes` times and as many other words."""
    takes: dict[str, list[Take]] = {}
    for split_number, (split, voices) in enumerate(cast(seed, extent).items()):
        for voice_number, voice in enumerate(voices):
            rng = np.random.default_rng([seed, 3, split_number, voice_number])
            others = [
                OTHER_WORDS[(voice_number * extent.takes + take) % len(OTHER_WORDS)] for take in range(extent.takes)
            ]
            takes[voice] = [
                Take(
                    split,
                    voice,
                    word,
                    number,
                    rate_wpm=int(rng.integers(*RATE_WPM, endpoint=True)),
                    pitch=int(rng.integers(*PITCH, endpoint=True)),
                    range=int(rng.integers(*PITCH_RANGE, endpoint=True)),
                )
                for number, other in enumerate(others)
                for word in (*KEYWORDS, other)
            ]
    return takes
