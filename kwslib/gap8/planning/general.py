"""Any layer in portable C, between maps of any layout: ``struct general`` of the firmware."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kwslib.gap8.planning import cost, layouts, padding, weights
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.walk import L1, Place, Walk, lacking
from kwslib.integer.graph import Graph, Layer

KINDS = {
    "convolution": "ANY_CONVOLUTION",
    "pointwise": "ANY_CONVOLUTION",
    "linear": "ANY_CONVOLUTION",
    "depthwise": "ANY_DEPTHWISE",
    "average_pool": "ANY_AVERAGE",
    "max_pool": "ANY_MAXIMUM",
    "requantise": "ANY_LOOKUP",
    "add": "ANY_SUM",
}
"""``enum operation`` of firmware/network.h, by the kind of a layer. The softmax is a step of its own."""
SIMPLE = {"add": "a sum of two maps", "max_pool": "a maximum", "requantise": "a change of scale"}
"""Kinds that no assembly kernel computes, since they have no products, and how they are called."""


@dataclass(frozen=True)
class General:
    """A layer that no kernel takes, code by code."""

    layer: Layer
    index: int
    portable: str
    reads: str | None = None
    plane: PlaneShape | None = None
    step: str = "general"
    writes_vector: bool = True

    def reads_padding(self, walk: Walk) -> bool:
        return False

    def early_bytes(self, walk: Walk) -> int:
        return 0

    def add(self, walk: Walk) -> int:
        layer, index = self.layer, self.index
        source = walk.source(index)
        second = walk.source(index, 1) if layer.kind == "add" else source
        place, new = walk.target(index)
        records = None if layer.weights is None else weights.general(layer)
        channels = place.layout.shape[2]
        chunk, record_bytes, buffer, parts = channels, 0, None, []
        if records is not None:
            record_bytes = 4 * records.shape[1]
            if walk.way.batch > 1:  # its own transfers would stand between those of the batches
                raise lacking(L1, walk.now, records.nbytes, layer)
            chunk = min(channels, walk.free(index) // record_bytes)
            if chunk < 1:
                raise lacking(L1, walk.now, record_bytes - walk.free(index), layer)
            parts = parts_of(records, chunk)
            buffer = walk.builder.use(f"records {walk.now}", L1, chunk * record_bytes, walk.now)
        fill = padding.NOTHING
        if place.layout.plane and (new or place.memory != L1):
            fill = padding.of_planes(place.layout, aligned(channels, layouts.GROUP))
        kernel = source.layout.shape[:2] if layer.kind == "linear" else layer.kernel  # a linear layer reads all of it
        step = walk.add(
            "general",
            (index,),
            operation=KINDS[layer.kind],
            input=_map(source),
            second=_map(second),
            output=_map(place),
            kernel_rows=kernel[0],
            kernel_columns=kernel[1],
            stride_rows=layer.stride[0],
            stride_columns=layer.stride[1],
            pad_top=layer.padding[0],
            pad_left=layer.padding[2],
            multiplier=layer.multiplier,
            chunk_channels=chunk,
            record_bytes=record_bytes,
            records=buffer or 0,
            input_zero_point=layer.input.zero_point,
            weight_zero_point=layer.weight_zero_point,
            **self._tables(walk),
            fill_base=place.ref,
            fill=fill,
            scaling=cost.exact_scaling(layer),
        )
        for part in parts:
            assert buffer is not None
            walk.builder.fetch(buffer, part)
        step.portable = self.portable
        step.dma_in_bytes = 0 if records is None else records.nbytes
        step.description = f"portable C: {self.portable}"
        slow = source.memory != L1 or place.memory != L1
        step.predicted_cycles = cost.general(layer, slow)
        return index + 1

    def _tables(self, walk: Walk) -> dict[str, Any]:
        """Return the members that only a pool, a lookup or a sum has."""
        layer = self.layer
        if layer.kind == "average_pool":
            form = layer.requantisation
            return {
                "halves_up": int(layer.halves_up),
                "requantises": int(form is not None),
                "multiplier_31": int(form.multiplier[0]) if form else 0,
                "shift": int(form.shift[0]) if form else 0,
            }
        tables: list[np.ndarray] = []
        fields: dict[str, Any] = {}
        if layer.kind == "requantise":
            tables = [weights.table(layer)]
        elif layer.kind == "add":
            form = layer.requantisation
            assert layer.tables is not None and form is not None
            tables = [table.astype("<i4") for table in layer.tables]
            fields = {"multiplier_31": int(form.multiplier[0]), "shift": int(form.shift[0])}
        refs: list[Ref | int] = []
        for number, table in enumerate(tables):
            name = f"table {self.index} {number}"
            walk.builder.plan.constants[name] = table.tobytes()
            refs.append(Ref(name))
        return fields | ({"tables": (*refs, 0)[:2]} if refs else {})


def _map(place: Place) -> dict[str, Any]:
    """Return the members of ``struct map``."""
    return {"base": place.first, **place.layout.members()}


def chosen(graph: Graph, index: int, reason: str) -> General:
    """Return the method of a layer that no other one takes, and say why."""
    layer = graph.layers[index]
    return General(layer, index, SIMPLE.get(layer.kind, reason))
