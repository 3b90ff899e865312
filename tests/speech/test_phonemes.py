"""Distances in sound, and words that differ in a sound or two."""

from itertools import product

import numpy as np
import pytest

from kwslib.speech.languages import pronounce
from kwslib.speech.phonemes import (
    distance,
    halves_of,
    inventory_of,
    is_borrowed,
    is_vowel,
    mutants,
    readable,
    spelled,
)

LIGHTS = (("l", "'aI", "t", "s"), ("'O2", "n"))


def levenshtein(a, b):
    """The plain definition, for sounds that are alike or not."""
    if not a or not b:
        return len(a) + len(b)
    return min(levenshtein(a[1:], b) + 1, levenshtein(a, b[1:]) + 1, levenshtein(a[1:], b[1:]) + (a[0] != b[0]))


def test_distance_of_sounds_that_nobody_confuses_is_levenshteins():
    rng = np.random.default_rng(3)
    for _ in range(60):
        a, b = (tuple(rng.choice(["p", "l", "s"], rng.integers(1, 6))) for _ in range(2))
        assert distance((a,), (b,)) == levenshtein(a, b)


def test_distance_is_a_metric_on_english_words():
    words = pronounce("en-us", ["left", "lift", "laugh", "light", "nights", "on", "off"])
    for one, other in product(words, words):
        assert distance(one, other) == distance(other, one)
        assert (distance(one, other) == 0) == (one == other)
        assert all(distance(one, other) <= distance(one, third) + distance(third, other) for third in words)


@pytest.mark.parametrize(
    ("one", "other", "far"), [("t", "d", 0.5), ("t", "l", 1.0), ("'aI", "a", 0.5), ("'i:", "u:", 1.0)]
)
def test_confused_sounds_are_nearer(one, other, far):
    assert distance(((one,),), ((other,),)) == far


def test_mutants_differ_in_one_sound_or_two_that_nobody_confuses():
    inventory = inventory_of(pronounce("en-us", ["lights on", "green table", "five goats", "you moved", "chess"]))
    made = list(mutants(LIGHTS, inventory, np.random.default_rng(1), 400))
    assert len({readable(words) for words in made}) > 40
    assert all(0 < distance(words, LIGHTS) <= 2 for words in made)
    assert {distance(words, LIGHTS) for words in made} >= {1.0, 2.0}
    assert all(len(words) == 2 and all(words) for words in made)
    again = list(mutants(LIGHTS, inventory, np.random.default_rng(1), 400))
    assert made == again


def test_stress_stays_where_it_was():
    inventory = inventory_of(pronounce("en-us", ["green table", "you moved"]))
    for words in mutants(LIGHTS, inventory, np.random.default_rng(2), 50):
        assert sum(phoneme.startswith("'") for word in words for phoneme in word) == 2


def test_spelled_phonemes_are_read_by_espeak_as_they_are():
    assert spelled(LIGHTS) == "[[l|'aI|t|s 'O2|n]]"
    assert readable(LIGHTS) == "l'aIts 'O2n"


def test_a_word_of_another_language_is_borrowed():
    assert is_borrowed(pronounce("ru", ["lights"])[0]) and not is_borrowed(LIGHTS)
    assert inventory_of(pronounce("ru", ["lights"])) == []


def test_halves_are_cut_behind_a_vowel():
    (marvin,) = pronounce("en", ["marvin"])[0]
    first, second = halves_of(marvin)
    assert first + second == marvin and is_vowel(first[-1]) and any(map(is_vowel, second))
    assert halves_of(("l", "'aI", "t")) is None
