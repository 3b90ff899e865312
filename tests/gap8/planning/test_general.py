"""Any layer in portable C: what is left to it, why, and that it computes all kinds."""

import pytest

from kwslib.gap8.planning import general
from kwslib.integer import reference
from tests.gap8.equal import PORTABLE, PORTABLE_TILED, assert_on_host, only, planned
from tests.gap8.planning import shapes


def test_every_kind_but_the_softmax():
    assert set(general.KINDS) | {"softmax"} == set(reference.KINDS)
    assert set(general.SIMPLE) < set(general.KINDS)


SHAPES = ["shortcut", "before", "pooled", "partial pool", "multiplier 2", "three inputs"]


# With maps in L2, the slow test of the planner compares all of them.
@pytest.mark.parametrize(
    ("name", "way"), [*((name, PORTABLE) for name in SHAPES), *((name, PORTABLE_TILED) for name in SHAPES[1:4:2])]
)
def test_all_kinds_equal_the_reference(name, way):
    with only(way):
        assert_on_host(shapes.load(name))


def test_linear_layers_alone():
    with only(PORTABLE):
        assert_on_host(shapes.load("linear layers only"))


def test_why():
    graph = shapes.load("pooled")
    texts = {layer.kind: general.chosen(graph, index, "because").portable for index, layer in enumerate(graph.layers)}
    assert (texts["add"], texts["max_pool"]) == ("a sum of two maps", "a maximum")
    assert texts["depthwise"] == "because"


def test_the_share_of_portable_c_is_known():
    plan = planned(shapes.load("pooled"), PORTABLE)
    said = [step for step in plan.record().steps if step.portable]
    assert len(said) == len(plan.steps) - 1
    assert all(step.description == f"portable C: {step.portable}" for step in said)
    assert sum(step.predicted_cycles for step in said) > plan.predicted_cycles / 2


def test_a_sum_has_both_operands_and_their_tables():
    plan = planned(shapes.load("identity"), PORTABLE)
    fields = next(step.fields for step in plan.steps if step.fields.get("operation") == "ANY_SUM")
    assert fields["input"]["base"] != fields["second"]["base"]
    add = next(layer for layer in plan.graph.layers if layer.kind == "add")
    for table, expected in zip(fields["tables"], add.tables, strict=True):
        assert plan.constants[table.region] == expected.astype("<i4").tobytes()
