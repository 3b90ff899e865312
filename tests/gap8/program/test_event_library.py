import numpy as np
import pytest
from hypothesis import given, settings

from kwslib.errors import InputError
from kwslib.gap8.program.event_library import HostEventDetector
from kwslib.integer.events import NEVER, EventDetector, EventRules
from tests.integer.test_events import streams


@settings(deadline=None)
@given(streams())
def test_c_equals_the_specification_however_the_stream_is_cut(stream):
    found, codes, cuts = stream
    detector, pieces = HostEventDetector(found), np.split(codes, sorted(min(cut, len(codes)) for cut in cuts))
    assert [e for piece in pieces for e in detector.feed(piece)] == EventDetector(found).feed(codes)


def test_c_equals_the_specification_over_hours_at_full_width():
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.integers(-40, 41, (5000, 12)), axis=0)
    codes = (np.abs(walk % 511 - 255) - 128).astype(np.int8)
    found = EventRules(255, 3, (NEVER, *range(25_000, 36_000, 1000)), tuple(range(0, 240, 20)))
    events = EventDetector(found).feed(codes)
    assert len(events) > 20
    assert HostEventDetector(found).feed(codes) == events


def test_codes_of_another_kind_are_refused():
    with pytest.raises(InputError, match=r"float64 \(2, 2\); int8 \(hops, 2\)"):
        HostEventDetector(EventRules(1, 0, (5, 5), (0, 0))).feed(np.zeros((2, 2)))
