"""Waiting for weights: steps that last long enough hide the stream, others wait for what is left of it."""

import pytest

from kwslib.gap8.planning.plan import Ref, Step, Transfer
from kwslib.gap8.planning.waiting import START_CYCLES, STREAM_BYTES_A_CYCLE, waits


def steps(*rows):
    return [
        Step("pointwise", (n,), {}, 0, ready, prefetch, "", cycles) for n, (ready, prefetch, cycles) in enumerate(rows)
    ]


def transfers(*sizes, slot=None):
    return [Transfer(Ref("weights"), bytes(size), slot) for size in sizes]


@pytest.mark.parametrize("cycles", [100, 5000, 20_000])
def test_a_step_waits_for_what_is_not_hidden(cycles):
    moved = START_CYCLES + 11_000 / STREAM_BYTES_A_CYCLE
    found = waits(steps((0, 1, cycles), (1, 1, 700)), transfers(11_000))
    assert found == [max(0, round(moved - cycles)), 0]


def test_transfers_follow_one_another_and_waiting_gives_time():
    """The second transfer starts behind the first one, and the first wait has moved it on."""
    made = steps((0, 2, 100), (1, 2, 100), (2, 2, 100))
    each = START_CYCLES + 2200 / STREAM_BYTES_A_CYCLE
    assert waits(made, transfers(2200, 2200)) == [round(each) - 100, round(each) - 100, 0]


def test_what_is_allowed_later_starts_later():
    early = waits(steps((0, 1, 5000), (0, 1, 5000), (1, 1, 0)), transfers(22_000))
    late = waits(steps((0, 0, 5000), (0, 1, 5000), (1, 1, 0)), transfers(22_000))
    assert sum(late) == sum(early) + 5000


def test_weights_from_the_flash_take_longer():
    made = steps((0, 1, 100), (1, 1, 100))
    near, far = (waits(made, transfers(9000, slot=slot))[0] for slot in (None, Ref("slot")))
    assert far > 2 * near
