"""The child process that speaks: its answers, its refusals, and that nothing else loads the GPL library."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from kwslib.paths import project_root
from kwslib.speech.espeak import SYNTHESIS_RATE_HZ

YES = {"text": "yes", "rate_wpm": 170, "pitch": 50, "range": 50}


def child(*arguments, utterances=(YES,), env=None):
    return subprocess.run(
        [sys.executable, "-m", "kwslib.speech.espeak", *map(str, arguments)],
        input=json.dumps(list(utterances)),
        capture_output=True,
        text=True,
        cwd=project_root(),
        env=env,
        timeout=600,
    )


def spoken(tmp_path, voice="en-us+f1", utterances=(YES,)):
    result = child("--voice", voice, "--out", tmp_path / "out.raw", utterances=utterances)
    assert result.returncode == 0, result.stderr
    lengths = json.loads(result.stdout)["samples"]
    samples = np.fromfile(tmp_path / "out.raw", np.int16)
    assert sum(lengths) == len(samples)
    return np.split(samples, np.cumsum(lengths)[:-1])


def test_words_have_plausible_length_and_energy(tmp_path):
    words = [YES, YES | {"text": "marvin"}]
    for audio in spoken(tmp_path, utterances=words):
        assert 0.2 < len(audio) / SYNTHESIS_RATE_HZ < 1.2
        assert np.sqrt(np.mean(audio.astype(float) ** 2)) > 300


def test_rate_and_pitch_have_the_asked_effect(tmp_path):
    slow, fast = spoken(tmp_path, utterances=[YES | {"rate_wpm": 120}, YES | {"rate_wpm": 240}])
    assert len(slow) > 1.3 * len(fast)
    word = {"text": "no", "rate_wpm": 120, "range": 10}

    def fundamental_hz(audio):
        middle = audio[len(audio) // 4 : len(audio) // 2].astype(float)
        correlation = np.correlate(middle, middle, "full")[len(middle) - 1 :]
        lags = np.arange(SYNTHESIS_RATE_HZ // 400, SYNTHESIS_RATE_HZ // 60)
        return SYNTHESIS_RATE_HZ / lags[np.argmax(correlation[lags])]

    low, high = spoken(tmp_path, "en-us+m3", [word | {"pitch": 10}, word | {"pitch": 90}])
    assert fundamental_hz(high) > 1.3 * fundamental_hz(low)


@pytest.mark.parametrize("voice", ["en-gb-scotland+klatt4", "en-029+f5", "en-us+victor", "en+sandro"])
def test_same_process_history_gives_the_same_samples(tmp_path, voice):
    # f5, victor and sandro are breathy; unseeded, their noise changes with the second in which they start.
    words = [YES, YES | {"text": "stop"}, YES | {"text": "sheila"}]
    first = spoken(tmp_path, voice, words)
    time.sleep(1.1)
    second = spoken(tmp_path, voice, words)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_version_is_a_version():
    assert child("--version").stdout.strip().count(".") >= 1


@pytest.mark.parametrize(
    ("voice", "utterance", "message"),
    [
        ("en-us+nobody", YES, "espeak-ng has no voice variant 'nobody' (asked for voice 'en-us+nobody')"),
        ("tlh-moon+f1", YES, "espeak-ng has no voice 'tlh-moon+f1'"),
        ("en-us+f1", YES | {"text": ""}, "espeak-ng spoke nothing for ''"),
        ("en-us+f1", YES | {"pitch": 101}, "pitch is 101, not within 0 to 100"),
        ("en-us+f1", YES | {"rate_wpm": 20}, "rate_wpm is 20, not within 80 to 450"),
    ],
)
def test_refusals_write_nothing(tmp_path, voice, utterance, message):
    result = child("--voice", voice, "--out", tmp_path / "out.raw", utterances=[utterance])
    assert result.returncode == 1
    assert result.stderr.strip() == f"error: {message}"
    assert not (tmp_path / "out.raw").exists()


def test_folder_that_cannot_be_written_is_named(tmp_path):
    result = child("--voice", "en-us+f1", "--out", tmp_path / "missing" / "out.raw")
    assert result.returncode == 1
    assert "missing/out.raw" in result.stderr


def test_arguments_are_needed():
    result = child("--voice", "en-us")
    assert result.returncode == 2
    assert "--voice and --out are needed" in result.stderr


def test_opening_the_corpus_code_does_not_load_the_library():
    code = "import sys, kwslib.speech.synthetic; print('espeakng_loader' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project_root())
    assert result.stdout.strip() == "False", result.stderr
    maps = "import kwslib.speech.synthetic; print('espeak' in open('/proc/self/maps').read())"
    result = subprocess.run([sys.executable, "-c", maps], capture_output=True, text=True, cwd=project_root())
    assert result.stdout.strip() == "False", result.stderr


def test_voices_are_listed_with_code_and_name():
    listed = json.loads(child("--voices").stdout)
    assert {"code": "de", "name": "German", "voice": "de"} in listed and len(listed) > 100


def test_phonemes_are_those_of_the_voice():
    result = child("--voice", "en-us", "--phonemes", utterances=["lights on", "--", "first, second"])
    assert json.loads(result.stdout)[0] == [["l", "'aI", "t", "s"], ["'O2", "n"]]
    assert [len(words) for words in json.loads(result.stdout)] == [2, 0, 2]
    assert child("--voice", "tlh-moon", "--phonemes", utterances=["on"]).returncode == 1


def test_no_child_of_a_voice_imports_numpy():
    code = "import sys, runpy; sys.argv = ['espeak', '--version']\n"
    code += "try: runpy.run_path('kwslib/speech/espeak.py', run_name='__main__')\n"
    code += "except SystemExit: print('numpy' in sys.modules)"
    result = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=project_root())
    assert result.stdout.splitlines()[-1] == "False", result.stderr
