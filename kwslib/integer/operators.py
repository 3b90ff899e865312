"""Each operator of a ``.tflite`` file as a layer of the integer graph: those with weights, and the list of all."""

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer import elementwise, operands, pools, scaling
from kwslib.integer.flatbuffer import RawOperator
from kwslib.integer.graph import Layer, Tensor
from kwslib.integer.operands import Activation, Padded, Step, Weights, Window

LARGEST_ACCUMULATOR = (1 << 31) - 1


def _weighted(
    step: Step,
    kind: str,
    text: str,
    weights: Weights,
    activation: Activation,
    window: Window = Window(),  # noqa: B008 - frozen
    multiplier: int = 1,
) -> Layer:
    """A layer with weights, whose accumulators are proved to fit 32 bits."""
    operator, codes = step.operator, weights.codes
    channels = codes.shape[0]
    outputs = prod(step.target.shape)
    macs = outputs * codes[0].size
    factors = scaling.of_accumulators(
        operator, kind, step.source, weights.scale, step.target, channels, activation.is_relu
    )
    bias = operands.bias(operator, step.constants, channels)
    layer = Layer(
        name=text + operands.ACTIVATION_SUFFIX[activation.name],
        kind=kind,
        operator=operator.index,
        tensor=operator.outputs[0],
        input=step.source,
        output=step.target_of(*activation.clamp),
        kernel=window.kernel,
        stride=window.stride,
        padding=window.padding,
        weights=codes,
        weight_zero_point=weights.zero_point,
        bias=bias,
        requantisation=factors,
        clamp=activation.clamp,
        multiplier=multiplier,
        relu=activation.is_relu,
        macs=macs,
        operations=macs if kind in ("pointwise", "linear") else macs + outputs,
        parameters=codes.size + channels,
    )
    reach = np.abs(layer.centred_weights.reshape(channels, -1)).sum(axis=1, dtype=np.int64) * 255
    reach = (reach + np.abs(bias.astype(np.int64))) << np.maximum(factors.shift, 0)
    if reach.max() > LARGEST_ACCUMULATOR:
        raise ModelError(f"{operator}: the accumulator of channel {reach.argmax()} can leave 32 bits")
    return layer


CONVOLUTION = {"padding": 0, "stride_columns": 1, "stride_rows": 2, "dilation_columns": 4, "dilation_rows": 5}
DEPTHWISE = {"padding": 0, "stride_columns": 1, "stride_rows": 2, "dilation_columns": 5, "dilation_rows": 6}


def _convolution(step: Step) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    weights = operands.weights(operator, step.constants, source, 0, 4)
    outputs, rows, columns, inputs = weights.codes.shape
    if inputs != source.shape[2] or outputs != target.shape[2]:
        raise _misfit(operator, weights, source, target)
    window = operands.windows(step, CONVOLUTION, (rows, columns))
    kind = "convolution"
    if window.kernel == window.stride == (1, 1):
        kind, weights = "pointwise", replace(weights, codes=weights.codes.reshape(outputs, inputs))
    text = f"Conv2d_{outputs}x{inputs}x{rows}x{columns}"
    return _weighted(step, kind, text, weights, operands.activation_of(operator, 3, target), window)


def _depthwise(step: Step) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    weights = operands.weights(operator, step.constants, source, 3, 4)
    batch, rows, columns, outputs = weights.codes.shape
    inputs, multiplier = source.shape[2], outputs // source.shape[2]
    if batch != 1 or outputs != target.shape[2] or inputs * multiplier != outputs:
        raise _misfit(operator, weights, source, target)
    window = operands.windows(step, DEPTHWISE, (rows, columns))
    activation = operands.activation_of(operator, 4, target)
    kind, codes = "depthwise", np.ascontiguousarray(weights.codes[0].transpose(2, 0, 1))
    if inputs == 1:  # the way older converters write a convolution of one channel
        kind, codes, multiplier = "convolution", codes[..., np.newaxis], 1
    text = f"Conv2d_{outputs}x1x{rows}x{columns}"
    return _weighted(step, kind, text, replace(weights, codes=codes), activation, window, multiplier)


def _linear(step: Step) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    weights = operands.weights(operator, step.constants, source, 0, 2)
    outputs, inputs = weights.codes.shape
    if inputs != prod(source.shape) or outputs != prod(target.shape):
        raise _misfit(operator, weights, source, target)
    if operands.option(operator, 1, "int8"):
        raise ModelError(f"{operator} has shuffled weights; convert the network without them")
    rows, columns, channels = source.shape
    text = f"Linear_{outputs}x{channels}x{rows}x{columns}"
    return _weighted(step, "linear", text, weights, operands.activation_of(operator, 0, target))


def _misfit(operator: RawOperator, weights: Weights, source: Tensor, target: Tensor) -> ModelError:
    shape = weights.codes.shape
    return ModelError(f"{operator} has weights of shape {shape} between {source.shape} and {target.shape}")


TRANSLATORS: dict[str, Callable[[Step], Layer | Tensor | Padded]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "AVERAGE_POOL_2D": pools.average_pool,
    "MAX_POOL_2D": pools.max_pool,
    "MEAN": pools.mean,
    "ADD": elementwise.add,
    "RELU": elementwise.rectifier,
    "RELU6": elementwise.rectifier,
    "FULLY_CONNECTED": _linear,
    "SOFTMAX": elementwise.softmax,
    "RESHAPE": elementwise.reshape,
    "SQUEEZE": elementwise.reshape,
    "EXPAND_DIMS": elementwise.reshape,
    "PAD": elementwise.pad,
    "QUANTIZE": elementwise.requantise,
}
ENDS = ("DEQUANTIZE",)
"""Operators that stand only where the codes become floating-point numbers."""
SHAPES = ("SHAPE", "STRIDED_SLICE", "PACK")
"""Operators by which a converter computes the shape for a RESHAPE of any number of clips; for one clip it is known."""
JOINS = ("ADD",)
"""Operators that read two tensors."""
TAKE_PADDING = ("CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "PAD")
"""Operators that may follow a PAD, whose rows and columns become padding of their own."""
