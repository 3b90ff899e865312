"""Sentences without a keyword, and words that sound like one: what the negative streams of espeak-ng say."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kwslib.errors import InputError

# fmt: off
DETERMINERS = ("the", "a", "this", "that", "every", "some", "her", "his", "my", "our", "their", "each")
ADJECTIVES = (
    "big", "small", "green", "yellow", "quiet", "heavy", "early", "simple", "famous", "gentle", "hungry", "modern",
    "empty", "clever", "bitter", "dark", "warm", "cheap", "careful", "strange", "final", "purple", "silent", "lazy",
    "useful", "dry", "narrow", "broken", "perfect", "human", "secret", "angry", "clean", "deep", "fresh", "cold",
)
NOUNS = (
    "teacher", "garden", "river", "computer", "bottle", "kitchen", "picture", "market", "farmer", "village", "doctor",
    "letter", "summer", "animal", "machine", "hospital", "paper", "mountain", "engine", "sister", "engineer", "ticket",
    "island", "country", "customer", "family", "bridge", "number", "question", "station", "blanket", "chair", "museum",
    "music", "printer", "table", "captain", "camera", "finger", "planet", "breakfast", "meeting", "library", "driver",
    "message", "battery", "radio", "weather", "hammer", "father", "student", "bicycle", "orange", "evening", "ladder",
    "forest", "mirror", "minute", "painter", "cabbage", "language", "camel", "elephant", "telephone", "valley",
)
VERBS = (
    "sees", "likes", "carries", "paints", "sells", "brings", "finds", "takes", "remembers", "forgets", "makes",
    "washes", "measures", "describes", "moves", "follows", "needs", "visits", "repairs", "believes", "changes", "keeps",
    "answers", "imagines", "prefers", "burns", "reaches", "watches", "catches", "builds", "reads", "cleans", "feels",
)
ADVERBS = (
    "slowly", "again", "today", "quickly", "very early", "in the evening", "after lunch", "every day", "carefully",
    "this week", "last year", "almost always", "at last", "together", "in silence", "by accident", "in the rain",
)
LINKS = ("and", "but", "because", "while", "if", "although", "before", "when", "until", "as")
PREPOSITIONS = ("with", "near", "under", "behind", "beside", "for", "against", "between", "from", "inside", "past")
SIMILAR = (
    "yesterday", "yet", "yell", "guess", "chess", "yeast", "yesterdays", "nobody", "note", "notice", "snow", "nose",
    "normal", "number", "upper", "cup", "puppy", "above", "pup", "hop", "town", "dawn", "brown", "drown", "doubt",
    "lift", "laugh", "leather", "lefty", "let", "bright", "rice", "ride", "light", "rye", "reich",
    "online", "honest", "upon", "want", "own", "john", "offer", "often", "office", "coffee", "of", "awful", "stopper",
    "stock", "stomp", "step", "store", "top", "gold", "goat", "ago", "ghost", "got", "dough", "low", "going",
)
# fmt: on
"""`SIMILAR` has words that rhyme with a keyword or contain its sounds, such as "nobody". They count as negative sound:
who says them does not mean the command."""
HOMOPHONES = ("know", "write", "rite", "wright", "offed")
"""Sound like a keyword; nothing here says them."""

ROW_WORDS = (4, 8)
"""Bounds of the words in a row."""
TRIES = 1000


def sentence(rng: np.random.Generator) -> str:
    """Return a sentence of one or two clauses that has none of the keywords, and no homophone of one."""
    text = _clause(rng)
    if rng.random() < 0.5:
        text += f" {rng.choice(LINKS)} {_clause(rng)}"
    return f"{text}."


def _clause(rng: np.random.Generator) -> str:
    words = [_thing(rng), rng.choice(VERBS), _thing(rng)]
    if rng.random() < 0.5:
        words += [rng.choice(PREPOSITIONS), _thing(rng)]
    if rng.random() < 0.4:
        words.append(rng.choice(ADVERBS))
    return " ".join(words)


def _thing(rng: np.random.Generator) -> str:
    adjective = f"{rng.choice(ADJECTIVES)} " if rng.random() < 0.4 else ""
    return f"{rng.choice(DETERMINERS)} {adjective}{rng.choice(NOUNS)}"


def plain_word(rng: np.random.Generator) -> str:
    """Return a single word of the sentences."""
    return str(rng.choice((*ADJECTIVES, *NOUNS, *VERBS)))


def similar_word(rng: np.random.Generator) -> str:
    """Return a word that sounds like a keyword."""
    return str(rng.choice(SIMILAR))


class Talk:
    """What streams without a keyword say: English, and none of Google's ten keywords."""

    def sentence(self, rng: np.random.Generator) -> str:
        """Return a sentence without a keyword."""
        return sentence(rng)

    def plain_word(self, rng: np.random.Generator) -> str:
        """Return a single word of the sentences."""
        return plain_word(rng)

    def similar_word(self, rng: np.random.Generator) -> str:
        """Return a word that sounds like a keyword."""
        return similar_word(rng)


@dataclass(frozen=True)
class PhraseTalk(Talk):
    """What streams without somebody's own phrases say.

    Attributes
    ----------
    phrases : tuple of str
        No sentence has one of them whole.
    similar : tuple of str
        What sounds like one; texts, or phonemes in espeak-ng's spelling.
    words : tuple of str
        Of the language, for any but English: a sentence is then a row of words, with no grammar.
    """

    phrases: tuple[str, ...]
    similar: tuple[str, ...]
    words: tuple[str, ...] = ()

    def sentence(self, rng: np.random.Generator) -> str:
        """See `Talk.sentence`."""
        return self._without_phrases(rng, self._row if self.words else sentence)

    def plain_word(self, rng: np.random.Generator) -> str:
        """See `Talk.plain_word`."""
        return self._without_phrases(rng, self._word if self.words else plain_word)

    def similar_word(self, rng: np.random.Generator) -> str:
        """See `Talk.similar_word`."""
        return str(rng.choice(self.similar))

    def _word(self, rng: np.random.Generator) -> str:
        return str(rng.choice(self.words))

    def _row(self, rng: np.random.Generator) -> str:
        return " ".join(rng.choice(self.words, rng.integers(*ROW_WORDS, endpoint=True)))

    def _without_phrases(self, rng: np.random.Generator, say: Callable[[np.random.Generator], str]) -> str:
        for _ in range(TRIES):
            text = say(rng)
            if not any(holds(text, phrase) for phrase in self.phrases):
                return text
        raise InputError(f"no sentence without {', '.join(self.phrases)} was found: choose other phrases")


def holds(text: str, phrase: str) -> bool:
    """Whether a text has all words of a phrase, one behind the other.

    Examples
    --------
    >>> holds("Turn the lights on.", "lights on"), holds("the lights only", "lights on")
    (True, False)
    """
    return f" {_bare(phrase)} " in f" {_bare(text)} "


def _bare(text: str) -> str:
    return " ".join(text.casefold().replace(".", " ").split())
