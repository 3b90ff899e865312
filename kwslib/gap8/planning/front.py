"""The first convolution as a step, alone or fused with the depthwise layer: ``struct front`` of the firmware."""

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.first_convolution import FirstConvolution
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import cost, layouts, sinks, sound, weights
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.depthwise import Depthwise
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.layouts import Layout, PlaneShape
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.pointwise import Dense
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.runtime import GUARD_BYTES
from kwslib.gap8.planning.staircase import stored_zero
from kwslib.gap8.planning.walk import L1, TILE_CHANNELS, Walk, lacking, largest
from kwslib.gap8.planning.windows import Strips
from kwslib.integer.graph import Graph, Layer

RESIDENT_TILES = 3
"""Parts of the weights of a fused first pair whose map lies in L1: the first is waited for, each has a barrier."""
BLOCK_WORD_CYCLES, BLOCK_OUTPUT_CYCLES = 29 / 20, 2.5
"""Of an output in blocks of 4 × 5: for each word of its window, and for its store and its share of the rest."""
MARGIN = 1.15
"""Column streaming can be fused with the depthwise layer, and gathers nothing."""
WORD_COLUMNS = 4
"""Columns of a kernel whose rows fit a word each."""


@dataclass(frozen=True)
class Front:
    """A convolution of the network's input, one channel, by column streaming.

    Attributes
    ----------
    layer : Layer
    index : int
    proof : Proof
    """

    layer: Layer
    index: int
    proof: Proof
    portable: str = ""
    reads: str | None = None
    plane: PlaneShape | None = None
    step: str = "front"
    writes_vector: bool = False

    @classmethod
    def of(cls, graph: Graph, index: int, proofs: Proofs) -> "Front | str":
        """Return the method of a layer, or why it is none for it."""
        layer = graph.layers[index]
        if index or layer.kind != "convolution" or layer.input.shape[2] != 1:
            return "not a convolution of the network's input of one channel"
        if layer.kernel[1] > WORD_COLUMNS:
            return f"its kernel is wider than {WORD_COLUMNS}"
        proof, reason = proofs.choose(lambda rounding: _kernel(layer, rounding, 4, 1, 4))
        if proof and _blocks_are_faster(layer, proof) and isinstance(Dense.of(graph, index, proofs), Dense):
            return "blocks of windows are faster"
        return cls(layer, index, proof) if proof else reason

    def reads_padding(self, walk: Walk) -> bool:
        return False

    def early_bytes(self, walk: Walk) -> int:
        return 0

    @cached_property
    def _records(self) -> np.ndarray:
        return weights.first_convolution(self.layer, self.proof.parameters)

    def add(self, walk: Walk) -> int:
        second = walk.methods[1] if len(walk.methods) > 1 else None
        if walk.way.fused and isinstance(second, Depthwise) and layouts.readers(walk.graph, 0) == (1,):
            self._add_fused(walk, second)
            return 2
        self._add_alone(walk)
        return 1

    def _codes(self, walk: Walk, output: int) -> tuple[str, int]:
        """Return the region that the input's codes are copied to, and its bytes.

        Those of a front end lie in L1 already. Others are no longer wanted when the first tile of the output is
        written: where there are tiles without padding, they take the first one's place.
        """
        if walk.builder.first:
            return sound.CODES, 0
        size = aligned(prod(self.layer.input.shape) + 2 * GUARD_BYTES + 4)
        tiled = walk.memory(output) != L1 and walk.layout(output).plane is None
        return sinks.tile_name(walk, 0) if tiled else "input", size

    def _input_fields(self, walk: Walk, output: int) -> dict[str, Any]:
        """Return the members that do not depend on what follows; `output` is the layer whose output is written."""
        layer, builder = self.layer, walk.builder
        rows, columns, channels = layer.output.shape
        size, padded = prod(layer.input.shape), _padded_rows(layer)
        region, bytes_ = self._codes(walk, output)
        codes = builder.use(region, L1, bytes_, walk.now) + GUARD_BYTES
        factor = weights.common_terms(layer).factor
        sums: Ref | int = builder.use(f"sums {walk.now}", L1, 4 * rows * columns, walk.now) if factor else 0
        return {
            "input_l2": 0 if region == sound.CODES else builder.plan.input,
            "input": codes,
            "input_bytes": size,
            "input_rows": layer.input.shape[0],
            "input_columns": layer.input.shape[1],
            "pad_top": layer.padding[0],
            "stride_rows": layer.stride[0],
            "kernel_rows": layer.kernel[0],
            "start": -layer.padding[2],
            "column_step": layer.stride[1],
            "rows": rows,
            "columns": columns,
            "padded_rows": padded,
            "words": builder.use("column words", L1, 4 * columns * padded, walk.now),
            "padding": (layer.input.zero_point & 0xFF) * 0x01010101,
            "padding_is_read": int(factor != 0 or stored_zero(layer, signed=True) != 0),
            "sums": sums,
            "sums_mask": int.from_bytes(bytes([1] * layer.kernel[1]), "little"),
            "sums_factor": factor,
            "channels": channels,
        }

    def _convolve(self, walk: Walk, column_bytes: int, row_bytes: int, channel_bytes: int) -> dict[str, str]:
        kernel = _kernel(self.layer, self.proof.rounding, row_bytes, column_bytes, channel_bytes)
        geometry = walk.builder.geometry(
            rows=kernel.rows,
            columns=kernel.columns,
            kernel_rows=kernel.kernel_rows,
            stride_rows=kernel.stride,
            codes_signed=int(kernel.signed),
            out_column_bytes=column_bytes,
            out_row_bytes=row_bytes,
            out_channel_bytes=channel_bytes,
            record_bytes=4 * self._records.shape[1],
            sums=int(kernel.sums),
            scaling=cost.scaling(kernel.rounding),
        )
        return {"convolve": walk.builder.kernel(kernel), "first": geometry}

    def _add_alone(self, walk: Walk) -> None:
        """Add the convolution alone: every core computes its channels."""
        channels, records = self.layer.output.shape[2], self._records
        fields = self._input_fields(walk, self.index)
        place, new = walk.target(self.index)
        record_bytes = 4 * records.shape[1]
        tile = channels if place.memory == L1 else self._tile(walk, place.layout, record_bytes, self.index)
        fields |= self._convolve(walk, *sinks.strides(place, tile))
        fields |= {
            "depthwise": "0",
            "second": "0",
            "tile_channels": tile,
            "record_bytes": record_bytes,
            "channel_bytes": sinks.strides(place, tile)[2],
            "out": sinks.members(walk, place, new, tile),
        }
        parts = parts_of(records, tile)
        fields["records"], early = self._buffers(walk, record_bytes * min(tile, channels), len(parts))
        step = walk.add("front", (self.index,), early, **fields)
        walk.buffers.fetch(fields["records"], parts)
        step.dma_in_bytes = fields["input_bytes"] * (fields["input_l2"] != 0) + records.nbytes
        step.dma_out_bytes = 0 if place.memory == L1 else place.layout.size
        step.description = f"{fields['convolve']}; every core its channels"
        sums = weights.common_terms(self.layer).factor != 0
        step.predicted_cycles = cost.front(self.layer, self.proof.rounding, tile, -(-channels // tile), sums=sums)

    def _buffers(self, walk: Walk, size: int, parts: int) -> tuple[tuple[Ref, Ref], int]:
        """Ask for the buffers of the weights; return them, and how many parts come before the step.

        Behind a front end the first part comes with its last samples, where the samples before those lay.
        """
        if walk.builder.first and size <= walk.builder.region(sound.FREED).bytes:
            first = walk.builder.use(sound.FREED, L1, 0, walk.now)
            return (first, first if parts == 1 else walk.l1(f"records {walk.now} 1", size)), 1
        return walk.buffers.ask(size, parts), 0

    def _tile(self, walk: Walk, layout: Layout, record_bytes: int, output: int) -> int:
        """Choose the channels of a tile: as many as L1 has room for, two or more for each core if it can be."""
        free = walk.free(self.index)
        region, codes = self._codes(walk, output)
        shared = 0 if region in ("input", sound.CODES) else codes  # counted already

        def need(tile: int) -> int:
            size = aligned(sinks.tile_bytes(layout, tile))
            return max(size, shared) - shared + size + 2 * aligned(tile * record_bytes)

        tile = largest(lambda size: need(size) <= free, (2 * CORES, CORES, CORES // 2))
        if tile is None:
            raise lacking(L1, walk.now, need(CORES // 2) - free, self.layer)
        return min(tile, TILE_CHANNELS)

    def _add_fused(self, walk: Walk, second: Depthwise) -> None:
        """Add both layers: a core makes one plane, and the depthwise layer reads it at once."""
        channels = self.layer.output.shape[2]
        assert second.plane is not None
        plane = layouts.planes(self.layer.output, second.plane)
        fields = self._input_fields(walk, second.index)
        private = walk.builder.use("private planes", L1, CORES * second.plane.plane_bytes, walk.now)
        place, new = walk.target(second.index)
        records = (self._records, second.records)
        sizes = [4 * part.shape[1] for part in records]
        tile = (
            self._tile(walk, place.layout, sum(sizes), second.index)
            if place.memory != L1
            else self._resident_tile(walk, sizes)
        )
        fields |= self._convolve(walk, plane.column_bytes, plane.row_bytes, plane.channel_bytes)
        symbol, geometry = second.kernel(walk, *sinks.strides(place, tile))
        fields |= {
            "depthwise": symbol,
            "second": geometry,
            "tile_channels": tile,
            "record_bytes": sizes[0],
            "second_record_bytes": sizes[1],
            "channel_bytes": sinks.strides(place, tile)[2],
            "plane": private,
            "plane_bytes": second.plane.plane_bytes,
            "plane_origin": plane.origin,
            "plane_row_bytes": plane.row_bytes,
            "plane_fill": plane.padding,
            "plane_lowest": plane.lowest,
            "out": sinks.members(walk, place, new, tile),
        }
        parts = [
            np.concatenate([first.ravel(), other.ravel()])
            for first, other in zip(parts_of(records[0], tile), parts_of(records[1], tile), strict=True)
        ]
        fields["records"], early = self._buffers(walk, sum(sizes) * min(tile, channels), len(parts))
        step = walk.add("front", (self.index, second.index), early, **fields)
        walk.buffers.fetch(fields["records"], parts)
        step.dma_in_bytes = fields["input_bytes"] * (fields["input_l2"] != 0) + channels * sum(sizes)
        step.dma_out_bytes = 0 if place.memory == L1 else prod(second.layer.output.shape)
        step.description = f"{fields['convolve']} and {symbol}, tiles of {tile} channels"
        tiles, sums = -(-channels // tile), weights.common_terms(self.layer).factor != 0
        step.predicted_cycles = cost.front(self.layer, self.proof.rounding, tile, tiles, fused=True, sums=sums)
        step.predicted_cycles += cost.depthwise(second.layer, second.probe, tile, step.dma_out_bytes, fused=True)

    def _resident_tile(self, walk: Walk, sizes: list[int]) -> int:
        """Choose the channels whose weights come together, where the map lies in L1: the first ones are waited for."""
        channels, free = self.layer.output.shape[2], walk.free(self.index + 1)
        few = aligned(-(-channels // RESIDENT_TILES), CORES)
        if 2 * aligned(few * sum(sizes)) <= free:
            return min(few, channels)
        tile = largest(lambda size: 2 * aligned(size * sum(sizes)) <= free, range(channels // CORES * CORES, 0, -CORES))
        if tile is None:
            raise lacking(L1, walk.now, 2 * CORES * sum(sizes) - free, self.layer)
        return tile


def _blocks_are_faster(layer: Layer, proof: Proof) -> bool:
    """Say whether windows in strips, by blocks of channels and positions, take clearly fewer instructions."""
    channels, cycles = layer.output.shape[2], proof.rounding.cycles
    own = aligned(channels, CORES) * (layer.kernel[0] + layer.stride[0] + cycles + 1)
    blocks = aligned(channels, 4) * (Strips.of(layer).bytes / 4 * BLOCK_WORD_CYCLES + cycles + BLOCK_OUTPUT_CYCLES)
    return MARGIN * blocks < own


def _padded_rows(layer: Layer) -> int:
    return (layer.output.shape[0] - 1) * layer.stride[0] + layer.kernel[0]


def _kernel(
    layer: Layer, rounding: Rounding, row_bytes: int, column_bytes: int, channel_bytes: int
) -> FirstConvolution:
    rows, columns, _ = layer.output.shape
    top = min(layer.padding[0], _padded_rows(layer))
    bottom = max(0, _padded_rows(layer) - top - layer.input.shape[0])
    zeros = (top, bottom) if stored_zero(layer, signed=True) == 0 else (0, 0)
    sums = weights.common_terms(layer).factor != 0
    return FirstConvolution(
        layer.kernel[0],
        layer.stride[0],
        rows,
        columns,
        row_bytes,
        column_bytes,
        channel_bytes,
        padding=zeros,
        rounding=rounding,
        sums=sums,
    )
