"""Pooling operators of a ``.tflite`` file as layers: AVERAGE_POOL_2D, MEAN, MAX_POOL_2D."""

from math import prod

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer import operands, requantisation, scaling
from kwslib.integer.graph import Layer
from kwslib.integer.operands import Activation, Step, Window

POOL = {"padding": 0, "stride_columns": 1, "stride_rows": 2}


def average_pool(step: Step) -> Layer:
    """AVERAGE_POOL_2D; padding does not count."""
    operands.same_quantisation(step.operator, step.source, step.target)
    return _layer(step, "average_pool", _window(step), operands.activation_of(step.operator, 5, step.target))


def max_pool(step: Step) -> Layer:
    """MAX_POOL_2D; padding does not count, and is the least code anyway where a PAD operator made it."""
    operator, source, target = step.operator, step.source, step.target
    operands.same_quantisation(operator, source, target)
    if any(step.padding) and source.low < source.zero_point:
        raise ModelError(f"{operator} takes the largest of padded values that can be negative; only behind a ReLU")
    return _layer(step, "max_pool", _window(step), operands.activation_of(operator, 5, target))


def mean(step: Step) -> Layer:
    """MEAN over rows and columns."""
    operator, source, target = step.operator, step.source, step.target
    data = operands.constant(operator, "axes", step.constants[0] if step.constants else None, ("int32",))
    axes = {int(axis) % 4 for axis in data.ravel() if -4 <= axis < 4}
    if axes != {1, 2} or data.size != 2:
        raise ModelError(f"{operator} takes the mean over the axes {data.tolist()}; only rows and columns are known")
    rows, columns, channels = source.shape
    factor = scaling.ratio(source, target)
    scaling.exact(operator, "its input", np.array(factor))  # only to refuse what vanishes or is too large
    form = requantisation.mean(factor, rows * columns, channels)
    return _layer(step, "average_pool", Window((rows, columns)), Activation("NONE"), form)


def _window(step: Step) -> Window:
    kernel = (operands.option(step.operator, 4, "int32"), operands.option(step.operator, 3, "int32"))
    return operands.windows(step, POOL, kernel)


def _layer(
    step: Step,
    kind: str,
    window: Window,
    activation: Activation,
    form: requantisation.Requantisation | None = None,
) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    if source.dtype != target.dtype or source.shape[2] != target.shape[2] or (form and prod(target.shape[:2]) != 1):
        raise ModelError(f"{operator} turns {source.dtype} {source.shape} into {target.dtype} {target.shape}")
    low, high = activation.clamp
    if form is None:
        low, high = max(low, min(source.low, high)), min(high, max(source.high, low))
    return Layer(
        name=f"{NAMES[kind]}_{window.kernel[0]}x{window.kernel[1]}",
        kind=kind,
        operator=operator.index,
        tensor=operator.outputs[0],
        input=source,
        output=step.target_of(low, high),
        kernel=window.kernel,
        stride=window.stride,
        padding=window.padding,
        requantisation=form,
        clamp=activation.clamp,
        relu=activation.is_relu,
        halves_up=kind == "average_pool" and source.dtype == "uint8",
        operations=prod(target.shape) * prod(window.kernel),
    )


NAMES = {"average_pool": "AveragePool", "max_pool": "MaxPool"}
