"""From decisions to figures: events at many thresholds, false accepts, missed keywords, latencies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from kwslib.config.events import EventParameters, words_of
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.gap8.program.event_library import HostEventDetector
from kwslib.integer.events import LEVELS, NEVER, EventRules
from kwslib.studies.streaming_scores import Scored

FOUND_S = 1.5
"""A keyword is found if its event comes from its beginning until so long after its end."""
BENCHMARK_FOUND_S, BENCHMARK_IGNORED_S, BENCHMARK_MERGED_S = 0.5, 1.0, 1.0
"""MLPerf Tiny's rule (streaming wakeword: ``get_true_and_false_detections`` in ``str_ww_util.py`` of mlcommons/tiny). A
word is found if the detector fires from its beginning until half a second after its end. Detections until a second
after its end are no false alarms, and false alarms within a second are one."""
PLACES = 20


@dataclass(frozen=True, eq=False)
class Joined:
    """Decisions of several streams, one behind the other; times are in hops.

    Attributes
    ----------
    codes : ndarray of int8, shape (hops, classes)
    hours : float
    labels, begins, ends : ndarray, shape (words,)
        Class of each keyword, and when its active part begins and ends: a decision h is made at h + 1.
    """

    codes: np.ndarray
    hours: float
    labels: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


def join(streams: Iterable[Scored], hop_ms: int) -> Joined:
    """Put streams one behind the other."""
    hop_samples = hop_ms * SAMPLE_RATE_HZ // 1000
    codes, words, seconds, before = [], [], 0.0, 0
    for stream in streams:
        codes.append(stream.codes)
        words += [(w.label, before + w.begin / hop_samples, before + w.end / hop_samples) for w in stream.words]
        seconds += stream.seconds
        before += len(stream.codes)
    table = np.array(words, np.float64).reshape(-1, 3)
    return Joined(np.concatenate(codes), seconds / 3600, table[:, 0].astype(int), table[:, 1], table[:, 2])


@dataclass(frozen=True)
class Setting:
    """How events are made in a sweep, the thresholds apart.

    Attributes
    ----------
    labels : tuple of str
    parameters : EventParameters
    """

    labels: tuple[str, ...]
    parameters: EventParameters

    @property
    def smoothing(self) -> int:
        """Hops that are averaged."""
        return self.parameters.smoothing_hops

    @property
    def word_numbers(self) -> list[int]:
        """Numbers of the classes that are words."""
        return [self.labels.index(word) for word in words_of(self.labels)]

    def hops(self, time_ms: int) -> int:
        """Whole hops in a time, rounded up."""
        return -(-time_ms // self.parameters.hop_ms)

    def rules(self, total: int) -> EventRules:
        """Rules with one threshold, a sum, for all words."""
        thresholds = tuple(total if k in self.word_numbers else NEVER for k in range(len(self.labels)))
        pauses = (self.hops(self.parameters.refractory_ms),) * len(self.labels)
        return EventRules(self.smoothing, self.hops(self.parameters.suppression_ms), thresholds, pauses)

    def own_rules(self, total: int) -> EventRules:
        """Rules for the codes of one word alone."""
        return EventRules(self.smoothing, 0, (total,), (self.hops(self.parameters.refractory_ms),))

    def totals(self) -> list[int]:
        """Sums that are tried as thresholds, rising; the last one is never reached."""
        whole = LEVELS * self.smoothing
        low, high = np.linspace(0.02, 0.5, 17)[:-1], np.linspace(0.5, 1.0, 129)
        return sorted({self.default_total, *(max(1, round(whole * share)) for share in (*low, *high))})

    @property
    def default_total(self) -> int:
        """The threshold of the parameters, as a sum."""
        return ceil(self.parameters.threshold * LEVELS * self.smoothing)


@dataclass(frozen=True, eq=False)
class Fired:
    """Events of a stream: when (in hops), and which class."""

    times: np.ndarray
    labels: np.ndarray


def fired(codes: np.ndarray, rules: EventRules) -> Fired:
    """Return the events of joined streams; a decision h is made at h + 1."""
    hops, labels, _ = HostEventDetector(rules).feed_arrays(codes)
    return Fired(hops + 1, labels.astype(int))


def fired_for(joined: Joined, setting: Setting, word: int | None, total: int) -> Fired:
    """Return the events of all words (None), or of one alone, at one threshold."""
    if word is None:
        return fired(joined.codes, setting.rules(total))
    events = fired(joined.codes[:, word : word + 1], setting.own_rules(total))
    return Fired(events.times, np.full(len(events.times), word))


def delays(joined: Joined, events: Fired, found_hops: float, word: int | None = None) -> np.ndarray:
    """Return for each keyword (of a class) the hops from its end to its first event; NaN if it was missed."""
    chosen = np.ones(len(joined.labels), bool) if word is None else joined.labels == word
    result = np.full(len(joined.labels), np.nan)
    for label in np.unique(joined.labels[chosen]):
        own, times = joined.labels == label, events.times[events.labels == label]
        first = np.searchsorted(times, joined.begins[own], side="right")
        ends = joined.ends[own]
        at = np.append(times, np.inf)[first]
        result[own] = np.where(at <= ends + found_hops, at - ends, np.nan)
    return result[chosen]


def count_missed(joined: Joined, events: Fired, setting: Setting, word: int | None = None) -> int:
    """Count the keywords (of a class) without an event."""
    return int(np.isnan(delays(joined, events, FOUND_S * 1000 / setting.parameters.hop_ms, word)).sum())


def choose_total(negative: Joined, setting: Setting, word: int | None, per_hour: float | None) -> tuple[int, int]:
    """Return the least threshold from which on no false-accept rate is above `per_hour`, and its false accepts.

    Without a rate it is the threshold of the parameters.
    """
    if per_hour is None:
        return setting.default_total, len(fired_for(negative, setting, word, setting.default_total).times)
    allowed = per_hour * negative.hours
    chosen, accepts = setting.totals()[-1], 0
    for total in reversed(setting.totals()):
        found = len(fired_for(negative, setting, word, total).times)
        if found > allowed:
            break
        chosen, accepts = total, found
    return chosen, accepts


@dataclass(frozen=True)
class Counts:
    """Hits, misses and false alarms by MLPerf Tiny's rule."""

    hits: int
    misses: int
    false_alarms: int


def count_benchmark(joined: Joined, events: Fired, hop_ms: int) -> Counts:
    """Count by MLPerf Tiny's rule, each word apart: an event of another word than the one spoken is a false alarm."""
    hops = 1000 / hop_ms
    hits = int(np.isfinite(delays(joined, events, BENCHMARK_FOUND_S * hops)).sum())
    alarms = 0
    for label in np.unique(events.labels):
        own = joined.labels == label
        begins, ends = joined.begins[own], joined.ends[own] + BENCHMARK_IGNORED_S * hops
        last = -np.inf
        for time in events.times[events.labels == label]:
            if np.any((begins <= time) & (time <= ends)) or time - last < BENCHMARK_MERGED_S * hops:
                continue
            alarms, last = alarms + 1, time
    return Counts(hits, len(joined.labels) - hits, alarms)


def recall_by_place(joined: Joined, hop_ms: int) -> tuple[np.ndarray, np.ndarray]:
    """Count decisions, and right ones, by the place of a word's middle in the window, in twentieths of a second.

    Returns
    -------
    decisions, right : ndarray of int, shape (20,)
    """
    hop_s = hop_ms / 1000
    winners = joined.codes.argmax(axis=1)
    decisions, right = np.zeros(PLACES, int), np.zeros(PLACES, int)
    for label, begin, end in zip(joined.labels, joined.begins, joined.ends, strict=True):
        middle_s = (begin + end) / 2 * hop_s
        first = int(np.floor(middle_s / hop_s))
        hops = np.arange(first, min(len(winners), first + round(1 / hop_s) + 2))
        places = middle_s - ((hops + 1) * hop_s - 1)
        inside = (places >= 0) & (places < 1)
        bins = np.minimum((places[inside] * PLACES).astype(int), PLACES - 1)
        np.add.at(decisions, bins, 1)
        np.add.at(right, bins, winners[hops[inside]] == label)
    return decisions, right


def largest(labels: Sequence[int] | np.ndarray, classes: int) -> tuple[int, float]:
    """Return the most frequent class and its share; class 0 with share 0 where there is nothing."""
    counts = np.bincount(np.asarray(labels, int), minlength=classes)
    return int(counts.argmax()), float(counts.max() / max(1, counts.sum()))
