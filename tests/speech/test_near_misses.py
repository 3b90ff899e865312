"""Negatives: near enough to be hard, far enough to be another phrase, and none holds a phrase whole."""

import pytest

from kwslib.speech import phonemes
from kwslib.speech.languages import language_named, pronounce
from kwslib.speech.near_misses import HALF, JOIN, LEAST_DISTANCE, NEAR, ORDINARY, ordinary_words, pools

ENGLISH = language_named("en")


@pytest.fixture(scope="module")
def lights():
    return pools(ENGLISH, ["lights on", "lights off"], "en-us", 0)


def test_halves_and_joins_of_phrases(lights):
    assert {saying.text for saying in lights[HALF]} == {"lights", "on", "off"}
    joins = {saying.text for saying in lights[JOIN]}
    assert {"on lights", "off on", "lights lights"} <= joins
    assert not {"lights on", "lights off"} & joins


def test_near_words_are_made_up_and_real(lights):
    made_up = [saying for saying in lights[NEAR] if saying.text.startswith("[[")]
    real = [saying for saying in lights[NEAR] if not saying.text.startswith("[[")]
    assert len(made_up) > 80 and len(real) > 20
    keys = pronounce("en-us", ["lights on", "lights off"])
    for saying, words in zip(real, pronounce("en-us", [saying.text for saying in real]), strict=True):
        nearest = min(phonemes.distance(words, key) for key in keys)
        assert LEAST_DISTANCE < nearest <= 6, saying


@pytest.mark.parametrize("phrases", [["lights on", "lights off"], ["marvin", "sheila"], ["go"], ["on", "turn on"]])
def test_no_negative_is_a_phrase_or_holds_one(phrases):
    found = pools(ENGLISH, phrases, "en", 0)
    texts = [saying.text for own in found.values() for saying in own if not saying.text.startswith("[[")]
    keys = [phonemes.readable(key).replace(" ", "") for key in pronounce("en", phrases)]
    for text, words in zip(texts, pronounce("en", texts), strict=True):
        assert not any(key in phonemes.readable(words).replace(" ", "") for key in keys), text
    assert found[NEAR] and found[ORDINARY]


def test_halves_and_joins_of_single_words_are_sounds():
    found = pools(ENGLISH, ["marvin", "sheila"], "en", 0)
    assert len(found[HALF]) == 4 and all(saying.text.startswith("[[") for saying in found[HALF])
    assert len(found[JOIN]) == 2


def test_any_language_has_numbers_for_ordinary_words():
    german = language_named("de")
    found = pools(german, ["licht an", "licht aus"], "de", 0)
    assert ordinary_words(german)[0] == "0"
    assert len(found[ORDINARY]) > 150 and any(saying.text.startswith("[[") for saying in found[ORDINARY])
    assert len(found[NEAR]) > 80


def test_the_seed_decides():
    phrases = ["sheila"]
    assert pools(ENGLISH, phrases, "en", 1) == pools(ENGLISH, phrases, "en", 1)
    assert pools(ENGLISH, phrases, "en", 1)[NEAR] != pools(ENGLISH, phrases, "en", 2)[NEAR]
