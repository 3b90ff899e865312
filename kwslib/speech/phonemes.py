"""Phonemes in espeak-ng's spelling: how far two words lie apart, and words that differ in a sound or two."""

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from kwslib.speech.espeak import PHONEME_MARKS
from kwslib.speech.languages import Words, without_stress

VOWELS = {"front": "iIeEyYW", "open": "aA&V", "back": "oOuU0", "middle": "@38"}
"""First letters of espeak-ng's vowels, by where they are formed. Accents differ within a group."""
FAR = {"front": ("back",), "back": ("front",), "open": ("front", "back"), "middle": ()}
"""Groups that no accent confuses with a group. A vowel of the middle is unstressed in most languages, and is kept."""
CONFUSED = ("pb", "td", "kg", "fv", "sz", "SZ", "TD", "mnN", "rR*", "lL", "wv", "jy", "CSX", "xhX")
"""Consonants that listeners and accents confuse, by the first letter."""
CONFUSED_COST = 0.5


def is_vowel(phoneme: str) -> bool:
    """Whether a phoneme is a vowel."""
    return _group(phoneme) != ""


@functools.cache
def _group(phoneme: str) -> str:
    first = without_stress(phoneme)[:1]
    return next((name for name, letters in VOWELS.items() if first and first in letters), "")


@functools.cache
def _cost(one: str, other: str) -> float:
    """What it costs to take one phoneme for another, 0 to 1."""
    a, b = without_stress(one), without_stress(other)
    if a == b:
        return 0.0
    if is_vowel(a) or is_vowel(b):
        return CONFUSED_COST if _group(a) == _group(b) else 1.0
    near = a[:1] == b[:1] or any(a[:1] in letters and b[:1] in letters for letters in CONFUSED)
    return CONFUSED_COST if near else 1.0


def distance(one: Words, other: Words) -> float:
    """Return the edit distance of two texts in phonemes; `CONFUSED_COST` for what listeners confuse.

    Examples
    --------
    >>> distance((("l", "'aI", "t"),), (("n", "'aI", "t"),))
    1.0
    >>> distance((("l", "'aI", "t"),), (("l", "'aI", "d"),))
    0.5
    """
    a = [phoneme for word in one for phoneme in word]
    b = [phoneme for word in other for phoneme in word]
    row = [float(count) for count in range(len(b) + 1)]
    for i, left in enumerate(a, 1):
        before, row[0] = row[0], float(i)
        for j, right in enumerate(b, 1):
            change = before + _cost(left, right)
            before = row[j]
            row[j] = min(before + 1, row[j - 1] + 1, change)
    return row[-1]


def spelled(words: Words) -> str:
    """Return phonemes as a text that espeak-ng reads as such."""
    return PHONEME_MARKS[0] + " ".join("|".join(word) for word in words) + PHONEME_MARKS[1]


def readable(words: Words) -> str:
    """Return phonemes for people.

    Examples
    --------
    >>> readable((("l", "'aI", "t", "s"), ("'O2", "n")))
    "l'aIts 'O2n"
    """
    return " ".join("".join(word) for word in words)


def is_borrowed(words: Words) -> bool:
    """Whether espeak-ng speaks a part of a text as another language; such phonemes cannot be changed."""
    return any(phoneme.startswith("(") for word in words for phoneme in word)


def mutants(words: Words, inventory: Sequence[str], rng: np.random.Generator, attempts: int) -> Iterator[Words]:
    """Yield texts that differ from `words` in one sound, then in two, alternately; at most `attempts`.

    A first consonant is another one or missing, a vowel one that no accent takes for it, or a consonant within or at
    the end of a word one that nobody confuses with it. `inventory` has the phonemes of the language.
    """
    for attempt in range(attempts):
        changes = 1 + attempt % 2
        made = words
        for _ in range(changes):
            made = _mutated(made, inventory, rng)
        if made != words:
            yield made


def _mutated(words: Words, inventory: Sequence[str], rng: np.random.Generator) -> Words:
    at = int(rng.integers(len(words)))
    word = list(words[at])
    place = int(rng.integers(len(word)))
    if place == 0 and not is_vowel(word[0]) and len(word) > 2 and rng.random() < 0.3:
        word = word[1:]
    else:
        old = word[place]
        stress = old[: len(old) - len(without_stress(old))]
        others = [one for one in inventory if _is_far(old, one)]
        if others:
            word[place] = stress + str(rng.choice(others))
    return (*words[:at], tuple(word), *words[at + 1 :])


def _is_far(old: str, new: str) -> bool:
    if is_vowel(old):
        return _group(new) in FAR[_group(old)]
    return not is_vowel(new) and _cost(old, new) >= 1


def inventory_of(texts: Sequence[Words]) -> list[str]:
    """Return the phonemes that occur in some texts, without stress, sorted; nothing from another language."""
    found = {without_stress(phoneme) for words in texts if not is_borrowed(words) for word in words for phoneme in word}
    return sorted(found - {""})


def halves_of(word: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Cut a word behind a vowel in its middle; None if it has one vowel alone."""
    vowels = [place for place, phoneme in enumerate(word) if is_vowel(phoneme)]
    if len(vowels) < 2:
        return None
    cut = vowels[(len(vowels) - 1) // 2] + 1
    return tuple(word[:cut]), tuple(word[cut:])
