"""The languages of espeak-ng: by code and by name, and what none of their voices can read."""

import json

import pytest

from kwslib.errors import InputError
from kwslib.speech import languages
from kwslib.speech.languages import check_speakable, language_named, pronounce, without_stress
from kwslib.speech.voices import ACCENTS


@pytest.mark.parametrize(
    ("wanted", "code", "accents"),
    [
        ("de", "de", ("de",)),
        ("German", "de", ("de",)),
        ("fr-ch", "fr-ch", ("fr-ch",)),
        ("en", "en", ACCENTS),
        ("English", "en", ACCENTS),
        ("en_US", "en-us", ("en-us",)),
        ("yue", "yue", ("yue",)),
    ],
)
def test_a_language_is_known_by_code_and_by_name(wanted, code, accents):
    found = language_named(wanted)
    assert (found.code, found.accents) == (code, accents)
    assert found.is_english == code.startswith("en")


@pytest.fixture
def listed_backwards(monkeypatch):
    """espeak-ng's voices in another order, as on another file system."""
    voices = json.dumps(languages.listed()[::-1])
    languages.listed.cache_clear()
    monkeypatch.setattr(languages, "ask_espeak", lambda *arguments, **options: voices)
    yield
    languages.listed.cache_clear()


def test_the_order_of_voices_is_no_matter_of_the_file_system(request):
    first = languages.listed()
    request.getfixturevalue("listed_backwards")
    assert languages.listed() == first
    assert language_named("French").accents == ("fr", "fr-be", "fr-ch")


def test_a_language_without_country_has_all_its_accents():
    assert set(language_named("French").accents) == {"fr", "fr-be", "fr-ch"} == set(language_named("fr").accents)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("germn", "does not speak the language 'germn'; did you mean 'german'"),
        ("", "does not speak the language ''"),
        ("x" * 300, "the language 'x{40}…'"),
        ("../de", r"does not speak the language '\.\./de'"),
    ],
)
def test_an_unknown_language_names_the_nearest(wanted, message):
    with pytest.raises(InputError, match=message):
        language_named(wanted)


def test_accents_say_a_text_in_their_own_phonemes():
    american, british = (pronounce(accent, ["off"])[0] for accent in ("en-us", "en"))
    assert american != british
    assert [len(words) for words in pronounce("en-us", ["lights on", "25"])] == [2, 2]
    assert without_stress(american[0][0]) != american[0][0]


@pytest.mark.parametrize(
    ("language", "phrases"),
    [
        ("en", ["lights on", "TV on"]),
        ("ru", ["включи свет"]),
        ("cmn", ["开灯", "关灯"]),
        ("el", ["ελλάδα"]),
        ("ja", ["つけて"]),
    ],
)
def test_a_language_reads_its_own_script(language, phrases):
    assert all(check_speakable(language_named(language), phrases))


@pytest.mark.parametrize(
    ("language", "phrases", "message"),
    [
        ("en", ["привет"], "cannot read 'привет' in English: it would spell it letter by letter"),
        ("de", ["привет"], "cannot read 'привет' in German"),
        ("en", ["say ελλάδα"], "cannot read 'ελλάδα'"),
        ("en", ["中文"], "cannot read '中文'"),
        ("en", ["'"], "says nothing for '''"),
        ("en", ["read", "right", "write"], "'right' and 'write' sound alike in English: leave one out"),
    ],
)
def test_what_cannot_be_spoken_is_refused(language, phrases, message):
    with pytest.raises(InputError, match=message):
        check_speakable(language_named(language), phrases)
