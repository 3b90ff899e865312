"""The cost model: more work costs more, and what it says is near what the simulator counts."""

from dataclasses import replace

import numpy as np
import pytest

from kwslib.gap8.kernels.rounding import HIGH, Rounding
from kwslib.gap8.planning import cost, planner, tiling
from kwslib.integer import network_file
from kwslib.integer.requantisation import ONCE
from kwslib.paths import models_dir
from tests.gap8.equal import assert_on_platform
from tests.gap8.planning import shapes
from tests.gap8.planning.layers import layer
from tests.gap8.planning.test_tiling import work


def cycles(made):
    return tiling.choose(made, 40_000).cycles


def test_more_inputs_outputs_positions_and_terms_cost_more():
    least = cycles(work())
    for more in (work(inputs=80), work(outputs=96), work(rows=30), work(sums=True)):
        assert cycles(more) > least


def test_costlier_requantisation_costs_more():
    made = shapes.load("two convolutions").layers[0]
    cheap, dear = (cost.front(made, rounding, 7, 1) for rounding in (Rounding(shift=9), Rounding(HIGH, before=3)))
    assert cheap < dear
    made = shapes.load("depthwise 5×5").layers[1]
    probe = planner.assign(shapes.load("depthwise 5×5"))[1].probe
    cheap, dear = (replace(probe, rounding=rounding) for rounding in (Rounding(), Rounding(HIGH)))
    assert cost.depthwise(made, cheap, 6, 0) < cost.depthwise(made, dear, 6, 0)
    assert cost.depthwise(made, cheap, 6, 0) < cost.depthwise(made, replace(cheap, wide=True), 6, 0)
    assert cost.depthwise(made, cheap, 6, 0) < cost.depthwise(made, cheap, 6, 100_000)


def test_portable_c_costs_more_than_any_kernel():
    for name in ("two convolutions", "depthwise 5×5"):
        graph = shapes.load(name)
        plan = planner.plan(graph)
        for step in plan.steps:
            if step.kind in ("front", "pointwise", "depthwise") and len(step.layers) == 1:
                assert step.predicted_cycles < cost.general(graph.layers[step.layers[0]], False)


def test_a_second_term_doubles_the_products_of_a_linear_layer():
    one, two = (cost.linear(12, 100, wide, 1, 5000) for wide in (False, True))
    assert two - one == 2 * 100 * 5


def test_members_of_a_form():
    assert cost.scaling(Rounding("long", shift=3, before=7, top=255)) == {
        "form": "LONG",
        "before": 7,
        "zero_point": 0,
        "low": 0,
        "high": 255,
    }
    made = layer("linear", (3, 5), rounding=ONCE, output_zero_point=-9)
    assert cost.exact_scaling(made) == {"form": "ONCE", "before": 0, "zero_point": -9, "low": -128, "high": 127}


@pytest.mark.parametrize("size", ["small", "medium"])
def test_the_prediction_is_near_what_is_counted(size, tmp_path):
    graph = network_file.load(models_dir() / f"quick-{size}" / "model.tflite", size)
    predicted = planner.plan(graph).predicted_cycles
    (profile,) = assert_on_platform(graph, tmp_path, clips=1)
    assert np.isclose(predicted, profile.cycles, rtol=0.15)
