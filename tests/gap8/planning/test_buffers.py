"""Buffers of weights: which parts take turns, and what comes together."""

import numpy as np
import pytest

from kwslib.gap8.planning import planner
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.walk import Walk, Way
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import BATCHED, RESIDENT, planned

PAIRS = (
    ("conv", 16, (10, 4), (2, 2)),
    ("depthwise", 16, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
    ("depthwise", 24, (3, 3), (1, 1)),
    ("conv", 24, (1, 1), (1, 1)),
)


@pytest.fixture(scope="module")
def graph():
    return network_file.load(networks.quantised((49, 10), PAIRS))


def walk(graph, **options):
    return Walk(graph, planner.assign(graph), Way("by hand", 0, 0, False, **options))


def test_weights_in_one_part_have_one_buffer(graph):
    made = walk(graph)
    one, other = made.buffers.ask(8, parts=1)
    assert one == other
    made.builder.add("general", (0,))
    one, other = made.buffers.ask(8, parts=5, early=1)
    assert one != other
    assert [made.builder.region(ref.region).first for ref in (one, other)] == [0, 1]


def test_parts_of_the_weights_take_turns_in_the_buffers(graph):
    made = walk(graph)
    buffers = made.buffers.ask(24, parts=3)
    records = np.arange(15).reshape(5, 3)
    made.add("pointwise", (2,))
    made.buffers.fetch(buffers, parts_of(records, 2))
    transfers = made.builder.plan.transfers
    assert [transfer.target for transfer in transfers] == [buffers[0], buffers[1], buffers[0]]
    assert b"".join(transfer.data for transfer in transfers) == records.astype("<i4").tobytes()


def test_weights_of_a_batch_are_one_transfer(graph):
    apart, together = (planned(graph, way) for way in (RESIDENT, BATCHED))
    assert len(together.transfers) == 2 < len(apart.transfers)  # the first step's, and all others'
    assert b"".join(t.data for t in together.transfers) == b"".join(t.data for t in apart.transfers)
    assert [step.ready for step in together.steps[1:6]] == [2] * 5


def test_a_batch_of_steps_without_weights_asks_for_none(graph):
    """What a step waits for is what has been asked for up to it, though batches before it have no weights."""
    made = walk(graph, batch=2)
    made.add("front", (0,))
    for number in range(6):
        buffers = made.buffers.ask(8, 1) if number in (0, 4, 5) else None
        step = made.add("depthwise", (1,))
        if buffers:
            made.buffers.fetch(buffers, [np.arange(2)])
        assert step.ready == len(made.builder.plan.transfers) == (1 if number < 4 else 2)


def test_a_batch_takes_whole_layers_alone(graph):
    made = walk(graph, batch=2)
    made.add("front", (0,))
    with pytest.raises(DoesNotFit):
        made.buffers.ask(100, parts=2)
    buffers = made.buffers.ask(8, parts=1)
    made.add("pointwise", (2,))
    with pytest.raises(DoesNotFit):
        made.buffers.fetch(buffers, [np.arange(2), np.arange(2)])
