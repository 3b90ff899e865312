"""The device's event detector as a library of the host; equal to `kwslib.integer.events`, but fast."""

import ctypes
from functools import cache

import numpy as np

from kwslib import toolchain
from kwslib.errors import InputError
from kwslib.gap8.program import codegen
from kwslib.gap8.program.host_library import FLAGS
from kwslib.integer.events import LEVELS, Event, EventRules

SOURCES = ("events.c", "events_host.c", "events.h")


class CRules(ctypes.Structure):
    """``struct event_rules``."""

    _fields_ = (
        ("classes", ctypes.c_uint32),
        ("smoothing", ctypes.c_uint32),
        ("suppression", ctypes.c_uint32),
        ("thresholds", ctypes.c_void_p),
        ("refractory", ctypes.c_void_p),
    )


class CState(ctypes.Structure):
    """``struct event_state``."""

    _fields_ = (
        ("history", ctypes.c_void_p),
        ("armed", ctypes.c_void_p),
        ("sums", ctypes.c_void_p),
        ("timers", ctypes.c_void_p),
        ("oldest", ctypes.c_uint32),
        ("timer", ctypes.c_uint32),
    )


class EventMemory:
    """Rules and state of a detector as C has them.

    Attributes
    ----------
    rules : CRules
    state : CState
        Unset: ``events_clear`` sets it.
    """

    def __init__(self, rules: EventRules) -> None:
        classes = len(rules.thresholds)
        # kept, since C has their addresses
        self._arrays: dict[str, np.ndarray] = {
            "thresholds": np.array(rules.thresholds, np.uint16),
            "refractory": np.array(rules.refractory, np.uint16),
            "history": np.zeros(rules.smoothing * classes, np.uint8),
            "armed": np.zeros(classes, np.uint8),
            "sums": np.zeros(classes, np.uint16),
            "timers": np.zeros(classes, np.uint16),
        }
        at = {name: array.ctypes.data for name, array in self._arrays.items()}
        self.rules = CRules(classes, rules.smoothing, rules.suppression, at["thresholds"], at["refractory"])
        self.state = CState(at["history"], at["armed"], at["sums"], at["timers"], 0, 0)


@cache
def _library() -> ctypes.CDLL:
    files = {name: (codegen.FIRMWARE / name).read_bytes() for name in SOURCES}
    return ctypes.CDLL(str(toolchain.compile_cached("host/events.so", toolchain.find_host(), FLAGS, files)))


class HostEventDetector:
    """The C of one stream; the same interface as `kwslib.integer.events.EventDetector`.

    Raises
    ------
    kwslib.toolchain.CompilerError
        If there is no C compiler or it fails.
    """

    def __init__(self, rules: EventRules) -> None:
        self.rules = rules
        self._hop = 0
        self._memory = EventMemory(rules)
        _library().events_clear(ctypes.byref(self._memory.rules), ctypes.byref(self._memory.state))

    def feed(self, codes: np.ndarray) -> list[Event]:
        """See `kwslib.integer.events.EventDetector.feed`."""
        hops, labels, sums = self.feed_arrays(codes)
        whole = LEVELS * self.rules.smoothing
        return [Event(int(h), int(k), int(s), int(s) / whole) for h, k, s in zip(hops, labels, sums, strict=True)]

    def feed_arrays(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Take codes, int8 (hops, classes); return hop (int64), label and sum (uint16) of each event.

        Raises
        ------
        InputError
            If the codes do not fit the rules.
        """
        codes = np.asarray(codes)
        classes = len(self.rules.thresholds)
        if codes.ndim != 2 or codes.dtype != np.int8 or codes.shape[1] != classes:
            raise InputError(f"codes are {codes.dtype} {codes.shape}; int8 (hops, {classes}) is needed")
        codes = np.ascontiguousarray(codes)
        hops = np.empty(len(codes), np.uint32)
        labels, sums = np.empty(len(codes), np.uint16), np.empty(len(codes), np.uint16)
        found = _library().events_run(
            ctypes.byref(self._memory.rules),
            ctypes.byref(self._memory.state),
            ctypes.c_void_p(codes.ctypes.data),
            ctypes.c_uint32(len(codes)),
            ctypes.c_void_p(hops.ctypes.data),
            ctypes.c_void_p(labels.ctypes.data),
            ctypes.c_void_p(sums.ctypes.data),
            ctypes.c_uint32(len(codes)),
        )
        first, self._hop = self._hop, self._hop + len(codes)
        return hops[:found].astype(np.int64) + first, labels[:found], sums[:found]
