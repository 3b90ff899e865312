"""Gathered windows: where they come from in L1, and the members of ``struct gather`` of the firmware."""

from dataclasses import replace
from math import prod
from typing import Any

from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, aligned
from kwslib.gap8.planning.staircase import stored_zero
from kwslib.gap8.planning.walk import L1, Place, Walk
from kwslib.gap8.planning.windows import Strips, Window
from kwslib.integer.graph import Layer

RAW = "input"
"""The region of the input's codes as they come from L2."""


def laid_out(walk: Walk, layer: Layer, source: Place) -> Place:
    """Return where the network's input lies in L1 with its padding beside the columns: every window is a run there.

    Parameters
    ----------
    walk : Walk
    layer : Layer
        The convolution.
    source : Place
        The input in L2.
    """
    rows, columns, channels = layer.input.shape
    pixel = source.layout.column_bytes
    axis = 1
    if channels == 1 and Strips.of(layer).across:  # rows and columns change places
        rows, columns, axis = columns, rows, 0
    seen = (layer.output.shape[axis] - 1) * layer.stride[axis] + layer.kernel[axis]
    wide = max(seen, layer.padding[2 * axis] + columns)
    size = rows * wide * pixel + DMA_SLACK_BYTES
    walk.l1(RAW, aligned(prod(layer.input.shape), 4))  # before the tiles take what is left
    layout = replace(source.layout, shape=(rows, wide, channels), row_bytes=wide * pixel, size=size)
    return Place(walk.l1("laid out", aligned(size, 4)), layout, L1)


def gather(walk: Walk, layer: Layer, source: Place, window: Window, rows: int, signed: bool) -> str:
    """Add the members of ``struct gather``; return the C text of their address.

    Parameters
    ----------
    walk : Walk
    layer : Layer
        The convolution.
    source : Place
        The map that is read, or the network's input as `laid_out` gives it.
    window : Window
    rows : int
        Output rows of a tile.
    signed : bool
        Whether it reads the network's own input.
    """
    zero = stored_zero(layer, signed)
    if signed and layer.input.shape[2] == 1:
        return _strips(walk, layer, source, rows, zero)
    size = rows * layer.output.shape[1] * window.pixel_bytes
    return walk.builder.gather(
        columns=walk.l1(f"windows {walk.now}", size),
        input_rows=layer.input.shape[0],
        input_columns=source.layout.shape[1],
        pixel_bytes=source.layout.column_bytes,
        kernel_rows=layer.kernel[0],
        kernel_columns=layer.kernel[1],
        stride_rows=layer.stride[0],
        stride_columns=layer.stride[1],
        output_columns=layer.output.shape[1],
        pad_top=layer.padding[0],
        pad_left=0 if signed else layer.padding[2],
        row_bytes=window.row_bytes,
        window_bytes=window.pixel_bytes,
        padding=(zero & 0xFF) * 0x01010101,
        **(_raw(walk, layer, source) if signed else {"laid_out": 0}),
    )


def _strips(walk: Walk, layer: Layer, source: Place, rows: int, zero: int) -> str:
    """Add the members of ``struct gather`` for strips."""
    strips = Strips.of(layer)
    axis = int(strips.across)  # along which a strip runs
    windows = layer.output.shape[1] if strips.across else rows
    count = rows if strips.across else layer.output.shape[1]
    strip_bytes = strips.strip_bytes(windows)
    return walk.builder.gather(
        columns=walk.l1(f"windows {walk.now}", count * strip_bytes),
        input_rows=layer.input.shape[axis],
        input_columns=source.layout.shape[1],
        pixel_bytes=1,
        strips=count,
        strip_bytes=strip_bytes,
        strip_stride=layer.stride[1 - axis],
        across=axis,
        pieces=(windows - 1) * layer.stride[axis] + strips.taps,
        piece=strips.piece,
        stride_rows=layer.stride[axis],
        pad_top=layer.padding[2 * axis],
        padding=(zero & 0xFF) * 0x01010101,
        **_raw(walk, layer, source),
    )


def _raw(walk: Walk, layer: Layer, source: Place) -> dict[str, Any]:
    """Return the members that say where the network's input comes from."""
    pixel = source.layout.column_bytes
    size = aligned(prod(layer.input.shape), 4)
    across = pixel == 1 and Strips.of(layer).across
    columns = layer.input.shape[1] * pixel
    return {
        "laid_out": source.ref,
        "raw": walk.l1(RAW, size),
        "raw_l2": walk.builder.plan.input,
        "raw_bytes": size,
        "raw_columns": layer.input.shape[0] if across else columns,
        "raw_left": layer.padding[0 if across else 2] * pixel,
        "raw_row": 1 if across else columns,
        "raw_column": columns if across else 1,
    }
