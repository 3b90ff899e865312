"""The first convolution as a step, alone or fused with the depthwise layer: ``struct front`` of the firmware."""

from math import prod
from typing import Any

import numpy as np

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.first_convolution import KERNEL_ROWS, STRIDE, FirstConvolution
from kwslib.gap8.planning import depthwise, layouts, weights
from kwslib.gap8.planning.builder import scaling
from kwslib.gap8.planning.chain import Chain, Planes, parts_of
from kwslib.gap8.planning.layouts import LayerShape, PlaneLayout
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.runtime import GUARD_BYTES
from kwslib.integer.graph import Layer


def add(chain: Chain) -> int:
    """Add the first convolution; return the index of the first layer that is not part of its step."""
    layer = chain.layers[0]
    records = weights.first_convolution(layer)
    read = depthwise.reading(chain, chain.layers[1])
    fields = _convolution(chain, layer, 4 * records.shape[1], read.planes)
    if chain.fused:
        _add_fused(chain, fields, records, read)
        return 2
    _add_alone(chain, fields, records, read.planes)
    return 1


def _convolution(chain: Chain, layer: Layer, record_bytes: int, planes: PlaneLayout) -> dict[str, Any]:
    """Return the C members that do not depend on what follows: where the input is, and the convolution's kernel."""
    builder, at = chain.builder, chain.builder.now
    rows, columns, channels = layer.output.shape
    size = prod(layer.input.shape)
    padded_rows = (rows - 1) * layer.stride[0] + layer.kernel[0]
    codes = builder.use("input", "L1", aligned(size + 2 * GUARD_BYTES + 4), at) + GUARD_BYTES
    words = builder.use("column words", "L1", 4 * columns * padded_rows, at)
    return {
        "input_l2": builder.plan.input,
        "input": codes,
        "input_bytes": size,
        "padded_rows": padded_rows,
        "columns": words,
        "channels": channels,
        "record_bytes": record_bytes,
        "plane_rows": planes.rows,
        "plane_bytes": planes.plane_bytes,
        "row_bytes": planes.row_bytes,
        "origin": planes.origin,
        "convolve": layouts.assembly(builder, _kernel(layer, padded_rows, planes)) or FirstConvolution.portable,
        "convolution": builder.geometry(
            **LayerShape.of(layer).members(),
            plane_bytes=planes.plane_bytes,
            row_bytes=planes.row_bytes,
            record_bytes=record_bytes,
            scaling=scaling(weights.form(layer), layer.output, layer.clamp),
        ),
    }


def _kernel(layer: Layer, padded_rows: int, planes: PlaneLayout) -> FirstConvolution | None:
    if not layouts.suits_assembly(layer) or layer.kernel[0] != KERNEL_ROWS or layer.stride[0] != STRIDE:
        return None
    rows, columns, _ = layer.output.shape
    top = layer.padding[0]
    bottom = max(0, padded_rows - top - layer.input.shape[0])
    return FirstConvolution(
        rows,
        columns,
        planes.row_bytes,
        planes.plane_bytes,
        padding=(top, bottom),
        shift=layouts.common_shift(layer),
    )


def _add_alone(chain: Chain, fields: dict[str, Any], records: np.ndarray, planes: PlaneLayout) -> None:
    """Add the convolution alone: every core computes its channels, whole planes in L1."""
    builder, at = chain.builder, chain.builder.now
    channels = fields["channels"]
    chain.planes = Planes("planes 0", chain.layers[0].output.shape, planes)
    fields["planes"] = builder.use(chain.planes.region, "L1", channels * planes.plane_bytes, at, at + 1)
    fields["depthwise"], fields["second"] = "0", "0"
    fields["tile_channels"] = channels
    target = builder.use("front records", "L1", records.nbytes, at)
    fields["records"] = (target, target)
    step = builder.add("front", (0,), **fields)
    builder.fetch(target, records)
    builder.map(0, fields["planes"] + planes.origin, planes.row_bytes, 1, planes.plane_bytes)
    step.dma_in_bytes = fields["input_bytes"] + records.nbytes
    step.description = f"{fields['convolve']}; every core its channels"


def _add_fused(chain: Chain, fields: dict[str, Any], records: np.ndarray, read: depthwise.Reading) -> None:
    """Add the convolution and the depthwise layer: a core makes one plane, and the depthwise layer reads it at once."""
    builder, at = chain.builder, chain.builder.now
    channels = fields["channels"]
    tile = chain.tile_channels(channels)
    second_records = weights.depthwise(read.layer, read.places)
    private = builder.use("private planes", "L1", CORES * read.planes.plane_bytes, at)
    output, tiles = _outputs(chain, read.layer, at, tile)
    parts = [
        np.concatenate([first.ravel(), second.ravel()])
        for first, second in zip(parts_of(records, tile), parts_of(second_records, tile), strict=True)
    ]
    record_bytes = fields["record_bytes"] + read.record_bytes
    buffers = chain.record_buffers("front records", record_bytes * min(tile, channels), len(parts), at)
    stride = layouts.pixel_bytes(channels)
    fields |= {
        "depthwise": read.symbol(builder),
        "second": read.geometry(builder),
        "tile_channels": tile,
        "records": buffers,
        "second_record_bytes": read.record_bytes,
        "planes": private,
        "output": tiles or (output, output),
        "output_l2": output if tiles else 0,
        "output_pixel": stride,
    }
    step = builder.add("front", (0, 1), **fields)
    chain.fetch(buffers, parts)
    builder.map(1, output, read.layer.output.shape[1] * stride, stride, 1)
    step.dma_in_bytes = fields["input_bytes"] + channels * record_bytes
    step.dma_out_bytes = prod(read.layer.output.shape) if chain.tiled else 0
    step.description = f"{fields['convolve']} and {fields['depthwise']}, tiles of {tile} channels"


def _outputs(chain: Chain, layer: Layer, at: int, tile: int) -> tuple[Ref, tuple[Ref, Ref] | None]:
    """Ask for the output of the depthwise layer; return its address, and those of its tiles in L1 if there are any."""
    rows, columns, _ = layer.output.shape
    tiles = chain.pair("front tile", rows * columns * tile, at) if chain.tiled else None
    return chain.channels_last(layer, at), tiles
