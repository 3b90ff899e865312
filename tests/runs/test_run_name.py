"""Names of runs: short, safe, readable, and no two runs have one."""

import numpy as np
import pytest

from kwslib.runs import run_name
from kwslib.runs.parameters import RUN_NAME, check
from tests.corpora import write_wav


@pytest.fixture(autouse=True)
def own(monkeypatch, tmp_path):
    """A folder of words; no KWS_DATA."""
    monkeypatch.delenv("KWS_DATA", raising=False)
    write_wav(tmp_path / "own" / "marvin" / "0.wav", np.ones(16000, np.int16))
    return str(tmp_path / "own")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "quick-small"),
        ({"profile": "best", "size": "medium", "seed": 3}, "best-medium-s3"),
        ({"channels": 96, "blocks": 4}, "quick-small-96ch-4blocks"),
        ({"first_kernel": "8x4", "strides": "2x1"}, "quick-small-k8x4-s2x1"),
        ({"front_end": "magnitude", "window_ms": 30, "stride_ms": 10}, "quick-small-magnitude-w30ms-every10ms"),
        ({"coefficients": 13, "input_scale": 0.75}, "quick-small-13mfcc-scale0.75"),
        ({"front_end": "integer", "bands": 64, "upper_hz": 7600}, "quick-small-integer-64bands-to7600hz"),
        ({"learning_rates": "0.01,0.001,1e-5"}, "quick-small-lr0.01_0.001_1e-05"),
        ({"stage_steps": "7,4,3"}, "quick-small-14steps-stages7_4_3"),
        ({"steps": 20, "quantise_after": 10}, "quick-small-20steps-q10"),
        ({"profile": "best", "steps": 100, "warm_up_steps": 9}, "best-small-100steps-warmup9"),
        ({"batch_clips": 50, "copies": 2, "validate_every_steps": 9}, "quick-small-batch50-2copies-v9"),
        ({"noise_probability": 0.5, "gain_db": 6, "hold_out_noise": True}, "quick-small-noise0.5-gain6db-holdouttrue"),
        ({"profile": "tuned", "size": "large", "start": ""}, "tuned-large-from-none"),
        ({"profile": "tuned", "size": "large", "start": "large"}, "tuned-large-from-large"),
        ({"profile": "tuned", "size": "large", "start_share": 0}, "tuned-large-keep0"),
        ({"profile": "tuned", "size": "large", "branches": 2}, "tuned-large-2branches"),
        ({"profile": "best", "teacher": "large", "teacher_share": 0.5}, "best-small-teacher-large-teachershare0.5"),
        ({"profile": "best", "start": "small"}, "best-small-from-small"),
        ({"profile": "best", "start": "small", "start_share": 0.3}, "best-small-from-small-keep0.3"),
        ({"profile": "best", "start": "small", "branches": 3}, "best-small-from-small-3branches"),
        ({"time_masks": 2, "mask_frames": 6, "mixup_alpha": 0.2}, "quick-small-mixup0.2-timemasks2-maskframes6"),
    ],
)
def test_a_name_says_what_differs(values, name):
    assert check(**values).run == name


def test_words_and_their_folder(own):
    assert check(words="marvin,sheila", data=own).run == "quick-small-marvin.sheila-in_own"
    assert check(words="marvin", data=own).run == "quick-small-word.marvin-in_own"
    assert check(words="lights on,größe", data=own).run.startswith("quick-small-2words-")


def test_names_are_safe_short_and_all_different(own):
    changes = {
        "words": ["a,b", "b,a", "ab", "power", "s2", "seed two", "größe", ",".join(f"word{n}" for n in range(40))],
        "channels": [8, 16],
        "blocks": [2, 3],
        "strides": ["1x1", "2x1", "1x2,2x2"],
        "front_end": ["magnitude"],
        "window_ms": [30, 25],
        "shift_ms": [25, 30],
        "shift_frames": [2, 25],
        "steps": [20, 21],
        "learning_rates": ["0.1,0.2,0.3", "0.1,0.2,0.30000000004"],
        "batch_clips": [20, 21],
        "copies": [20],
        "validate_every_steps": [20],
        "seed": [2],
        "noise_volume": [0.5, 0.25],
        "noise_probability": [0.5],
        "mask_frames": [6],
        "mask_coefficients": [6],
    }
    runs = [{name: value} for name, values in changes.items() for value in values]
    runs += [one | other for one in runs for other in runs if one.keys() != other.keys()]
    names = {}
    for values in runs:
        chosen = check(data=own, **({"words": "marvin"} | values))
        assert RUN_NAME.fullmatch(chosen.run) and len(chosen.run) <= run_name.LONGEST
        names.setdefault(chosen.run, set()).add(chosen.key)
    assert [name for name, keys in names.items() if len(keys) > 1] == []
    assert len(names) > 500
