"""A depthwise 3 × 3 layer as a step: ``struct depthwise`` of the firmware."""

from dataclasses import dataclass, replace
from math import prod

from kwslib.gap8.kernels.depthwise import ROW_BYTES_5, TAPS, Depthwise4, Depthwise5, DepthwiseKernel
from kwslib.gap8.kernels.depthwise_stride2 import Stride2Depthwise4, Stride2Depthwise5
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.gap8.planning import layouts, weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.chain import Chain, parts_of, whole_groups
from kwslib.gap8.planning.layouts import BLOCK, LayerShape, PlaneLayout
from kwslib.gap8.planning.memory import aligned
from kwslib.integer.graph import Layer

PADDED = (True, False)
"""Whether the kernels know the first and the last row of a plane to be padding. Both would make larger code."""


@dataclass(frozen=True)
class Reading:
    """How a depthwise layer reads its input.

    Attributes
    ----------
    layer : Layer
    pixel_bytes : int
        From one position to the next one in what it writes, channels last.
    planes : PlaneLayout
        How the planes that it reads must lie.
    places : tuple of int
        Places of a window in a weight word, as `kwslib.gap8.planning.weights.depthwise` takes them.
    kernel : Kernel or None
        The assembly kernel; None: the portable one.
    """

    layer: Layer
    pixel_bytes: int
    planes: PlaneLayout
    places: tuple[int, ...] = (0,)
    kernel: Kernel | None = None

    @classmethod
    def of(cls, layer: Layer, pixel_bytes: int) -> "Reading":
        """Choose how a layer reads its input."""
        rows, columns, _ = layer.input.shape
        top, bottom, _, _ = layer.padding
        read_rows = (layer.output.shape[0] - 1) * layer.stride[0] + layer.kernel[0]
        plane_rows = max(read_rows, top + rows)
        found = cls._in_assembly(layer, pixel_bytes, plane_rows)
        if found is None:
            return cls(layer, pixel_bytes, PlaneLayout(plane_rows, aligned(columns, 4), top))
        if plane_rows != top + rows + bottom:  # rows that no output reads: the assembly kernels know none
            return replace(found, kernel=None)
        return found

    @classmethod
    def _in_assembly(cls, layer: Layer, pixel: int, plane_rows: int) -> "Reading | None":
        """Choose one of the assembly kernels, or None where none is made for such a layer."""
        columns = layer.input.shape[1]
        rows, out_columns, _ = layer.output.shape
        top, _, left, _ = layer.padding
        if not layouts.suits_assembly(layer) or top != 1:
            return None
        shift = layouts.common_shift(layer)
        kernel: Kernel
        if layer.stride == (1, 1) and left == 1 and columns == out_columns:
            if columns == BLOCK:
                planes = PlaneLayout(plane_rows, ROW_BYTES_5, top)
                kernel = Depthwise5(rows, pixel, padded=PADDED, shift=shift)
                return cls(layer, pixel, planes, (-1, 0, 1, 2), kernel)
            if columns % 4 == 0:
                planes = PlaneLayout(plane_rows, columns + 4, top, left=1)
                kernel = Depthwise4(rows, columns, planes.row_bytes, pixel, padded=PADDED, shift=shift)
                return cls(layer, pixel, planes, (0, 1), kernel)
        if layer.stride == (2, 2) and left == 0 and columns == 2 * out_columns:
            if out_columns == BLOCK:
                planes = PlaneLayout(plane_rows, aligned(columns + 1, 4), top)
                kernel = Stride2Depthwise5(rows, planes.row_bytes, pixel, padded=PADDED, shift=shift)
                return cls(layer, pixel, planes, kernel=kernel)
            if out_columns % 4 == 0:
                planes = PlaneLayout(plane_rows, columns + 4, top)
                kernel = Stride2Depthwise4(rows, out_columns, planes.row_bytes, pixel, padded=PADDED, shift=shift)
                return cls(layer, pixel, planes, kernel=kernel)
        return None

    @property
    def record_bytes(self) -> int:
        """Bytes of a channel's record."""
        return 4 * (TAPS * len(self.places) + weights.PARAMETERS)

    def symbol(self, builder: Builder) -> str:
        """Return the symbol of the kernel, the portable one where there is none in assembly."""
        return layouts.assembly(builder, self.kernel) or DepthwiseKernel.portable

    def geometry(self, builder: Builder) -> str:
        """Return the C text of the address of the kernel's fixed parameters."""
        layer = self.layer
        return builder.geometry(
            **LayerShape.of(layer).members(),
            pixel_bytes=self.pixel_bytes,
            plane_bytes=self.planes.plane_bytes,
            row_bytes=self.planes.row_bytes,
            left=self.planes.left,
            record_bytes=self.record_bytes,
            tap_words=len(self.places),
            tap_word=self.places.index(0),
            scaling=scaling(weights.form(layer), layer.output, layer.clamp),
        )


def reading(chain: Chain, layer: Layer) -> Reading:
    """Return how a depthwise layer reads its input, and writes its output whole or as a tile."""
    channels = layer.output.shape[2]
    return Reading.of(layer, chain.tile_channels(channels) if chain.tiled else layouts.pixel_bytes(channels))


def add(chain: Chain, index: int) -> None:
    """Add a depthwise layer as a step of its own."""
    builder, layer, at = chain.builder, chain.layers[index], chain.builder.now
    rows, columns, channels = layer.output.shape
    read = reading(chain, layer)
    records = weights.depthwise(layer, read.places)
    tile = chain.tile_channels(channels)
    stride = layouts.pixel_bytes(channels)
    output = chain.channels_last(layer, at)
    plane_bytes = read.planes.plane_bytes
    region_bytes = whole_groups(layer.input.shape[2]) * plane_bytes
    source = builder.use(chain.written_planes().region, chain.memory, region_bytes, at)
    parts = parts_of(records, tile)
    size = read.record_bytes * min(tile, channels)
    buffers = chain.record_buffers(f"records {at}", size, len(parts), at, chain.early)
    kernel = read.symbol(builder)
    step = builder.add(
        "depthwise",
        (index,),
        kernel=kernel,
        geometry=read.geometry(builder),
        channels=channels,
        tile_channels=tile,
        record_bytes=read.record_bytes,
        records=buffers,
        output_pixel=stride,
        **chain.map_fields(at, source, output, tile * plane_bytes, rows * columns * tile),
    )
    chain.fetch(buffers, parts)
    step.ready = step.first_transfer + chain.early
    builder.map(index, output, columns * stride, stride, 1)
    step.dma_in_bytes = records.nbytes + (channels * plane_bytes if chain.tiled else 0)
    step.dma_out_bytes = prod(layer.output.shape) if chain.tiled else 0
    step.description = f"{kernel}, " + (f"tiles of {tile} channels" if chain.tiled else "whole")
