"""Evaluation counts what predictors say, and TFLite's complaints become clear errors."""

import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.network import evaluation


def test_accuracy_of_a_predictor_that_knows_and_of_one_that_does_not():
    labels = np.arange(24) % 12
    right = np.eye(12)[labels]
    assert evaluation.accuracy(right, labels).share == 1
    assert evaluation.accuracy(np.roll(right, 1, axis=1), labels).correct == 0
    assert evaluation.accuracy(np.zeros((24, 12)), labels).correct == 2  # the first of equals wins


def test_clips_that_protocols_share_are_computed_once():
    rng = np.random.default_rng(0)
    noise, other = rng.integers(0, 256, (30, 4, 3), np.uint8), rng.integers(0, 256, (5, 4, 3), np.uint8)
    digital = noise.copy()
    digital[:3] = 128
    labels = np.zeros(30, np.uint8)
    sets = {
        ("test", "noise-silence"): (noise, labels),
        ("test", "digital-silence"): (digital, labels),
        ("validation", "noise-silence"): (other, labels[:5]),
    }
    seen = []

    def predictor(codes):
        seen.append(len(codes))
        return codes.reshape(len(codes), 12).astype(float)

    outputs = evaluation.outputs_of(predictor, sets)
    assert seen == [30, 1, 5]
    for key, (codes, _) in sets.items():
        assert np.array_equal(outputs[key], codes.reshape(len(codes), 12))


def agreeing():
    logits = np.random.default_rng(1).integers(-128, 128, (40, 12)).astype(np.int8)
    softmax = (logits.astype(int) + 128).astype(np.uint8)
    return {
        "float": logits * 0.1,
        "fake_quantised": logits * 0.1,
        "tflite_logits": logits,
        "reference": logits.copy(),
        "tflite": softmax,
        "reference_softmax": softmax.copy(),
    }


def test_agreement_of_equals():
    found = evaluation.agreement(agreeing())
    evaluation.require_exact(found)
    assert found["clips"] == 40 == found["same_winner_fake_quantised_and_tflite"]
    assert found["different_logit_codes_tflite_and_reference"] == 0


def test_one_different_logit_code_is_an_error():
    outputs = agreeing()
    outputs["reference"][7, 3] ^= 1
    with pytest.raises(ModelError, match="1 logit codes and"):
        evaluation.require_exact(evaluation.agreement(outputs))


def test_two_softmax_codes_apart_is_an_error():
    outputs = agreeing()
    outputs["reference_softmax"][7, 3] = (int(outputs["tflite"][7, 3]) + 100) % 256
    with pytest.raises(ModelError, match="softmax by up to"):
        evaluation.require_exact(evaluation.agreement(outputs))


@pytest.mark.parametrize("data", [b"", b"nonsense" * 10])
def test_a_damaged_file_is_an_error(data):
    with pytest.raises(ModelError, match="not a .tflite file"):
        evaluation.tflite_predictor(data)
