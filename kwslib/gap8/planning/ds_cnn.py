"""Plans of networks built like the DS-CNN: a first convolution, depthwise + pointwise pairs, pool, linear, softmax."""

from math import prod
from typing import Any

import numpy as np

from kwslib.gap8.hardware import CORES, L1_BYTES
from kwslib.gap8.planning import weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.ends import add_softmax, pool_fields
from kwslib.gap8.planning.layouts import BLOCK, Planes, assembly, common_shift, pixel_bytes, shape, suits_assembly
from kwslib.gap8.planning.memory import DoesNotFit, aligned
from kwslib.gap8.planning.plan import PadFill, Plan
from kwslib.gap8.planning.runtime import GUARD_BYTES
from kwslib.gap8.planning.tiling import Blocks, TileBytes, pointwise_tiling
from kwslib.integer.graph import Graph, Layer

STRATEGIES: dict[str, dict[str, bool]] = {
    "maps in L1": {"tiled": False, "fused": False},
    "maps in L1, first two layers fused": {"tiled": False, "fused": True},
    "maps in L2, first two layers fused": {"tiled": True, "fused": True},
    "maps in L2, first two layers fused, pointwise weights in flash": {"tiled": True, "fused": True, "flash": True},
}
TILE_CHANNELS = 16  # of a depthwise tile: two for each core, and a line of the 2D transfer


def unsuitable(graph: Graph) -> str | None:
    """Why a network is not built like the DS-CNN, or None."""
    kinds = [layer.kind for layer in graph.layers]
    pairs = 0
    while kinds[1 + 2 * pairs : 3 + 2 * pairs] == ["depthwise", "pointwise"]:
        pairs += 1
    ends = (["average_pool", "linear"], ["average_pool", "linear", "softmax"])
    if kinds[:1] != ["convolution"] or not pairs or kinds[1 + 2 * pairs :] not in ends:
        return f"its layers are {', '.join(kinds)}"
    first, pool = graph.layers[0], graph.layers[1 + 2 * pairs]
    if first.input.shape[2] != 1 or first.kernel[1] > 4:
        return "its first convolution has several inputs or a kernel wider than four"
    if pool.output.shape[:2] != (1, 1) or pool.kernel != pool.input.shape[:2]:
        return "its pool is not global"
    for layer in graph.layers:
        if layer.weights is not None and not -128 <= layer.centred_weights.min() <= layer.centred_weights.max() <= 127:
            return f"{layer.name} has weights that do not fit eight bits without their zero point"
        if layer.kind == "depthwise" and (layer.kernel != (3, 3) or layer.multiplier != 1):
            return f"{layer.name} is not a 3×3 depthwise layer of multiplier 1"
        if layer.kind == "pointwise" and -(-layer.input.shape[2] // 4) * 4 > 1024:
            return f"{layer.name} has more than 1024 inputs"
    return None


class _Chain:
    """The walk along the network; one method a kind of layer."""

    def __init__(self, graph: Graph, strategy: str, tiled: bool, fused: bool, flash: bool = False):
        self.graph, self.tiled, self.fused = graph, tiled, fused
        self.b = Builder(graph, strategy, flash)
        self.layers = graph.layers
        self.memory = "L2" if tiled else "L1"
        # tiles leave no room for the next layer's first weights, whose wait is short beside such a layer
        self.early = 0 if tiled else 1

    def build(self) -> Plan:
        last = len(self.layers) - 1
        index = self._front()
        while self.layers[index].kind in ("depthwise", "pointwise"):
            getattr(self, f"_{self.layers[index].kind}")(index)
            index += 1
        self._pool(index)
        self._linear(index + 1)
        if index + 2 <= last:
            self._softmax(index + 2)
        return self.b.finish()

    @property
    def now(self) -> int:
        """Index of the step that is added next."""
        return len(self.b.plan.steps)

    def _planes_of(self, index: int) -> Planes | None:
        """The planes in which layer `index` must write its output, from who reads it; None: for the pool."""
        reader = self.layers[index + 1]
        return Planes(reader) if reader.kind == "depthwise" else None

    def _output_planes(self, index: int) -> tuple[str, int, int, int, int, int, bool]:
        """Where a layer writes planes: region, rows, plane and row bytes, origin, left byte, and if it is new."""
        layer = self.layers[index]
        rows, columns, channels = layer.output.shape
        planes = self._planes_of(index)
        known = getattr(self, "shared_planes", None)
        if planes is None and known and known[0] == layer.output.shape:
            # the pool can read the planes that the depthwise layers read
            return (*known[1:], False)
        if planes is None:
            row_bytes = 8 if columns == BLOCK else aligned(columns, 4)
            found = (f"planes {index}", rows, rows * row_bytes, row_bytes, 0, 0)
        else:
            found = (f"planes {index}", planes.rows, planes.plane_bytes, planes.row_bytes, planes.origin, planes.left)
            if known and known[0] == layer.output.shape and known[2:] == found[1:]:
                return (*known[1:], False)
        self.shared_planes = (layer.output.shape, *found)
        return (*found, True)

    def _front(self) -> int:
        b, layer, second = self.b, self.layers[0], self.layers[1]
        rows, columns, channels = layer.output.shape
        step_index = self.now
        size = prod(layer.input.shape)
        padded = (rows - 1) * layer.stride[0] + layer.kernel[0]
        codes = b.use("input", "L1", aligned(size + 2 * GUARD_BYTES + 4), step_index) + GUARD_BYTES
        words = b.use("column words", "L1", 4 * columns * padded, step_index)
        conv = weights.first_convolution(layer)
        planes = Planes(second)
        fast = suits_assembly(layer) and layer.kernel[0] == 10 and layer.stride[0] == 2
        fields: dict[str, Any] = {
            "input_l2": b.plan.input,
            "input": codes,
            "input_bytes": size,
            "padded_rows": padded,
            "columns": words,
            "channels": channels,
            "record_bytes": 4 * conv.shape[1],
            "plane_rows": planes.rows,
            "plane_bytes": planes.plane_bytes,
            "row_bytes": planes.row_bytes,
            "origin": planes.origin,
        }
        convolve = assembly(
            b,
            "first_convolution" if fast else None,
            {
                "rows": rows,
                "columns": columns,
                "row_bytes": planes.row_bytes,
                "plane_bytes": planes.plane_bytes,
                "padding": (layer.padding[0], max(0, padded - layer.padding[0] - layer.input.shape[0])),
                "shift": common_shift(layer),
            },
        )
        fields["convolve"] = convolve or "portable_first_convolution"
        fields["convolution"] = b.geometry(
            **shape(layer),
            plane_bytes=planes.plane_bytes,
            row_bytes=planes.row_bytes,
            record_bytes=4 * conv.shape[1],
            scaling=scaling(weights.form(layer), layer.output, layer.clamp),
        )
        if not self.fused:
            name, *_ = self._output_planes(0)
            fields["planes"] = b.use(name, "L1", channels * planes.plane_bytes, step_index, step_index + 1)
            fields["depthwise"], fields["second"] = "0", "0"
            fields["tile_channels"] = channels
            target = b.use("front records", "L1", conv.nbytes, step_index)
            fields["records"] = (target, target)
            step = b.add("front", (0,), **fields)
            b.fetch(target, conv)
            b.map(0, fields["planes"] + planes.origin, planes.row_bytes, 1, planes.plane_bytes)
            step.dma_in_bytes = size + conv.nbytes
            step.description = f"{fields['convolve']}; every core its channels"
            return 1
        dw = weights.depthwise(second, planes.places)
        out_rows, out_columns, _ = second.output.shape
        private = b.use("private planes", "L1", CORES * planes.plane_bytes, step_index)
        tile = TILE_CHANNELS if self.tiled else channels
        if self.tiled:
            pixel = tile
            outputs = tuple(b.use(f"front tile {i}", "L1", out_rows * out_columns * tile, step_index) for i in range(2))
            target_l2 = b.use(
                "last 1", "L2", out_rows * out_columns * pixel_bytes(channels) + 8, step_index, step_index + 1
            )
            base, stride = target_l2, pixel_bytes(channels)
        else:
            pixel = stride = pixel_bytes(channels)
            base = b.use("last", "L1", out_rows * out_columns * pixel, step_index, step_index + 1)
            outputs, target_l2 = (base, base), 0
        record_bytes = 4 * (conv.shape[1] + dw.shape[1])
        tiles = -(-channels // tile)
        targets = [
            b.use(f"front records {i}", "L1", record_bytes * min(tile, channels), step_index)
            for i in range(min(2, tiles))
        ]
        fields |= {
            "depthwise": planes.kernel(b, pixel),
            "second": planes.geometry(b, pixel),
            "tile_channels": tile,
            "records": (targets[0], targets[-1]),
            "second_record_bytes": 4 * dw.shape[1],
            "planes": private,
            "output": outputs,
            "output_l2": target_l2,
            "output_pixel": stride,
        }
        step = b.add("front", (0, 1), **fields)
        for number, start in enumerate(range(0, channels, tile)):
            part = slice(start, start + tile)
            b.fetch(targets[number % 2], np.concatenate([conv[part].ravel(), dw[part].ravel()]))
        b.map(1, base, out_columns * stride, stride, 1)
        step.dma_in_bytes = size + channels * record_bytes
        step.dma_out_bytes = prod(second.output.shape) if self.tiled else 0
        step.description = f"{fields['convolve']} and {fields['depthwise']}, tiles of {tile} channels"
        return 2

    def _last(self, layer: Layer, first: int) -> Any:
        """The map, channels last, between a depthwise layer and the pointwise one behind it."""
        rows, columns, channels = layer.output.shape
        size = rows * columns * pixel_bytes(channels)
        name = "last" if not self.tiled else f"last {first}"
        return self.b.use(name, self.memory, size + 8 * self.tiled, first, first + 1)

    def _depthwise(self, index: int) -> None:
        b, layer, at = self.b, self.layers[index], self.now
        planes = Planes(layer)
        rows, columns, channels = layer.output.shape
        recs = weights.depthwise(layer, planes.places)
        record_bytes = 4 * recs.shape[1]
        tile = TILE_CHANNELS if self.tiled else channels
        stride = pixel_bytes(channels)
        pixel = tile if self.tiled else stride
        output = self._last(layer, at)
        name = self.shared_planes[1]
        source = b.use(name, self.memory, self._channels(layer.input.shape[2]) * planes.plane_bytes, at)
        tiles = -(-channels // tile)
        targets = [
            b.use(f"records {at} {i}", "L1", record_bytes * min(tile, channels), at - self.early * (i == 0), at)
            for i in range(min(2, tiles))
        ]
        fields: dict[str, Any] = {
            "kernel": planes.kernel(b, pixel),
            "geometry": planes.geometry(b, pixel),
            "channels": channels,
            "tile_channels": tile,
            "record_bytes": record_bytes,
            "records": (targets[0], targets[-1]),
            "output_pixel": stride,
        }
        if self.tiled:
            fields["input"] = tuple(b.use(f"tile {at} in {i}", "L1", tile * planes.plane_bytes, at) for i in range(2))
            fields["output"] = tuple(b.use(f"tile {at} out {i}", "L1", rows * columns * tile, at) for i in range(2))
            fields["input_l2"], fields["output_l2"] = source, output
        else:
            fields |= {"input": (source, source), "output": (output, output), "input_l2": 0, "output_l2": 0}
        step = b.add("depthwise", (index,), **fields)
        for number, start in enumerate(range(0, channels, tile)):
            b.fetch(targets[number % 2], recs[start : start + tile])
        step.ready = step.first_transfer + self.early
        b.map(index, output, columns * stride, stride, 1)
        step.dma_in_bytes = recs.nbytes + (channels * planes.plane_bytes if self.tiled else 0)
        step.dma_out_bytes = prod(layer.output.shape) if self.tiled else 0
        step.description = f"{fields['kernel']}, " + (f"tiles of {tile} channels" if self.tiled else "whole")

    @staticmethod
    def _channels(channels: int) -> int:
        """Channels that a pointwise layer writes: groups of four."""
        return aligned(channels, 4)

    def _pointwise(self, index: int) -> None:
        b, layer, at = self.b, self.layers[index], self.now
        rows, columns, channels = layer.output.shape
        inputs = self._channels(layer.input.shape[2])
        name, plane_rows, plane_bytes, row_bytes, origin, left, new = self._output_planes(index)
        recs = weights.pointwise(layer)
        groups, group_bytes = recs.shape[0], 4 * recs.shape[1]
        positions = min(BLOCK, columns)
        row_blocks = -(-columns // positions)
        one_line = row_blocks == 1
        pixel = pixel_bytes(layer.input.shape[2])
        target = b.use(name, self.memory, self._channels(channels) * plane_bytes, at, at + 1)
        source = self._last_before(layer, at)
        below = plane_rows - origin // row_bytes - rows
        tile_rows, chunk = self._tiling(layer, at, groups, group_bytes, row_blocks, pixel, row_bytes, below)
        tile_plane = tile_rows * row_bytes
        kernel_plane = tile_plane if self.tiled else plane_bytes
        block_bytes = row_bytes if one_line else positions
        words = one_line and left == 0 and positions == BLOCK
        kernel = None
        if suits_assembly(layer) and positions == BLOCK:
            kernel = assembly(
                b,
                "pointwise",
                {
                    "inputs": inputs,
                    "pixel_bytes": pixel,
                    "plane_bytes": kernel_plane,
                    "block_bytes": block_bytes,
                    "words": words,
                    "shift": common_shift(layer),
                },
            )
        fields: dict[str, Any] = {
            "kernel": kernel or "portable_pointwise",
            "groups": groups,
            "chunk_groups": chunk,
            "group_bytes": group_bytes,
            "rows": rows,
            "tile_rows": tile_rows,
            "row_blocks": row_blocks,
            "last_start": columns - positions,
            "tile_plane_bytes": tile_plane,
            "plane_bytes": plane_bytes,
            "row_bytes": row_bytes,
            "plane_rows": plane_rows,
            "origin": origin,
            "fill": int(new or self.tiled),
        }
        fields["geometry"] = b.geometry(
            **shape(layer) | {"inputs": inputs},
            pixel_bytes=pixel,
            plane_bytes=kernel_plane,
            row_bytes=row_bytes,
            left=left,
            block_positions=positions,
            block_bytes=block_bytes,
            scaling=scaling(weights.form(layer), layer.output, layer.clamp),
        )
        chunks = -(-groups // chunk)
        targets = [
            b.use(f"records {at} {i}", "L1", chunk * group_bytes, at - self.early * (i == 0), at)
            for i in range(min(2, chunks))
        ]
        fields["records"] = (targets[0], targets[-1])
        if self.tiled:
            fields["input"] = tuple(b.use(f"tile {at} in {i}", "L1", tile_rows * columns * pixel, at) for i in range(2))
            fields["output"] = tuple(b.use(f"tile {at} out {i}", "L1", 4 * chunk * tile_plane, at) for i in range(2))
            fields["input_l2"], fields["output_l2"] = source, target
        else:
            fields |= {"input": (source, source), "output": (target, target), "input_l2": 0, "output_l2": 0}
        step = b.add("pointwise", (index,), **fields)
        for number, start in enumerate(range(0, groups, chunk)):
            b.fetch(targets[number % 2], recs[start : start + chunk], streamed=True)
        step.ready = step.first_transfer + self.early
        b.map(index, target + origin, row_bytes, 1, plane_bytes)
        step.dma_in_bytes = recs.nbytes + (chunks * rows * columns * pixel if self.tiled else 0)
        step.dma_out_bytes = channels * rows * row_bytes if self.tiled else 0
        step.flash_bytes = recs.nbytes if b.flash else 0
        where = f"tiles of {tile_rows} rows" if self.tiled else "maps whole"
        step.description = f"{fields['kernel']}, chunks of {4 * chunk} channels, {where}"
        if self.tiled and new:
            self._padded_planes(name, channels, plane_bytes, layer.output.zero_point)

    def _last_before(self, layer: Layer, at: int) -> Any:
        rows, columns, channels = layer.input.shape
        size = rows * columns * pixel_bytes(channels)
        name = "last" if not self.tiled else f"last {at - 1}" if at > 1 else "last 1"
        return self.b.use(name, self.memory, size + 8 * self.tiled, at)

    def _padded_planes(self, name: str, channels: int, plane_bytes: int, zero_point: int) -> None:
        """Planes in L2 keep their padding from the start on, so they share their place with nothing."""
        if self.b.plan.pad_fill is not None:
            raise DoesNotFit("L2", self.now, plane_bytes * channels)  # several kinds of planes: not in this way
        self.b.plan.pad_fill = PadFill(self.b.use(name, "L2", 0, 0), self._channels(channels) * plane_bytes, zero_point)

    def _tiling(self, layer, at, groups, group_bytes, row_blocks, pixel, row_bytes, below) -> tuple[int, int]:
        """Rows of a tile and groups of a chunk for what L1 has left."""
        free = L1_BYTES - self.b.own_bytes(len(self.layers), len(self.layers)) - self._others(at)
        block = Blocks(layer.output.shape[0], row_blocks, layer.input.shape[2], groups, group_bytes)
        tile = TileBytes(layer.output.shape[1] * pixel, row_bytes, below) if self.tiled else None
        best = pointwise_tiling(block, tile, free)
        if best is None:
            raise DoesNotFit("L1", at, aligned(group_bytes) - free)
        return best

    def _others(self, at: int) -> int:
        """Bytes of L1 that are taken beside a pointwise layer's own tiles: resident maps, the next layer's records."""
        taken = sum(aligned(r.bytes) for r in self.b._wanted.values() if r.memory == "L1" and r.last >= at)
        index = self.b.plan.steps[-1].layers[-1] + 2
        if self.tiled:
            pass
        elif self.layers[index].kind == "depthwise":
            size = min(TILE_CHANNELS if self.tiled else 1 << 30, self.layers[index].output.shape[2])
            taken += aligned(4 * (3 * len(Planes(self.layers[index]).places) + 3) * size)
        else:
            taken += aligned(self.layers[index].output.shape[2] * 8)
        return taken

    def _pool(self, index: int) -> None:
        b, layer, at = self.b, self.layers[index], self.now
        rows, columns, channels = layer.input.shape
        name, plane_rows, plane_bytes, row_bytes, origin, left = self.shared_planes[1:]
        source = b.use(name, self.memory, self._channels(channels) * plane_bytes, at)
        output = b.use("pooled", "L1", aligned(channels, 4), at, at + 1)
        fields: dict[str, Any] = {"output": output, "tile_channels": channels, "input_l2": 0}
        top = origin - left
        base = source + top
        fields["tiles"] = (source, source)
        if self.tiled:
            tile = max(CORES, min(channels, 20 * 1024 // plane_bytes) // CORES * CORES)
            fields["tiles"] = tuple(b.use(f"tile {at} {i}", "L1", tile * plane_bytes, at) for i in range(2))
            fields["input_l2"], fields["tile_channels"] = source, tile
            base = fields["tiles"][0] + top
        fields["input"] = {
            "base": base,
            "rows": rows,
            "columns": columns,
            "channels": channels,
            "row_bytes": row_bytes,
            "column_bytes": 1,
            "channel_bytes": plane_bytes,
        }
        parameters = {
            "rows": rows,
            "columns": columns,
            "row_bytes": row_bytes,
            "plane_bytes": plane_bytes,
            "left": left,
        }
        fields["sum"] = assembly(b, "plane_sums", parameters) or "portable_plane_sums"
        fields["geometry"] = b.geometry(**parameters)
        fields["sums"] = b.use("sums", "L1", 4 * min(channels, fields["tile_channels"]), at)
        fields |= pool_fields(layer)
        step = b.add("pool", (index,), **fields)
        b.map(index, output, channels, channels, 1)
        step.dma_in_bytes = channels * plane_bytes if self.tiled else 0
        where = f"tiles of {fields['tile_channels']} channels" if self.tiled else "whole"
        step.description = f"{fields['sum']}, {where}"

    def _linear(self, index: int) -> None:
        b, layer, at = self.b, self.layers[index], self.now
        recs = weights.linear(layer)
        target = b.use("linear records", "L1", recs.nbytes, at - 1, at)
        outputs = prod(layer.output.shape)
        output = b.use("logits", "L1", aligned(outputs, 4), at, len(self.layers) + 1)
        step = b.add(
            "linear",
            (index,),
            input=b.use("pooled", "L1", 4 * (recs.shape[1] - 3), at),
            records=target,
            output=output,
            inputs=4 * (recs.shape[1] - 3),
            outputs=outputs,
            record_bytes=4 * recs.shape[1],
            scaling=scaling(weights.form(layer), layer.output, layer.clamp),
        )
        b.fetch(target, recs)
        step.ready = step.first_transfer + 1
        b.map(index, output, outputs, outputs, 1)
        step.dma_in_bytes = recs.nbytes
        step.description = "every core its classes"

    def _softmax(self, index: int) -> None:
        add_softmax(self.b, index, self.b.use("logits", "L1", 0, self.now))


def build(graph: Graph, strategy: str) -> Plan:
    """Plan a network that `unsuitable` has nothing against, in one of the `STRATEGIES`.

    Raises
    ------
    DoesNotFit
        If it needs more memory in that way.
    """
    chain = _Chain(graph, strategy, **STRATEGIES[strategy])
    try:
        return chain.build()
    except DoesNotFit as error:
        if error.layer is None:  # the layer that was to be added next
            steps = chain.b.plan.steps
            error.layer = graph.layers[steps[-1].layers[-1] + 1 if steps else 0].name
        raise
