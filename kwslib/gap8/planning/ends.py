"""The ends of a network: how a mean becomes a code, and the softmax."""

from math import prod
from typing import Any

from kwslib.gap8.planning import weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.integer.graph import Layer


def pool_fields(layer: Layer) -> dict[str, Any]:
    """Members of ``struct pool`` and ``struct general`` that say how a mean becomes a code."""
    form = layer.requantisation
    return {
        "halves_up": int(layer.halves_up),
        "requantises": int(form is not None),
        "multiplier": int(form.multiplier[0]) if form else 0,
        "shift": int(form.shift[0]) if form else 0,
        "input_zero_point": layer.input.zero_point,
        "scaling": scaling(weights.EXACT_TWICE, layer.output, layer.clamp),
    }


def add_softmax(builder: Builder, index: int, source: Any) -> None:
    """Add the softmax; `source` is where its input codes lie in L1."""
    layer, at = builder.plan.graph.layers[index], len(builder.plan.steps)
    classes = prod(layer.output.shape)
    output = builder.use("probabilities", "L1", aligned(classes, 4), at, len(builder.plan.graph.layers) + 1)
    builder.plan.constants["softmax table"] = layer.table.astype("<i4").tobytes()
    step = builder.add("softmax", (index,), input=source, output=output, table=Ref("softmax table"), classes=classes)
    builder.map(index, output, classes, classes, 1)
    step.description = "every core its classes"
