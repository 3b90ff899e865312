"""The ends of a network as steps: ``struct pool``, ``struct linear`` and ``struct softmax`` of the firmware."""

from math import prod

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.pool import PlaneSums
from kwslib.gap8.planning import layouts, weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.chain import Chain, whole_groups
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.integer.graph import Layer

POOL_TILE_BYTES = 20 * 1024
"""Largest tile of the pool's input in L1; two of them take turns."""


def mean_fields(layer: Layer) -> dict[str, int]:
    """Return the members of ``struct pool`` that say how a mean becomes a code."""
    form = layer.requantisation
    return {
        "halves_up": int(layer.halves_up),
        "requantises": int(form is not None),
        "multiplier": int(form.multiplier[0]) if form else 0,
        "shift": int(form.shift[0]) if form else 0,
    }


def add_pool(chain: Chain, index: int) -> None:
    """Add a global average pool."""
    builder, layer, at = chain.builder, chain.layers[index], chain.builder.now
    rows, columns, channels = layer.input.shape
    planes = chain.written_planes()
    layout = planes.layout
    plane_bytes = layout.plane_bytes
    source = builder.use(planes.region, chain.memory, whole_groups(channels) * plane_bytes, at)
    output = builder.use("pooled", "L1", aligned(channels, 4), at, at + 1)
    tiles, tile_channels = (source, source), channels
    if chain.tiled:
        tile_channels = max(CORES, min(channels, POOL_TILE_BYTES // plane_bytes) // CORES * CORES)
        tiles = chain.pair(f"tile {at}", tile_channels * plane_bytes, at)
    kernel = PlaneSums(rows, columns, layout.row_bytes, plane_bytes, layout.left)
    symbol = layouts.assembly(builder, kernel) or PlaneSums.portable
    step = builder.add(
        "pool",
        (index,),
        output=output,
        tile_channels=tile_channels,
        input_l2=source if chain.tiled else 0,
        tiles=tiles,
        input={
            "base": tiles[0] + layout.top * layout.row_bytes,
            "rows": rows,
            "columns": columns,
            "channels": channels,
            "row_bytes": layout.row_bytes,
            "column_bytes": 1,
            "channel_bytes": plane_bytes,
        },
        sum=symbol,
        geometry=builder.geometry(**kernel.parameters()),
        sums=builder.use("sums", "L1", 4 * min(channels, tile_channels), at),
        **mean_fields(layer),
        input_zero_point=layer.input.zero_point,
        scaling=scaling(weights.EXACT_TWICE, layer.output, layer.clamp),
    )
    builder.map(index, output, channels, channels, 1)
    step.dma_in_bytes = channels * plane_bytes if chain.tiled else 0
    where = f"tiles of {tile_channels} channels" if chain.tiled else "whole"
    step.description = f"{symbol}, {where}"


def add_linear(chain: Chain, index: int) -> None:
    """Add the linear layer; every core computes its classes."""
    builder, layer, at = chain.builder, chain.layers[index], chain.builder.now
    records = weights.linear(layer)
    inputs = 4 * (records.shape[1] - weights.PARAMETERS)
    target = builder.use("linear records", "L1", records.nbytes, at - 1, at)
    outputs = prod(layer.output.shape)
    output = builder.use("logits", "L1", aligned(outputs, 4), at, len(chain.layers) + 1)
    step = builder.add(
        "linear",
        (index,),
        input=builder.use("pooled", "L1", inputs, at),
        records=target,
        output=output,
        inputs=inputs,
        outputs=outputs,
        record_bytes=4 * records.shape[1],
        scaling=scaling(weights.form(layer), layer.output, layer.clamp),
    )
    builder.fetch(target, records)
    step.ready = step.first_transfer + 1
    builder.map(index, output, outputs, outputs, 1)
    step.dma_in_bytes = records.nbytes
    step.description = "every core its classes"


def add_softmax(builder: Builder, index: int, source: Ref) -> None:
    """Add the softmax; `source` is where its input codes lie in L1."""
    layer, at = builder.plan.graph.layers[index], builder.now
    classes = prod(layer.output.shape)
    output = builder.use("probabilities", "L1", aligned(classes, 4), at, len(builder.plan.graph.layers) + 1)
    builder.plan.constants["softmax table"] = weights.table(layer).astype("<i4").tobytes()
    step = builder.add("softmax", (index,), input=source, output=output, table=Ref("softmax table"), classes=classes)
    builder.map(index, output, classes, classes, 1)
    step.description = "every core its classes"
