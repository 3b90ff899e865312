"""A depthwise layer as a step: ``struct depthwise`` of the firmware."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels import DEPTHWISE
from kwslib.gap8.kernels.depthwise import LARGEST_KERNEL, LARGEST_STRIDE, DepthwiseKernel
from kwslib.gap8.kernels.kernel import code_bytes
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import cost, layouts, sinks, weights
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.staircase import stored_zero
from kwslib.gap8.planning.walk import L1, Place, Walk, lacking, largest
from kwslib.integer.graph import Graph, Layer

PARTS, WORTH = (2, 4, 8), 0.95
"""Of a channel's rows; and the part of the cycles below which they are worth it."""


ROW_LOADS = 3
"""Instructions that load a row of a strip."""


@dataclass(frozen=True)
class Depthwise:
    """A depthwise layer that reads planes.

    Attributes
    ----------
    layer : Layer
    index : int
    kind : type of DepthwiseKernel
    proof : Proof
    plane : PlaneShape
    padded : (bool, bool)
        Whether the kernel skips the first and the last row of a plane, which are zeros.
    """

    layer: Layer
    index: int
    kind: type[DepthwiseKernel]
    proof: Proof
    plane: PlaneShape
    padded: tuple[bool, bool]
    portable: str = ""
    reads: str | None = layouts.PLANES
    step: str = "depthwise"
    writes_vector: bool = False

    @classmethod
    def of(cls, graph: Graph, index: int, proofs: Proofs) -> "Depthwise | str":
        """Return the method of a layer, or why it is none for it."""
        layer = graph.layers[index]
        if layer.kind != "depthwise" or layer.multiplier != 1 or layouts.sources(graph, index)[0] < 0:
            return "not a depthwise layer of multiplier 1 behind another layer"
        if max(layer.kernel) > LARGEST_KERNEL or max(layer.stride) > LARGEST_STRIDE:
            return f"its kernel {layer.kernel} or its stride {layer.stride} is larger than the kernels know"
        reason = ""
        for proof in proofs:
            if weights.own_terms(layer).negated and proof.negated() is None:
                continue
            for kind, plane in _kinds(layer):
                probe = _kernel(layer, kind, plane, proof.rounding, 64, 64 * layer.output.shape[1], 1)
                refusal = probe.refusal()
                if refusal is None:
                    return cls(layer, index, kind, proof, plane, _cheapest(probe, _channels_alike(graph, layer)).padded)
                reason = refusal
        return reason or "no form of the kernels' requantisation is exact for it"

    @property
    def rounding(self) -> Rounding:
        """Its requantisation."""
        return self.proof.rounding

    @cached_property
    def probe(self) -> DepthwiseKernel:
        """Its kernel, whatever its output's strides."""
        return _kernel(self.layer, self.kind, self.plane, self.rounding, 1, 1, 1)

    @cached_property
    def _split(self) -> dict[int, DepthwiseKernel]:
        """The kernels of parts of the rows that can be made, by how many parts a channel has."""
        kernels = {parts: _part(self.probe, parts) for parts in PARTS}
        return {parts: kernel for parts, kernel in kernels.items() if kernel.refusal() is None}

    @property
    def _places(self) -> tuple[int, ...]:
        return self.probe.places

    @cached_property
    def records(self) -> np.ndarray:
        """Its weights and parameters, int32 (channels, words)."""
        negated = self.proof.negated() if weights.own_terms(self.layer).negated else None
        return weights.depthwise(self.layer, self._places, (negated or self.proof).parameters)

    def reads_padding(self, walk: Walk) -> bool:
        if walk.way.fused and self.index == 1:
            return False  # the planes that it reads are no map
        unread = sum(self.padded) if self.kind.skips_rows and not self.plane.beside else 0
        whole = walk.memory(self.index) == L1 and self._parts(self.layer.output.shape[2], 0)[0] == 1
        return not whole or self.plane.rows - unread != self.layer.input.shape[0]

    def early_bytes(self, walk: Walk) -> int:
        if walk.way.batch > 1:
            return 0
        early = walk.memory(self.index) == L1 and walk.memory(layouts.sources(walk.graph, self.index)[0]) == L1
        return self.records.nbytes if early else 0

    def kernel(
        self, walk: Walk, column_bytes: int, row_bytes: int, channel_bytes: int, parts: int = 1
    ) -> tuple[str, str]:
        """Return the symbol of the kernel, and the C text of the address of its fixed parameters."""
        kernel = _kernel(self.layer, self.kind, self.plane, self.rounding, column_bytes, row_bytes, channel_bytes)
        kernel = replace(kernel, padded=self.padded)
        if parts > 1:
            kernel = _part(kernel, parts)
        geometry = walk.builder.geometry(
            rows=kernel.rows,
            columns=kernel.columns,
            kernel_rows=self.layer.kernel[0],
            kernel_columns=self.layer.kernel[1],
            stride_rows=self.layer.stride[0],
            stride_columns=self.layer.stride[1],
            plane_bytes=self.plane.plane_bytes,
            row_bytes=self.plane.row_bytes,
            left=int(self.plane.left == 0 and self.layer.padding[2] > 0),
            out_column_bytes=column_bytes,
            out_row_bytes=row_bytes,
            out_channel_bytes=channel_bytes,
            record_bytes=4 * self.records.shape[1],
            tap_words=len(kernel.places),
            tap_word=kernel.places.index(0),
            wide=int(kernel.wide),
            scaling=cost.scaling(kernel.rounding),
        )
        return walk.builder.kernel(kernel), geometry

    def add(self, walk: Walk) -> int:
        channels = self.layer.output.shape[2]
        early = walk.early(self.index)
        source = walk.source(self.index)
        place, new = walk.target(self.index)
        records = self.records
        tile = channels
        if source.memory != L1 or place.memory != L1:
            tile = self._tile(walk, source, place, 4 * records.shape[1])
        pieces = parts_of(records, tile)
        buffers = walk.buffers.ask(4 * records.shape[1] * min(tile, channels), len(pieces), early)
        strides = sinks.strides(place, tile)
        moved = channels * self.plane.plane_bytes * (source.memory != L1)
        moved += 0 if place.memory == L1 else prod(self.layer.output.shape)
        parts, cycles = self._parts(tile, moved)
        symbol, geometry = self.kernel(walk, *strides, parts)
        inputs = (source.ref, source.ref)
        if source.memory != L1:
            inputs = walk.pair(f"tile {walk.now} in", tile * self.plane.plane_bytes)
        step = walk.add(
            "depthwise",
            (self.index,),
            early,
            kernel=symbol,
            geometry=geometry,
            channels=channels,
            tile_channels=tile,
            record_bytes=4 * records.shape[1],
            records=buffers,
            input=inputs,
            input_l2=0 if source.memory == L1 else source.ref,
            plane_bytes=self.plane.plane_bytes,
            parts=parts,
            part_rows=-(-self.layer.output.shape[0] // parts),
            last_top=self.layer.output.shape[0] - -(-self.layer.output.shape[0] // parts),
            row_in_bytes=self.layer.stride[0] * self.plane.row_bytes,
            row_out_bytes=strides[1],
            out=sinks.members(walk, place, new, tile),
        )
        walk.buffers.fetch(buffers, pieces, streamed=walk.way.deep)
        step.dma_in_bytes = records.nbytes + (0 if source.memory == L1 else channels * self.plane.plane_bytes)
        step.dma_out_bytes = 0 if place.memory == L1 else prod(self.layer.output.shape)
        step.flash_bytes = records.nbytes if walk.way.deep else 0
        step.description = f"{symbol}, " + ("whole" if tile == channels else f"tiles of {tile} channels")
        step.description += f", {parts} parts of their rows" if parts > 1 else ""
        step.predicted_cycles = cycles + cost.DEEP_CYCLES * walk.way.deep
        return self.index + 1

    def _parts(self, tile: int, moved_bytes: int) -> tuple[int, int]:
        """Choose in how many parts the cores share the rows of a channel, one unless more are clearly faster.

        Returns
        -------
        parts, cycles : int
        """
        whole = cost.depthwise(self.layer, self.probe, tile, moved_bytes)
        best, least = 1, whole
        for parts, kernel in self._split.items():
            cycles = cost.depthwise(self.layer, kernel, tile, moved_bytes, parts=parts)
            if cycles < min(least, whole * WORTH):
                best, least = parts, cycles
        return best, least

    def _tile(self, walk: Walk, source: Place, place: Place, record_bytes: int) -> int:
        free, plane_bytes = walk.free(self.index), self.plane.plane_bytes

        def need(tile: int) -> int:
            size = aligned(tile * record_bytes)
            size += aligned(tile * plane_bytes) if source.memory != L1 else 0
            size += aligned(sinks.tile_bytes(place.layout, tile)) if place.memory != L1 else 0
            return 2 * size

        tile = largest(lambda size: need(size) <= free, (2 * CORES, CORES, CORES // 2))
        if tile is None:
            raise lacking(L1, walk.now, need(CORES // 2) - free, self.layer)
        return tile


def _kinds(layer: Layer) -> Iterator[tuple[type[DepthwiseKernel], PlaneShape]]:
    """Yield the kernels that may suit a layer, the fastest first, with the planes that each reads."""
    rows, columns, _ = layer.input.shape
    top, _, left, right = layer.padding
    read_rows = (layer.output.shape[0] - 1) * layer.stride[0] + layer.kernel[0]
    plane_rows = max(read_rows, top + rows)
    for kind in DEPTHWISE:
        probe = _kernel(layer, kind, PlaneShape(plane_rows, 4), Rounding(), 1, 1, 1)
        implied = probe.left_padding_implied
        if implied and (stored_zero(layer, signed=False) or (left, right) != (1, 1)):
            continue
        before = 0 if implied else left
        row_bytes = max(probe.read_bytes, aligned(before + columns, 4))
        yield kind, PlaneShape(plane_rows, row_bytes, top, before, beside=not implied and row_bytes > columns)


def _part(kernel: DepthwiseKernel, parts: int) -> DepthwiseKernel:
    """Return the kernel of a part of the rows; no row of zeros is skipped, which most parts do not have."""
    return replace(kernel, rows=-(-kernel.rows // parts), padded=(False, False))


def _channels_alike(graph: Graph, layer: Layer) -> int:
    """Return the channels of all depthwise layers of a layer's shape."""
    shape = (layer.kind, layer.kernel, layer.stride, layer.padding, layer.input.shape)
    alike = [one for one in graph.layers if (one.kind, one.kernel, one.stride, one.padding, one.input.shape) == shape]
    return len(alike) * layer.output.shape[2]


def _cheapest(kernel: DepthwiseKernel, channels: int) -> DepthwiseKernel:
    """Return the variant of fewest cycles for `channels`, those of all layers that share it: rows of zeros that are
    skipped save loads and products, and are emitted by themselves, which is more code to refill.
    """

    def cycles(variant: DepthwiseKernel) -> float:
        saved = sum(variant.padded) * (kernel.columns * kernel.terms + ROW_LOADS)
        return code_bytes(variant) * cost.REFILL_CYCLES_A_BYTE - -(-channels // CORES) * saved

    first, last = kernel.padded
    flags = [(one, other) for one in {False, first} for other in {False, last}]
    return min((replace(kernel, padded=pair) for pair in sorted(flags, reverse=True)), key=cycles)


def _kernel(
    layer: Layer,
    kind: type[DepthwiseKernel],
    plane: PlaneShape,
    rounding: Rounding,
    column_bytes: int,
    row_bytes: int,
    channel_bytes: int,
) -> DepthwiseKernel:
    rows, columns, _ = layer.output.shape
    top = layer.padding[0]
    read_rows = (rows - 1) * layer.stride[0] + layer.kernel[0]
    bottom = read_rows - top - layer.input.shape[0]
    zeros = stored_zero(layer, signed=False) == 0
    return kind(
        layer.kernel,
        layer.stride,
        rows,
        columns,
        plane.row_bytes,
        plane.plane_bytes,
        column_bytes,
        row_bytes,
        channel_bytes,
        padded=(zeros and top > 0, zeros and bottom > 0),
        rounding=rounding,
        wide=weights.own_terms(layer).rest is not None,
    )
