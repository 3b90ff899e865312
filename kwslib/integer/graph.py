"""The integer graph: an 8-bit DS-CNN as layers in order, read from any ``.tflite`` file of the family.

Each layer reads the output of one layer before it, usually of the last one; a residual addition reads two.

All activations and weights of the graph are int8 "core codes". A uint8 tensor of the file is shifted by 128, code and
zero point alike, which changes no value; quantise operators at the ends that do only this shift disappear, and so do
reshapes. What is left is what a machine has to compute.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

import numpy as np

from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError
from kwslib.integer.requantisation import Bounds, Requantisation, bounds

NETWORK_INPUT = -1  # where the index of a layer stands: the network's own input
UINT8_SHIFT = 128  # core code = uint8 code - 128
SOFTMAX_BITS = 20  # 12 classes · 2^20 · 2^8 stays below 2^32


@dataclass(frozen=True)
class Tensor:
    """An activation between two layers.

    Attributes
    ----------
    shape : tuple of int
        (rows, columns, channels), without the batch.
    dtype : str
        Type in the file, ``int8`` or ``uint8``; core codes are int8 always.
    scale : float
        A float32 value.
    zero_point, low, high : int
        Core codes: the one that means 0, and the lowest and highest that can occur.
    """

    shape: tuple[int, int, int]
    dtype: str
    scale: float
    zero_point: int
    low: int = -128
    high: int = 127

    @property
    def offset(self) -> int:
        """What the file's codes exceed core codes by: 128 for uint8."""
        return UINT8_SHIFT if self.dtype == "uint8" else 0

    @property
    def file_zero_point(self) -> int:
        """The zero point as it stands in the file."""
        return self.zero_point + self.offset

    def to_core(self, codes: np.ndarray) -> np.ndarray:
        """The file's codes as int8 core codes."""
        return (codes ^ np.uint8(128)).view(np.int8) if self.dtype == "uint8" else codes

    def from_core(self, codes: np.ndarray) -> np.ndarray:
        """int8 core codes as the file's codes."""
        return codes.view(np.uint8) ^ np.uint8(128) if self.dtype == "uint8" else codes


@dataclass(frozen=True, eq=False)
class Span:
    """Lowest and highest accumulator of each channel, int64 (channels,)."""

    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Attributes
    ----------
    name : str
        In the baseline's format, e.g. ``S2_Conv2d_64x1x3x3_Relu``.
    kind : str
        ``convolution``, ``depthwise``, ``pointwise``, ``average_pool``, ``max_pool``, ``add``, ``linear``, ``softmax``
        or ``requantise``.
    operator, tensor : int
        Index of the file's operator and of its output tensor.
    input, output : Tensor
    source : int
        Index in the graph of the layer whose output is the input; `NETWORK_INPUT` (-1) for the network's own.
    second : int or None
        Of an add: index of the layer whose output is the second operand, -1 as above. Never after `source`.
    second_input : Tensor or None
        Of an add: the second operand, with a quantisation of its own.
    kernel, stride : (int, int)
        Rows and columns; (1, 1) where they mean nothing.
    padding : (int, int, int, int)
        Top, bottom, left, right, filled with the input zero point (not counted at all by a pool).
    weights : ndarray, int8, or None
        convolution (outputs, rows, columns, inputs); depthwise (outputs, rows, columns), where output o reads input
        o // multiplier; pointwise and linear (outputs, inputs), inputs in row, column, channel order.
    weight_zero_point : int
        Core code of weight 0; not zero only in uint8 files.
    bias : ndarray, int32 (outputs,), or None
        In units of s_in · s_w, as in the file: the zero points are not folded in.
    requantisation : Requantisation or None
        Of every layer with weights and of an add, which requantises the sum of its two table entries; of a pool only if
        it is a MEAN, which scales its sum.
    clamp : (int, int)
        Lowest and highest output core code.
    multiplier : int
        Depth multiplier of a depthwise layer.
    relu : bool
    halves_up : bool
        How a pool without requantisation rounds its mean code: half up (uint8) or half away from core code 0 (int8).
    table : ndarray or None
        requantise: int8 (256,), output code by input code + 128. softmax: int32 (256,), round(2^20 · e^-x) by how many
        codes a class lies below the largest.
    tables : (ndarray, ndarray) or None
        Of an add: for input and second input, int32 (256,), the operand on the common scale by core code + 128.
    macs, operations, parameters : int
        Multiply-accumulates; the baseline's count of operations; weights and biases.
    """

    name: str
    kind: str
    operator: int
    tensor: int
    input: Tensor
    output: Tensor
    source: int = NETWORK_INPUT
    second: int | None = None
    second_input: Tensor | None = None
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    weights: np.ndarray | None = field(default=None, repr=False)
    weight_zero_point: int = 0
    bias: np.ndarray | None = field(default=None, repr=False)
    requantisation: Requantisation | None = field(default=None, repr=False)
    clamp: tuple[int, int] = (-128, 127)
    multiplier: int = 1
    relu: bool = False
    halves_up: bool = False
    table: np.ndarray | None = field(default=None, repr=False)
    tables: tuple[np.ndarray, np.ndarray] | None = field(default=None, repr=False)
    macs: int = 0
    operations: int = 0
    parameters: int = 0

    @property
    def snapped(self) -> bool:
        """Whether the layer requantises by ``(acc * q + 2**(n - 1)) >> n``."""
        return self.requantisation is not None and self.requantisation.snapped

    @property
    def reads(self) -> tuple[int, ...]:
        """Indices of the layers that it reads: the source, and the second operand of an add."""
        return (self.source,) if self.second is None else (self.source, self.second)

    def code_of(self, accumulators: np.ndarray) -> np.ndarray:
        """The output code of an accumulator: requantised, moved by the output zero point, clamped.

        Parameters
        ----------
        accumulators : ndarray (..., channels)
            Integers of any dtype: sum(code · centred weight) + folded bias; of a MEAN the sum of the codes less their
            zero points; of an add the sum of its two table entries.

        Returns
        -------
        ndarray, int64, of the same shape
            Core codes.
        """
        assert self.requantisation is not None
        codes = self.requantisation.apply(accumulators).astype(np.int64, copy=False)
        codes += self.output.zero_point
        return np.clip(codes, *self.clamp, out=codes)

    @cached_property
    def centred_weights(self) -> np.ndarray:
        """Weights without their zero point, int16; of a layer that has some."""
        assert self.weights is not None
        return self.weights.astype(np.int16) - np.int16(self.weight_zero_point)

    @cached_property
    def folded_bias(self) -> np.ndarray:
        """Bias with the input zero point folded in, int32: sum(code · centred weight) + folded bias = accumulator."""
        assert self.bias is not None
        sums = self.centred_weights.reshape(len(self.bias), -1).sum(axis=1, dtype=np.int64)
        return (self.bias - self.input.zero_point * sums).astype(np.int32)

    @cached_property
    def span(self) -> Span:
        """What `code_of` can be asked for: the accumulators that the input's codes can give, bias included."""
        channels = self.output.shape[2]
        if self.tables is not None:
            assert self.second_input is not None
            operands = zip(self.tables, (self.input, self.second_input), strict=True)
            parts = [table[tensor.low + 128 : tensor.high + 129].astype(np.int64) for table, tensor in operands]
            low, high = sum(part.min() for part in parts), sum(part.max() for part in parts)
            return Span(np.full(channels, low), np.full(channels, high))
        zero_point = self.input.zero_point
        lowest, highest = min(self.input.low - zero_point, 0), max(self.input.high - zero_point, 0)
        if self.weights is None or self.bias is None:
            return Span(*(np.full(channels, prod(self.kernel) * value) for value in (lowest, highest)))
        flat = self.centred_weights.reshape(len(self.bias), -1).astype(np.int64)
        products = np.stack([flat * lowest, flat * highest])
        return Span(*(limits.sum(axis=1) + self.bias for limits in (products.min(axis=0), products.max(axis=0))))

    @cached_property
    def bounds(self) -> Bounds:
        """Bounds of the accumulator, which prove that the snapped form cannot wrap."""
        assert self.requantisation is not None
        zero_point = self.input.zero_point
        codes = min(self.input.low, zero_point), max(self.input.high, zero_point)
        return bounds(self.centred_weights, self.folded_bias, codes, self.requantisation)


@dataclass(frozen=True, eq=False)
class Graph:
    """An 8-bit network.

    Attributes
    ----------
    name : str
    input, output : Tensor
        As the file's user meets them: of the file's type, before the leading and after the trailing operators that
        only shift codes.
    layers : tuple of Layer
        In an order in which each reads only earlier ones; the last one's output is the network's.
    float_ends : bool
        Whether the file's own input or output is float32 (converters' default); the graph begins and ends at the codes.
    front_end : FrontEnd or None
        What computes the input codes from a second of sound, as part of the program; None: the input is codes. Of kind
        ``integer``, with the scale of the input.
    """

    name: str
    input: Tensor
    output: Tensor
    layers: tuple[Layer, ...]
    float_ends: bool = False
    front_end: FrontEnd | None = None

    def with_front_end(self, front_end: FrontEnd) -> "Graph":
        """Return the graph with the integer form of a front end in front of it.

        Raises
        ------
        InputError
            If the front end has no integer form, or makes other fingerprints than the network reads.
        """
        if prod(front_end.shape) != prod(self.input.shape):
            raise InputError(f"{self.name} reads {self.input.shape}; front end {front_end.key} makes {front_end.shape}")
        return replace(self, front_end=replace(front_end.integer_form, scale=self.input.scale))

    @property
    def logits(self) -> int:
        """Index of the layer whose codes decide: the linear one at the end, or else the last before a softmax."""
        last = len(self.layers) - 1
        while last > 0 and self.layers[last].kind == "softmax":
            last = self.layers[last].source
        linear = last
        while linear > 0 and self.layers[linear].kind == "requantise":
            linear = self.layers[linear].source
        return linear if self.layers[linear].kind == "linear" else last

    @property
    def is_chain(self) -> bool:
        """Whether every layer reads the one before it and nothing else."""
        return all(layer.reads == (index - 1,) for index, layer in enumerate(self.layers))

    @cached_property
    def last_reader(self) -> dict[int, int]:
        """Index of the last layer that reads a layer's output, by the index of that layer (-1: the network's input)."""
        return {read: index for index, layer in enumerate(self.layers) for read in layer.reads}

    @cached_property
    def readers(self) -> dict[int, tuple[int, ...]]:
        """Indices of the layers that read a layer's output, by the index of that layer (-1: the network's input)."""
        places = range(NETWORK_INPUT, len(self.layers))
        return {at: tuple(index for index, layer in enumerate(self.layers) if at in layer.reads) for at in places}

    @property
    def snapped(self) -> bool:
        """Whether every layer with weights has the snapped form."""
        return all(layer.snapped for layer in self.layers if layer.weights is not None)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    @property
    def operations(self) -> int:
        """The baseline's operations of one inference."""
        return sum(layer.operations for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def classes(self) -> int:
        """Number of outputs."""
        return prod(self.output.shape)
