"""The ends of a network as steps: pool, linear, softmax."""

import numpy as np
import pytest

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning import planner, tail
from kwslib.gap8.planning.tail import Linear, Pool, Softmax
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import FUSED, RESIDENT, TILED, TILED_FUSED, planned
from tests.gap8.planning import shapes


def last_steps(way, **options):
    plan = planned(network_file.load(networks.quantised(*networks.SMALL, **options)), way)
    return plan, {step.kind: step for step in plan.steps[-3:]}


@pytest.mark.parametrize("way", [RESIDENT, FUSED, TILED, TILED_FUSED])
def test_each_step_reads_what_the_one_before_wrote(way):
    _, steps = last_steps(way)
    assert steps["linear"].fields["input"] == steps["pool"].fields["output"]
    assert steps["softmax"].fields["input"] == steps["linear"].fields["output"]


def test_the_pool_of_a_map_in_l2_takes_whole_cores_of_channels():
    plan, steps = last_steps(TILED)
    fields = steps["pool"].fields
    assert fields["tile_channels"] % CORES == 0
    assert fields["tile_channels"] * fields["plane_bytes"] <= tail.POOL_TILE_BYTES
    assert len(set(fields["tiles"])) == 2 and fields["input_l2"] == plan.maps[2].base


def test_logits_and_probabilities_stay_to_the_end():
    plan, steps = last_steps(RESIDENT)
    end = len(plan.graph.layers) + 1
    assert plan.regions[plan.logits].last == plan.regions[plan.output].last == end
    assert plan.regions[plan.logits].memory == plan.regions[plan.output].memory == "L1"
    assert plan.logits != plan.output and plan.steps[-1] is steps["softmax"]


def test_without_a_softmax_the_logits_are_the_output():
    plan, steps = last_steps(RESIDENT, softmax=False, classes=7)
    assert plan.steps[-1] is steps["linear"] and steps["linear"].fields["outputs"] == 7
    assert plan.logits == plan.output and not plan.constants


def test_the_table_of_the_softmax_lies_in_l2():
    plan, steps = last_steps(RESIDENT)
    start = plan.address(steps["softmax"].fields["table"]) - plan.l2_begin
    table = np.frombuffer(plan.l2_image[start : start + 1024], "<i4")
    assert (table == plan.graph.layers[-1].table).all()


def kinds(name):
    return [type(method) for method in planner.assign(shapes.load(name))]


def test_who_takes_what():
    assert kinds("linear layers only") == [Linear] * 3 + [Softmax]
    assert kinds("1×1 classifier")[-3:] == [Pool, Linear, Softmax]
    assert kinds("classifier of the whole map")[-2:] == [Linear, Softmax]
    partial = shapes.load("partial pool")
    index = next(i for i, made in enumerate(partial.layers) if made.kind == "average_pool")
    assert Pool.of(partial, index, None) == "its windows are smaller than the map"
    assert Softmax.of(partial, index, None) == "not a softmax behind another layer"
    assert Linear.of(partial, index, None) == "not a linear layer"


def test_large_linear_layers_come_in_chunks():
    graph = network_file.load(networks.quantised((20, 8), (("conv", 60, (3, 3), (2, 2)),), classes=1200))
    plan = planned(graph, RESIDENT)
    fields = next(step.fields for step in plan.steps if step.kind == "linear")
    assert fields["chunk"] < 1200 and fields["chunk"] % CORES == 0 and len(set(fields["records"])) == 2
