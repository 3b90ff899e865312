"""A pointwise layer, or any convolution by gathered windows, as a step: ``struct pointwise`` of the firmware."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.pointwise import Pointwise, by_channel
from kwslib.gap8.planning import cost, gathers, layouts, padding, tiling, weights
from kwslib.gap8.planning.buffers import parts_of
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.layouts import PlaneShape
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.tiling import Tiling
from kwslib.gap8.planning.walk import L1, Place, Walk, lacking
from kwslib.gap8.planning.windows import Strips, Window
from kwslib.gap8.planning.work import Blocks, Work
from kwslib.integer.graph import Graph, Layer


@dataclass(frozen=True)
class Dense:
    """A convolution whose outputs each depend on all inputs of their windows, by blocks of channels and positions.

    Attributes
    ----------
    layer : Layer
    index : int
    proof : Proof
    signed : bool
        Whether its input is the network's own.
    """

    layer: Layer
    index: int
    proof: Proof
    signed: bool
    portable: str = ""
    reads: str | None = layouts.PIXELS
    plane: PlaneShape | None = None
    step: str = "pointwise"
    writes_vector: bool = False
    _known: dict[int, np.ndarray] = field(init=False, repr=False, compare=False, default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, index: int, proofs: Proofs) -> "Dense | str":
        """Return the method of a layer, or why it is none for it."""
        layer = graph.layers[index]
        signed = layouts.sources(graph, index)[0] < 0
        if layer.kind not in ("convolution", "pointwise"):
            return "not a convolution"
        pixel = layer.input.shape[2] if signed else layouts.pixel_bytes(layer.input.shape[2])
        window, strips = Window.of(layer, pixel), Strips.of(layer) if signed and pixel == 1 else None
        inputs = window.bytes if window else aligned(layer.input.shape[2], 4)
        step = window.pixel_bytes if window else pixel
        if strips:
            inputs, step = strips.bytes, strips.step
        sums = weights.common_terms(layer).factor != 0
        proof, reason = proofs.choose(
            lambda rounding: Pointwise(inputs, 1, step, 4, 4, 4, step, rounding=rounding, signed=signed, sums=sums)
        )
        return cls(layer, index, proof, signed) if proof else reason

    def reads_padding(self, walk: Walk) -> bool:
        return False

    def early_bytes(self, walk: Walk) -> int:
        if walk.way.batch > 1:
            return 0
        early = walk.memory(self.index) == L1 and walk.memory(layouts.sources(walk.graph, self.index)[0]) == L1
        if not early:
            return 0
        groups = -(-self.layer.output.shape[2] // 4)
        return 4 * self._records(walk).shape[1] * min(groups, tiling.FEWEST_EARLY_GROUPS)

    def _records(self, walk: Walk) -> np.ndarray:
        """Return its weights and parameters, int32 (groups, words), which depend on the pixels that it reads."""
        pixel = self._pixel(walk)
        if pixel not in self._known:
            self._known[pixel] = self._made(pixel)
        return self._known[pixel]

    def _made(self, pixel: int) -> np.ndarray:
        window = Window.of(self.layer, pixel)
        if self._strips:
            taps = weights.strips(self.layer, self._strips.piece, self._strips.across)
        elif window is None:
            taps = weights.pointwise(self.layer)
        else:
            taps = weights.windows(self.layer, pixel, window.row_bytes)
        return weights.grouped(taps, self.proof.parameters)

    @property
    def _strips(self) -> Strips | None:
        return Strips.of(self.layer) if self.signed and self.layer.input.shape[2] == 1 else None

    def _pixel(self, walk: Walk) -> int:
        return walk.layout(layouts.sources(walk.graph, self.index)[0]).column_bytes

    def _window(self, walk: Walk) -> Window | None:
        return Window.of(self.layer, self._pixel(walk))

    def add(self, walk: Walk) -> int:
        early = walk.early(self.index)
        source = self._source(walk)
        place, new = walk.target(self.index)
        records = self._records(walk)
        work = self._work(walk, source, place, records)
        found = tiling.choose(work, walk.free(self.index), walk.tilings.get(work))
        if found is None:
            raise lacking(L1, walk.now, tiling.least_bytes(work) - walk.free(self.index), self.layer)
        walk.tilings[work] = found
        parts = parts_of(records, found.groups)
        buffers = walk.buffers.ask(found.groups * work.group_bytes, min(len(parts), found.buffers), early)
        fields = self._maps(walk, source, place, new, found, work) | self._terms(walk, source, found, work)
        whole = len(parts) == found.tiles(work.rows) == 1 and source.memory == place.memory == L1
        step = walk.add(
            "pointwise",
            (self.index,),
            early,
            plain=int(whole and not work.sums and not work.window_rows),
            groups=work.groups,
            chunk_groups=found.groups,
            chunks=len(parts),
            records=buffers,
            tile_rows=found.rows,
            first_rows=found.first_rows(work.rows),
            tiles=found.tiles(work.rows),
            **fields,
        )
        walk.buffers.fetch(buffers, parts, streamed=True)
        if walk.now == 1:  # no step in front waits for its first weights
            step.ready = step.first_transfer + 1
        passes = len(parts) if found.rows < work.rows else 1
        moved = passes * prod(self.layer.input.shape) if source.memory != L1 or self.signed else 0
        step.dma_in_bytes = records.nbytes + moved
        step.dma_out_bytes = 0 if place.memory == L1 else prod(self.layer.output.shape)
        step.flash_bytes = records.nbytes if walk.builder.flash else 0
        step.description = found.describe(work, "windows gathered, " if work.window_rows else "")
        step.predicted_cycles = found.cycles + padding.fill_cycles(fields["fill"])
        return self.index + 1

    def _source(self, walk: Walk) -> Place:
        """Return what is read in L1 or L2: the network's input is laid out for its windows first."""
        source = walk.source(self.index)
        if not self.signed or self._window(walk) is None:
            return source
        return gathers.laid_out(walk, self.layer, source)

    def _work(self, walk: Walk, source: Place, place: Place, records: np.ndarray) -> Work:
        layer, window = self.layer, self._window(walk)
        rows, columns, _ = layer.output.shape
        pixel = window.pixel_bytes if window else source.layout.column_bytes
        input_rows = layer.input.shape[0] if window else 0
        return Work(
            rows=rows,
            columns=columns,
            inputs=self._strips.bytes if self._strips else window.bytes if window else aligned(layer.input.shape[2], 4),
            pixel_bytes=pixel,
            groups=records.shape[0],
            group_bytes=4 * records.shape[1],
            layout=place.layout,
            rounding=self.proof.rounding,
            signed=self.signed,
            sums=weights.common_terms(layer).factor != 0,
            input_in_l1=source.memory == L1,
            output_in_l1=place.memory == L1,
            input_row_bytes=source.layout.row_bytes,
            window_rows=(layer.kernel[0], layer.stride[0], input_rows) if window else None,
            strips=self._strips,
        )

    def _maps(self, walk: Walk, source: Place, place: Place, new: bool, found: Tiling, work: Work) -> dict[str, Any]:
        """Return the members that say where the maps are, and ask for the tiles."""
        layout, plane = place.layout, place.layout.plane
        inputs, outputs = (source.ref, source.ref), (place.first, place.first)
        if source.memory != L1:
            inputs = walk.pair(f"tile {walk.now} in", work.input_bytes(found.rows))
        fill = padding.NOTHING
        fill_base = place.ref
        if place.memory != L1:
            outputs = walk.pair(f"tile {walk.now} out", work.output_bytes(found.rows, found.groups))
            fill_base = outputs[0]
            if plane:
                fill = padding.of_tile(layout, 4 * found.groups, found.rows)
                walk.fill_at_start(place)
        elif plane and new:
            fill = padding.of_planes(layout, aligned(layout.shape[2], layouts.GROUP), not walk.reads_padding)
        tile_line = 4 * found.groups
        return {
            "input": inputs,
            "input_l2": 0 if source.memory == L1 else source.ref,
            "input_row_bytes": source.layout.row_bytes,
            "output": outputs,
            "output_l2": 0 if place.memory == L1 else place.ref + (plane.top * plane.row_bytes if plane else 0),
            "channel_bytes": work.channel_bytes(found.rows),
            "tile_origin": plane.left if plane and place.memory != L1 else 0,
            "out_row_bytes": layout.row_bytes,
            "out_group_bytes": 4 * layout.channel_bytes,
            "out_lines": 0 if plane else found.rows * work.columns,
            "out_line_bytes": found.rows * layout.row_bytes if plane else tile_line,
            "out_stride": layout.channel_bytes if plane else layout.column_bytes,
            "fill_base": fill_base,
            "fill": fill,
            "pool": "0",
        }

    def _terms(self, walk: Walk, source: Place, found: Tiling, work: Work) -> dict[str, Any]:
        """Return the members of blocks, windows and the second term."""
        tile_sums = 4 * found.rows * work.columns
        fields: dict[str, Any] = {"gather": "0", "second": "0", "tile_sums": tile_sums}
        sums: Ref | int = 0
        if work.sums:
            sums = walk.builder.use(f"sums {walk.now}", L1, found.tiles(work.rows) * tile_sums, walk.now)
            lines = tuple(_lines(part) for part in found.blocks)
            fields["second"] = walk.builder.second_term(words=work.inputs // 4, **self._ones(work), lines=lines)
        window = self._window(walk)
        if window is not None:
            fields["gather"] = gathers.gather(walk, self.layer, source, window, found.rows, self.signed)
        blocks: list[dict[str, Any]] = []
        for part, first in zip(found.blocks, found.first_blocks(work.rows), strict=True):
            blocks.append(self._block(walk, part, work, found, sums) | self._shares(walk, (part, first), work, found))
            if isinstance(sums, Ref):
                sums = sums + 4 * part.lines * part.count * part.positions
        fields["blocks"] = tuple(blocks) if len(blocks) > 1 else (blocks[0], {"kernel": "0"})
        return fields

    def _ones(self, work: Work) -> dict[str, int]:
        """Return which bytes of the last word count, the factor, and whether the inputs are signed."""
        used = 4 if work.window_rows else self.layer.input.shape[2] % 4 or 4
        mask = int.from_bytes(bytes([1] * used), "little")
        return {
            "last_mask": mask,
            "factor": weights.common_terms(self.layer).factor,
            "is_signed": int(self.signed),
        }

    def _block(self, walk: Walk, part: Blocks, work: Work, found: Tiling, sums: Ref | int) -> dict[str, Any]:
        """Return the members of ``struct blocks``."""
        kernel = work.kernel(part, found.rows)
        geometry = walk.builder.geometry(
            inputs=work.inputs,
            by_channel=int(by_channel(work.inputs, work.rounding.words)),
            codes_signed=int(work.signed),
            pixel_bytes=part.position_in,
            out_column_bytes=part.position_out,
            out_channel_bytes=work.channel_bytes(found.rows),
            block_positions=part.positions,
            block_in_bytes=part.block_in,
            block_bytes=part.block_out,
            sums=int(work.sums),
            scaling=cost.scaling(work.rounding),
        )
        return {
            "kernel": walk.builder.kernel(kernel),
            "geometry": geometry,
            "sums": sums,
        }

    def _shares(self, walk: Walk, parts: tuple[Blocks, Blocks], work: Work, found: Tiling) -> dict[str, Any]:
        """Return the members that say what each core computes: of a tile and of the first one, chunk and last chunk."""
        last = work.groups - (-(-work.groups // found.groups) - 1) * found.groups
        channel_bytes = work.channel_bytes(found.rows)
        shares = [tiling.share(part, work, groups, channel_bytes) for part in parts for groups in (found.groups, last)]
        return {
            "shares": tuple(walk.builder.share(words, rare=place > 1) for place, words in enumerate(shares)),
            "pitches": tuple(len(words) // CORES for words in shares),
        }


def _lines(part: Blocks) -> dict[str, int]:
    """Return the members of ``struct lines``."""
    return {
        "lines": part.lines,
        "count": part.count,
        "in": part.start_in,
        "line_in": part.line_in,
        "block_in": part.block_in,
        "position_in": part.position_in,
        "positions": part.positions,
    }
