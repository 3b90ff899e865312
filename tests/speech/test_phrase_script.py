"""Who speaks own phrases: no variant in two splits, and every voice says phrases and what is near them."""

from collections import Counter

import pytest

from kwslib.errors import InputError
from kwslib.speech.languages import Language
from kwslib.speech.near_misses import HALF, JOIN, KEYWORD, NEAR, ORDINARY, RUNNING, Saying
from kwslib.speech.phrase_script import MOST_VOICES, QUOTAS, cast_variants, script_of, takes_of
from kwslib.speech.phrases import Phrase
from kwslib.speech.sentences import PhraseTalk
from kwslib.speech.voices import ACCENTS, VARIANTS

ENGLISH, GERMAN = Language("en", "English", ACCENTS), Language("de", "German", ("de",))
PHRASES = [Phrase("lights on", ((),), 0.8, (150, 220)), Phrase("lights off", ((),), 0.8, (250, 290))]
POOL = {kind: [Saying(kind, kind, kind)] for kind in (HALF, JOIN, NEAR, ORDINARY)}


@pytest.mark.parametrize("most", [0, 24, 6])
@pytest.mark.parametrize("language", [ENGLISH, GERMAN], ids=["en", "de"])
def test_no_variant_is_in_two_splits(language, most):
    cast = cast_variants(language, 1, most)
    variants = {split: {voice.partition("+")[2] for voice in voices} for split, voices in cast.items()}
    assert all(variants.values()) and set().union(*variants.values()) <= set(VARIANTS)
    assert sum(map(len, variants.values())) == len(set().union(*variants.values()))
    assert all(len(set(voices)) == len(voices) <= MOST_VOICES[split] for split, voices in cast.items())


def test_english_has_hundreds_of_voices_and_one_accent_has_all_variants():
    assert {split: len(voices) for split, voices in cast_variants(ENGLISH, 1).items()} == MOST_VOICES
    assert sum(map(len, cast_variants(GERMAN, 1).values())) == len(VARIANTS)


def test_too_few_voices_are_refused():
    with pytest.raises(InputError, match="voices is 3: give at least 6"):
        cast_variants(ENGLISH, 1, 3)


def test_a_voice_says_phrases_and_negatives_at_their_rates():
    pools = dict.fromkeys(ACCENTS, POOL)
    talk = PhraseTalk(("lights on", "lights off"), ())
    script = script_of(PHRASES, ENGLISH, pools, talk, seed=1, most=24)
    assert list(script) == list(MOST_VOICES)
    for lines in (lines for voices in script.values() for lines in voices.values()):
        kinds = Counter(line.saying.kind for line in lines)
        assert kinds == {KEYWORD: 8, HALF: 1, JOIN: 1, NEAR: 3, ORDINARY: 2, RUNNING: 1}
        assert all(150 <= line.rate_wpm <= 220 for line in lines if line.saying.name == "lights on")
        assert all(250 <= line.rate_wpm <= 290 for line in lines if line.saying.name == "lights off")
        assert {line.label for line in lines if line.saying.kind == KEYWORD} == {2, 3}
        assert {line.label for line in lines if line.saying.kind != KEYWORD} == {1}
        assert [line.pieces for line in lines if line.saying.kind == RUNNING] == [QUOTAS[RUNNING]]


def test_an_empty_kind_is_replaced():
    pools = {"de": {**POOL, HALF: [], JOIN: []}}
    script = script_of(PHRASES[:1], GERMAN, pools, PhraseTalk(("lights on",), ()), seed=1, most=6)
    kinds = Counter(line.saying.kind for line in next(iter(script["train"].values())))
    assert kinds[HALF] == kinds[JOIN] == 0 and kinds[NEAR] == 5


def test_more_phrases_are_said_less_often_each():
    assert [takes_of(count) for count in (1, 2, 3, 4, 30)] == [4, 4, 2, 2, 2]
