"""Plans of networks of any build: layer by layer, channels last, maps in L2. ``struct general`` of the firmware."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from kwslib.gap8.hardware import L1_BYTES, LARGEST_TRANSFER_BYTES
from kwslib.gap8.planning import tail, weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.layouts import LayerShape
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, DoesNotFit, aligned
from kwslib.gap8.planning.plan import Plan, Ref
from kwslib.integer.graph import Graph, Layer

STRATEGY = "layer by layer"
KINDS = {
    "convolution": "ANY_CONVOLUTION",
    "pointwise": "ANY_CONVOLUTION",
    "linear": "ANY_CONVOLUTION",
    "depthwise": "ANY_DEPTHWISE",
    "average_pool": "ANY_POOL",
    "requantise": "ANY_LOOKUP",
}
"""``enum operation`` of firmware/network.h, by the kind of a layer. The softmax is a step of its own."""
OWN_BYTES, OWN_BYTES_PER_LAYER = 8 * 1024, 168
"""Bytes of L1 that the tiles leave to the runtime and the stacks: a bound above `Builder.own_bytes` for short networks.

Tighter bounds would give larger tiles, and other cycles.
"""
ALIGNMENT_BYTES = 16
"""Bytes of L1 that the alignment of a tile's output and records may cost."""


@dataclass(frozen=True)
class Tiling:
    """Output rows of a tile, and output channels of a chunk."""

    rows: int
    channels: int


@dataclass(frozen=True)
class _Work:
    """A layer, and what its tiles are made of.

    Attributes
    ----------
    layer : Layer
    shape : LayerShape
    channels : int
        Of the output; all values of a linear layer.
    records : ndarray, int32 (channels, words), or None
        The weights of a layer that has some.
    """

    layer: Layer
    shape: LayerShape
    channels: int
    records: np.ndarray | None

    @classmethod
    def of(cls, layer: Layer) -> "_Work":
        """Return the work of a layer."""
        channels = prod(layer.output.shape) if layer.kind == "linear" else layer.output.shape[2]
        records = None if layer.weights is None else weights.general(layer)
        return cls(layer, LayerShape.of(layer), channels, records)

    @property
    def record_bytes(self) -> int:
        """Bytes of a channel's weights and parameters."""
        return 0 if self.records is None else 4 * self.records.shape[1]

    def input_bytes(self, rows: int) -> int:
        """Return the bytes of the input that a tile of output rows reads."""
        return aligned(self.shape.seen_rows(rows) * self.shape.input_row_bytes + DMA_SLACK_BYTES)

    def channel_bytes(self, rows: int) -> int:
        """Return the bytes of a channel in a tile: its record, and its output."""
        return self.record_bytes + rows * self.shape.columns


def build(graph: Graph) -> Plan:
    """Plan a network layer by layer.

    Raises
    ------
    DoesNotFit
        If a layer needs more memory than there is.
    """
    builder = Builder(graph, STRATEGY)
    at = 0
    try:
        for index, layer in enumerate(graph.layers):
            at = index
            if layer.kind == "softmax":
                _add_softmax(builder, index)
            else:
                _add(builder, index)
        return builder.finish()
    except DoesNotFit as error:
        error.layer = error.layer or graph.layers[at].name
        raise


def _add_softmax(builder: Builder, index: int) -> None:
    graph = builder.plan.graph
    if index - 1 != graph.logits:
        raise DoesNotFit("L1", index, prod(graph.layers[index].output.shape))
    tail.add_softmax(builder, index, builder.use("logits", "L1", 0, index))


def _add(builder: Builder, index: int) -> None:
    """Add a layer, tile by tile: for each chunk of channels, every tile of rows."""
    layers, layer = builder.plan.graph.layers, builder.plan.graph.layers[index]
    work = _Work.of(layer)
    shape, size = work.shape, prod(layer.output.shape)
    source = builder.plan.input if index == 0 else builder.use(f"map {index - 1}", "L2", 0, index)
    tiling = _tiling(work, L1_BYTES - OWN_BYTES - OWN_BYTES_PER_LAYER * len(layers))
    output = _output(builder, index, work, tiling)
    target = builder.use(f"map {index}", "L2", size + DMA_SLACK_BYTES, index, index + 1)
    fields: dict[str, Any] = {
        "operation": KINDS[layer.kind],
        "geometry": builder.geometry(**shape.members(), scaling=_scaling(layer)),
        "channels": work.channels,
        "multiplier": layer.multiplier,
        "chunk_channels": tiling.channels,
        "record_bytes": work.record_bytes,
        "tile_rows": tiling.rows,
    }
    records = None
    if work.records is not None:
        records = builder.use(f"records {index}", "L1", tiling.channels * work.record_bytes, index)
    fields |= {
        "records": records or 0,
        "input": builder.use(f"tile {index} in", "L1", work.input_bytes(tiling.rows), index),
        "input_l2": source,
        "output": output,
        "output_l2": target,
        "weight_zero_point": layer.weight_zero_point,
    }
    step = builder.add("general", (index,), **fields, **_kind_fields(builder, index, layer))
    if work.records is not None and records is not None:
        for start in range(0, work.channels, tiling.channels):
            builder.fetch(records, work.records[start : start + tiling.channels])
        step.dma_in_bytes = work.records.nbytes
    chunks, tiles = -(-work.channels // tiling.channels), -(-shape.rows // tiling.rows)
    step.dma_in_bytes += chunks * tiles * shape.seen_rows(tiling.rows) * shape.input_row_bytes
    step.dma_out_bytes = size
    step.description = (
        f"portable C, {tiles} tile(s) of {tiling.rows} rows, {chunks} chunk(s) of {tiling.channels} channels"
    )
    builder.map(index, target, shape.columns * work.channels, work.channels, 1)


def _tiling(work: _Work, free: int) -> Tiling:
    """Choose as many channels as the free bytes of L1 allow, then as many rows."""
    best: Tiling | None = None
    for rows in range(1, work.shape.rows + 1):
        source = work.input_bytes(rows)
        chunk = min(work.channels, (free - source - ALIGNMENT_BYTES) // work.channel_bytes(rows))
        if chunk < 1 or source > LARGEST_TRANSFER_BYTES:
            break
        if best is None or chunk >= min(work.channels, best.channels):
            best = Tiling(rows, chunk)
    if best is None:
        raise DoesNotFit("L1", 0, work.input_bytes(1) + work.channel_bytes(1) + ALIGNMENT_BYTES - free)
    return best


def _output(builder: Builder, index: int, work: _Work, tiling: Tiling) -> Ref:
    """Ask for the output of a tile in L1; that of the logits and of the last layer stays there to the end."""
    graph = builder.plan.graph
    size = aligned(tiling.rows * work.shape.columns * tiling.channels, 4)
    if index == graph.logits:
        name = "logits"
    elif index == len(graph.layers) - 1:
        name = "probabilities"
    else:
        return builder.use(f"tile {index} out", "L1", size, index)
    if tiling.rows < work.shape.rows or tiling.channels < work.channels:
        raise DoesNotFit("L1", index, prod(work.layer.output.shape))  # an output larger than a tile: no keyword spotter
    return builder.use(name, "L1", size, index, len(graph.layers) + 1)


def _scaling(layer: Layer) -> dict[str, int]:
    form = weights.EXACT_TWICE if layer.weights is None else weights.form(layer)
    return scaling(form, layer.output, layer.clamp)


def _kind_fields(builder: Builder, index: int, layer: Layer) -> dict[str, Any]:
    """Return the C members that only a pool or a lookup has."""
    if layer.kind == "average_pool":
        mean = tail.mean_fields(layer)
        return {
            "halves_up": mean["halves_up"],
            "requantises": mean["requantises"],
            "pool_multiplier": mean["multiplier"],
            "pool_shift": mean["shift"],
        }
    if layer.kind == "requantise":
        name = f"lookup {index}"
        builder.plan.constants[name] = weights.table(layer).tobytes()
        return {"table": Ref(name)}
    return {}
