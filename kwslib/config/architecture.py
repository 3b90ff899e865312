"""A DS-CNN as data: its blocks, and the layer table that follows from them."""

from dataclasses import dataclass
from math import prod
from typing import Any

from kwslib.config.front_end import INPUT_SCALE, FrontEnd
from kwslib.config.words import LABELS

Pair = tuple[int, int]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """One row of the layer table.

    `operations` is the baseline's count (convolution and depthwise out·(taps·inputs + 1), pointwise MACs alone,
    pooling out·window, linear in·out, softmax out); `parameters` has batch norm folded.
    Shapes are (rows, columns, channels); kernel and stride are (rows, columns).
    """

    name: str
    kind: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    macs: int
    parameters: int
    operations: int


@dataclass(frozen=True)
class Block:
    """One entry of ``--model_size_info``: channels, kernel (rows, columns) and stride (rows, columns)."""

    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True)
class Architecture:
    """A DS-CNN: a first convolution, then depthwise + pointwise pairs, average pool, linear, softmax.

    Attributes
    ----------
    name : str
    model_size_info : tuple of int
        The baseline's ``--model_size_info``: number of blocks, then five numbers a block.
    window_ms, stride_ms, coefficients : int
        The fingerprint: analysis window and its stride in milliseconds, MFCC kept.
    classes : int
        Outputs: silence, other sounds, and the words.
    """

    name: str
    model_size_info: tuple[int, ...]
    window_ms: int
    stride_ms: int
    coefficients: int
    classes: int = len(LABELS)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The first convolution and the depthwise-separable blocks."""
        count, *numbers = self.model_size_info
        rows = [numbers[i : i + 5] for i in range(0, 5 * count, 5)]
        return tuple(Block(c, (height, width), (down, across)) for c, height, width, down, across in rows)

    def front_end(self, kind: str = "magnitude", scale: float = INPUT_SCALE, **more: Any) -> FrontEnd:
        """The front end of this size, of the given kind, scale of the codes, and any other field of `FrontEnd`."""
        return FrontEnd(kind, self.window_ms, self.stride_ms, self.coefficients, scale, **more)

    @property
    def input_shape(self) -> tuple[int, int]:
        """Shape of the fingerprint: (frames, coefficients), whatever the other settings of the front end are."""
        return FrontEnd("magnitude", self.window_ms, self.stride_ms, 1).frames, self.coefficients

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layer table, derived; names as the baseline prints them."""
        frames, coefficients = self.input_shape
        shape = (frames, coefficients, 1)
        table: list[Layer] = []

        def add(kind: str, text: str, kernel: Pair, stride: Pair, out_shape: Shape, *counts: int) -> None:
            nonlocal shape
            name = f"S{len(table) + 1}_{text}"
            table.append(Layer(name, kind, kernel, stride, shape, out_shape, *counts))
            shape = out_shape

        first, *separable = self.blocks
        for position, block in enumerate([first, *separable]):
            taps, channels = prod(block.kernel), block.channels
            rows, columns = (-(-shape[i] // block.stride[i]) for i in (0, 1))
            out = (rows, columns, channels)
            kind = "depthwise" if position else "convolution"
            text = f"Conv2d_{channels}x1x{block.kernel[0]}x{block.kernel[1]}_Relu"
            macs = prod(out) * taps
            add(kind, text, block.kernel, block.stride, out, macs, channels * (taps + 1), macs + prod(out))
            if position:
                macs = prod(out) * channels
                text = f"Conv2d_{channels}x{channels}x1x1_Relu"
                add("pointwise", text, (1, 1), (1, 1), out, macs, channels * (channels + 1), macs)
        rows, columns, channels = shape
        text = f"AveragePool_{rows}x{columns}"
        add("average_pool", text, (rows, columns), (1, 1), (1, 1, channels), 0, 0, prod(shape))
        classes = self.classes
        macs = channels * classes
        text = f"Linear_{classes}x{channels}x1x1"
        add("linear", text, (1, 1), (1, 1), (1, 1, classes), macs, macs + classes, macs)
        add("softmax", "SoftMax", (1, 1), (1, 1), (1, 1, classes), 0, 0, classes)
        return tuple(table)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases, batch norm folded."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def operations(self) -> int:
        """The baseline's Operations of one inference."""
        return sum(layer.operations for layer in self.layers)
