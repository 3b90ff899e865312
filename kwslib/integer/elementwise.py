"""Operators of a ``.tflite`` file that take code by code: additions, rectifiers, QUANTIZE, softmax, and mere moves."""

from dataclasses import replace
from math import prod

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer import operands, requantisation, scaling
from kwslib.integer.graph import SOFTMAX_BITS, Layer, Tensor
from kwslib.integer.operands import Padded, Step

LARGEST_CLASSES = 4096  # of a softmax, so that its sums stay below 2^32
ADD_BITS = 20  # by which TFLite shifts the operands of an 8-bit addition up before it scales them
ALL_CODES = np.arange(-128, 128, dtype=np.int64)


def add(step: Step) -> Layer:
    """ADD of two maps of one shape, each on its own scale.

    TFLite's reference kernel shifts both operands up by 20 bits, brings them to twice the larger scale, adds, and
    requantises the sum; every product rounds twice, as a convolution's. What becomes of an operand depends on its code
    alone, so it is a table.
    """
    operator, source, second, target = step.operator, step.source, step.second, step.target
    assert second is not None  # the translation finds both operands
    if not source.shape == second.shape == target.shape:
        raise ModelError(f"{operator} adds {second.shape} to {source.shape}; only maps of one shape are added")
    if not source.dtype == second.dtype == target.dtype:
        raise ModelError(f"{operator} adds {second.dtype} to {source.dtype} and writes {target.dtype}")
    activation = operands.activation_of(operator, 0, target)
    scales = [np.float64(np.float32(tensor.scale)) for tensor in (source, second)]
    common = 2 * max(scales)
    tables = []
    for tensor, scale in zip((source, second), scales, strict=True):
        form = scaling.exact(operator, "an operand", np.array(scale / common))
        scaled = requantisation.multiply((ALL_CODES - tensor.zero_point) << ADD_BITS, form.multiplier, form.shift)
        tables.append(scaled.astype(np.int32))
    factor = common / (2.0**ADD_BITS * np.float64(np.float32(target.scale)))
    form = scaling.exact(operator, "its sum", np.array(factor), largest_shift=0)
    return Layer(
        name="Add" + operands.ACTIVATION_SUFFIX[activation.name],
        kind="add",
        operator=operator.index,
        tensor=operator.outputs[0],
        input=source,
        output=step.target_of(*activation.clamp),
        second_input=second,
        requantisation=scaling.spread(form, target.shape[2]),
        clamp=activation.clamp,
        relu=activation.is_relu,
        tables=(tables[0], tables[1]),
        operations=prod(target.shape),
    )


def softmax(step: Step) -> Layer:
    """SOFTMAX over one row of classes."""
    operator, source, target = step.operator, step.source, step.target
    if target.scale != 1 / 256 or target.zero_point != -128 or source.shape != target.shape:
        raise ModelError(f"{operator} must write codes of scale 1/256 from 0 up, of the shape of its input")
    if source.shape[:2] != (1, 1) or source.shape[2] > LARGEST_CLASSES:
        raise ModelError(f"{operator} over {source.shape}; only one row of classes is known")
    beta = operands.option(operator, 0, "float32", 0.0)
    if not (np.isfinite(beta) and 0 < beta <= 100):
        raise ModelError(f"{operator} has the beta {beta}; a positive one is needed")
    below = np.arange(256) * (float(beta) * source.scale)
    table = np.rint(np.exp(-below) * (1 << SOFTMAX_BITS)).astype(np.int32)
    return Layer(
        "SoftMax",
        "softmax",
        operator.index,
        operator.outputs[0],
        source,
        target,
        table=table,
        operations=prod(target.shape),
    )


def reshape(step: Step) -> Tensor:
    """RESHAPE, which costs nothing."""
    operator, source, target = step.operator, step.source, step.target
    if prod(source.shape) != prod(target.shape):
        raise ModelError(f"{operator} turns {source.shape} into {target.shape}")
    operands.same_quantisation(operator, source, target)
    return replace(source, shape=target.shape)


def pad(step: Step) -> Padded:
    """PAD of rows and columns with the zero point, which the layer behind it takes over."""
    operator, source, target = step.operator, step.source, step.target
    data = operands.constant(operator, "paddings", step.constants[0] if step.constants else None, ("int32", "int64"))
    if data.shape != (4, 2) or data.min() < 0 or data[[0, 3]].any():
        raise ModelError(f"{operator} pads by {data.tolist()}; only rows and columns of a map are padded")
    inner = zip(data[1:3].ravel().tolist(), step.padding, strict=True)  # a PAD may follow a PAD
    top, bottom, left, right = (now + before for now, before in inner)
    rows, columns, channels = source.shape
    if target.shape != (rows + top + bottom, columns + left + right, channels):
        raise ModelError(f"{operator} turns {source.shape} into {target.shape}")
    operands.same_quantisation(operator, source, target)
    return Padded(source, (top, bottom, left, right))


def requantise(step: Step) -> Layer | Tensor:
    """QUANTIZE from one 8-bit scale to another, a table; nothing at all if only the type changes."""
    source, target = step.source, step.target
    if source.shape == target.shape and (source.scale, source.zero_point) == (target.scale, target.zero_point):
        return replace(target, low=source.low, high=source.high)  # int8 <-> uint8: the same core codes
    return _table(step, "Requantise", scaling.ratio(source, target), (-128, 127))


def rectifier(step: Step) -> Layer:
    """RELU or RELU6 as an operator of its own, a table; TFLite divides its scales in float32."""
    operator, source, target = step.operator, step.source, step.target
    with np.errstate(over="ignore", under="ignore"):
        factor = np.float32(source.scale) / np.float32(target.scale)
    if source.dtype != target.dtype:
        raise ModelError(f"{operator} turns {source.dtype} into {target.dtype}")
    return _table(step, operator.name.capitalize(), float(factor), operands.rectified(operator.name, target))


def _table(step: Step, name: str, factor: float, clamp: tuple[int, int]) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    if source.shape != target.shape:
        raise ModelError(f"{operator} turns {source.shape} into {target.shape}")
    form = scaling.exact(operator, "its input", np.array(factor))
    codes = requantisation.multiply(ALL_CODES - source.zero_point, form.multiplier, form.shift) + target.zero_point
    table = np.clip(codes, *clamp).astype(np.int8)
    reached = table[source.low + 128 : source.high + 129]
    return Layer(
        name,
        "requantise",
        operator.index,
        operator.outputs[0],
        source,
        step.target_of(int(reached.min()), int(reached.max())),
        table=table,
        operations=prod(target.shape),
    )
