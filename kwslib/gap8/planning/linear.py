"""A linear layer as a step: ``struct linear`` of the firmware."""

from dataclasses import dataclass

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning import cost, layouts, weights
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.walk import L1, Walk, lacking
from kwslib.integer.graph import Graph, Layer


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

    def reads_padding(self, walk: Walk) -> bool:
        return False

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
        early = 0 if from_l2 or at == builder.first else 1
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
