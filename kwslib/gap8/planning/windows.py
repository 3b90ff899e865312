"""Windows of a convolution, gathered so that a pointwise kernel computes it (`gathers` says how).

Windows of the network's input, one channel, overlap in strips: what the outputs of a column (or of a row) see of each
input row (column) lies in a strip once, and a window is a run of it.
"""

from dataclasses import dataclass
from math import gcd

from kwslib.gap8.planning import layouts
from kwslib.gap8.planning.memory import aligned
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


@dataclass(frozen=True)
class Strips:
    """Strips that windows of one channel are runs of.

    Attributes
    ----------
    across : bool
        Whether a strip belongs to an output row, and runs along the columns; otherwise to a column, along the rows.
    taps, piece : int
        Kernel rows (or columns) of a window, and the bytes of each in a strip.
    step : int
        Bytes from one window to the next one in a strip.
    """

    across: bool
    taps: int
    piece: int
    step: int

    @classmethod
    def of(cls, layer: Layer) -> "Strips":
        """Return the strips of a layer whose windows have the fewest words."""
        found = []
        for across in (False, True):
            taps, width = layer.kernel[::-1] if across else layer.kernel
            stride = layer.stride[across]
            piece = aligned(width, max(2, 4 // gcd(4, stride)))  # whole words from one window to the next
            found.append(cls(across, taps, piece, stride * piece))
        return min(found, key=lambda strips: strips.bytes)

    @property
    def bytes(self) -> int:
        """Bytes of a window, in whole words."""
        return aligned(self.taps * self.piece, 4)

    def strip_bytes(self, windows: int) -> int:
        """Return the bytes of a strip of some windows."""
        return (windows - 1) * self.step + self.bytes
