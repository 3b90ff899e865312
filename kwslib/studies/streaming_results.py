"""The results of a streaming study, from the decisions on its streams. Validation chooses, test reports."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kwslib.accuracy import poisson_interval
from kwslib.config.events import EventParameters
from kwslib.config.streams import (
    CLEAN,
    NEGATIVES,
    SIMILAR,
    SMOOTHING_RATES,
    SMOOTHING_SLACK,
    SMOOTHINGS,
    SNR_DB,
    TARGETS_PER_HOUR,
)
from kwslib.integer.events import LEVELS
from kwslib.studies import streaming_curves
from kwslib.studies.streaming_curves import FOUND_S, Joined, Setting
from kwslib.studies.streaming_records import (
    ALL,
    Benchmark,
    Curve,
    Extent,
    KindAccepts,
    Level,
    Place,
    Point,
    Smoothing,
)
from kwslib.studies.streaming_scores import Scored, Task

CLEAREST = (None, SNR_DB[0])
"""Conditions in which the place of a word in the window is studied."""


def condition(snr_db: float | None) -> str:
    """Name of a condition.

    Examples
    --------
    >>> condition(None), condition(10.0)
    ('clean', '10 dB')
    """
    return CLEAN if snr_db is None else f"{snr_db:g} dB"


@dataclass(frozen=True, eq=False)
class Heard:
    """The decisions of one part: on sound without keywords, by kind and joined, and on keywords, by condition."""

    kinds: dict[str, Joined]
    negative: Joined
    positive: dict[str, Joined]

    @classmethod
    def of(cls, found: dict[Task, Scored], part: str, hop_ms: int) -> "Heard":
        """Sort the decisions on the streams of a part."""

        def joined(kind: str, snr_db: float | None = None) -> Joined:
            streams = [s for t, s in found.items() if (t.part, t.kind, t.snr_db) == (part, kind, snr_db)]
            return streaming_curves.join(streams, hop_ms)

        kinds = {kind: joined(kind) for kind in (*NEGATIVES, SIMILAR)}
        negative = streaming_curves.join(
            [s for t, s in found.items() if t.part == part and t.kind in NEGATIVES], hop_ms
        )
        return cls(kinds, negative, {condition(snr): joined("positive", snr) for snr in (None, *SNR_DB)})

    def extent(self, labels: Sequence[str]) -> Extent:
        """How much it is."""
        spoken = self.positive[CLEAN].labels
        by_label = {labels[label]: int(np.sum(spoken == label)) for label in np.unique(spoken)}
        return Extent(self.negative.hours, len(spoken), by_label)


def choose_smoothing(heard: Heard, labels: tuple[str, ...], hop_ms: int) -> tuple[Setting, list[Smoothing]]:
    """Choose how many hops are averaged, by the keywords missed under all conditions at all `SMOOTHING_RATES` together.

    More hops mean later events. So it is the least number that misses hardly more than the best (`SMOOTHING_SLACK`).
    """
    rows: list[Smoothing] = []
    settings = {hops: Setting(labels, EventParameters(hop_ms=hop_ms, smoothing_hops=hops)) for hops in SMOOTHINGS}
    words = sum(len(one.labels) for one in heard.positive.values())
    for hops, setting in settings.items():
        for per_hour in SMOOTHING_RATES:
            total, accepts = streaming_curves.choose_total(heard.negative, setting, None, per_hour)
            missed = sum(
                streaming_curves.count_missed(one, streaming_curves.fired_for(one, setting, None, total), setting)
                for one in heard.positive.values()
            )
            rows.append(Smoothing(hops, per_hour, total / (LEVELS * hops), accepts, missed, words))
    missed_by = {hops: sum(row.missed for row in rows if row.hops == hops) for hops in SMOOTHINGS}
    most = min(missed_by.values()) * (1 + SMOOTHING_SLACK)
    return settings[min(hops for hops in SMOOTHINGS if missed_by[hops] <= most)], rows


def points_of(heard: dict[str, Heard], setting: Setting) -> list[Point]:
    """Return the operating points of all words and of each: chosen on one part, measured on the other."""
    rows = []
    for target in TARGETS_PER_HOUR:
        for word in (None, *setting.word_numbers):
            total, chosen = streaming_curves.choose_total(heard["choice"].negative, setting, word, target)
            rows.append(point_of(heard["report"], setting, word, target, total, chosen))
    return rows


def point_of(heard: Heard, setting: Setting, word: int | None, target: float | None, total: int, chosen: int) -> Point:
    """Measure one operating point."""
    hours = heard.negative.hours
    accepts = len(streaming_curves.fired_for(heard.negative, setting, word, total).times)
    low, high = poisson_interval(accepts)
    late, missed = [], {}
    for name, one in heard.positive.items():
        events = streaming_curves.fired_for(one, setting, word, total)
        own = streaming_curves.delays(one, events, FOUND_S * 1000 / setting.parameters.hop_ms, word)
        missed[name] = int(np.isnan(own).sum())
        late.append(own[np.isfinite(own)] * setting.parameters.hop_ms / 1000)
    latencies = np.concatenate(late)
    return Point(
        word=ALL if word is None else setting.labels[word],
        target_per_hour=target,
        threshold=total / (LEVELS * setting.smoothing),
        chosen_accepts=chosen,
        accepts=accepts,
        per_hour=accepts / hours,
        low=low / hours,
        high=high / hours,
        words=len(heard.positive[CLEAN].labels) if word is None else int(np.sum(heard.positive[CLEAN].labels == word)),
        missed=missed,
        latency_median_s=float(np.median(latencies)) if len(latencies) else None,
        latency_p90_s=float(np.quantile(latencies, 0.9)) if len(latencies) else None,
    )


def curve_of(heard: Heard, setting: Setting, word: int | None) -> Curve:
    """Return false accepts and missed keywords at every threshold; `word` None is all words."""
    totals = setting.totals()
    missed: dict[str, list[int]] = {}
    for name, one in heard.positive.items():
        missed[name] = [
            streaming_curves.count_missed(one, streaming_curves.fired_for(one, setting, word, total), setting, word)
            for total in totals
        ]
    return Curve(
        word=ALL if word is None else setting.labels[word],
        thresholds=[total / (LEVELS * setting.smoothing) for total in totals],
        accepts=[len(streaming_curves.fired_for(heard.negative, setting, word, total).times) for total in totals],
        missed=missed,
    )


def kind_of(setting: Setting, kind: str, one: Joined, target: float | None, total: int) -> KindAccepts:
    """Count false accepts in one kind of sound."""
    accepts = len(streaming_curves.fired_for(one, setting, None, total).times)
    low, high = poisson_interval(accepts)
    return KindAccepts(kind, target, one.hours, accepts, accepts / one.hours, low / one.hours, high / one.hours)


def places_of(heard: Heard, hop_ms: int) -> list[Place]:
    """Count right decisions by the word's place in the window."""
    counted = [streaming_curves.recall_by_place(heard.positive[condition(snr)], hop_ms) for snr in CLEAREST]
    decisions = np.sum([found for found, _ in counted], axis=0)
    right = np.sum([found for _, found in counted], axis=0)
    return [
        Place(i / streaming_curves.PLACES, int(decisions[i]), int(right[i])) for i in range(streaming_curves.PLACES)
    ]


def levels_of(found: dict[Task, Scored], setting: Setting, total: int) -> list[Level]:
    """Measure the changed streams."""
    levels = []
    for task, stream in found.items():
        if task.change is None:
            continue
        joined = streaming_curves.join([stream], setting.parameters.hop_ms)
        events = streaming_curves.fired_for(joined, setting, None, total)
        word, share = streaming_curves.largest(events.labels, len(setting.labels))
        winner, winner_share = streaming_curves.largest(joined.codes.argmax(axis=1), len(setting.labels))
        levels.append(
            Level(
                kind=task.change.kind,
                value=task.change.value,
                words=len(joined.labels),
                found=len(joined.labels) - streaming_curves.count_missed(joined, events, setting),
                events=len(events.times),
                largest_word=setting.labels[word] if len(events.times) else "",
                largest_share=share,
                winner=setting.labels[winner],
                winner_share=winner_share,
            )
        )
    return levels


def benchmark_of(found: dict[Task, Scored], setting: Setting, target: float | None, total: int) -> Benchmark:
    """Measure the stream of MLPerf Tiny's kind."""
    stream = next(stream for task, stream in found.items() if task.kind == "benchmark")
    joined = streaming_curves.join([stream], setting.parameters.hop_ms)
    events = streaming_curves.fired_for(joined, setting, None, total)
    counts = streaming_curves.count_benchmark(joined, events, setting.parameters.hop_ms)
    return Benchmark(stream.seconds, target, len(joined.labels), counts.hits, counts.misses, counts.false_alarms)
