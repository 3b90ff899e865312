"""The operands and options of a ``.tflite`` file's operators: activations, weights, biases, windows, clamps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer.flatbuffer import RawOperator, RawTensor
from kwslib.integer.graph import UINT8_SHIFT, Tensor

EIGHT_BIT = ("int8", "uint8")
ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 5: "SIGN_BIT"}
ACTIVATION_SUFFIX = {"NONE": "", "RELU": "_Relu", "RELU6": "_Relu6"}
SAME, VALID = 0, 1  # the schema's Padding
LARGEST_KERNEL = 16  # a window may be this large on any map, however small; the family's largest has ten rows
LARGEST_MAP = 1 << 21  # codes of an activation; large's biggest map has 541 thousand
LARGEST_IDLE_STRIDE = 2  # the stride where only one position is left, which then means nothing

Padding = tuple[int, int, int, int]
"""Rows and columns of zero points around a map: top, bottom, left, right."""
NONE: Padding = (0, 0, 0, 0)

Constants = Sequence[RawTensor | None]
"""The operands behind the data input; None where one is left out."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights as int8 core codes, the core code of weight 0, and one scale or one for each channel (float32)."""

    codes: np.ndarray
    zero_point: int
    scale: np.ndarray


@dataclass(frozen=True)
class Activation:
    """A fused activation: its name in the schema, and the lowest and highest output code that it leaves."""

    name: str
    clamp: tuple[int, int] = (-128, 127)

    @property
    def is_relu(self) -> bool:
        """Whether there is one at all: those that are known are all rectifiers."""
        return self.name != "NONE"


@dataclass(frozen=True)
class Window:
    """A sliding window: kernel and stride (rows, columns), padding (top, bottom, left, right)."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: Padding = NONE


@dataclass(frozen=True, eq=False)
class Step:
    """An operator with the tensors that it reads and writes.

    Attributes
    ----------
    operator : RawOperator
    source, target : Tensor
        `source` without `padding`, which a PAD operator put around it.
    constants : sequence of RawTensor or None
        The operands behind the data input.
    second : Tensor or None
        The other data input of an addition, the earlier one.
    """

    operator: RawOperator
    source: Tensor
    target: Tensor
    constants: Constants = ()
    padding: Padding = NONE
    second: Tensor | None = None

    def target_of(self, low: int, high: int) -> Tensor:
        """The target, with the lowest and highest core code that can occur in it."""
        return replace(self.target, low=low, high=high)


@dataclass(frozen=True)
class Padded:
    """What a PAD operator makes: a map, and zero points around it."""

    tensor: Tensor
    padding: Padding


def activation(where: str, raw: RawTensor) -> Tensor:
    """The tensor between two operators that a file describes, which must be 8-bit and of one clip."""
    if raw.dtype not in EIGHT_BIT:
        raise ModelError(
            f"{where}, tensor {raw.index} ('{raw.name}'), is {raw.dtype}: the network is not fully 8-bit; "
            "convert it with full integer quantisation"
        )
    if raw.scale.size != 1:
        raise ModelError(f"{where}, tensor {raw.index} ('{raw.name}'), has {raw.scale.size} scales instead of one")
    zero_point = zero_code(where, raw)
    if raw.shape[:1] not in ((), (1,)):
        raise ModelError(
            f"{where}, tensor {raw.index}, has a batch of {raw.shape[0]}; convert the network for one clip"
        )
    inner = raw.shape[1:]
    if len(inner) > 3:
        raise ModelError(
            f"{where}, tensor {raw.index}, has {len(raw.shape)} dimensions, {raw.shape}; at most 4 are known"
        )
    rows, columns, channels = (*inner, 1) if len(inner) == 2 else (1,) * (3 - len(inner)) + inner
    if rows * columns * channels > LARGEST_MAP:
        raise ModelError(
            f"{where}, tensor {raw.index}, is a map of {rows} x {columns} x {channels} codes; "
            f"a keyword spotter's has at most {LARGEST_MAP}"
        )
    return Tensor((rows, columns, channels), raw.dtype, float(raw.scale[0]), zero_point)


def zero_code(where: str, raw: RawTensor) -> int:
    """Zero point of a tensor, as a core code."""
    lowest = 0 if raw.dtype == "uint8" else -128
    values = set(raw.zero_point.tolist())
    if len(values) != 1 or not lowest <= min(values) <= lowest + 255:
        raise ModelError(f"{where}, tensor {raw.index}, has the zero point {sorted(values)}, not of {raw.dtype}")
    return values.pop() - (UINT8_SHIFT if raw.dtype == "uint8" else 0)


def option(operator: RawOperator, number: int, kind: str, default: Any = 0) -> Any:
    """An option of an operator by its field number in the schema."""
    return operator.options.number(number, kind, default) if operator.options else default


def activation_of(operator: RawOperator, number: int, output: Tensor) -> Activation:
    """The fused activation, by the field number of that option."""
    code = option(operator, number, "int8")
    name = ACTIVATIONS.get(code, f"activation {code}")
    if name not in ACTIVATION_SUFFIX:
        raise ModelError(f"{operator} has the fused activation {name}; known are NONE, RELU and RELU6")
    return Activation(name, rectified(name, output))


def rectified(name: str, output: Tensor) -> tuple[int, int]:
    """Lowest and highest core code behind an activation, NONE, RELU or RELU6."""
    low, high = -128, 127
    if name != "NONE":
        low = output.zero_point
    if name == "RELU6":
        high = min(high, output.zero_point + _six(output.scale))
    return low, high


def _six(scale: float) -> int:
    """How many codes 6 lies above 0, at most 255: TFLite divides in float32 and rounds half away from zero."""
    with np.errstate(over="ignore"):  # of a tiny scale it is infinite
        return int(np.minimum(np.floor(np.float32(6) / np.float32(scale) + np.float32(0.5)), 255))


def windows(step: Step, numbers: dict[str, int], kernel: tuple[int, int]) -> Window:
    """A sliding window with its explicit padding, checked against the output shape in the file."""
    operator, source, target = step.operator, step.source, step.target
    stride = (option(operator, numbers["stride_rows"], "int32"), option(operator, numbers["stride_columns"], "int32"))
    if "dilation_rows" in numbers:
        dilation = tuple(option(operator, numbers[key], "int32", 1) for key in ("dilation_rows", "dilation_columns"))
        if dilation != (1, 1):
            raise ModelError(f"{operator} has the dilation {dilation}; only (1, 1) is known")
    scheme = option(operator, numbers["padding"], "int8")
    if scheme not in (SAME, VALID):
        raise ModelError(f"{operator} has the padding scheme {scheme}; known are SAME and VALID")
    if min(*stride, *kernel) < 1:
        raise ModelError(f"{operator} has the kernel {kernel} and the stride {stride}; both must be positive")
    pads: list[int] = []
    extents: list[int] = []
    for axis, (inner, taps, jump) in enumerate(zip(source.shape, kernel, stride, strict=False)):
        before, after = step.padding[2 * axis : 2 * axis + 2]
        extent = before + inner + after
        if taps > max(extent, LARGEST_KERNEL):
            raise ModelError(f"{operator} has the window {kernel}, larger than its input {source.shape[:2]}")
        if jump > max(extent, taps, LARGEST_IDLE_STRIDE):
            raise ModelError(f"{operator} has the stride {stride}, larger than its input {source.shape[:2]}")
        out = -(-extent // jump) if scheme == SAME else (extent - taps) // jump + 1
        reach = (out - 1) * jump + taps
        if scheme == SAME:
            before += max(reach - extent, 0) // 2
        after = max(reach - inner - before, 0)  # what no window reaches of a PAD is left out
        if max(before, after) >= taps:
            raise ModelError(f"{operator} has windows that lie in the padding of a PAD operator, outside of its input")
        pads += [before, after]
        extents.append(out)
    if tuple(extents) != target.shape[:2]:
        raise ModelError(f"{operator} gives {tuple(extents)} rows and columns, but the file says {target.shape[:2]}")
    top, bottom, left, right = pads
    return Window(kernel, stride, (top, bottom, left, right))


def same_quantisation(operator: RawOperator, source: Tensor, target: Tensor) -> None:
    """Refuse an operator that moves codes but says that they mean something else behind it."""
    if (source.dtype, source.scale, source.zero_point) != (target.dtype, target.scale, target.zero_point):
        raise ModelError(f"{operator} changes the quantisation of its input, which TFLite does not allow")


def constant(operator: RawOperator, what: str, raw: RawTensor | None, dtypes: Collection[str]) -> np.ndarray:
    """The content of a constant operand, which must be there and of one of the types."""
    if raw is None or raw.data is None:
        raise ModelError(f"{operator} has no constant {what}")
    if raw.dtype not in dtypes:
        raise ModelError(f"{operator} has {what} of {raw.dtype} instead of {' or '.join(dtypes)}: not fully 8-bit")
    return raw.data


def weights(operator: RawOperator, constants: Constants, source: Tensor, dimension: int, dimensions: int) -> Weights:
    """The weights operand, whose channels lie along one dimension."""
    raw = constants[0] if constants else None
    data = constant(operator, "weights", raw, (source.dtype,))
    assert raw is not None
    if len(raw.shape) != dimensions:
        raise ModelError(f"{operator} has weights of shape {raw.shape}; {dimensions} dimensions are needed")
    channels = raw.shape[dimension]
    if raw.scale.size not in (1, channels) or (raw.scale.size > 1 and raw.dimension != dimension):
        raise ModelError(f"{operator} has {raw.scale.size} weight scales for {channels} channels")
    zero_point = zero_code(f"{operator}'s weights", raw)
    if raw.dtype == "int8" and zero_point:
        raise ModelError(f"{operator} has int8 weights with the zero point {zero_point} instead of 0")
    if raw.dtype == "uint8" and raw.scale.size > 1:
        raise ModelError(f"{operator} has uint8 weights with a scale for each channel, which no kernel computes")
    codes = (data ^ np.uint8(128)).view(np.int8) if raw.dtype == "uint8" else data.astype(np.int8)
    return Weights(codes, zero_point, raw.scale)


def bias(operator: RawOperator, constants: Constants, channels: int) -> np.ndarray:
    """The biases, zeros where the operator has none."""
    if len(constants) < 2 or constants[1] is None:
        return np.zeros(channels, np.int32)
    data = constant(operator, "bias", constants[1], ("int32",))
    if data.size != channels:
        raise ModelError(f"{operator} has {data.size} biases for {channels} channels")
    return data.reshape(channels).astype(np.int32)
