"""One measurement for every form of a network: a predictor turns fingerprint codes into class scores."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from kwslib.accuracy import Accuracy, confusion_matrix
from kwslib.errors import ModelError
from kwslib.integer.network_file import load
from kwslib.network import conversion, ds_cnn
from kwslib.network.batches import EvaluationBatches
from kwslib.network.interpreter import Interpreter
from kwslib.network.truncation import truncated

TFLITE_KERNELS = "TFLite default kernels (XNNPACK)"

Predictor = Callable[[np.ndarray], np.ndarray]
"""uint8 codes (clips, frames, coefficients) -> (clips, classes), the largest of a row wins, the first of equals."""
THREADS = 2
"""Of a TFLite interpreter."""


def keras_logits(network: keras.Model, codes: np.ndarray, scale: float | None = None) -> np.ndarray:
    """Run a Keras network on codes.

    Parameters
    ----------
    network : keras.Model
        From `kwslib.network.ds_cnn`.
    codes : ndarray of uint8, shape (clips, frames, coefficients)
    scale : float, optional
        What one step of the codes is worth. A quantised network knows it; `ds_cnn.float_network` does not.

    Returns
    -------
    ndarray of float32, shape (clips, classes)
    """
    scale = ds_cnn.input_scale(network) if scale is None else scale
    return network.predict(EvaluationBatches(codes, scale), verbose=0)


def keras_predictor(network: keras.Model) -> Predictor:
    """Predict with a quantised Keras network; float32 logits."""
    return lambda codes: keras_logits(network, codes)


def tflite_predictor(data: bytes, logits: bool = False) -> Predictor:
    """Predict with a .tflite through TFLite's default kernels (XNNPACK).

    Parameters
    ----------
    data : bytes
        The file.
    logits : bool
        Give the int8 codes of the last linear layer instead of the uint8 codes of the softmax.

    Returns
    -------
    Predictor

    Raises
    ------
    ModelError
        If the file is damaged, or TFLite cannot read it or dies of it.
    """
    load(data)  # our own reader checks the file before TensorFlow's meets it
    interpreter = Interpreter(truncated(data, conversion.linear_operator(data)) if logits else data, THREADS)
    shape = interpreter.shape

    def predict(codes: np.ndarray) -> np.ndarray:
        if tuple(codes.shape[1:]) != shape[1:-1]:
            raise ModelError(f"this network reads fingerprints of {shape[1:-1]}, not {tuple(codes.shape[1:])}")
        return interpreter.run(codes)

    return predict


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> Accuracy:
    """Count the winners of outputs (clips, classes) against the labels (clips,); of equals the first wins."""
    return Accuracy(confusion_matrix(labels, outputs.argmax(axis=1), outputs.shape[1]))


def agreement(outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Compare the outputs of several forms of a network, clip by clip, on one set.

    Parameters
    ----------
    outputs : mapping
        ``float``, ``fake_quantised``: logits; ``tflite_logits``, ``reference``: int8 codes of the logits;
        ``tflite``, ``reference_softmax``: uint8 codes of the softmax. Each (clips, classes), in one order.

    Returns
    -------
    dict
        Counts of clips with the same winner, of logit codes that differ, and the largest softmax difference in codes.
    """
    winners = {name: values.argmax(axis=1) for name, values in outputs.items()}

    def same(one: str, other: str) -> int:
        return int(np.sum(winners[one] == winners[other]))

    softmax = np.abs(outputs["tflite"].astype(int) - outputs["reference_softmax"].astype(int))
    return {
        "clips": len(winners["tflite"]),
        "tflite_kernels": TFLITE_KERNELS,
        "same_winner_float_and_fake_quantised": same("float", "fake_quantised"),
        "same_winner_fake_quantised_and_tflite": same("fake_quantised", "tflite_logits"),
        "same_winner_tflite_and_reference": same("tflite_logits", "reference"),
        "different_logit_codes_tflite_and_reference": int(np.sum(outputs["tflite_logits"] != outputs["reference"])),
        "largest_softmax_difference_codes": int(softmax.max()),
    }


def require_exact(found: Mapping[str, Any]) -> None:
    """Assert that the integer reference computes the same codes as TFLite.

    Parameters
    ----------
    found : mapping
        From `agreement`.

    Raises
    ------
    ModelError
        If a winner or a logit code differs, or a softmax code by more than one.
    """
    different = found["different_logit_codes_tflite_and_reference"]
    winners = found["clips"] - found["same_winner_tflite_and_reference"]
    if different or winners or found["largest_softmax_difference_codes"] > 1:
        raise ModelError(
            f"the integer reference is not what {TFLITE_KERNELS} compute: {different} logit codes and {winners} "
            f"winners differ, softmax by up to {found['largest_softmax_difference_codes']} codes"
        )


Sets = Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]
"""(split, silence protocol) -> codes and labels, the clips of a split in one order under both protocols."""


def outputs_of(predictor: Predictor, sets: Sets) -> dict[tuple[str, str], np.ndarray]:
    """Run a predictor over every set.

    The two silence protocols of a split share all clips but the silence, so the second protocol computes only what
    differs, and equal clips (digital silence) once.

    Parameters
    ----------
    predictor : Predictor
    sets : mapping
        (split, silence) -> codes (clips, frames, coefficients), labels (clips,).

    Returns
    -------
    dict
        The same keys -> outputs (clips, classes).
    """
    found: dict[tuple[str, str], np.ndarray] = {}
    for (split, silence), (codes, _) in sets.items():
        twin = next((key for key in found if key[0] == split and len(sets[key][0]) == len(codes)), None)
        if twin is None:
            found[split, silence] = predictor(codes)
            continue
        outputs = found[twin].copy()
        other = np.any(codes != sets[twin][0], axis=(1, 2))
        if other.any():
            distinct, back = np.unique(codes[other], axis=0, return_inverse=True)
            outputs[other] = predictor(distinct)[back.ravel()]
        found[split, silence] = outputs
    return found
