"""A softmax as a step: ``struct softmax`` of the firmware."""

from dataclasses import dataclass
from math import prod

from kwslib.gap8.planning import cost, layouts, weights
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.walk import Walk
from kwslib.integer.graph import Graph, Layer


@dataclass(frozen=True)
class Softmax:
    """A softmax over the classes."""

    layer: Layer
    index: int
    portable: str = ""
    reads: str | None = layouts.PIXELS
    plane: PlaneShape | None = None
    step: str = "softmax"
    writes_vector: bool = True

    @classmethod
    def of(cls, graph: Graph, index: int, proofs: Proofs) -> "Softmax | str":
        """Return the method of a layer, or why it is none for it."""
        layer = graph.layers[index]
        if layer.kind != "softmax" or layouts.sources(graph, index)[0] < 0:
            return "not a softmax behind another layer"
        return cls(layer, index)

    def reads_padding(self, walk: Walk) -> bool:
        return False

    def early_bytes(self, walk: Walk) -> int:
        return 0

    def add(self, walk: Walk) -> int:
        source = walk.source(self.index)
        place, _ = walk.target(self.index)
        classes = prod(self.layer.output.shape)
        table = f"softmax table {self.index}"
        walk.builder.plan.constants[table] = weights.table(self.layer).astype("<i4").tobytes()
        step = walk.add(
            "softmax",
            (self.index,),
            input=source.ref,
            output=place.ref,
            table=Ref(table),
            powers=walk.l1(f"powers {walk.now}", 4 * classes),
            classes=classes,
        )
        step.description = "every core its classes"
        step.predicted_cycles = cost.softmax(classes)
        return self.index + 1
