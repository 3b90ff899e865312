"""How maps lie in memory: planes of channels, or channels last; and what their bytes mean."""

from dataclasses import dataclass, replace
from math import prod

from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, aligned
from kwslib.integer.graph import Graph, Layer, Tensor

PLANES, PIXELS, VECTOR = "planes", "channels last", "vector"
"""A plane for each channel; the channels of a position side by side; one position, signed core codes, in L1."""
GROUP = 4
"""Channels that a pointwise kernel writes together: a map has room for whole groups."""


@dataclass(frozen=True)
class PlaneShape:
    """How the plane of one channel lies: a map with its padding.

    Attributes
    ----------
    rows : int
        Padding included.
    row_bytes : int
        From one row to the next.
    top, left : int
        Rows above, and bytes in front of, the map's row 0 and column 0.
    beside : bool
        Whether kernels read what lies beside the columns, which is padding then.
    """

    rows: int
    row_bytes: int
    top: int = 0
    left: int = 0
    beside: bool = False

    @property
    def plane_bytes(self) -> int:
        """Bytes of a plane: the next channel's follows."""
        return self.rows * self.row_bytes

    @property
    def origin(self) -> int:
        """Byte of row 0, column 0 in a plane."""
        return self.top * self.row_bytes + self.left


@dataclass(frozen=True)
class Layout:
    """How a whole map lies in memory.

    Attributes
    ----------
    kind : str
        ``PLANES``, ``PIXELS`` or ``VECTOR``.
    shape : (int, int, int)
        Rows, columns, channels.
    row_bytes, column_bytes, channel_bytes : int
        From one row, column, channel to the next one.
    size : int
        Bytes of all, padding and whole groups of channels included.
    plane : PlaneShape or None
    signed : bool
        Whether core codes are stored; otherwise unsigned bytes, core codes less `lowest`.
    lowest : int
        The lowest core code that can occur; 0 where signed.
    zero : int
        What is stored for 0: padding.
    """

    kind: str
    shape: tuple[int, int, int]
    row_bytes: int
    column_bytes: int
    channel_bytes: int
    size: int
    plane: PlaneShape | None = None
    signed: bool = False
    lowest: int = 0
    zero: int = 0

    @property
    def origin(self) -> int:
        """Byte of the map's first code."""
        return self.plane.origin if self.plane else 0

    @property
    def padding(self) -> int:
        """Four times the stored zero, a word."""
        return (self.zero & 0xFF) * 0x01010101

    def members(self) -> dict[str, int]:
        """Return the members of ``struct map``, but for its base."""
        rows, columns, channels = self.shape
        return {
            "rows": rows,
            "columns": columns,
            "channels": channels,
            "row_bytes": self.row_bytes,
            "column_bytes": self.column_bytes,
            "channel_bytes": self.channel_bytes,
            "is_signed": int(self.signed),
            "lowest": self.lowest,
        }


def planes(tensor: Tensor, plane: PlaneShape) -> Layout:
    """Return the layout of a map as planes."""
    channels = tensor.shape[2]
    size = aligned(channels, GROUP) * plane.plane_bytes
    layout = Layout(PLANES, tensor.shape, plane.row_bytes, 1, plane.plane_bytes, size, plane)
    return _stored(layout, tensor)


def pixels(tensor: Tensor, pixel_bytes: int) -> Layout:
    """Return the layout of a map with channels last."""
    rows, columns, _ = tensor.shape
    size = rows * columns * pixel_bytes + DMA_SLACK_BYTES
    return _stored(Layout(PIXELS, tensor.shape, columns * pixel_bytes, pixel_bytes, 1, size), tensor)


def vector(tensor: Tensor) -> Layout:
    """Return the layout of a map of one position: signed core codes, whole words."""
    count = prod(tensor.shape)
    return Layout(VECTOR, tensor.shape, count, count, 1, aligned(count, 4), None, signed=True, zero=tensor.zero_point)


def network_input(graph: Graph) -> Layout:
    """Return the layout of the network's input: signed core codes, without gaps."""
    rows, columns, channels = graph.layers[0].input.shape
    layout = pixels(graph.layers[0].input, channels)
    return replace(layout, signed=True, lowest=0, zero=graph.layers[0].input.zero_point, size=rows * columns * channels)


def _stored(layout: Layout, tensor: Tensor) -> Layout:
    return replace(layout, lowest=tensor.low, zero=tensor.zero_point - tensor.low)


def pixel_bytes(channels: int, multiple: int = 4) -> int:
    """Return the bytes from one position to the next, channels last.

    An odd number of words: neighbouring positions then begin in different banks of L1 (1.4 % of a pointwise layer).

    Parameters
    ----------
    channels : int
    multiple : int
        Channels that are written at a time: a position has room for whole multiples.
    """
    words = -(-aligned(channels, multiple) // 4)
    return 4 * (words + 1 - words % 2)


def sources(graph: Graph, index: int) -> tuple[int, ...]:
    """Return the layers whose outputs a layer reads; -1 stands for the network's input."""
    return graph.layers[index].reads


def readers(graph: Graph, index: int) -> tuple[int, ...]:
    """Return the layers that read the output of a layer."""
    return graph.readers[index]


def is_vector(layer: Layer) -> bool:
    """Say whether a layer's output is one position."""
    return layer.output.shape[:2] == (1, 1)
