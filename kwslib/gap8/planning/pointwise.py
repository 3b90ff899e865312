"""A pointwise layer as a step: ``struct pointwise`` of the firmware."""

from dataclasses import dataclass, replace

from kwslib.gap8.hardware import L1_BYTES
from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.planning import depthwise, layouts, weights
from kwslib.gap8.planning.builder import scaling
from kwslib.gap8.planning.chain import Chain, Planes, parts_of, whole_groups
from kwslib.gap8.planning.layouts import BLOCK, LayerShape, PlaneLayout
from kwslib.gap8.planning.memory import DoesNotFit, aligned
from kwslib.gap8.planning.plan import PadFill, Step
from kwslib.gap8.planning.tiling import Blocks, TileBytes, Tiling, pointwise_tiling
from kwslib.integer.graph import Layer

POOL_BYTES_PER_CHANNEL = 8
"""Room in L1 that a pointwise layer leaves for the pool behind it: a sum and a mean, and some more."""


@dataclass(frozen=True)
class _Work:
    """What is known of a pointwise layer before its tiles are.

    Attributes
    ----------
    layer : Layer
    planes : Planes
        What it writes.
    new : bool
        Whether nothing has been written there before, so that the padding must be filled.
    positions : int
        Of a block.
    row_blocks : int
        Blocks in a row of the map.
    """

    layer: Layer
    planes: Planes
    new: bool
    positions: int
    row_blocks: int

    @property
    def block_bytes(self) -> int:
        """From one block to the next in the output."""
        return self.planes.layout.row_bytes if self.row_blocks == 1 else self.positions

    @property
    def whole_words(self) -> bool:
        """Whether each block starts at a whole word."""
        return self.row_blocks == 1 and self.planes.layout.left == 0 and self.positions == BLOCK


def add(chain: Chain, index: int) -> None:
    """Add a pointwise layer."""
    builder, layer, at = chain.builder, chain.layers[index], chain.builder.now
    rows, columns, channels = layer.output.shape
    work = _work(chain, index)
    records = weights.pointwise(layer)
    groups, group_bytes = records.shape[0], 4 * records.shape[1]
    layout = work.planes.layout
    target = builder.use(work.planes.region, chain.memory, whole_groups(channels) * layout.plane_bytes, at, at + 1)
    source = chain.read_channels_last(layer, at)
    tiling = _tiling(chain, index, work, groups, group_bytes)
    kernel, geometry = _kernel(chain, work, tiling)
    parts = parts_of(records, tiling.groups)
    buffers = chain.record_buffers(f"records {at}", tiling.groups * group_bytes, len(parts), at, chain.early)
    pixel = layouts.pixel_bytes(layer.input.shape[2])
    tile_plane_bytes = tiling.rows * layout.row_bytes
    step = builder.add(
        "pointwise",
        (index,),
        kernel=kernel,
        groups=groups,
        chunk_groups=tiling.groups,
        group_bytes=group_bytes,
        rows=rows,
        tile_rows=tiling.rows,
        row_blocks=work.row_blocks,
        last_start=columns - work.positions,
        tile_plane_bytes=tile_plane_bytes,
        plane_bytes=layout.plane_bytes,
        row_bytes=layout.row_bytes,
        plane_rows=layout.rows,
        origin=layout.origin,
        fill=int(work.new or chain.tiled),
        geometry=geometry,
        records=buffers,
        **chain.map_fields(at, source, target, tiling.rows * columns * pixel, 4 * tiling.groups * tile_plane_bytes),
    )
    chain.fetch(buffers, parts, streamed=True)
    step.ready = step.first_transfer + chain.early
    builder.map(index, target + layout.origin, layout.row_bytes, 1, layout.plane_bytes)
    _describe(chain, step, work, tiling, records.nbytes)
    if chain.tiled and work.new:
        _fill_padding(chain, work)


def _describe(chain: Chain, step: Step, work: _Work, tiling: Tiling, record_bytes: int) -> None:
    """Say what a step moves, and how it is tiled."""
    rows, columns, channels = work.layer.output.shape
    pixel = layouts.pixel_bytes(work.layer.input.shape[2])
    chunks = -(-step.fields["groups"] // tiling.groups)
    step.dma_in_bytes = record_bytes + (chunks * rows * columns * pixel if chain.tiled else 0)
    step.dma_out_bytes = channels * rows * work.planes.layout.row_bytes if chain.tiled else 0
    step.flash_bytes = record_bytes if chain.builder.flash else 0
    where = f"tiles of {tiling.rows} rows" if chain.tiled else "maps whole"
    step.description = f"{step.fields['kernel']}, chunks of {4 * tiling.groups} channels, {where}"


def _work(chain: Chain, index: int) -> _Work:
    """Choose the planes that a layer writes, which are the chain's latest ones then.

    They are those written last, if those have its shape and suit the reader; otherwise new ones.
    """
    layer, reader = chain.layers[index], chain.layers[index + 1]
    rows, columns, _ = layer.output.shape
    positions = min(BLOCK, columns)
    known = chain.planes if chain.planes and chain.planes.shape == layer.output.shape else None
    if reader.kind == "depthwise":
        layout = depthwise.reading(chain, reader).planes
        suits = known is not None and known.layout == layout
    else:  # the pool can read any planes, those that the depthwise layers read included
        layout = PlaneLayout(rows, aligned(columns, 4))
        suits = known is not None
    new = not suits
    if known is None or new:
        known = Planes(f"planes {index}", layer.output.shape, layout)
        chain.planes = known
    return _Work(layer, known, new, positions, row_blocks=-(-columns // positions))


def _kernel(chain: Chain, work: _Work, tiling: Tiling) -> tuple[str, str]:
    """Return the symbol of a layer's kernel, and the C text of the address of its fixed parameters."""
    layer, layout = work.layer, work.planes.layout
    inputs = whole_groups(layer.input.shape[2])
    pixel = layouts.pixel_bytes(layer.input.shape[2])
    plane_bytes = tiling.rows * layout.row_bytes if chain.tiled else layout.plane_bytes
    kernel = None
    if layouts.suits_assembly(layer) and work.positions == BLOCK:
        shift = layouts.common_shift(layer)
        kernel = Pointwise(inputs, pixel, plane_bytes, work.block_bytes, work.whole_words, shift=shift)
    symbol = layouts.assembly(chain.builder, kernel) or Pointwise.portable
    geometry = chain.builder.geometry(
        **replace(LayerShape.of(layer), inputs=inputs).members(),
        pixel_bytes=pixel,
        plane_bytes=plane_bytes,
        row_bytes=layout.row_bytes,
        left=layout.left,
        block_positions=work.positions,
        block_bytes=work.block_bytes,
        scaling=scaling(weights.form(layer), layer.output, layer.clamp),
    )
    return symbol, geometry


def _tiling(chain: Chain, index: int, work: _Work, groups: int, group_bytes: int) -> Tiling:
    """Choose rows of a tile and groups of a chunk for what L1 has left."""
    rows, columns, _ = work.layer.output.shape
    layers, layout = len(chain.layers), work.planes.layout
    free = L1_BYTES - chain.builder.own_bytes(layers, layers) - _others_bytes(chain, index)
    blocks = Blocks(rows, work.row_blocks, work.layer.input.shape[2], groups, group_bytes)
    tile = None
    if chain.tiled:
        input_row = columns * layouts.pixel_bytes(work.layer.input.shape[2])
        tile = TileBytes(input_row, layout.row_bytes, below=layout.rows - layout.top - rows)
    found = pointwise_tiling(blocks, tile, free)
    if found is None:
        raise DoesNotFit("L1", chain.builder.now, aligned(group_bytes) - free)
    return found


def _others_bytes(chain: Chain, index: int) -> int:
    """Return the bytes of L1 that are taken beside a layer's own tiles: resident maps, the next layer's records."""
    taken = chain.builder.l1_bytes_from(chain.builder.now)
    following = chain.layers[index + 1]
    channels = following.output.shape[2]
    if chain.tiled:
        return taken
    if following.kind == "depthwise":
        return taken + aligned(depthwise.reading(chain, following).record_bytes * channels)
    return taken + aligned(POOL_BYTES_PER_CHANNEL * channels)


def _fill_padding(chain: Chain, work: _Work) -> None:
    """Let the padding of planes in L2 be filled at the start; it must stay, so they share their place with nothing."""
    channels, plane_bytes = work.layer.output.shape[2], work.planes.layout.plane_bytes
    builder = chain.builder
    if builder.plan.pad_fill is not None:  # several kinds of planes: not in this way
        raise DoesNotFit("L2", builder.now, plane_bytes * channels)
    planes = builder.use(work.planes.region, "L2", 0, 0)
    builder.plan.pad_fill = PadFill(planes, whole_groups(channels) * plane_bytes, work.layer.output.zero_point)
