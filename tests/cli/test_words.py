"""``kws words`` and ``kws words-study``: options and refusals; the way itself is tested in tests/studies."""

import numpy as np
import pytest
from click.testing import CliRunner

from kwslib.cli.main import main
from tests.corpora import write_wav


@pytest.fixture
def place(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def kws(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_check_says_what_would_be_done_and_writes_nothing(place):
    result = kws("words", "lights on", "lights off", "--voices", 12, "--steps", 40, "--check")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "run words-lights-on.lights-off-12voices-steps40: small, 40 steps"
    assert "people must say it as fast" not in result.output
    assert not list(place.iterdir())


def test_a_long_phrase_is_told_of(place):
    result = kws("words", "turn the lights on", "--check")
    assert "because the network hears one second and nothing is cut" in result.output
    assert "360 train, 60 validation, 60 test" in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name at least one phrase"),
        (["on", "--language", "germn"], "did you mean 'german'"),
        (["a/b"], "cannot be a word"),
        (["on", "--steps", "0"], "steps is 0"),
        (["on", "--size", "big"], "unknown size 'big'"),
        (["on", "--config", "/nowhere.yaml"], "cannot read /nowhere.yaml"),
    ],
)
def test_bad_input_is_one_line(place, words, message):
    result = kws("words", *words)
    assert result.exit_code == 2 and message in result.stderr, result.output
    assert result.stderr.count("\n") == 1
    assert not list(place.iterdir())


def test_every_damaged_recording_is_a_line_and_nothing_is_made(place):
    write_wav(place / "mine" / "on" / "good.wav", 6000 * np.sin(np.arange(8000)))
    for name in ("empty", "none"):
        (place / "mine" / "on" / f"{name}.wav").touch()
    result = kws("words", "on", "--voices", 12, "--recordings", place / "mine", "--check")
    assert result.exit_code == 1 and not result.stdout
    first, second, end = result.stderr.splitlines()
    assert first == f"error: {place}/mine/on/empty.wav is empty: name a file with sound in it"
    assert second.startswith(f"error: {place}/mine/on/none.wav is empty")
    assert end == "error: 2 of 3 sound files could not be read, see above"


def test_the_study_names_the_nearest_row(place):
    result = kws("words-study", "--only", "voices-5")
    assert result.exit_code == 2 and "did you mean 'voices-50'" in result.stderr
    assert "--record" in kws("words-study", "--help").output
