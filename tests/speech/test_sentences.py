import re

import numpy as np

from kwslib.config.words import KEYWORDS
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
