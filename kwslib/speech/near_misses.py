"""What a network for somebody's own phrases must not take for them: near words, halves, joins, other speech."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.config.words import KEYWORDS
from kwslib.speech import phonemes, sentences
from kwslib.speech.languages import Language, Words, pronounce
from kwslib.speech.voices import OTHER_WORDS

KEYWORD, HALF, JOIN, NEAR, ORDINARY, RUNNING = "keyword", "_half_", "_join_", "_near_", "_ordinary_", "_running_"
KINDS = {
    HALF: "a word or a half of a phrase",
    JOIN: "parts of phrases in another order, or of two phrases",
    NEAR: "a phrase in which a sound or two, or a word, is another one",
    ORDINARY: "words of the language",
    RUNNING: "a second cut out of a sentence",
}
"""Kinds of negatives, which are the folders of their clips' names too."""
CLOSE = frozenset({HALF, JOIN, NEAR})
"""Kinds that are made to sound like a phrase."""
LEAST_DISTANCE = 1.0
"""In phonemes: what lies nearer to a phrase sounds like it in some accent, and is no negative."""
LEAST_SWAP_DISTANCE = 1.5
"""The same for real words, which people and networks read as the phrase more easily."""
MUTANTS, ATTEMPTS = 60, 1500
"""Made-up near words of each phrase, and how often one is tried."""
SWAPS = 16
"""Real words that stand for each word of a phrase, the nearest ones."""
MOST_JOINS = 40
NUMBERS = (*range(101), *range(200, 1000, 100), 1000)
"""What espeak-ng can say in any language: the words for these numbers stand for its ordinary words."""
MADE_UP = 120
"""Words put together from halves of others, where only the numbers of a language are known."""


@dataclass(frozen=True)
class Saying:
    """Something a voice says.

    Attributes
    ----------
    kind : str
        `KEYWORD`, or one of `KINDS`.
    name : str
        For people, and for the name of its clip.
    text : str
        What espeak-ng is told: text, or phonemes in ``[[…]]``.
    """

    kind: str
    name: str
    text: str


def ordinary_words(language: Language) -> list[str]:
    """Return words of a language as texts: of English many, of any other its numbers.

    Examples
    --------
    >>> from kwslib.speech.languages import Language
    >>> ordinary_words(Language("de", "German", ("de",)))[:3]
    ['0', '1', '2']
    """
    if not language.is_english:
        return [str(number) for number in NUMBERS]
    spoken = (*sentences.ADJECTIVES, *sentences.NOUNS, *sentences.VERBS, *sentences.SIMILAR, *OTHER_WORDS, *KEYWORDS)
    return list(dict.fromkeys(spoken))


def pools(language: Language, phrases: Sequence[str], accent: str, seed: int) -> dict[str, list[Saying]]:
    """Return the negatives of some phrases by kind, except running speech, as one accent says them.

    Everything is at least `LEAST_DISTANCE` phonemes from every phrase, and holds none whole.

    Parameters
    ----------
    language : Language
    phrases : sequence of str
    accent : str
        One of the language's; phonemes are written in its own way.
    seed : int

    Raises
    ------
    ToolError
        If espeak-ng is missing or fails.
    """
    vocabulary = ordinary_words(language)
    said = pronounce(accent, [*phrases, *vocabulary])
    keys, known = said[: len(phrases)], dict(zip(vocabulary, said[len(phrases) :], strict=True))
    rng = np.random.default_rng([seed, 7])
    ordinary = _ordinary(known, keys, rng, made_up=not language.is_english)
    found = {
        HALF: _halves(phrases, keys, accent),
        JOIN: _joins(phrases, keys, accent),
        NEAR: [*_mutants(keys, [*keys, *known.values()], rng), *_swaps(phrases, keys, known, accent)],
        ORDINARY: ordinary,
    }
    return {kind: list({saying.text: saying for saying in own}.values()) for kind, own in found.items()}


def _is_apart(words: Words, keys: Sequence[Words], least: float = LEAST_DISTANCE) -> bool:
    """Whether a text is far enough from every phrase, and holds none of them whole."""
    if not words:
        return False
    flat = phonemes.readable(words).replace(" ", "")
    if any(phonemes.readable(key).replace(" ", "") in flat for key in keys):
        return False
    return all(phonemes.distance(words, key) >= least for key in keys)


def _texts(kind: str, texts: Iterable[str], keys: Sequence[Words], accent: str, least: float) -> list[Saying]:
    """Texts of ordinary spelling that are far enough from every phrase."""
    listed = list(dict.fromkeys(texts))
    said = pronounce(accent, listed) if listed else ()
    return [
        Saying(kind, text, text)
        for text, words in zip(listed, said, strict=True)
        if _is_apart(words, keys, least if kind == NEAR else LEAST_DISTANCE)
    ]


def _halves(phrases: Sequence[str], keys: Sequence[Words], accent: str) -> list[Saying]:
    parts: list[str] = []
    for phrase in phrases:
        words = phrase.split()
        parts += [" ".join(words[a:b]) for a, b in itertools.combinations(range(len(words) + 1), 2)]
    found = _texts(HALF, (part for part in parts if part not in phrases), keys, accent, LEAST_DISTANCE)
    for key in keys:
        for word in key:
            cut = None if phonemes.is_borrowed((word,)) else phonemes.halves_of(word)
            for half in cut or ():
                if _is_apart((half,), keys):
                    found.append(_of_phonemes(HALF, (half,)))
    return found


def _of_phonemes(kind: str, words: Words) -> Saying:
    return Saying(kind, phonemes.readable(words), phonemes.spelled(words))


def _joins(phrases: Sequence[str], keys: Sequence[Words], accent: str) -> list[Saying]:
    """Words of all phrases two by two, phrases turned round, and half words of two phrases in one."""
    words = list(dict.fromkeys(word for phrase in phrases for word in phrase.split()))
    pairs = [f"{one} {other}" for one, other in itertools.product(words, words)] if len(words) > 1 else []
    turned = [" ".join(reversed(phrase.split())) for phrase in phrases]
    found = _texts(JOIN, [*turned, *pairs][: 4 * MOST_JOINS], keys, accent, LEAST_DISTANCE)
    cuts = [phonemes.halves_of(word) for key in keys if not phonemes.is_borrowed(key) for word in key]
    whole = [cut for cut in cuts if cut]
    for one, other in itertools.permutations(whole, 2):
        joined = ((*one[0], *other[1]),)
        if _is_apart(joined, keys):
            found.append(_of_phonemes(JOIN, joined))
    return found[:MOST_JOINS]


def _mutants(keys: Sequence[Words], texts: Sequence[Words], rng: np.random.Generator) -> list[Saying]:
    inventory = phonemes.inventory_of(texts)
    found: list[Saying] = []
    for key in keys:
        if phonemes.is_borrowed(key):
            continue
        own: dict[str, Saying] = {}
        for words in phonemes.mutants(key, inventory, rng, ATTEMPTS):
            name = phonemes.readable(words)
            if name not in own and _is_apart(words, keys):
                own[name] = _of_phonemes(NEAR, words)
            if len(own) == MUTANTS:
                break
        found += own.values()
    return found


def _swaps(phrases: Sequence[str], keys: Sequence[Words], known: dict[str, Words], accent: str) -> list[Saying]:
    """Phrases with a word exchanged for one of the language's that is near in sound."""
    made: list[str] = []
    nearest: dict[tuple[str, ...], list[str]] = {}
    for phrase, key in zip(phrases, keys, strict=True):
        words = phrase.split()
        for place, word in enumerate(words if len(words) == len(key) else ()):
            sounds = key[place]
            if sounds not in nearest:
                far = {other: phonemes.distance(own, (sounds,)) for other, own in known.items()}
                nearest[sounds] = sorted(far, key=lambda other: (far[other], other))
            others = [other for other in nearest[sounds] if other != word][:SWAPS]
            made += [" ".join((*words[:place], other, *words[place + 1 :])) for other in others]
    return _texts(NEAR, made, keys, accent, LEAST_SWAP_DISTANCE)


def _ordinary(known: dict[str, Words], keys: Sequence[Words], rng: np.random.Generator, made_up: bool) -> list[Saying]:
    found = [Saying(ORDINARY, text, text) for text, words in known.items() if _is_apart(words, keys)]
    if not made_up:
        return found
    words = [word for one in known.values() if not phonemes.is_borrowed(one) for word in one]
    cuts = [cut for cut in (phonemes.halves_of(word) for word in words) if cut]
    for _ in range(MADE_UP if len(cuts) > 1 else 0):
        one, other = rng.choice(len(cuts), 2, replace=False)
        joined = ((*cuts[one][0], *cuts[other][1]),)
        if _is_apart(joined, keys):
            found.append(_of_phonemes(ORDINARY, joined))
    return found
