import math
from fractions import Fraction

import numpy as np
import pytest

from kwslib.errors import DataError, InputError
from kwslib.speech.corpus import Clips, check_split, extra_clips


@pytest.mark.parametrize("keyword_clips", [0, 1, 9, 10, 11, 70, 100, 4074, 3703, 30769])
def test_extra_clips_is_the_exact_ceiling_of_a_tenth(keyword_clips):
    assert extra_clips(keyword_clips) == math.ceil(Fraction(keyword_clips, 10))


def test_unknown_split_and_protocol_name_the_nearest():
    with pytest.raises(InputError, match="unknown split 'tests'.*did you mean 'test'"):
        check_split("tests")
    with pytest.raises(InputError, match="silence protocol 'noise'.*did you mean 'noise-silence'"):
        check_split("test", "noise")


@pytest.mark.parametrize(
    ("labels", "audio", "message"),
    [
        (np.zeros(2, np.int64), np.zeros((2, 16000), np.int16), "labels are int64"),
        (np.zeros(2, np.uint8), np.zeros((2, 8000), np.int16), r"audio is int16 \(2, 8000\)"),
        (np.zeros(2, np.uint8), np.zeros((2, 16000), np.float32), "audio is float32"),
        (np.full(2, 12, np.uint8), np.zeros((2, 16000), np.int16), "label 12 is not one of the 12"),
    ],
)
def test_clips_that_do_not_fit_together_are_refused(labels, audio, message):
    with pytest.raises(DataError, match=message):
        Clips(("a", "b"), labels, audio)
