"""How a layer looks to the kernels: its shape, the layouts of its maps, and whether assembly kernels suit it."""

from dataclasses import asdict, dataclass
from math import prod

from kwslib.gap8.kernels.kernel import Kernel
from kwslib.gap8.kernels.pointwise import POSITIONS
from kwslib.gap8.planning import weights
from kwslib.gap8.planning.builder import Builder
from kwslib.integer.graph import Layer

BLOCK = POSITIONS
"""Positions of a pointwise block (4 channels × 5 positions: 22.07 MAC/cycle, the most that registers hold)."""


@dataclass(frozen=True)
class LayerShape:
    """Members of ``struct geometry`` (firmware/network.h) that say what shape a layer has, in the C structure's order.

    Attributes
    ----------
    rows, columns, input_rows, input_columns, inputs : int
        Of the output and of the input map. A linear layer is a 1 × 1 convolution of one position.
    kernel_rows, kernel_columns, stride_rows, stride_columns, pad_top, pad_left, input_zero_point : int
    """

    rows: int
    columns: int
    input_rows: int
    input_columns: int
    kernel_rows: int
    kernel_columns: int
    stride_rows: int
    stride_columns: int
    pad_top: int
    pad_left: int
    inputs: int
    input_zero_point: int

    @classmethod
    def of(cls, layer: Layer) -> "LayerShape":
        """Return the shape of a layer."""
        rows, columns, _ = layer.output.shape
        input_rows, input_columns, inputs = layer.input.shape
        if layer.kind == "linear":
            rows = columns = input_rows = input_columns = 1
            inputs = prod(layer.input.shape)
        return cls(
            rows=rows,
            columns=columns,
            input_rows=input_rows,
            input_columns=input_columns,
            kernel_rows=layer.kernel[0],
            kernel_columns=layer.kernel[1],
            stride_rows=layer.stride[0],
            stride_columns=layer.stride[1],
            pad_top=layer.padding[0],
            pad_left=layer.padding[2],
            inputs=inputs,
            input_zero_point=layer.input.zero_point,
        )

    def members(self) -> dict[str, int]:
        """Return the C members by name."""
        return asdict(self)

    def seen_rows(self, rows: int) -> int:
        """Return how many input rows a number of neighbouring output rows can read."""
        return min((rows - 1) * self.stride_rows + self.kernel_rows, self.input_rows)

    @property
    def input_row_bytes(self) -> int:
        """Bytes of an input row, all channels."""
        return self.input_columns * self.inputs


@dataclass(frozen=True)
class PlaneLayout:
    """How the plane of one channel lies: a map with its padding.

    Attributes
    ----------
    rows : int
        Padding included.
    row_bytes : int
        From one row to the next.
    top, left : int
        Rows above, and bytes in front of, the map's row 0 and column 0.
    """

    rows: int
    row_bytes: int
    top: int = 0
    left: int = 0

    @property
    def plane_bytes(self) -> int:
        """Bytes of a plane: the next channel's follows."""
        return self.rows * self.row_bytes

    @property
    def origin(self) -> int:
        """Byte of row 0, column 0 in a plane."""
        return self.top * self.row_bytes + self.left


def pixel_bytes(channels: int) -> int:
    """Return the bytes from one position to the next, channels last.

    An odd number of words: neighbouring positions then begin in different banks of L1 (1.4 % of a pointwise layer).
    """
    words = -(-channels // 4)
    return 4 * (words + 1 - words % 2)


def suits_assembly(layer: Layer) -> bool:
    """Say whether the three-instruction requantisation of the assembly kernels is this layer's arithmetic."""
    plain = layer.output.zero_point == 0 and layer.input.zero_point == 0 and layer.clamp == (0, 127)
    return plain and weights.form(layer) == weights.SNAPPED and int(weights.requantisation(layer).n.min()) >= 1


def common_shift(layer: Layer) -> int | None:
    """Return the shift of the three-instruction requantisation, or None where the channels' shifts differ."""
    shifts = {int(shift) for shift in weights.requantisation(layer).n}
    return shifts.pop() if len(shifts) == 1 else None


def assembly(builder: Builder, kernel: Kernel | None) -> str | None:
    """Return the symbol of an assembly kernel, or None where there is none, or none for its parameters."""
    if kernel is None or kernel.refusal() is not None:
        return None
    return builder.kernel(kernel)
