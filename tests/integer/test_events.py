import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.config.events import EventParameters, words_of
from kwslib.config.words import KEYWORDS, LABELS
from kwslib.errors import InputError
from kwslib.integer.events import NEVER, EventDetector, EventRules, rules


def independent(codes, rules):
    """The specification again, over a whole stream and one class after the other, from its words."""
    levels = codes.astype(int) + 128
    padded = np.vstack([np.zeros((rules.smoothing, levels.shape[1]), int), levels])
    totals = np.cumsum(padded, axis=0)
    sums = totals[rules.smoothing :] - totals[: -rules.smoothing]
    last_any, last, dipped, events = -(10**9), {}, {}, []
    for hop, row in enumerate(sums):
        ready = []
        for k, total in enumerate(row):
            if total < rules.thresholds[k]:
                dipped[k] = hop
                continue
            was_below = k not in last or dipped.get(k, -1) > last[k]
            rested = k not in last or hop - last[k] >= rules.refractory[k]
            if was_below and rested and hop - last_any >= rules.suppression:
                ready.append((-total, k))
        if ready:
            k = min(ready)[1]
            last[k] = last_any = hop
            events.append((hop, k, int(row[k])))
    return events


@st.composite
def streams(draw):
    classes = draw(st.integers(1, 4))
    smoothing = draw(st.integers(1, 5))
    few = st.integers(0, 6)
    found = EventRules(
        smoothing=smoothing,
        suppression=draw(few),
        thresholds=tuple(draw(st.integers(1, 256 * smoothing)) for _ in range(classes)),
        refractory=tuple(draw(few) for _ in range(classes)),
    )
    levels = st.sampled_from([-128, -100, 0, 60, 126, 127])
    rows = draw(st.lists(st.lists(levels, min_size=classes, max_size=classes), max_size=60))
    return found, np.array(rows, np.int8).reshape(-1, classes), draw(st.lists(st.integers(0, 60), max_size=4))


@settings(deadline=None)
@given(streams())
def test_events_are_those_of_an_independent_reading(stream):
    found, codes, _ = stream
    assert [(e.hop, e.label, e.total) for e in EventDetector(found).feed(codes)] == independent(codes, found)


@settings(deadline=None)
@given(streams())
def test_any_cut_of_a_stream_gives_the_same_events(stream):
    found, codes, cuts = stream
    detector, pieces = EventDetector(found), np.split(codes, sorted(min(cut, len(codes)) for cut in cuts))
    assert [e for piece in pieces for e in detector.feed(piece)] == EventDetector(found).feed(codes)


def test_a_word_is_one_event_however_long_it_lasts():
    found = EventRules(smoothing=3, suppression=2, thresholds=(NEVER, 600), refractory=(0, 4))
    codes = np.full((50, 2), -128, np.int8)
    codes[10:40, 1] = 127
    (event,) = EventDetector(found).feed(codes)
    assert (event.hop, event.label, event.total) == (12, 1, 765)
    assert event.share == 765 / 768


def test_a_word_said_twice_is_two_events_after_the_refractory_time_alone():
    codes = np.full((20, 1), -128, np.int8)
    codes[[3, 6], 0] = 127

    def heard(refractory):
        found = EventRules(smoothing=1, suppression=0, thresholds=(200,), refractory=(refractory,))
        return [event.hop for event in EventDetector(found).feed(codes)]

    assert heard(3) == [3, 6]
    assert heard(4) == [3]


def test_another_word_within_the_suppression_is_reported_after_it():
    codes = np.full((12, 2), -128, np.int8)
    codes[3:9, 0], codes[4:9, 1] = 127, 126
    found = EventRules(smoothing=1, suppression=3, thresholds=(200, 200), refractory=(9, 9))
    assert [(event.hop, event.label) for event in EventDetector(found).feed(codes)] == [(3, 0), (6, 1)]


def test_parameters_become_integers():
    parameters = EventParameters(
        hop_ms=240,
        smoothing_hops=3,
        threshold=0.9,
        refractory_ms=1000,
        suppression_ms=480,
        thresholds={"stop": 1.0},
        refractories_ms={"go": 0},
    )
    found = rules(parameters, LABELS)
    assert found.thresholds[:3] == (NEVER, NEVER, 692)  # 0.9 · 768 = 691.2
    assert found.thresholds[LABELS.index("stop")] == 768  # above 3 · 255: never
    assert found.refractory[2] == 5 and found.refractory[LABELS.index("go")] == 0
    assert found.suppression == 2
    assert words_of(LABELS) == KEYWORDS


@pytest.mark.parametrize(
    "values, message",
    [
        ({"threshold": 0.0}, "threshold is 0: give a probability above 0"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"thresholds": {"yes": 1.5}}, "threshold of 'yes' is 1.5"),
        ({"smoothing_hops": 0}, "smoothing is 0 hops"),
        ({"hop_ms": 1001}, "hop is 1001 ms"),
        ({"refractory_ms": -1}, "refractory time is -1 ms"),
        ({"suppression_ms": 60_001}, "suppression is 60001 ms"),
    ],
)
def test_values_out_of_range_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        EventParameters(**values)


def test_what_does_not_fit_the_network_is_refused():
    with pytest.raises(InputError, match="unknown word 'stopp': .*did you mean 'stop'"):
        rules(EventParameters(thresholds={"stopp": 0.5}), LABELS)
    with pytest.raises(InputError, match="none of the classes"):
        rules(EventParameters(), ("_silence_", "_unknown_"))
    detector = EventDetector(rules(EventParameters(), LABELS))
    with pytest.raises(InputError, match=r"uint8 \(4, 12\); int8"):
        detector.feed(np.zeros((4, 12), np.uint8))
    with pytest.raises(InputError, match="thresholds go with"):
        EventRules(1, 0, (1, 2), (0,))
