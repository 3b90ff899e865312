"""Fingerprint codes of whole splits, kept in the cache, and the varied copies made beside the training.

The codes are what the networks read (uint8, `fingerprint.quantise`), so nothing is lost by keeping them alone.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError, KwsError
from kwslib.speech import fingerprint
from kwslib.speech.augmentation import augment
from kwslib.speech.cache import CHUNK_CLIPS, cached_array, key_path
from kwslib.speech.corpus import Corpus
from kwslib.speech.noise import training_part

ARITHMETIC_VERSION = 1
"""Raised whenever augmentation, fingerprints or codes come out differently, so that no stale file is read."""
NICENESS = 10
"""The child that makes copies gives way to the training."""

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
    return _cached(corpus, key, front_end, len(clips), chunks), clips.labels


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
        Read-only, in the order of the clips.
    labels : ndarray of uint8, shape (n,)
        Index into `corpus.LABELS`.
    """
    if seed < 0 or copy < 0:
        raise InputError(f"seed is {seed} and copy {copy}: neither may be negative")
    clips = corpus.clips("train")

    def vary(part: slice) -> np.ndarray:
        indices = np.arange(len(clips))[part]
        return augment(clips, noise, augmentation, seed, copy, indices)

    noise = corpus.noise() if augmentation.noise_probability > 0 else []
    if augmentation.hold_out_noise:
        noise = [training_part(recording) for recording in noise]
    key = {"augmentation": augmentation.key, "seed": seed, "copy": copy}
    chunks = _in_chunks(len(clips), vary, front_end)
    return _cached(corpus, key, front_end, len(clips), chunks), clips.labels


def _in_chunks(
    clips: int, audio: Callable[[slice], np.ndarray], front_end: FrontEnd
) -> Callable[[], Iterator[np.ndarray]]:
    def chunks() -> Iterator[np.ndarray]:
        for start in range(0, clips, CHUNK_CLIPS):
            _end_with_parent()
            yield fingerprint.codes(audio(slice(start, start + CHUNK_CLIPS)), front_end)

    return chunks


def _cached(
    corpus: Corpus, key: dict[str, Any], front_end: FrontEnd, clips: int, chunks: Callable[[], Iterator]
) -> np.ndarray:
    whole = {"version": ARITHMETIC_VERSION, "hash": corpus.manifest["hash"], "front_end": front_end.key} | key
    path = key_path("fingerprints", f"{corpus.name}-{key.get('split', 'train')}-{front_end.key}", whole)
    return cached_array(path, (clips, *front_end.shape), np.uint8, chunks)


class _Orphaned(KwsError):
    """The training process has gone; there is nobody to make copies for."""


def _end_with_parent() -> None:
    # Raised between chunks, so that the half-made file is removed on the way out; no effect in a main process.
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise _Orphaned("the process that wanted the copies has ended")


class CopyMaker:
    """Makes the varied copies 0, 1, … of the training split beside the training, in one low-priority process.

    A process, not a thread: fingerprints hold Python's lock about half of the time. Use it in a ``with``
    statement, or call `close`; a parent that is killed is noticed within a chunk, and the half-made file removed.

    Parameters
    ----------
    corpus, front_end, augmentation, seed
        As for `training_codes`.
    copies : int
        How many copies to make; at least one.
    """

    def __init__(self, corpus: Corpus, front_end: FrontEnd, augmentation: Augmentation, seed: int, copies: int):
        if copies < 1:
            raise InputError(f"copies is {copies}: give at least 1")
        self._arguments = (corpus, front_end, augmentation, seed)
        self._copies = copies
        self._ready = -1
        # Spawned, not forked: TensorFlow's threads in the parent do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._messages, sender = context.Pipe(duplex=False)
        self._child = context.Process(
            target=_make_copies, args=(*self._arguments, copies, sender), daemon=True, name="kws-copies"
        )
        self._child.start()
        sender.close()

    def get(self, copy: int) -> Codes:
        """Return copy number `copy` as `training_codes` does; wait until it is made.

        Raises
        ------
        InputError
            If there is no such copy.
        KwsError
            The error that ended the child, with its message.
        """
        if not 0 <= copy < self._copies:
            raise InputError(f"copy {copy} does not exist: there are {self._copies}, counted from 0")
        while self._ready < copy:
            try:
                message = self._messages.recv()
            except EOFError:
                self._child.join()
                raise KwsError(
                    f"the process that makes training copies ended (exit status {self._child.exitcode}) before "
                    f"copy {copy} was made; was it killed for lack of memory?"
                ) from None
            if isinstance(message, BaseException):
                raise message
            self._ready = message
        return training_codes(*self._arguments, copy)

    def close(self) -> None:
        """End the child; what it has finished stays in the cache."""
        if self._child.is_alive():
            self._child.terminate()
        self._child.join()
        self._messages.close()

    def __enter__(self) -> "CopyMaker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _make_copies(
    corpus: Corpus,
    front_end: FrontEnd,
    augmentation: Augmentation,
    seed: int,
    copies: int,
    sender: Connection,
) -> None:
    """Run in the child: make the copies in order and tell the parent about each."""
    # Ended by the parent: leave through the ordinary way out, which removes the half-made file.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    try:
        for copy in range(copies):
            training_codes(corpus, front_end, augmentation, seed, copy)
            sender.send(copy)
    except (_Orphaned, BrokenPipeError):
        pass
    except KwsError as error:
        sender.send(error)
    except Exception as error:
        sender.send(KwsError(f"making the training copies failed: {type(error).__name__}: {error}"))
