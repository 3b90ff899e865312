"""Labels that the released network does not believe; its own "yes" is the clip that travels with the firmware."""

import re

import numpy as np
import pytest

from kwslib.config.words import LABELS
from kwslib.errors import InputError
from kwslib.network.evaluation import tflite_predictor
from kwslib.report import inspection_page
from kwslib.runs import doubts, networks
from kwslib.runs.clips import DEFAULT_CLIP, codes_for
from kwslib.speech.inspection import inspect
from kwslib.speech.wav import read_second
from tests.corpora import write_wav


@pytest.fixture
def folder(tmp_path):
    said = read_second(DEFAULT_CLIP)
    for word in ("yes", "no", "other"):
        write_wav(tmp_path / "f" / word / "<b>1.wav", said)
    return tmp_path / "f"


def test_probabilities_are_those_of_tflite():
    network = networks.choose()
    rng = np.random.default_rng(0)
    audio = np.stack([read_second(DEFAULT_CLIP), rng.integers(-900, 900, 16000, np.int16)])
    found = doubts.probabilities(network, audio)
    expected = tflite_predictor(network.path.read_bytes())(codes_for(network, audio)) / 256
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_a_clip_under_another_word_is_doubted(folder):
    found = doubts.find(inspect(folder), networks.choose())
    assert [(one.word, one.path) for one in found] == [("no", "no/<b>1.wav"), ("other", "other/<b>1.wav")]
    assert re.match(r"yes with probability (0\.9|1\.0)", found[0].text) and ", no with 0.0" in found[0].text
    assert f", {LABELS[1]} with" in found[1].text


def test_a_network_of_other_words_is_refused(folder):
    for word in ("yes", "no"):
        (folder / word).rename(folder / f"{word}_")
    with pytest.raises(InputError, match="knows none of the words in .*no_, other, yes_"):
        doubts.find(inspect(folder), networks.choose())


def test_the_page_escapes_names_and_holds_the_sounds(folder, tmp_path):
    found = inspect(folder)
    found = found.with_findings(doubts.find(found, networks.choose()))
    inspection_page.write(found, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "<b>" not in text and "&lt;b&gt;1.wav" in text
    assert text.count("<audio") == sum(1 + bool(one.other) for one in found.findings if one.path)
    assert "wrong label" in text and "small class" in text


def test_a_page_without_findings_says_so(folder, tmp_path):
    from dataclasses import replace

    assert "Nothing was found." in inspection_page.html(replace(inspect(folder), findings=[]))
