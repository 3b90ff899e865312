"""What every kind of synthetic speech is made of: texts spoken by a process of each voice."""

import numpy as np
import pytest

from kwslib.errors import ToolError
from kwslib.speech.utterances import Line, audible, is_click, resampled, utter


def test_resampling_keeps_a_tone():
    tone = 8000 * np.sin(2 * np.pi * 1000 * np.arange(22050) / 22050)
    found = resampled(tone)[1000:15000]
    expected = 8000 * np.sin(2 * np.pi * 1000 * np.arange(1000, 15000) / 16000)
    assert np.abs(found - expected).max() < 40


def test_a_sound_is_cut_where_it_is_40_db_below_its_peak():
    clip = np.zeros(16_000)
    clip[5000:9000] = 1000
    clip[4000:5000] = 9
    assert len(audible(clip)) == 4000
    assert len(audible(np.zeros(100))) == 0


def test_clicks_and_silence_are_no_words():
    assert is_click(np.zeros(0)) and is_click(np.full(800, 9000.0)) and is_click(np.full(5000, 3.0))
    assert not is_click(np.full(2000, 500.0))


def test_phonemes_in_marks_sound_as_the_word_does(tmp_path):
    texts = ["lights on", "[[l|'aI|t|s 'O2|n]]", "[[l|'aI]]"]
    word, phonemes, half = utter("en-us+f1", [Line(text, 170, 50, 50) for text in texts], tmp_path)
    assert len(audible(phonemes)) == pytest.approx(len(audible(word)), rel=0.05)
    assert len(audible(half)) < 0.7 * len(audible(word))
    assert not list(tmp_path.iterdir())


def test_an_unknown_voice_says_which_and_what_to_do(tmp_path):
    with pytest.raises(ToolError, match="(?s)espeak-ng cannot speak; reinstall it.*no voice 'tlh-moon'"):
        utter("tlh-moon", [Line("yes", 170, 50, 50)], tmp_path)
