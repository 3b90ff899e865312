"""How the maps of a DS-CNN lie for the kernels that read and write them, and which kernel a layer gets."""

from typing import Any

from kwslib.gap8 import kernels
from kwslib.gap8.planning import weights
from kwslib.gap8.planning.builder import Builder, scaling
from kwslib.gap8.planning.memory import aligned
from kwslib.integer.graph import Layer

BLOCK = 5  # positions of a pointwise block (4 channels × 5 positions: 22.07 MAC/cycle, the most that registers hold)
PADDED = (True, False)  # which border rows of a plane the depthwise kernels know to be padding; both: larger code


def suits_assembly(layer: Layer) -> bool:
    """Whether the three-instruction requantisation of the assembly kernels is this layer's arithmetic."""
    plain = layer.output.zero_point == 0 and layer.input.zero_point == 0 and layer.clamp == (0, 127)
    return plain and weights.form(layer) == weights.SNAPPED and int(layer.requantisation.n.min()) >= 1


class Planes:
    """How the planes lie that a depthwise layer reads, and which kernel reads them."""

    def __init__(self, layer: Layer):
        self.layer = layer
        rows, columns, _ = layer.input.shape
        out_rows, out_columns, _ = layer.output.shape
        top, _, left, _ = layer.padding
        self.rows = (out_rows - 1) * layer.stride[0] + layer.kernel[0]
        self.top, self.left, self.places = top, 0, (0,)
        self.generator = None
        self.row_bytes = aligned(columns, 4)
        fast = suits_assembly(layer) and top == 1
        if fast and layer.stride == (1, 1) and left == 1 and columns == out_columns == BLOCK:
            self.generator, self.places, self.row_bytes = "depthwise_5", (-1, 0, 1, 2), 8
        elif fast and layer.stride == (1, 1) and left == 1 and columns == out_columns and columns % 4 == 0:
            self.generator, self.places, self.row_bytes, self.left = "depthwise_4", (0, 1), columns + 4, 1
        elif fast and layer.stride == (2, 2) and left == 0 and columns == 2 * out_columns:
            if out_columns == BLOCK:
                self.generator, self.row_bytes = "depthwise_stride2_5", 12
            elif out_columns % 4 == 0:
                self.generator, self.row_bytes = "depthwise_stride2_4", columns + 4
        if columns == BLOCK and self.generator is None:
            self.row_bytes = 8
        self.rows = max(self.rows, top + rows)
        if self.generator and self.rows != top + rows + layer.padding[1]:
            self.generator = None

    @property
    def plane_bytes(self) -> int:
        return self.rows * self.row_bytes

    @property
    def origin(self) -> int:
        """Byte of row 0, column 0 in a plane."""
        return self.top * self.row_bytes + self.left

    def kernel(self, builder: Builder, pixel_bytes: int) -> str:
        """The symbol of the kernel that writes channels last, `pixel_bytes` apart."""
        rows, columns, _ = self.layer.output.shape
        parameters = {"rows": rows}
        if self.generator in ("depthwise_4", "depthwise_stride2_4"):
            parameters["columns"] = columns
        if self.generator and self.generator != "depthwise_5":
            parameters["row_bytes"] = self.row_bytes
        parameters["pixel_bytes"] = pixel_bytes
        parameters |= {"padded": PADDED, "shift": common_shift(self.layer)}
        return assembly(builder, self.generator, parameters) or "portable_depthwise"

    def geometry(self, builder: Builder, pixel_bytes: int) -> str:
        layer = self.layer
        return builder.geometry(
            **shape(layer),
            pixel_bytes=pixel_bytes,
            plane_bytes=self.plane_bytes,
            row_bytes=self.row_bytes,
            left=self.left,
            record_bytes=4 * (3 * len(self.places) + 3),
            tap_words=len(self.places),
            tap_word=self.places.index(0),
            scaling=scaling(weights.form(layer), layer.output, layer.clamp),
        )


def common_shift(layer: Layer) -> int | None:
    """The shift of the three-instruction requantisation, where it is the same for every channel."""
    shifts = {int(shift) for shift in layer.requantisation.n}
    return shifts.pop() if len(shifts) == 1 else None


def assembly(builder: Builder, generator: str | None, parameters: dict[str, Any]) -> str | None:
    """The symbol of an assembly kernel, or None where there is none for these parameters."""
    if generator is None or kernels.refusal(generator, **parameters) is not None:
        return None
    return builder.kernel(generator, **parameters)


def shape(layer: Layer) -> dict[str, int]:
    """Members of ``struct geometry`` that say what shape a layer has."""
    rows, columns, _ = layer.output.shape
    return {
        "rows": rows,
        "columns": columns,
        "input_rows": layer.input.shape[0],
        "input_columns": layer.input.shape[1],
        "kernel_rows": layer.kernel[0],
        "kernel_columns": layer.kernel[1],
        "stride_rows": layer.stride[0],
        "stride_columns": layer.stride[1],
        "pad_top": layer.padding[0],
        "pad_left": layer.padding[2],
        "inputs": layer.input.shape[2],
        "input_zero_point": layer.input.zero_point,
    }


def pixel_bytes(channels: int) -> int:
    """Bytes from one position to the next, channels last.

    An odd number of words: neighbouring positions then begin in different banks of L1 (1.4 % of a pointwise layer).
    """
    words = -(-channels // 4)
    return 4 * (words + 1 - words % 2)
