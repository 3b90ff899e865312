from kwslib.gap8.measure import timing
from kwslib.report.gap8_stalls import STALL_NAMES
from kwslib.runs.energy import SUPPLIES_V


def test_latency_is_cycles_over_the_clock():
    assert timing.latency_ms(175_000, 175) == 1.0
    assert timing.latency_ms(179_505, 50) == 3.5901


def test_every_clock_that_is_shown_has_a_supply():
    assert max(timing.CLOCKS_MHZ) == max(clock for _, clock in SUPPLIES_V)


def test_every_kind_of_stall_has_a_name_for_readers():
    assert tuple(STALL_NAMES) == timing.STALL_KINDS
