"""The words of a task: the classes of a network are silence, other sounds, and the words in the order given."""

import re
import unicodedata
from collections.abc import Sequence

from kwslib.errors import InputError

LABELS = ("_silence_", "_unknown_", "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The classes of Google's ten keywords, in the order of the network's outputs (the TensorFlow example's)."""
SILENCE, UNKNOWN = 0, 1
KEYWORDS = LABELS[2:]
NOT_WORDS = ("silence", "unknown")
"""Classes that are no word, whatever stands around their names."""
MOST_WORDS = 254
"""Labels are bytes, and two of them are taken."""
LONGEST_WORD = 64


def labels_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return the classes of a network for these words.

    Examples
    --------
    >>> labels_of(["marvin", "sheila"])
    ('_silence_', '_unknown_', 'marvin', 'sheila')
    """
    return (*LABELS[:2], *words)


def checked_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words without space around them.

    Parameters
    ----------
    words : sequence of str
        Each is the name of a folder of clips, and is shown in tables, pages and file names.

    Raises
    ------
    InputError
        If there is none, there are more than `MOST_WORDS`, one is empty, stands twice, is longer than `LONGEST_WORD`
        characters, or holds anything but letters, digits, spaces, hyphens, apostrophes and underscores; with the
        nearest word that would do.
    """
    cleaned = tuple(" ".join(word.split()) for word in words)
    if not cleaned:
        raise InputError("words names no word: give at least one, such as marvin,sheila")
    if len(cleaned) > MOST_WORDS:
        raise InputError(f"words names {len(cleaned)} words: give at most {MOST_WORDS}")
    for number, word in enumerate(cleaned, 1):
        if not word:
            raise InputError(f"word {number} of {len(cleaned)} is empty: leave it out")
        if cleaned.index(word) + 1 < number:
            raise InputError(f"word '{word}' is given twice: leave one out")
        if len(word) > LONGEST_WORD or nearest_word(word) != word:
            shown = word if len(word) <= LONGEST_WORD else f"{word[:20]}… ({len(word)} characters)"
            advice = nearest_word(word)
            raise InputError(
                f"'{shown}' cannot be a word: use up to {LONGEST_WORD} letters, digits, spaces, hyphens and apostrophes"
                + (f"; nearest: '{advice}'" if advice else "")
            )
    folded: dict[str, str] = {}
    for word in cleaned:
        other = folded.setdefault(unicodedata.normalize("NFC", word).casefold(), word)
        if other != word:
            raise InputError(f"words '{other}' and '{word}' differ in case or spelling alone: leave one out")
    return cleaned


def nearest_word(text: str) -> str:
    """Return what is left of a text if everything is taken out that no word may hold; empty if nothing is."""
    kept = "".join(letter for letter in text if letter in " -'_" or unicodedata.category(letter)[0] in "LMN")
    return re.sub(r" +", " ", kept)[:LONGEST_WORD].strip(" -'_")


def is_word(label: str) -> bool:
    """Whether a class is a word, as far as its name says.

    Examples
    --------
    >>> [is_word(label) for label in ("_silence_", "Unknown", "yes")]
    [False, False, True]
    """
    return label.strip("_<>[]").lower() not in NOT_WORDS
