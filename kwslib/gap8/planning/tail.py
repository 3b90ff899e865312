"""The ends of a network as steps: ``struct pool``, ``struct linear`` and ``struct softmax`` of the firmware."""

from dataclasses import dataclass
from math import prod

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.pool import PlaneSums
from kwslib.gap8.planning import cost, forms, layouts, staircase, weights
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.walk import L1, Walk, lacking
from kwslib.integer.graph import Graph, Layer

POOL_TILE_BYTES = 20 * 1024
"""Largest tile of the pool's input in L1; two of them take turns."""


@dataclass(frozen=True)
class Pool:
    """A global average pool over planes."""

    layer: Layer
    index: int
    proof: Proof
    portable: str = ""
    reads: str | None = layouts.PLANES
    plane: PlaneShape | None = None
    step: str = "pool"
    writes_vector: bool = True

    @classmethod
    def of(cls, graph: Graph, index: int, proofs: Proofs) -> "Pool | str":
        """Return the method of a layer, or why it is none for it."""
        layer = graph.layers[index]
        if layer.kind != "average_pool" or layouts.sources(graph, index)[0] < 0:
            return "not an average pool behind another layer"
        if not layouts.is_vector(layer) or layer.kernel != layer.input.shape[:2] or any(layer.padding):
            return "its windows are smaller than the map"
        if layer.kernel == (1, 1):
            return "a window of one position"
        proof = next(forms.proofs(staircase.pool_staircase(layer), layer), None)
        return cls(layer, index, proof) if proof else "no form of the kernels' requantisation is exact for it"

    def early_bytes(self, walk: Walk) -> int:
        return 0

    def add(self, walk: Walk) -> int:
        layer, builder = self.layer, walk.builder
        rows, columns, channels = layer.input.shape
        source = walk.source(self.index)
        place, _ = walk.target(self.index)
        plane = source.layout.plane
        assert plane is not None
        tiles, tile = (source.ref, source.ref), channels
        if source.memory != L1:
            room = min(POOL_TILE_BYTES, (walk.free(self.index) - 4 * channels) // 2) // plane.plane_bytes
            if room < 1:
                raise lacking(L1, walk.now, 2 * plane.plane_bytes - walk.free(self.index), layer)
            tile = min(channels, room // CORES * CORES or room)
            tiles = walk.pair(f"tile {walk.now}", tile * plane.plane_bytes)
        # plane.left may be more than a word: whole words of it belong to the origin
        kernel = PlaneSums(rows, columns, plane.row_bytes, plane.plane_bytes, plane.left % 4)
        symbol = builder.kernel(kernel)
        step = walk.add(
            "pool",
            (self.index,),
            sum=symbol,
            geometry=builder.geometry(
                rows=rows,
                columns=columns,
                row_bytes=plane.row_bytes,
                plane_bytes=plane.plane_bytes,
                left=plane.left % 4,
            ),
            sums=builder.use(f"sums {walk.now}", L1, 4 * tile, walk.now),
            channels=channels,
            tile_channels=tile,
            plane_bytes=plane.plane_bytes,
            origin=plane.top * plane.row_bytes + plane.left // 4 * 4,
            tiles=tiles,
            input_l2=0 if source.memory == L1 else source.ref,
            output=place.ref,
            parameters=tuple(self.proof.parameters[0].tolist()),
            scaling=cost.vector_scaling(layer, self.proof.rounding),
        )
        step.dma_in_bytes = 0 if source.memory == L1 else channels * plane.plane_bytes
        step.description = f"{symbol}, " + ("whole" if tile == channels else f"tiles of {tile} channels")
        step.predicted_cycles = cost.pool(layer, step.dma_in_bytes)
        return self.index + 1


@dataclass(frozen=True)
class Linear:
    """A linear layer, or a convolution whose window is its whole input; every core computes its outputs."""

    layer: Layer
    index: int
    proofs: Proofs
    portable: str = ""
    reads: str | None = layouts.PIXELS
    plane: PlaneShape | None = None
    step: str = "linear"
    writes_vector: bool = True

    @classmethod
    def of(cls, graph: Graph, index: int, proofs: Proofs) -> "Linear | str":
        """Return the method of a layer, or why it is none for it."""
        layer = graph.layers[index]
        window = layer.kind in ("convolution", "pointwise") and layer.kernel == layer.input.shape[:2]
        if layer.kind != "linear" and not (window and layouts.is_vector(layer) and not any(layer.padding)):
            return "not a linear layer"
        if not weights.two_terms_suffice(layer):
            return "a weight of 255 is no sum of two of eight bits"
        return cls(layer, index, proofs)

    def early_bytes(self, walk: Walk) -> int:
        return 0

    def add(self, walk: Walk) -> int:
        layer, builder, at = self.layer, walk.builder, walk.now
        source = walk.source(self.index)
        layout = source.layout
        place, _ = walk.target(self.index)
        proof = self.proofs.of_codes(layout.signed)
        records = weights.linear(layer, layout, None if proof is None else proof.parameters)
        outputs, record_bytes = len(records), 4 * records.shape[1]
        wide = weights.own_terms(layer).rest is not None
        parameters = proof.rounding.words if proof else weights.EXACT_PARAMETERS
        words = (records.shape[1] - parameters) // (2 if wide else 1)
        source_ref, from_l2 = source.ref, source.memory != L1
        if from_l2:
            source_ref = builder.use(f"input {at}", L1, 4 * words, at)
        early = 0 if from_l2 or at == 0 else 1
        free = walk.free(self.index)
        chunk = outputs if outputs * record_bytes <= free else free // 2 // record_bytes // CORES * CORES
        if chunk < 1:
            raise lacking(L1, at, 2 * CORES * record_bytes - free, layer)
        parts = parts_of(records, chunk)
        buffers = walk.buffers.ask(record_bytes * min(chunk, outputs), len(parts), early)
        step = walk.add(
            "linear",
            (self.index,),
            early,
            input=source_ref,
            input_l2=source.ref if from_l2 else 0,
            input_bytes=4 * words,
            is_signed=int(layout.signed),
            records=buffers,
            output=place.ref,
            words=words,
            outputs=outputs,
            chunk=chunk,
            record_bytes=record_bytes,
            wide=int(wide),
            scaling=cost.vector_scaling(layer, proof.rounding) if proof else cost.exact_scaling(layer),
        )
        walk.buffers.fetch(buffers, parts)
        step.dma_in_bytes = records.nbytes + (4 * words if from_l2 else 0)
        step.description = "every core its outputs" + (f", chunks of {chunk}" if len(parts) > 1 else "")
        step.predicted_cycles = cost.linear(outputs, words, wide, len(parts), records.nbytes)
        return self.index + 1


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

    def early_bytes(self, walk: Walk) -> int:
        return 0

    def add(self, walk: Walk) -> int:
        source = walk.source(self.index)
        place, _ = walk.target(self.index)
        classes = prod(self.layer.output.shape)
        table = f"softmax table {self.index}"
        walk.builder.plan.constants[table] = weights.table(self.layer).astype("<i4").tobytes()
        step = walk.add("softmax", (self.index,), input=source.ref, output=place.ref, table=Ref(table), classes=classes)
        step.description = "every core its classes"
        step.predicted_cycles = cost.softmax(classes)
        return self.index + 1
