"""Fingerprint codes of whole splits, kept in the cache, and the varied copies made beside the training.

The codes are what the networks read (uint8, `fingerprint.quantise`), so nothing is lost by keeping them alone.
"""

import functools
import multiprocessing
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import CLIP_SAMPLES, FrontEnd
from kwslib.config.streams import SNR_DB
from kwslib.config.words import SILENCE
from kwslib.errors import InputError, KwsError
from kwslib.speech import fingerprint
from kwslib.speech.augmentation import Material, augment, varied_labels
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import Clips, Corpus
from kwslib.speech.noise import training_part
from kwslib.speech.noise_pool import noise_pool
from kwslib.speech.running_speech import running_speech

ARITHMETIC_VERSION = 2
"""Raised whenever augmentation, fingerprints or codes come out differently, so that no stale file is read."""

NOISY_SEED = 1_000_003
"""Of the noise in validation: no training's seed."""

Codes = tuple[np.ndarray, np.ndarray]


def evaluation_codes(corpus: Corpus, split: str, silence: str, front_end: FrontEnd) -> Codes:
    """Return the codes of a split, unvaried.

    Parameters
    ----------
    corpus : Corpus
        Where the clips are from.
    split, silence : str
        As for `Corpus.clips`.
    front_end : FrontEnd
        What to compute.

    Returns
    -------
    codes : ndarray of uint8, shape (n, frames, coefficients)
        Read-only.
    labels : ndarray of uint8, shape (n,)
        Index into `corpus.LABELS`.
    """
    clips = corpus.clips(split, silence)
    key = {"split": split, "silence": silence}
    chunks = _in_chunks(len(clips), lambda part: clips.audio[part], front_end)
    return _cached(_path(corpus, key, front_end), len(clips), front_end, chunks), clips.labels


def noisy_codes(corpus: Corpus, split: str, front_end: FrontEnd) -> Codes:
    """Return the codes of a split's words in noise: what chooses a network that is meant to stand noise.

    The ratios are `SNR_DB` in turn, those of the study of streams. The noise is of the kinds that a training hears
    (`noise_pool`), its babble of the split's own other words. The last fifth of each background recording is left out:
    the study of robustness measures with it.

    Parameters
    ----------
    corpus, split, front_end
        As for `evaluation_codes`. Silence is left out.

    Returns
    -------
    codes, labels : ndarray of uint8
        As `evaluation_codes`.

    Raises
    ------
    DataError
        If the corpus has no background recording.
    """
    clips = corpus.clips(split)
    words = np.flatnonzero(clips.labels != SILENCE)
    others, digest = corpus.other_words(split)

    def vary(part: slice) -> np.ndarray:
        made = np.zeros((len(words[part]), CLIP_SAMPLES), np.float32)
        for turn, ratio_db in enumerate(SNR_DB):
            rows = np.arange(len(words))[part] % len(SNR_DB) == turn
            one = Augmentation(
                noise_probability=0, shift_ms=0, snr_probability=1, snr_low_db=ratio_db, snr_high_db=ratio_db
            )
            made[rows] = augment(material(), one, NOISY_SEED, 0, words[part][rows])
        return made

    @functools.cache
    def material() -> Material:
        recordings = [training_part(recording) for recording in corpus.noise()]
        return Material(clips, noise_pool(recordings, others, NOISY_SEED, 0))

    key = {"split": split, "noisy": SNR_DB, "others": digest}
    chunks = _in_chunks(len(words), vary, front_end)
    return _cached(_path(corpus, key, front_end), len(words), front_end, chunks), clips.labels[words]


def training_codes(corpus: Corpus, front_end: FrontEnd, augmentation: Augmentation, seed: int, copy: int) -> Codes:
    """Return the codes of one varied copy of the training split.

    Parameters
    ----------
    corpus : Corpus
        Where the clips are from.
    front_end : FrontEnd
        What to compute.
    augmentation : Augmentation
        How far the clips are varied.
    seed, copy : int
        Non-negative; the same pair gives the same copy.

    Returns
    -------
    codes : ndarray of uint8, shape (n, frames, coefficients)
        Read-only, in the order of the clips; running speech is behind them.
    labels : ndarray of uint8, shape (n,)
        Index into `corpus.LABELS`.
    """
    if seed < 0 or copy < 0:
        raise InputError(f"seed is {seed} and copy {copy}: neither may be negative")
    clips = corpus.clips("train")
    labels = varied_labels(clips, augmentation)

    def chunks() -> Iterator[np.ndarray]:
        material = _material(corpus, clips, augmentation, seed, copy)
        vary = partial(augment, material, augmentation, seed, copy)
        yield from _in_chunks(len(labels), lambda part: vary(np.arange(len(labels))[part]), front_end)()

    path = training_path(corpus, front_end, augmentation, seed, copy)
    return _cached(path, len(labels), front_end, chunks), labels


def _material(corpus: Corpus, clips: Clips, augmentation: Augmentation, seed: int, copy: int) -> Material:
    noise = corpus.noise() if augmentation.noise_probability > 0 or augmentation.snr_probability > 0 else []
    if augmentation.hold_out_noise:
        noise = [training_part(recording) for recording in noise]
    others = _others(corpus, augmentation)[0]
    if augmentation.snr_probability > 0:
        noise = noise_pool(noise, others, seed, copy)
    if not augmentation.running_speech:
        return Material(clips, noise, others)
    return Material(clips, noise, others, running_speech(others, seed, copy))


def _others(corpus: Corpus, augmentation: Augmentation) -> tuple[np.ndarray, str]:
    """All other words of the training split and their hash, where the augmentation uses them."""
    if augmentation.turn_others or augmentation.snr_probability > 0 or augmentation.running_speech > 0:
        return corpus.other_words("train")
    return Material(corpus.clips("train")).others, ""


def training_path(corpus: Corpus, front_end: FrontEnd, augmentation: Augmentation, seed: int, copy: int) -> Path:
    """Return the file of the cache that keeps a varied copy, whether it is there or not."""
    key: dict[str, Any] = {"augmentation": augmentation.key, "seed": seed, "copy": copy}
    others = _others(corpus, augmentation)[1]
    return _path(corpus, key | ({"others": others} if others else {}), front_end)


def _in_chunks(
    clips: int, audio: Callable[[slice], np.ndarray], front_end: FrontEnd
) -> Callable[[], Iterator[np.ndarray]]:
    def chunks() -> Iterator[np.ndarray]:
        for start in range(0, clips, CHUNK_CLIPS):
            _end_with_parent()
            yield fingerprint.codes(audio(slice(start, start + CHUNK_CLIPS)), front_end)

    return chunks


def _path(corpus: Corpus, key: dict[str, Any], front_end: FrontEnd) -> Path:
    whole = {"version": ARITHMETIC_VERSION, "hash": corpus.manifest["hash"], "front_end": front_end.key} | key
    return key_path("fingerprints", f"{corpus.name}-{key.get('split', 'train')}-{front_end.key}", whole)


def _cached(path: Path, clips: int, front_end: FrontEnd, chunks: Callable[[], Iterator]) -> np.ndarray:
    return cached_array(path, (clips, *front_end.shape), np.uint8, chunks)


class Orphaned(KwsError):
    """The training process has gone; there is nobody to make copies for."""


def _end_with_parent() -> None:
    # Raised between chunks, so that the half-made file is removed on the way out; no effect in a main process.
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise Orphaned("the process that wanted the copies has ended")
