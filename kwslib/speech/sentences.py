"""Sentences without a keyword, and words that sound like one: what the negative streams of espeak-ng say."""

import numpy as np

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
