"""A global average pool as a step: ``struct pool`` of the firmware."""

from dataclasses import dataclass

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.pool import PlaneSums
from kwslib.gap8.planning import cost, forms, layouts, staircase
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.walk import L1, Walk, lacking
from kwslib.integer.graph import Graph, Layer

TILE_BYTES = 20 * 1024
"""Largest tile of the input in L1; two of them take turns."""


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

    def reads_padding(self, walk: Walk) -> bool:
        return False

    def early_bytes(self, walk: Walk) -> int:
        return 0

    def _ahead(self, walk: Walk) -> int:
        """Return the channels whose planes can be added up while the layer in front makes those behind them.

        The fabric controller does that with each chunk of the layer but the last one.
        """
        before = walk.builder.plan.steps[-1]
        if before.kind != "pointwise" or before.layers != layouts.sources(walk.graph, self.index):
            return 0
        return 4 * int(before.fields["chunk_groups"]) * (int(before.fields["chunks"]) - 1)

    def add(self, walk: Walk) -> int:
        layer, builder = self.layer, walk.builder
        rows, columns, channels = layer.input.shape
        source = walk.source(self.index)
        place, _ = walk.target(self.index)
        plane = source.layout.plane
        assert plane is not None
        tiles, tile, ahead = (source.ref, source.ref), channels, 0
        if source.memory != L1:
            room = min(TILE_BYTES, (walk.free(self.index) - 4 * channels) // 2) // plane.plane_bytes
            if room < 1:
                raise lacking(L1, walk.now, 2 * plane.plane_bytes - walk.free(self.index), layer)
            tile = min(channels, room // CORES * CORES or room)
            ahead = self._ahead(walk)
            tile = min(tile, aligned(-(-(channels - ahead) // 2), CORES)) if ahead else tile
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
            ahead_sums=builder.use(f"sums {walk.now} ahead", "L2", 4 * ahead, walk.now - 1, walk.now) if ahead else 0,
            ahead=ahead,
            output=place.ref,
            parameters=tuple(self.proof.parameters[0].tolist()),
            scaling=cost.vector_scaling(layer, self.proof.rounding),
        )
        if ahead:
            builder.plan.steps[-2].fields["pool"] = f"&tables.work_{walk.now - 1}"
        step.dma_in_bytes = 0 if source.memory == L1 else (channels - ahead) * plane.plane_bytes
        step.description = f"{symbol}, " + ("whole" if tile == channels else f"tiles of {tile} channels")
        step.predicted_cycles = cost.pool(layer, step.dma_in_bytes)
        return self.index + 1
