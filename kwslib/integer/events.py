"""The specification of the event detector: from the decisions about a stream to one event for a spoken word.

Integers only, so that C repeats it bit for bit (``kwslib/gap8/firmware/events.c``). At each hop the network gives an
int8 code for each class; its *level* is code + 128, a probability in steps of 1/256. Then, for each class:

1. ``sum`` is the sum of the last W levels. Before the stream all levels are 0.
2. Two timers count down: the class's own (*refractory*), and one for all classes (*suppression*).
3. A class whose sum is below its threshold is *armed*. A class can fire if it is armed, its sum has reached the
   threshold, and both timers stand at 0. Of several, the one with the greatest sum fires, the first of equals.
4. Firing disarms the class and starts both timers. So a sound that keeps a class above its threshold is one event,
   however long it lasts.

The state depends on the sequence of hops alone: however a stream is cut, the events are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from kwslib.config.events import EventParameters, check_words, words_of
from kwslib.errors import InputError
from kwslib.integer.graph import UINT8_SHIFT

LEVELS = 256
"""A level of 256 would be certainty; codes reach 255."""
NEVER = 65535
"""Threshold of a class that never fires: no sum reaches it."""
MOST_HOPS = 255
"""Longest smoothing, so that 255 times as many levels stay below `NEVER`."""


@dataclass(frozen=True)
class EventRules:
    """The parameters in integers.

    Attributes
    ----------
    smoothing : int
        W, 1 … 255 hops.
    suppression : int
        Hops from an event to the next one of any class, at least; 0 and 1 allow the next hop.
    thresholds : tuple of int
        Least sum of each class; `NEVER` for one that is not reported.
    refractory : tuple of int
        Hops from an event of the class to its next one, at least.

    Raises
    ------
    InputError
        For values that do not fit.
    """

    smoothing: int
    suppression: int
    thresholds: tuple[int, ...]
    refractory: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.smoothing <= MOST_HOPS:
            raise InputError(f"smoothing is {self.smoothing} hops: give 1 to {MOST_HOPS}")
        if len(self.thresholds) != len(self.refractory) or not self.thresholds:
            raise InputError(f"{len(self.thresholds)} thresholds go with {len(self.refractory)} refractory times")
        if not all(1 <= value <= NEVER for value in self.thresholds):
            raise InputError(f"thresholds are {self.thresholds}: give sums from 1 to {NEVER}")
        if not all(0 <= value <= NEVER for value in (self.suppression, *self.refractory)):
            raise InputError(f"pauses are {self.refractory} and {self.suppression} hops: give 0 to {NEVER}")


def rules(parameters: EventParameters, labels: Sequence[str]) -> EventRules:
    """Turn parameters into integers for a network with these labels.

    A time is rounded up to whole hops. ``_silence_`` and ``_unknown_`` are never reported.

    Raises
    ------
    InputError
        If a word with parameters of its own is no word of the network, or the network has no words.

    Examples
    --------
    >>> rules(EventParameters(smoothing_hops=2, threshold=0.5, hop_ms=500), ("_silence_", "yes"))
    EventRules(smoothing=2, suppression=1, thresholds=(65535, 256), refractory=(2, 2))
    """
    labels = tuple(labels)
    check_words(parameters, labels)
    words = words_of(labels)
    if not words:
        raise InputError(f"none of the classes {', '.join(labels)} is a word that could be reported")
    whole = LEVELS * parameters.smoothing_hops
    return EventRules(
        smoothing=parameters.smoothing_hops,
        suppression=_hops(parameters.suppression_ms, parameters),
        thresholds=tuple(max(1, ceil(parameters.threshold_of(x) * whole)) if x in words else NEVER for x in labels),
        refractory=tuple(_hops(parameters.refractory_ms_of(label), parameters) for label in labels),
    )


def _hops(time_ms: int, parameters: EventParameters) -> int:
    return -(-time_ms // parameters.hop_ms)


@dataclass(frozen=True)
class Event:
    """A word was heard.

    Attributes
    ----------
    hop : int
        Number of the decision that fired, from 0.
    label : int
        Number of the class.
    total : int
        Its sum then; `share` is the average probability.
    share : float
    """

    hop: int
    label: int
    total: int
    share: float


class EventDetector:
    """The state of one stream.

    Parameters
    ----------
    rules : EventRules

    Examples
    --------
    >>> detector = EventDetector(EventRules(smoothing=1, suppression=0, thresholds=(65535, 200), refractory=(0, 4)))
    >>> [event.hop for event in detector.feed(np.int8([[0, -128], [0, 100], [0, 127], [0, -128]]))]
    [1]
    """

    def __init__(self, rules: EventRules) -> None:
        self.rules = rules
        classes = len(rules.thresholds)
        self._thresholds = np.array(rules.thresholds, np.int64)
        self._refractory = np.array(rules.refractory, np.int64)
        self._history = np.zeros((rules.smoothing, classes), np.int64)
        self._sums = np.zeros(classes, np.int64)
        self._armed = np.ones(classes, bool)
        self._own_timers = np.zeros(classes, np.int64)
        self._timer = 0
        self._hop = 0

    def feed(self, codes: np.ndarray) -> list[Event]:
        """Take the codes of the next hops, int8 (hops, classes), and return their events.

        Raises
        ------
        InputError
            If the codes do not fit the rules.
        """
        codes = np.asarray(codes)
        if codes.ndim != 2 or codes.dtype != np.int8 or codes.shape[1] != len(self._sums):
            raise InputError(f"codes are {codes.dtype} {codes.shape}; int8 (hops, {len(self._sums)}) is needed")
        events = []
        for levels in codes.astype(np.int64) + UINT8_SHIFT:
            label = self._step(levels)
            if label is not None:
                total = int(self._sums[label])
                events.append(Event(self._hop, label, total, total / (LEVELS * self.rules.smoothing)))
            self._hop += 1
        return events

    def _step(self, levels: np.ndarray) -> int | None:
        oldest = self._hop % self.rules.smoothing
        self._sums += levels - self._history[oldest]
        self._history[oldest] = levels
        self._own_timers = np.maximum(self._own_timers - 1, 0)
        self._timer = max(self._timer - 1, 0)
        reached = self._sums >= self._thresholds
        can_fire = reached & self._armed & (self._own_timers == 0)
        self._armed |= ~reached
        if self._timer or not can_fire.any():
            return None
        label = int(np.argmax(np.where(can_fire, self._sums, -1)))
        self._armed[label] = False
        self._own_timers[label] = self._refractory[label]
        self._timer = self.rules.suppression
        return label
