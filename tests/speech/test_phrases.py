"""Phrases are checked before anything is spoken, and spoken so fast that they fit in a second."""

import pytest

from kwslib.errors import InputError
from kwslib.speech.languages import language_named
from kwslib.speech.phrases import FASTEST_WPM, USUAL_WPM, check_phrases
from kwslib.speech.voices import RATE_WPM

ENGLISH = language_named("en")


def test_short_phrases_have_the_usual_rates():
    yes, no = check_phrases(["yes", " no "], ENGLISH)
    assert (yes.text, no.text) == ("yes", "no")
    assert yes.rate_wpm == no.rate_wpm == RATE_WPM and 0.2 < no.usual_s < 0.7
    assert not yes.is_hurried and yes.describe().startswith("'yes': j'Es, 0.")


def test_a_long_phrase_is_hurried_and_says_so():
    (phrase,) = check_phrases(["turn the lights on"], ENGLISH)
    assert phrase.usual_s > 1 and phrase.is_hurried
    assert USUAL_WPM < phrase.rate_wpm[0] < phrase.rate_wpm[1] <= FASTEST_WPM
    assert "because the network hears one second and nothing is cut" in phrase.describe()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "name at least one phrase"),
        ([""], "is empty"),
        (["on", "on"], "'on' is given twice"),
        (["On", "on"], "differ in case"),
        (["a,b"], "'a,b' has a comma"),
        (["../etc/passwd"], "'../etc/passwd' cannot be a word.*nearest: 'etcpasswd'"),
        (["<b>on</b>"], "cannot be a word"),
        (["x" * 300], r"\(300 characters\)' cannot be a word"),
        (["x," * 150], "cannot be a word"),
        (["привет"], "cannot read"),
        (["--"], "cannot be a word"),
        (["turn the kitchen lights on please"], "takes 1.* s at 170 words a minute, and more than the second"),
    ],
)
def test_bad_phrases_are_refused(texts, message):
    with pytest.raises(InputError, match=message):
        check_phrases(texts, ENGLISH)
