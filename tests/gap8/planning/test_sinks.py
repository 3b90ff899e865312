"""Where steps that work channel by channel write."""

import pytest

from kwslib.gap8.planning import layouts, sinks
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.walk import L1, L2, Place
from tests.gap8.equal import RESIDENT, TILED, planned
from tests.gap8.planning import shapes
from tests.gap8.planning.layers import tensor

PLANES = layouts.planes(tensor(10, shape=(7, 5)), PlaneShape(9, 8, top=1))
PIXELS = layouts.pixels(tensor(10, shape=(7, 5)), 20)


@pytest.mark.parametrize(
    ("layout", "memory", "strides"),
    [(PLANES, L1, (1, 8, 72)), (PLANES, L2, (1, 8, 72)), (PIXELS, L1, (20, 100, 1)), (PIXELS, L2, (4, 20, 1))],
)
def test_strides_are_those_of_the_map_or_of_a_tile(layout, memory, strides):
    assert sinks.strides(Place(Ref("map"), layout, memory), 4) == strides


def test_a_tile_holds_its_channels():
    assert sinks.tile_bytes(PLANES, 4) == 4 * 72 and sinks.tile_bytes(PIXELS, 4) == 4 * 35


@pytest.mark.parametrize("way", [RESIDENT, TILED])
def test_members(way):
    plan = planned(shapes.load("kernel 10×10"), way)
    fields = next(step.fields["out"] for step in plan.steps if step.kind == "depthwise")
    one, other = fields["tiles"]
    assert (one == other) == (fields["l2"] == 0) == (way == RESIDENT)
    assert fields["positions"] == 15 * 6
    assert fields["plane_bytes"] > 0  # a pool reads planes
