"""Plans of networks that are not built like the DS-CNN: layer by layer, channels last, every map in L2."""

from math import prod
from typing import Any

from kwslib.gap8.hardware import L1_BYTES, LARGEST_TRANSFER_BYTES
from kwslib.gap8.planning import weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.ends import add_softmax, pool_fields
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, DoesNotFit, aligned
from kwslib.gap8.planning.plan import Plan, Ref
from kwslib.integer.graph import Graph, Layer

KINDS = {
    "convolution": "ANY_CONVOLUTION",
    "pointwise": "ANY_CONVOLUTION",
    "linear": "ANY_CONVOLUTION",
    "depthwise": "ANY_DEPTHWISE",
    "average_pool": "ANY_POOL",
    "requantise": "ANY_LOOKUP",
}
STRATEGY = "layer by layer"


def _geometry(layer: Layer) -> dict[str, Any]:
    linear = layer.kind == "linear"
    rows, columns, channels = layer.output.shape
    in_rows, in_columns, inputs = (1, 1, prod(layer.input.shape)) if linear else layer.input.shape
    if linear:
        rows, columns = 1, 1
    return {
        "rows": rows,
        "columns": columns,
        "input_rows": in_rows,
        "input_columns": in_columns,
        "kernel_rows": layer.kernel[0],
        "kernel_columns": layer.kernel[1],
        "stride_rows": layer.stride[0],
        "stride_columns": layer.stride[1],
        "pad_top": layer.padding[0],
        "pad_left": layer.padding[2],
        "inputs": inputs,
        "input_zero_point": layer.input.zero_point,
    }


def _tiles(layer: Layer, geometry: dict[str, Any], channels: int, record_bytes: int, free: int) -> tuple[int, int]:
    """Rows of a tile and output channels of a chunk; as many channels as possible, then as many rows."""
    row_in = geometry["input_columns"] * geometry["inputs"]
    best = None
    for rows in range(1, geometry["rows"] + 1):
        seen = min((rows - 1) * layer.stride[0] + layer.kernel[0], geometry["input_rows"])
        source = aligned(seen * row_in + DMA_SLACK_BYTES)
        per_channel = record_bytes + rows * geometry["columns"]
        chunk = min(channels, (free - source - 16) // per_channel)
        if chunk < 1 or source > LARGEST_TRANSFER_BYTES:
            break
        if best is None or chunk >= min(channels, best[1]):
            best = (rows, chunk)
    if best is None:
        seen = min(layer.kernel[0], geometry["input_rows"])
        need = aligned(seen * row_in + DMA_SLACK_BYTES) + record_bytes + geometry["columns"] + 16
        raise DoesNotFit("L1", 0, need - free)
    return best


def build(graph: Graph) -> Plan:
    """Plan a network layer by layer.

    Raises
    ------
    DoesNotFit
        If a layer needs more memory than there is.
    """
    b = Builder(graph, STRATEGY)
    at = 0
    try:
        for index, layer in enumerate(graph.layers):
            at = index
            _add(b, graph, index, layer)
        return b.finish()
    except DoesNotFit as error:
        error.layer = error.layer or graph.layers[at].name
        raise


def _add(b: Builder, graph: Graph, index: int, layer: Layer) -> None:
    last = index == len(graph.layers) - 1
    source = b.plan.input if index == 0 else b.use(f"map {index - 1}", "L2", 0, index)
    size = prod(layer.output.shape)
    # the decisive layer's codes are read at the end, from L1
    keep = "logits" if index == graph.logits else "probabilities" if last else None
    if layer.kind == "softmax":
        previous = b.use("logits", "L1", 0, index) if index - 1 == graph.logits else None
        if previous is None:
            raise DoesNotFit("L1", index, size)
        add_softmax(b, index, previous)
        return
    geometry = _geometry(layer)
    weighted = layer.weights is not None
    recs = weights.general(layer) if weighted else None
    record_bytes = 4 * recs.shape[1] if weighted else 0
    channels = size if layer.kind == "linear" else layer.output.shape[2]
    own = 8 * 1024 + 128 * len(graph.layers) + 40 * len(graph.layers)
    rows, chunk = _tiles(layer, geometry, channels, record_bytes, L1_BYTES - own)
    if keep and (rows < geometry["rows"] or chunk < channels):
        raise DoesNotFit("L1", index, size)  # an output larger than a tile: not a keyword spotter's
    seen = min((rows - 1) * layer.stride[0] + layer.kernel[0], geometry["input_rows"])
    row_in = geometry["input_columns"] * geometry["inputs"]
    output = b.use(keep or f"tile {index} out", "L1", aligned(rows * geometry["columns"] * chunk, 4), index)
    if keep:
        b.use(keep, "L1", 0, len(graph.layers) + 1)
    target = b.use(f"map {index}", "L2", size + DMA_SLACK_BYTES, index, index + 1)
    if weighted:
        clamp_scaling = scaling(weights.form(layer), layer.output, layer.clamp)
    else:
        clamp_scaling = scaling(weights.EXACT_TWICE, layer.output, layer.clamp)
    fields: dict[str, Any] = {
        "operation": KINDS[layer.kind],
        "geometry": b.geometry(**geometry, scaling=clamp_scaling),
        "channels": channels,
        "multiplier": layer.multiplier,
        "chunk_channels": chunk,
        "record_bytes": record_bytes,
        "tile_rows": rows,
        "records": b.use(f"records {index}", "L1", chunk * record_bytes, index) if weighted else 0,
        "input": b.use(f"tile {index} in", "L1", aligned(seen * row_in + DMA_SLACK_BYTES), index),
        "input_l2": source,
        "output": output,
        "output_l2": target,
        "weight_zero_point": layer.weight_zero_point,
    }
    if layer.kind == "average_pool":
        wanted = pool_fields(layer)
        fields |= {"halves_up": wanted["halves_up"], "requantises": wanted["requantises"]}
        fields |= {"pool_multiplier": wanted["multiplier"], "pool_shift": wanted["shift"]}
    if layer.kind == "requantise":
        b.plan.constants[f"lookup {index}"] = layer.table.tobytes()
        fields["table"] = Ref(f"lookup {index}")
    step = b.add("general", (index,), **fields)
    if weighted:
        for start in range(0, channels, chunk):
            b.fetch(fields["records"], recs[start : start + chunk])
    chunks, tiles = -(-channels // chunk), -(-geometry["rows"] // rows)
    step.dma_in_bytes = (recs.nbytes if weighted else 0) + chunks * tiles * seen * row_in
    step.dma_out_bytes = size
    step.description = f"portable C, {tiles} tile(s) of {rows} rows, {chunks} chunk(s) of {chunk} channels"
    if layer.kind == "linear":
        b.map(index, target, size, size, 1)
    else:
        b.map(index, target, geometry["columns"] * channels, channels, 1)
