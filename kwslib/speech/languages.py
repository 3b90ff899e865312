"""The languages of espeak-ng: which voices speak one, and how they pronounce a text."""

import functools
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from kwslib.errors import InputError, nearest
from kwslib.speech.utterances import ask_espeak
from kwslib.speech.voices import ACCENTS

ENGLISH = "en"
PAUSES = frozenset("|:!;")
"""What espeak-ng writes beside phonemes and nobody hears as a sound of its own."""
SYLLABIC = {
    "cmn": ("CJK",),
    "hak": ("CJK",),
    "yue": ("CJK",),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL", "CJK"),
}
"""Scripts whose characters are syllables, by the languages written in them: there, to spell is to read."""

OTHER_SCRIPTS = ("latn", "shaw")
"""In the name of a voice: it reads the language in another script, and speaks it alike."""

Words = tuple[tuple[str, ...], ...]
"""The words of a text, each its phonemes in espeak-ng's spelling; a stress mark stands before its vowel."""


@dataclass(frozen=True)
class Language:
    """A language of espeak-ng.

    Attributes
    ----------
    code : str
        As espeak-ng lists it, such as ``de`` or ``en-us``; ``en`` for all accents of English.
    name : str
        For people.
    accents : tuple of str
        Voices of espeak-ng, each of which has all variants.
    """

    code: str
    name: str
    accents: tuple[str, ...]

    @property
    def is_english(self) -> bool:
        """Whether it is an accent of English, or all of them."""
        return self.code.split("-")[0] == ENGLISH


@functools.cache
def listed() -> tuple[dict[str, str], ...]:
    """Every voice of espeak-ng without variant: ``code`` and ``name`` of its language, and ``voice``, by voice."""
    # espeak-ng lists voices of one priority as the file system does: in another order on another machine.
    return tuple(sorted(json.loads(ask_espeak("--voices")), key=lambda one: one["voice"]))


def language_named(wanted: str) -> Language:
    """Return a language by its code (``de``, ``fr``, ``en-us``) or English name (``German``).

    The code of a language without a country has all its accents.

    Raises
    ------
    InputError
        If espeak-ng has no such language, with the nearest one.

    Examples
    --------
    >>> language_named("French").accents
    ('fr', 'fr-be', 'fr-ch')
    """
    asked = wanted.strip().casefold().replace("_", "-")
    by_name = {_plain_name(one): _base(one["code"]) for one in reversed(listed())}
    by_name |= {one["name"].casefold(): one["code"] for one in listed()}
    code = by_name.get(asked, asked)
    if code == ENGLISH:
        return Language(ENGLISH, "English", ACCENTS)
    own = [one for one in listed() if code in (one["code"], one["voice"])]
    family = [one for one in listed() if _base(one["code"]) == code] if code == _base(code) else []
    spoken = [one for one in family if code == one["voice"] or not set(one["voice"].split("-")) & set(OTHER_SCRIPTS)]
    found = spoken or own
    if not found:
        known = sorted({_base(one["code"]) for one in listed()} | {one["code"] for one in listed()} | by_name.keys())
        shown = wanted if len(wanted) <= 40 else f"{wanted[:40]}…"
        raise InputError(
            f"espeak-ng does not speak the language '{shown}'{nearest(asked, known)} (it has "
            f"{len({_base(one['code']) for one in listed()})} languages; give a code such as en, de or fr-ch, "
            "or an English name)"
        )
    name = _plain_name(found[0]).title() if len(found) > 1 else found[0]["name"]
    return Language(code, name, tuple(dict.fromkeys(one["voice"] for one in found)))


def _base(code: str) -> str:
    return code.split("-")[0]


def _plain_name(one: dict[str, str]) -> str:
    """The name of a language without its country."""
    return one["name"].split("(")[0].strip().casefold()


@functools.cache
def _pronounced(accent: str, texts: tuple[str, ...]) -> tuple[Words, ...]:
    answer = json.loads(ask_espeak("--voice", accent, "--phonemes", stdin=json.dumps(texts)))
    return tuple(tuple(filter(None, (_sounds(word) for word in words))) for words in answer)


def _sounds(word: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for part in word if part not in PAUSES)


def pronounce(accent: str, texts: Sequence[str]) -> tuple[Words, ...]:
    """Return the phonemes of texts as an accent speaks them.

    A part such as ``(en)`` says that espeak-ng speaks what follows as another language.

    Raises
    ------
    ToolError
        If espeak-ng is missing or fails.
    """
    return _pronounced(accent, tuple(texts))


def check_speakable(language: Language, phrases: Sequence[str]) -> tuple[Words, ...]:
    """Return the phonemes of phrases in the first accent of a language.

    Raises
    ------
    InputError
        If espeak-ng says nothing for one, spells it letter by letter because it cannot read its script, or says two of
        them alike.
    """
    accent = language.accents[0]
    said = pronounce(accent, phrases)
    for phrase, words in zip(phrases, said, strict=True):
        if not words:
            raise InputError(f"espeak-ng says nothing for '{phrase}' in {language.name}: write it as it is spoken")
        for token in phrase.split():
            if _is_spelled(language, token):
                raise InputError(
                    f"espeak-ng cannot read '{token}' in {language.name}: it would spell it letter by letter; name the "
                    "language that it is written in with --language, or write it as it is spoken"
                )
    for number, words in enumerate(said):
        first = said.index(words)
        if first < number:
            raise InputError(
                f"'{phrases[first]}' and '{phrases[number]}' sound alike in {language.name}: leave one out"
            )
    return said


def _is_spelled(language: Language, token: str) -> bool:
    """Whether a word in another script than Latin is said letter by letter: as many words as it has letters."""
    letters = [letter for letter in token if unicodedata.category(letter)[0] == "L"]
    scripts = {unicodedata.name(letter, "").split()[0] for letter in letters}
    own = SYLLABIC.get(_base(language.code), ())
    if len(letters) < 2 or scripts <= {"LATIN", *own}:
        return False
    return len(pronounce(language.accents[0], [token])[0]) >= len(letters)


def without_stress(phoneme: str) -> str:
    """A phoneme without its mark of stress.

    Examples
    --------
    >>> without_stress("'aI")
    'aI'
    """
    return phoneme.lstrip("',%=")
