"""Soft targets for distillation: a released network's probabilities for each augmented clip, computed once."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from kwslib.config.augmentation import Augmentation
from kwslib.config.recipe import Recipe
from kwslib.errors import ModelError
from kwslib.network.evaluation import tflite_predictor
from kwslib.runs.known_network import Network
from kwslib.runs.networks import of_file, pretrained_path, pretrained_sha256
from kwslib.speech.augmentation import varied_labels
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import Corpus
from kwslib.speech.dataset import training_codes


def probabilities(codes: np.ndarray, network: Network, data: bytes) -> np.ndarray:
    """Compute a teacher's probabilities from the codes of its logits.

    Parameters
    ----------
    codes : ndarray of uint8, shape (clips, frames, coefficients)
    network : Network
        The teacher.
    data : bytes
        Its ``.tflite``.

    Returns
    -------
    ndarray of float32, shape (clips, classes)
    """
    logits = tflite_predictor(data, logits=True)(codes).astype(np.float32)
    values = np.exp((logits - logits.max(axis=1, keepdims=True)) * np.float32(network.graph.layers[-1].input.scale))
    return values / values.sum(axis=1, keepdims=True)


def soft_targets(
    recipe: Recipe, corpus: Corpus, augmentation: Augmentation, seed: int
) -> Callable[[int], np.ndarray] | None:
    """Return a function that gives the teacher's probabilities for each augmented copy of the training set.

    The teacher reads the same augmented sound through its own front end, without its noise where the recipe says so.
    It is not asked about running speech, which it may never have been trained on: that is ``_unknown_`` for certain.
    The probabilities are kept in the cache.

    Parameters
    ----------
    recipe : Recipe
    corpus : Corpus
    augmentation : Augmentation
    seed : int
        Of the training.

    Returns
    -------
    callable or None
        Copy number -> float32 (clips, classes), read-only. None for a recipe without a teacher.

    Raises
    ------
    InputError
        If the teacher is not released.
    ModelError
        If it reads no fingerprint.
    """
    if not recipe.teacher:
        return None
    heard = _heard(augmentation, recipe.teacher_in_quiet)
    path = pretrained_path(recipe.teacher)
    data, network = path.read_bytes(), of_file(path)
    front_end = network.front_end
    if front_end is None:
        raise ModelError(f"the teacher {path} reads an input that is no fingerprint of this project")

    def of_copy(copy: int) -> np.ndarray:
        key = {
            "teacher": pretrained_sha256(recipe.teacher),
            "corpus": corpus.manifest["hash"],
            "augmentation": heard.key,
            "seed": seed,
            "copy": copy,
        }

        def chunks() -> Iterator[np.ndarray]:
            codes, _ = training_codes(corpus, front_end, heard, seed, copy)
            for start in range(0, len(codes), CHUNK_CLIPS):
                yield probabilities(codes[start : start + CHUNK_CLIPS], network, data)

        path = key_path("teachers", f"{recipe.teacher}-{copy}", key)
        clips = corpus.clips("train")
        taught = cached_array(path, (len(clips), network.graph.classes), np.float32, chunks)
        added = varied_labels(clips, augmentation)[len(clips) :]
        certain = np.eye(network.graph.classes, dtype=np.float32)[added]
        return np.concatenate([taught, certain]) if len(added) else taught

    return of_copy


def _heard(augmentation: Augmentation, in_quiet: bool) -> Augmentation:
    """What the teacher hears: no running speech, and no noise where that is left out."""
    heard = replace(augmentation, running_speech=0.0)
    if not in_quiet:
        return heard
    plain = Augmentation()
    noise = {name: getattr(plain, name) for name in ("snr_low_db", "snr_high_db", "snr_ramp_copies", "snr_silence")}
    return replace(heard, noise_probability=0.0, snr_probability=0.0, **noise)
