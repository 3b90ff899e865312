"""Each operator of a ``.tflite`` file as a layer of the integer graph, or refused by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer import operands, requantisation
from kwslib.integer.flatbuffer import RawModel, RawOperator, RawTensor
from kwslib.integer.graph import SOFTMAX_BITS, Graph, Layer, Tensor
from kwslib.integer.operands import Activation, Constants, Weights, Window

LARGEST_ACCUMULATOR = (1 << 31) - 1
LARGEST_SHIFT = 16  # bits by which a factor may be above 1; usual ones are far below 1
LARGEST_CLASSES = 4096  # of a softmax, so that its sums stay below 2^32


@dataclass(frozen=True, eq=False)
class Step:
    """An operator with the tensors that it reads and writes, and its other operands."""

    operator: RawOperator
    source: Tensor
    target: Tensor
    constants: Constants


def translate(model: RawModel, name: str) -> Graph:
    """Translate the operators of a file, which must form one chain, into a graph.

    Raises
    ------
    ModelError
        Naming the operator that is not of the family, or the tensor that is not 8-bit.
    """
    return _Translation(model).graph(name)


class _Translation:
    """The state of walking along the chain: the tensor reached, and the layers found."""

    def __init__(self, model: RawModel):
        self.model = model
        self.layers: list[Layer] = []
        self.first: Tensor | None = None
        self.current: Tensor | None = None
        self.float_ends = False
        for what, indices in (("input", model.inputs), ("output", model.outputs)):
            if len(indices) != 1:
                raise ModelError(f"the network has {len(indices)} {what}s; a keyword spotter has one")

    def graph(self, name: str) -> Graph:
        model = self.model
        start, last, finish = model.inputs[0], model.inputs[0], model.outputs[0]
        if model.tensors[start].data is not None:
            raise ModelError(f"the network's input, tensor {start}, is a constant")
        seen = {start}
        for operator in model.operators:
            if last == finish:
                raise ModelError(f"{operator} comes after the network's output, tensor {finish}")
            # only an output that has not been written before is a step forward: no cycle can pass
            if len(operator.outputs) != 1 or operator.outputs[0] in seen:
                raise ModelError(f"{operator} does not write one new tensor: the network is not a chain of layers")
            data_inputs = [i for i in operator.inputs if i >= 0 and model.tensors[i].data is None]
            if not operator.inputs or operator.inputs[0] != last or len(data_inputs) != 1:
                raise ModelError(f"{operator} does not read the tensor before it: the network is not a chain of layers")
            source, target = model.tensors[last], model.tensors[operator.outputs[0]]
            if target.data is not None:
                raise ModelError(f"{operator} writes tensor {target.index}, a constant")
            self._step(operator, source, target)
            last = target.index
            seen.add(last)
        if last != finish:
            raise ModelError(f"no operator writes the network's output, tensor {finish}")
        if not any(layer.weights is not None for layer in self.layers):
            raise ModelError("the network has no layer with weights; it is not a DS-CNN")
        assert self.first is not None and self.current is not None  # the layer with weights has an input and an output
        return Graph(name, self.first, self.current, tuple(self.layers), self.float_ends)

    def _step(self, operator: RawOperator, source: RawTensor, target: RawTensor) -> None:
        if operator.name not in (*TRANSLATORS, *ENDS):
            known = ", ".join((*TRANSLATORS, *ENDS))
            raise ModelError(f"{operator} is not part of the DS-CNN family; known are {known}")
        at_start, at_end = source.index == self.model.inputs[0], target.index == self.model.outputs[0]
        if operator.name == "QUANTIZE" and at_start and source.dtype == "float32":
            self.first = self.current = operands.activation(f"{operator}'s output", target)
            self.float_ends = True
            return
        if self.current is None:
            self.first = self.current = operands.activation("the network's input", source)
        if operator.name == "DEQUANTIZE":
            if not at_end or target.dtype != "float32":
                raise ModelError(f"{operator} stands inside of the network, which is then not fully 8-bit")
            self.float_ends = True
            return
        output = operands.activation(f"{operator}'s output", target)
        constants = [self.model.tensors[i] if i >= 0 else None for i in operator.inputs[1:]]
        found = TRANSLATORS[operator.name](Step(operator, self.current, output, constants))
        if isinstance(found, Layer):
            found = replace(found, name=f"S{len(self.layers) + 1}_{found.name}", tensor=target.index)
            self.layers.append(found)
            self.current = found.output
        else:
            self.current = found


def _factors(
    kind: str, source: Tensor, scales: np.ndarray, target: Tensor, channels: int, relu: bool
) -> requantisation.Requantisation:
    """Both forms of the requantisation, the factors computed as TFLite's kernel of this kind does."""
    s_in, s_out = np.float32(source.scale), np.float32(target.scale)
    narrow = s_in * scales.astype(np.float32)
    wide = source.dtype == "int8" or kind == "linear"
    product = np.float64(s_in) * scales.astype(np.float64) if wide else narrow.astype(np.float64)
    multiplier, shift = requantisation.exact(product / np.float64(s_out))
    q, n = requantisation.snapped(narrow / s_out, relu)
    rounding = requantisation.ONCE if kind == "linear" else requantisation.TWICE
    multiplier, shift, q, n = (np.broadcast_to(values, channels).copy() for values in (multiplier, shift, q, n))
    return requantisation.Requantisation(multiplier, shift, q, n, snapped=bool((q > 0).all()), rounding=rounding)


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
    factors = _factors(kind, step.source, weights.scale, step.target, channels, activation.is_relu)
    bias = operands.bias(operator, step.constants, channels)
    layer = Layer(
        name=text + operands.ACTIVATION_SUFFIX[activation.name],
        kind=kind,
        operator=operator.index,
        tensor=operator.outputs[0],
        input=step.source,
        output=replace(step.target, low=activation.clamp[0], high=activation.clamp[1]),
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
    if factors.shift.max() > LARGEST_SHIFT:
        raise ModelError(f"{operator} scales its accumulator up by more than 2^{LARGEST_SHIFT}")
    reach = np.abs(layer.centred_weights.reshape(channels, -1)).sum(axis=1, dtype=np.int64) * 255
    reach = (reach + np.abs(bias.astype(np.int64))) << np.maximum(factors.shift, 0)
    if reach.max() > LARGEST_ACCUMULATOR:
        raise ModelError(f"{operator}: the accumulator of channel {reach.argmax()} can leave 32 bits")
    return layer


CONVOLUTION = {"padding": 0, "stride_columns": 1, "stride_rows": 2, "dilation_columns": 4, "dilation_rows": 5}
DEPTHWISE = {"padding": 0, "stride_columns": 1, "stride_rows": 2, "dilation_columns": 5, "dilation_rows": 6}
POOL = {"padding": 0, "stride_columns": 1, "stride_rows": 2}


def _convolution(step: Step) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    weights = operands.weights(operator, step.constants, source, 0, 4)
    outputs, rows, columns, inputs = weights.codes.shape
    if inputs != source.shape[2] or outputs != target.shape[2]:
        raise _misfit(operator, weights, source, target)
    window = operands.windows(operator, CONVOLUTION, (rows, columns), source, target)
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
    window = operands.windows(operator, DEPTHWISE, (rows, columns), source, target)
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


def _average_pool(step: Step) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    kernel = (operands.option(operator, 4, "int32"), operands.option(operator, 3, "int32"))
    if max(kernel) > max(source.shape):
        raise ModelError(f"{operator} has the window {kernel}, larger than its input {source.shape}")
    window = operands.windows(operator, POOL, kernel, source, target)
    _same_quantisation(operator, source, target)
    return _pool(step, window, operands.activation_of(operator, 5, target), None)


def _mean(step: Step) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    data = operands.constant(operator, "axes", step.constants[0] if step.constants else None, ("int32",))
    axes = {int(axis) % 4 for axis in data.ravel() if -4 <= axis < 4}
    if axes != {1, 2} or data.size != 2:
        raise ModelError(f"{operator} takes the mean over the axes {data.tolist()}; only rows and columns are known")
    rows, columns, channels = source.shape
    factor = np.float64(np.float32(source.scale)) / np.float64(np.float32(target.scale))
    if factor >= 2.0**LARGEST_SHIFT:
        raise ModelError(f"{operator} scales its input up by more than 2^{LARGEST_SHIFT}")
    form = requantisation.mean(float(factor), rows * columns, channels)
    return _pool(step, Window((rows, columns)), Activation("NONE"), form)


def _pool(step: Step, window: Window, activation: Activation, form: requantisation.Requantisation | None) -> Layer:
    operator, source, target = step.operator, step.source, step.target
    if source.dtype != target.dtype or source.shape[2] != target.shape[2] or (form and prod(target.shape[:2]) != 1):
        raise ModelError(f"{operator} turns {source.dtype} {source.shape} into {target.dtype} {target.shape}")
    low, high = activation.clamp
    if form is None:
        low, high = max(low, min(source.low, high)), min(high, max(source.high, low))
    return Layer(
        name=f"AveragePool_{window.kernel[0]}x{window.kernel[1]}",
        kind="average_pool",
        operator=operator.index,
        tensor=operator.outputs[0],
        input=source,
        output=replace(target, low=low, high=high),
        kernel=window.kernel,
        stride=window.stride,
        padding=window.padding,
        requantisation=form,
        clamp=activation.clamp,
        relu=activation.is_relu,
        halves_up=source.dtype == "uint8",
        operations=prod(target.shape) * prod(window.kernel),
    )


def _same_quantisation(operator: RawOperator, source: Tensor, target: Tensor) -> None:
    if (source.dtype, source.scale, source.zero_point) != (target.dtype, target.scale, target.zero_point):
        raise ModelError(f"{operator} changes the quantisation of its input, which TFLite does not allow")


def _softmax(step: Step) -> Layer:
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


def _reshape(step: Step) -> Tensor:
    operator, source, target = step.operator, step.source, step.target
    if prod(source.shape) != prod(target.shape):
        raise ModelError(f"{operator} turns {source.shape} into {target.shape}")
    _same_quantisation(operator, source, target)
    return replace(source, shape=target.shape)


def _requantise(step: Step) -> Layer | Tensor:
    operator, source, target = step.operator, step.source, step.target
    if source.shape != target.shape:
        raise ModelError(f"{operator} turns {source.shape} into {target.shape}")
    if (source.scale, source.zero_point) == (target.scale, target.zero_point):
        return replace(target, low=source.low, high=source.high)  # int8 <-> uint8: the same core codes
    factor = np.float64(np.float32(source.scale)) / np.float64(np.float32(target.scale))
    multiplier, shift = requantisation.exact(np.array(factor))
    if shift > LARGEST_SHIFT:
        raise ModelError(f"{operator} scales its input up by more than 2^{LARGEST_SHIFT}")
    codes = np.arange(-128, 128, dtype=np.int64) - source.zero_point
    table = np.clip(requantisation.multiply(codes, multiplier, shift) + target.zero_point, -128, 127).astype(np.int8)
    reached = table[source.low + 128 : source.high + 129]
    output = replace(target, low=int(reached.min()), high=int(reached.max()))
    count = prod(target.shape)
    return Layer(
        "Requantise", "requantise", operator.index, operator.outputs[0], source, output, table=table, operations=count
    )


TRANSLATORS: dict[str, Callable[[Step], Layer | Tensor]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "AVERAGE_POOL_2D": _average_pool,
    "MEAN": _mean,
    "FULLY_CONNECTED": _linear,
    "SOFTMAX": _softmax,
    "RESHAPE": _reshape,
    "QUANTIZE": _requantise,
}
ENDS = ("DEQUANTIZE",)
"""Operators that stand only where the codes become floating-point numbers."""
