"""The varied copies of the training split, made beside the training in a process of their own."""

import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError, KwsError
from kwslib.speech.corpus import Corpus
from kwslib.speech.dataset import Codes, Orphaned, training_codes, training_path

NICENESS = 10
"""The child that makes copies gives way to the training."""
AHEAD = 2
"""Copies that are visited once are made so far ahead, and no further: the disk holds a few, however many there are."""


class CopyMaker:
    """Makes the varied copies 0, 1, … of the training split beside the training, in one low-priority process.

    A process, not a thread: fingerprints in NumPy hold Python's lock about half of the time. Use it in a ``with``
    statement, or call `close`; a parent that is killed is noticed within a chunk, and the half-made file removed.
    The copies are made in order from the one that is asked for first, so that a resumed training waits for that alone.

    Parameters
    ----------
    corpus, front_end, augmentation, seed
        As for `training_codes`.
    copies : int
        How many copies there are; at least one.
    once : bool
        Whether each copy is visited once: those that were visited are removed then, copy 0 apart, which calibrates.
    """

    def __init__(
        self,
        corpus: Corpus,
        front_end: FrontEnd,
        augmentation: Augmentation,
        seed: int,
        copies: int,
        once: bool = False,
    ):
        if copies < 1:
            raise InputError(f"copies is {copies}: give at least 1")
        self._arguments = (corpus, front_end, augmentation, seed)
        self._copies, self._once = copies, once
        self._ready: set[int] = set()
        self._last = 0
        # Spawned, not forked: TensorFlow's threads in the parent do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._messages, theirs = context.Pipe()
        ahead = AHEAD if once else copies
        self._child = context.Process(
            target=_make_copies, args=(*self._arguments, copies, ahead, theirs), daemon=True, name="kws-copies"
        )
        self._child.start()
        theirs.close()

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
        self._ask(copy)
        while copy not in self._ready:
            try:
                message = self._messages.recv()
            except (EOFError, ConnectionError):
                self._child.join()
                raise self._ended(copy) from None
            if isinstance(message, BaseException):
                raise message
            self._ready.add(message)
        if self._once and self._last not in (0, copy):
            training_path(*self._arguments, self._last).unlink(missing_ok=True)
        self._last = copy
        return training_codes(*self._arguments, copy)

    def _ask(self, copy: int) -> None:
        try:
            self._messages.send(copy)
        except OSError:  # the child has ended; what it said before that is read first
            if copy not in self._ready and not self._messages.poll():
                self._child.join()
                raise self._ended(copy) from None

    def _ended(self, copy: int) -> KwsError:
        return KwsError(
            f"the process that makes training copies ended (exit status {self._child.exitcode}) before "
            f"copy {copy} was made; was it killed for lack of memory?"
        )

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
    ahead: int,
    parent: Connection,
) -> None:
    """Run in the child: make what the parent asks for, and so many after it; tell the parent about each."""
    # Ended by the parent: leave through the ordinary way out, which removes the half-made file.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    made: set[int] = set()
    try:
        asked = parent.recv()
        while True:
            while parent.poll():
                asked = parent.recv()
            following = (copy % copies for copy in range(asked, asked + min(copies, ahead + 1)))
            copy = next((one for one in following if one not in made), None)
            if copy is None:
                asked = parent.recv()
                continue
            training_codes(corpus, front_end, augmentation, seed, copy)
            made.add(copy)
            parent.send(copy)
    except (Orphaned, BrokenPipeError, ConnectionError, EOFError):
        pass
    except KwsError as error:
        parent.send(error)
    except Exception as error:
        parent.send(KwsError(f"making the training copies failed: {type(error).__name__}: {error}"))
