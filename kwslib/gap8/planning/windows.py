"""Windows of a convolution, gathered so that a pointwise kernel computes it: ``struct gather`` of the firmware."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from kwslib.gap8.planning import layouts
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, aligned
from kwslib.gap8.planning.staircase import stored_zero
from kwslib.gap8.planning.walk import L1, Place, Walk
from kwslib.integer.graph import Layer


@dataclass(frozen=True)
class Window:
    """What a convolution gathers for each output position.

    Attributes
    ----------
    row_bytes : int
        Of a kernel row: all inputs of its columns, in whole words.
    bytes : int
        Of a window: whole kernel rows.
    pixel_bytes : int
        From one window to the next.
    """

    row_bytes: int
    bytes: int
    pixel_bytes: int

    @classmethod
    def of(cls, layer: Layer, pixel: int) -> "Window | None":
        """Return the window of a layer whose input has `pixel` bytes a position, or None where it needs none."""
        if layer.kind == "pointwise" and pixel % 4 == 0:
            return None
        row = aligned(layer.kernel[1] * pixel, 4)
        size = layer.kernel[0] * row
        return cls(row, size, layouts.pixel_bytes(size))


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
    seen = (layer.output.shape[1] - 1) * layer.stride[1] + layer.kernel[1]
    wide = max(seen, layer.padding[2] + columns)
    size = rows * wide * pixel + DMA_SLACK_BYTES
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
    size = rows * layer.output.shape[1] * window.pixel_bytes
    zero = stored_zero(layer, signed)
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


def _raw(walk: Walk, layer: Layer, source: Place) -> dict[str, Any]:
    """Return the members that say where the network's input comes from."""
    pixel = source.layout.column_bytes
    size = aligned(prod(layer.input.shape), 4)
    return {
        "laid_out": source.ref,
        "raw": walk.l1("input", size),
        "raw_l2": walk.builder.plan.input,
        "raw_bytes": size,
        "raw_columns": layer.input.shape[1] * pixel,
        "raw_left": layer.padding[2] * pixel,
    }
