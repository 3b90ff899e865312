import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.config.words import KEYWORDS, LABELS, checked_words, labels_of, nearest_word
from kwslib.errors import InputError


def test_classes_are_silence_other_sounds_and_the_words():
    assert labels_of(KEYWORDS) == LABELS
    assert labels_of(["marvin"]) == ("_silence_", "_unknown_", "marvin")


def test_good_words_are_kept():
    words = ["lights on", "größe", "don't", "ne-in", "はい", "7up"]
    assert checked_words([f" {word} " for word in words]) == tuple(words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "names no word"),
        (["yes", ""], "word 2 of 2 is empty"),
        (["yes", "no", "yes"], "word 'yes' is given twice"),
        (["yes", "Yes"], "'yes' and 'Yes' differ in case"),
        (["../x"], r"'\.\./x' cannot be a word: .*; nearest: 'x'"),
        (["a/b"], "nearest: 'ab'"),
        (["<b>yes</b>"], "nearest: 'byesb'"),
        (["_silence_"], "nearest: 'silence'"),
        (["x" * 300], r"x… \(300 characters\)' cannot be a word: .*; nearest: 'x{64}'"),
        (["yes\x00"], "nearest: 'yes'"),
        (["%"], "'%' cannot be a word: .*apostrophes$"),
        ([f"w{number}" for number in range(255)], "names 255 words: give at most 254"),
    ],
)
def test_bad_words_are_refused_with_the_nearest(words, message):
    with pytest.raises(InputError, match=message):
        checked_words(words)


@given(st.text(max_size=80))
def test_the_nearest_word_is_a_word(text):
    near = nearest_word(" ".join(text.split()))
    if near:
        assert checked_words([near]) == (near,)
