"""Linear layers as steps: which layers they are, where their input comes from, chunks of weights."""

import pytest

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning import planner
from kwslib.gap8.planning.linear import Linear
from kwslib.gap8.planning.softmax import Softmax
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import FUSED, RESIDENT, TILED, TILED_FUSED, planned
from tests.gap8.planning import shapes


@pytest.mark.parametrize("way", [RESIDENT, FUSED, TILED, TILED_FUSED])
def test_each_step_reads_what_the_one_before_wrote(way):
    plan = planned(network_file.load(networks.quantised(*networks.SMALL)), way)
    pool, linear, softmax = plan.steps[-3:]
    assert linear.fields["input"] == pool.fields["output"]
    assert softmax.fields["input"] == linear.fields["output"]


def test_without_a_softmax_the_logits_are_the_output():
    plan = planned(network_file.load(networks.quantised(*networks.SMALL, softmax=False, classes=7)), RESIDENT)
    assert plan.steps[-1].kind == "linear" and plan.steps[-1].fields["outputs"] == 7
    assert plan.logits == plan.output and not plan.constants


def test_large_linear_layers_come_in_chunks():
    graph = network_file.load(networks.quantised((20, 8), (("conv", 60, (3, 3), (2, 2)),), classes=1200))
    plan = planned(graph, RESIDENT)
    fields = next(step.fields for step in plan.steps if step.kind == "linear")
    assert fields["chunk"] < 1200 and fields["chunk"] % CORES == 0 and len(set(fields["records"])) == 2


def kinds(name):
    return [type(method) for method in planner.assign(shapes.load(name))]


def test_convolutions_of_the_whole_map_are_linear_layers():
    assert kinds("linear layers only") == [Linear] * 3 + [Softmax]
    assert kinds("1×1 classifier")[-2:] == kinds("classifier of the whole map")[-2:] == [Linear, Softmax]
    partial = shapes.load("partial pool")
    index = next(i for i, made in enumerate(partial.layers) if made.kind == "average_pool")
    assert Linear.of(partial, index, None) == "not a linear layer"
