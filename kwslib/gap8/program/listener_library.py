"""The program that listens, as a library of the host: the device's own C on a stream in pieces of any length."""

import ctypes
import shutil
from dataclasses import dataclass

import numpy as np

from kwslib.gap8.program import host_library
from kwslib.gap8.program.event_library import CRules, EventMemory
from kwslib.gap8.program.listening import Listening
from kwslib.integer.events import LEVELS, Event
from kwslib.integer.front_end import checked_samples
from kwslib.integer.graph import Graph
from kwslib.paths import scratch

HEARD = np.dtype(
    [("hop", "<u4"), ("label", "<i4"), ("fingerprint", "<u4"), ("logits", "<u4"), ("output", "<u4")], align=True
)
"""``struct heard`` of ``firmware/listen_host.h``."""
NO_EVENT = -1


class CListening(ctypes.Structure):
    """``struct listening``."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("hop_ms", "hop_samples", "frames", "span_samples")),
        *((name, ctypes.c_uint32) for name in ("kept_bytes", "tail_samples")),
        ("silence", ctypes.c_void_p),
        ("rules", CRules),
    )


@dataclass(frozen=True, eq=False)
class Hops:
    """What became of some hops.

    Attributes
    ----------
    outputs : ndarray, int8 (hops, classes)
        Core codes of the network's output.
    heard : ndarray of `HEARD`, (hops,)
        Number of the hop, class that was heard or `NO_EVENT`, checksums of fingerprint, logits and output.
    events : tuple of Event
    """

    outputs: np.ndarray
    heard: np.ndarray
    events: tuple[Event, ...]


class HostListener:
    """The C of one stream. It has memories of its own, so that several streams can be heard in turns.

    Parameters
    ----------
    graph : Graph
        With a front end.
    listening : Listening

    Raises
    ------
    kwslib.errors.KwsError
        If the network cannot be planned, or the library cannot be compiled.
    """

    def __init__(self, graph: Graph, listening: Listening) -> None:
        program = host_library.prepare(graph)
        self.listening = listening
        self._classes = program.classes
        self._library = _own_copy(program.shared_object)
        self._flash = program.flash  # C reads it where it is
        self._library.host_load(
            program.l2_image, ctypes.c_uint32(program.l2_begin), ctypes.c_uint32(len(program.l2_image)), self._flash
        )
        self.restart()

    def restart(self) -> None:
        """Begin a new stream."""
        one = self.listening
        self._silence = np.array(one.silence, np.int8)
        self._memory = EventMemory(one.rules)
        self._c = CListening(
            *(one.hop_ms, one.hop_samples, one.frames, one.span_samples, one.kept_bytes, one.tail_samples),
            self._silence.ctypes.data,
            self._memory.rules,
        )
        self._library.listen_begin(ctypes.byref(self._c), ctypes.byref(self._memory.state))

    def hear(self, samples: np.ndarray) -> Hops:
        """Take the next samples, int16 (any number), and return the hops that they complete.

        Raises
        ------
        InputError
            If the samples are of another type or shape.
        """
        samples = checked_samples(samples)
        most = len(samples) // self.listening.hop_samples + 1
        heard, sums = np.zeros(most, HEARD), np.zeros(most, np.uint16)
        outputs = np.empty((most, self._classes), np.int8)
        found = self._library.host_listen_all(
            ctypes.c_void_p(samples.ctypes.data),
            ctypes.c_uint32(len(samples)),
            ctypes.byref(self._memory.state),
            ctypes.c_void_p(heard.ctypes.data),
            ctypes.c_void_p(outputs.ctypes.data),
            ctypes.c_void_p(sums.ctypes.data),
        )
        whole = LEVELS * self.listening.rules.smoothing
        events = tuple(
            Event(int(hop["hop"]), int(hop["label"]), int(total), int(total) / whole)
            for hop, total in zip(heard[:found], sums[:found], strict=True)
            if hop["label"] != NO_EVENT
        )
        return Hops(outputs[:found], heard[:found], events)


def _own_copy(shared_object: str) -> ctypes.CDLL:
    """Load a copy of a library: the system shares what has one path, variables included."""
    with scratch("listen") as work:
        return ctypes.CDLL(str(shutil.copy(shared_object, work / "network.so")))
