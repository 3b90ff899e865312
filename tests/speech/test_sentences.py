import re

import numpy as np
import pytest

from kwslib.config.words import KEYWORDS
from kwslib.errors import InputError
from kwslib.speech import sentences


def spoken(say, count=3000):
    rng = np.random.default_rng(0)
    return [say(rng) for _ in range(count)]


def test_nothing_says_a_keyword_or_what_sounds_like_one():
    forbidden = {*KEYWORDS, *sentences.HOMOPHONES}
    for say in (sentences.sentence, sentences.plain_word, sentences.similar_word):
        said = {word for text in spoken(say) for word in re.findall(r"[a-z']+", text)}
        assert not said & forbidden
        assert len(said) > 40


def test_sentences_differ_and_follow_from_the_seed():
    assert spoken(sentences.sentence, 50) == spoken(sentences.sentence, 50)
    assert len(set(spoken(sentences.sentence, 500))) > 495


def test_talk_without_somebodys_phrases_has_none_of_them():
    talk = sentences.PhraseTalk(("teacher", "the garden"), ("tea chair",))
    for say in (talk.sentence, talk.plain_word):
        said = spoken(say, 400)
        assert not any(sentences.holds(text, phrase) for text in said for phrase in talk.phrases)
        assert len(set(said)) > 40
    assert set(spoken(talk.similar_word, 5)) == {"tea chair"}
    assert any(sentences.holds(text, "teacher") for text in spoken(sentences.sentence, 400))


def test_talk_of_another_language_is_rows_of_its_words():
    talk = sentences.PhraseTalk(("zwei drei",), ("zwei",), ("eins", "zwei", "drei"))
    said = spoken(talk.sentence, 300)
    assert {word for text in said for word in text.split()} == {"eins", "zwei", "drei"}
    assert {len(text.split()) for text in said} == set(range(4, 9))
    assert not any(sentences.holds(text, "zwei drei") for text in said)


def test_talk_that_cannot_avoid_a_phrase_is_refused():
    talk = sentences.PhraseTalk(("eins",), (), ("eins",))
    with pytest.raises(InputError, match="no sentence without eins"):
        talk.sentence(np.random.default_rng(0))
