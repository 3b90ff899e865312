"""The outline of a network: its integer graph before any training, with weights drawn at random.

A plan depends on shapes, and hardly on weights: networks that were trained here have snapped scales, whose
requantisation is proved in the same form for nearly any weights. So the plan of an outline is the plan of the network
that a training would give, without TensorFlow (`tests/runs/test_outline.py` compares them).
"""

from dataclasses import dataclass, replace

import numpy as np

from kwslib.config import architecture
from kwslib.config.architecture import Architecture
from kwslib.config.front_end import INPUT_ZERO_POINT, FrontEnd
from kwslib.errors import ModelError
from kwslib.integer import requantisation
from kwslib.integer.graph import SOFTMAX_BITS, UINT8_SHIFT, Graph, Layer, Tensor
from kwslib.integer.requantisation import FREE_Q, LARGEST_N, ONCE, TWICE, Requantisation
from kwslib.integer.translation import LARGEST_OPERATIONS

NAME = "the network"
SEED = 0
WEIGHT_SPREAD, LARGEST_WEIGHT = 50.0, 127
"""Of the codes of the weights, as in the released networks; each channel has one that reaches the largest."""
BIAS_SHARE = 0.01
"""Of the largest accumulator, as in the released networks."""
CODES_OF_SPAN = 512.0
"""Codes that the largest accumulator stands for, before they are clipped; in the released networks 200 to 1000."""
OUTPUT_SCALE = 0.0625
SOFTMAX_SCALE = 1 / 256


def outline(size: Architecture, front_end: FrontEnd) -> Graph:
    """Return the integer graph that a training of an architecture would give, weights apart.

    Parameters
    ----------
    size : Architecture
    front_end : FrontEnd
        Of the training. If it has an integer form, the graph begins with sound, as its program on a device does.

    Raises
    ------
    ModelError
        If the network is larger than the parser of ``.tflite`` files takes.
    """
    made = _Outline(front_end.scale, (*size.input_shape, 1))
    for row in size.layers:
        made.add(row)
    operations = sum(layer.operations for layer in made.layers)
    if operations > LARGEST_OPERATIONS:
        raise ModelError(
            f"the network takes {operations} operations; a keyword spotter takes at most {LARGEST_OPERATIONS}"
        )
    first, last = (replace(one, dtype="uint8") for one in (made.layers[0].input, made.layers[-1].output))
    graph = Graph(NAME, first, last, tuple(made.layers))
    return graph if front_end.kind == "magnitude" else graph.with_front_end(front_end)


def same_padding(size: int, taps: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after, as TensorFlow's SAME divides it.

    Examples
    --------
    >>> same_padding(49, 10, 2)
    (4, 5)
    """
    whole = max((-(-size // stride) - 1) * stride + taps - size, 0)
    return whole // 2, whole - whole // 2


@dataclass
class _Outline:
    """The layers so far."""

    input_scale: float
    input_shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        self.layers: list[Layer] = []
        self.rng = np.random.default_rng(SEED)
        zero_point = INPUT_ZERO_POINT - UINT8_SHIFT
        self.now = Tensor(self.input_shape, "int8", self.input_scale, zero_point)

    def add(self, row: architecture.Layer) -> None:
        index = len(self.layers)
        whole = Layer(
            name=row.name,
            kind=row.kind,
            operator=index,
            tensor=index,
            input=self.now,
            output=self.now,
            source=index - 1,
            kernel=row.kernel,
            stride=row.stride,
            macs=row.macs,
            operations=row.operations,
            parameters=row.parameters,
        )
        layer = getattr(self, f"_{row.kind}")(whole, row)
        self.layers.append(layer)
        self.now = layer.output

    def _convolution(self, layer: Layer, row: architecture.Layer) -> Layer:
        rows, columns, inputs = row.input_shape
        outputs = row.output_shape[2]
        (top, bottom), (left, right) = (
            same_padding(size, taps, stride)
            for size, taps, stride in zip((rows, columns), row.kernel, row.stride, strict=True)
        )
        layer = replace(layer, padding=(top, bottom, left, right))
        if row.kernel == row.stride == (1, 1):
            pointwise = replace(layer, kind="pointwise", operations=layer.macs)  # as the reader of files counts
            return self._weighted(pointwise, row, (outputs, inputs))
        return self._weighted(layer, row, (outputs, *row.kernel, inputs))

    def _depthwise(self, layer: Layer, row: architecture.Layer) -> Layer:
        if row.input_shape[2] == 1:  # which the reader of files takes for a convolution
            return self._convolution(replace(layer, kind="convolution"), row)
        pads = [
            same_padding(size, taps, stride)
            for size, taps, stride in zip(row.input_shape[:2], row.kernel, row.stride, strict=True)
        ]
        layer = replace(layer, padding=(*pads[0], *pads[1]))
        return self._weighted(layer, row, (row.output_shape[2], *row.kernel))

    def _pointwise(self, layer: Layer, row: architecture.Layer) -> Layer:
        return self._weighted(layer, row, (row.output_shape[2], row.input_shape[2]))

    def _linear(self, layer: Layer, row: architecture.Layer) -> Layer:
        return self._weighted(layer, row, (row.output_shape[2], row.input_shape[2]), relu=False)

    def _weighted(self, layer: Layer, row: architecture.Layer, shape: tuple[int, ...], relu: bool = True) -> Layer:
        """A layer with weights whose requantisation is snapped."""
        outputs = shape[0]
        codes = np.clip(np.rint(self.rng.normal(0, WEIGHT_SPREAD, shape)), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        flat = codes.reshape(outputs, -1)
        flat[np.arange(outputs), self.rng.integers(flat.shape[1], size=outputs)] = LARGEST_WEIGHT
        span = np.abs(flat).sum(axis=1) * (128 if layer.input.low < 0 else 127)
        bias = np.rint(self.rng.normal(0, BIAS_SHARE, outputs) * span)
        clamp = (0, 127) if relu else (-128, 127)
        output = Tensor(row.output_shape, "int8", OUTPUT_SCALE, 0, *clamp)
        factors = CODES_OF_SPAN / span if relu else np.full(outputs, CODES_OF_SPAN / span.max())
        return replace(
            layer,
            output=output,
            weights=codes.astype(np.int8),
            bias=bias.astype(np.int32),
            requantisation=_snapped(factors, TWICE if relu else ONCE),
            clamp=clamp,
            relu=relu,
        )

    def _average_pool(self, layer: Layer, row: architecture.Layer) -> Layer:
        return replace(layer, stride=row.kernel, output=replace(self.now, shape=row.output_shape))

    def _softmax(self, layer: Layer, row: architecture.Layer) -> Layer:
        table = np.rint(np.exp(-np.arange(256) * self.now.scale) * (1 << SOFTMAX_BITS)).astype(np.int32)
        return replace(layer, output=Tensor(row.output_shape, "int8", SOFTMAX_SCALE, -128), table=table)


def _snapped(factors: np.ndarray, rounding: str) -> Requantisation:
    """Return the snapped form that is nearest to some factors."""
    most = np.log2(FREE_Q[-1] / factors)
    n = np.clip(np.floor(most), 0, LARGEST_N).astype(np.int32)
    q = np.clip(2 * np.rint((np.ldexp(factors, n) - 1) / 2).astype(np.int32) + 1, FREE_Q[0], FREE_Q[-1])
    multiplier, shift = requantisation.exact(np.ldexp(q.astype(np.float64), -n))
    return Requantisation(multiplier, shift, q, n, snapped=True, rounding=rounding)
