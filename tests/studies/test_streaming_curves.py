import numpy as np
import pytest

from kwslib.config.events import EventParameters
from kwslib.config.words import LABELS
from kwslib.integer.events import LEVELS
from kwslib.studies import streaming_curves as curves
from kwslib.studies.streaming_curves import Fired, Joined, Setting
from kwslib.studies.streaming_scores import Scored
from kwslib.studies.streaming_sounds import Placed

HOP_MS = 250
YES, NO, GO = 2, 3, 11


def setting(smoothing=1):
    return Setting(LABELS, EventParameters(hop_ms=HOP_MS, smoothing_hops=smoothing, refractory_ms=0, suppression_ms=0))


def joined(hops=400, hours=1.0, words=(), peaks=()):
    """Silence, and codes of classes at hops; words are (label, begin, end) in hops."""
    codes = np.full((hops, 12), -128, np.int8)
    for hop, label, level in peaks:
        codes[hop, label] = level - 128
    table = np.array(words, float).reshape(-1, 3)
    return Joined(codes, hours, table[:, 0].astype(int), table[:, 1], table[:, 2])


def test_streams_are_put_one_behind_the_other():
    streams = [Scored(np.zeros((n, 12), np.int8), n / 4, (Placed(YES, 4000, 8000),)) for n in (8, 12)]
    found = curves.join(streams, HOP_MS)
    assert found.codes.shape == (20, 12) and found.hours == pytest.approx(5 / 3600)
    assert found.begins.tolist() == [1, 9] and found.ends.tolist() == [2, 10]


def test_a_word_is_found_from_its_beginning_until_a_while_after_its_end():
    words = [(YES, 10, 12), (YES, 30, 32), (NO, 50, 52), (NO, 70, 72)]
    events = Fired(np.array([10, 11, 38, 51, 79]), np.array([YES, YES, YES, YES, NO]))
    found = curves.delays(joined(words=words), events, found_hops=6)
    assert found[:2].tolist() == [-1, 6]
    assert np.isnan(found[2:]).all()  # another word; too late
    assert curves.delays(joined(words=words), events, 6, word=YES).tolist() == [-1, 6]
    assert curves.count_missed(joined(words=words), events, setting()) == 2


def test_the_chosen_threshold_is_the_least_that_keeps_the_rate_above_all_of_its_choices():
    levels = [250, 240, 230, 200, 150]
    sound = joined(hours=2.0, peaks=[(20 * i + 5, YES, level) for i, level in enumerate(levels)])
    for per_hour, allowed in ((1.0, 2), (0.1, 0), (2.5, 5)):
        total, accepts = curves.choose_total(sound, setting(), None, per_hour)
        assert accepts == allowed
        below = [one for one in setting().totals() if one < total]
        if allowed < len(levels):
            assert len(curves.fired_for(sound, setting(), None, below[-1]).times) > allowed
        assert sum(level >= total for level in levels) == allowed
    assert curves.choose_total(sound, setting(), NO, 0.1)[0] == setting().totals()[0]


def test_one_word_alone_and_all_words():
    sound = joined(peaks=[(5, YES, 200), (25, NO, 200), (45, 1, 255), (65, 0, 255)])
    assert curves.fired_for(sound, setting(), None, 150).labels.tolist() == [YES, NO]
    one = curves.fired_for(sound, setting(), NO, 150)
    assert (one.times.tolist(), one.labels.tolist()) == ([26], [NO])
    assert setting(3).totals()[-1] == LEVELS * 3


def test_the_rule_of_the_benchmark():
    words = [(YES, 100, 102), (NO, 140, 142), (GO, 180, 182)]
    events = Fired(
        np.array([101, 106, 107, 144, 145, 187, 200, 203, 204]),
        np.array([YES, YES, YES, NO, YES, GO, GO, GO, GO]),
    )
    counts = curves.count_benchmark(joined(words=words), events, HOP_MS)
    # GO comes 5 hops after its end: later than half a second, so a miss, and later than a second, so an alarm
    assert (counts.hits, counts.misses) == (2, 1)
    # YES at 107 and 145; GO at 187, 200 and 204, four hops after 200
    assert counts.false_alarms == 5


def test_recall_by_place_in_the_window():
    words = [(YES, 10, 12)]  # middle at hop 11, 2.75 s
    found = joined(words=words, peaks=[(12, YES, 200), (13, NO, 255)])
    decisions, right = curves.recall_by_place(found, HOP_MS)
    # decision h covers (h + 1) / 4 - 1 … (h + 1) / 4 s: those of 11 to 14 have the middle in them or at their beginning
    assert np.flatnonzero(decisions).tolist() == [0, 5, 10, 15]
    assert decisions.sum() == 4 and right.sum() == 1 and right[10] == 1


def test_the_largest_share():
    assert curves.largest([3, 3, 1], 12) == (3, 2 / 3)
    assert curves.largest([], 12) == (0, 0.0)
