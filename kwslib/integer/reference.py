"""The integer reference: what an 8-bit network computes, code by code. The specification of the arithmetic.

Everything is exact integer arithmetic. Sums of products are left to floating-point matrix products only where the
layer's weights prove that every partial sum is an integer below 2^24 (float32) or 2^53 (float64), which those
represent exactly. Rounding is defined in `kwslib.integer.requantisation`; the softmax is

    e_i = T[largest code - code_i],   code = (256 · e_i + S div 2) div S - 128, at most 127,   S = sum of e_i

with the layer's table T of 256 integers, within one code of TFLite's floating-point softmax. The winner is the class
of the largest logit code, the first one of equals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from kwslib.errors import InputError
from kwslib.integer.graph import NETWORK_INPUT, Graph, Layer

CHUNK_ELEMENTS = 1 << 16  # activations of one layer held at a time, so that a chunk stays in a core's cache
FLOAT32_EXACT = 1 << 24
FLOAT32_SHIFT = 17  # 128 · 2^17 = 2^24


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a network made of some clips.

    Attributes
    ----------
    codes : ndarray, int8 or uint8 (clips, classes)
        The network's output, in the file's own type.
    logits : ndarray, int8 (clips, classes)
        Core codes of the layer that decides.
    softmax : ndarray, int8 (clips, classes), or None
        Core codes of the softmax (probability · 256 - 128) where the network has one.
    winner : ndarray, int64 (clips,)
        Class of the largest logit code, the first one of equals.
    layers : tuple of ndarray, int8 (clips, rows, columns, channels), or None
        Core codes of every layer's output, if asked for.
    """

    codes: np.ndarray
    logits: np.ndarray
    softmax: np.ndarray | None
    winner: np.ndarray
    layers: tuple[np.ndarray, ...] | None


def run(graph: Graph, codes: np.ndarray, layers: bool = False) -> Outputs:
    """Run a network on some clips.

    Parameters
    ----------
    graph : Graph
    codes : ndarray, of the type of `graph.input` (int8 or uint8), (clips, frames, coefficients[, 1])
        Fingerprint codes.
    layers : bool
        Keep every layer's output; memory then grows with the number of clips.

    Raises
    ------
    InputError
        If type or shape are not the network's.
    """
    codes = _checked(graph, codes)
    largest = max(prod(layer.output.shape) for layer in graph.layers)
    step = max(1, CHUNK_ELEMENTS // largest)
    kept: list[list[np.ndarray]] = [[] for _ in graph.layers]
    prepared = [_Prepared(layer) for layer in graph.layers]
    decider = graph.logits
    softmaxes = [i for i, layer in enumerate(graph.layers) if layer.kind == "softmax"]
    wanted = {decider, len(graph.layers) - 1, *softmaxes}
    for start in range(0, max(len(codes), 1), step):
        held = {NETWORK_INPUT: graph.input.to_core(codes[start : start + step])}
        for index, layer in enumerate(prepared):
            reads = graph.layers[index].reads
            held[index] = layer(*(held[read] for read in reads))
            for read in reads:
                if graph.last_reader[read] == index:
                    held.pop(read, None)
            if layers or index in wanted:
                kept[index].append(held[index])
    outputs = {index: np.concatenate(parts) for index, parts in enumerate(kept) if parts}
    flat = {index: outputs[index].reshape(len(codes), prod(outputs[index].shape[1:])) for index in wanted}
    return Outputs(
        codes=graph.output.from_core(flat[len(graph.layers) - 1]),
        logits=flat[decider],
        softmax=flat[softmaxes[-1]] if softmaxes else None,
        winner=flat[decider].argmax(axis=1),
        layers=tuple(outputs.values()) if layers else None,
    )


def _checked(graph: Graph, codes: np.ndarray) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.dtype != graph.input.dtype:
        raise InputError(f"{graph.name} takes {graph.input.dtype} codes, got {codes.dtype}")
    shape = graph.input.shape
    if codes.shape[1:] not in (shape, shape[:2] if shape[2] == 1 else shape):
        raise InputError(f"{graph.name} takes clips of shape {shape}, got an array of shape {codes.shape}")
    return codes.reshape(-1, *shape)


def run_layer(layer: Layer, x: np.ndarray, second: np.ndarray | None = None) -> np.ndarray:
    """Run one layer.

    Parameters
    ----------
    layer : Layer
    x : ndarray, int8 (clips, rows, columns, channels)
        Core codes; a layer that follows a reshape takes any shape of as many codes.
    second : ndarray, int8 (clips, rows, columns, channels)
        The second operand of an add.

    Returns
    -------
    ndarray, int8 (clips, rows, columns, channels)
        Core codes.
    """
    return _Prepared(layer)(x) if second is None else _Prepared(layer)(x, second)


class _Prepared:
    """A layer with its constants in the types that the arithmetic of its chunks runs in."""

    def __init__(self, layer: Layer):
        self.layer = layer
        if layer.weights is None or layer.bias is None:
            return
        sums = np.abs(layer.centred_weights.reshape(len(layer.weights), -1)).sum(axis=1, dtype=np.int64)
        zero_point = layer.input.zero_point
        reach = sums * max(127 - zero_point, zero_point + 128) + np.abs(layer.bias.astype(np.int64))
        # in the narrower floating-point type no partial sum is rounded, nor the sum with the bias
        self.dtype: type[np.floating] = np.float32 if reach.max() < FLOAT32_EXACT else np.float64
        by_output = np.moveaxis(layer.centred_weights, 0, -1)
        if layer.kind == "convolution":  # windows come with their channels before their rows and columns
            by_output = by_output.transpose(2, 0, 1, 3)
        if layer.kind != "depthwise":
            by_output = by_output.reshape(-1, len(layer.weights))
        self.weights = np.ascontiguousarray(by_output, self.dtype)
        self.bias = layer.bias.astype(self.dtype)

    def __call__(self, *operands: np.ndarray) -> np.ndarray:
        y = KINDS[self.layer.kind](self, *(x.reshape(-1, *self.layer.input.shape) for x in operands))
        return y.reshape(-1, *self.layer.output.shape)

    def centred(self, x: np.ndarray) -> np.ndarray:
        """Input values (code - zero point) with the padding, which is zero."""
        top, bottom, left, right = self.layer.padding
        clips, rows, columns, channels = x.shape
        shape = (clips, rows + top + bottom, columns + left + right, channels)
        padded = np.zeros(shape, self.dtype) if any(self.layer.padding) else np.empty(shape, self.dtype)
        inner = padded[:, top : top + rows, left : left + columns]
        inner[...] = x
        if self.layer.input.zero_point:
            inner -= self.dtype(self.layer.input.zero_point)
        return padded

    def finish(self, sums: np.ndarray) -> np.ndarray:
        """Add the bias to the sums (..., channels), in place; requantise, and clamp."""
        layer, form = self.layer, self.layer.requantisation
        assert form is not None  # every layer with weights has one
        sums += self.bias
        if form.snapped and layer.output.zero_point == 0 and form.n.max() <= FLOAT32_SHIFT:
            # The formula in the sums' own type: a product is a multiple of 2^-17, so below 128 it is exact in
            # float32 too, half added; a larger one may be rounded but stays at least 128, which is clipped.
            sums *= np.ldexp(form.q.astype(self.dtype), -form.n)
            sums += (0.5 * (form.n > 0)).astype(self.dtype)
            codes = np.floor(sums, out=sums)
            return np.clip(codes, *layer.clamp, out=codes).astype(np.int8)
        return layer.code_of(sums).astype(np.int8)


def _convolution(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    layer = prepared.layer
    windows = np.lib.stride_tricks.sliding_window_view(prepared.centred(x), layer.kernel, axis=(1, 2))
    windows = windows[:, :: layer.stride[0], :: layer.stride[1]]
    positions = prod(windows.shape[:3])
    return prepared.finish(windows.reshape(positions, len(prepared.weights)) @ prepared.weights)


def _depthwise(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    layer = prepared.layer
    padded = prepared.centred(x)
    if layer.multiplier > 1:
        padded = np.repeat(padded, layer.multiplier, axis=3)
    rows, columns, channels = layer.output.shape
    down, across = layer.stride
    sums = np.zeros((len(x), rows, columns, channels), prepared.dtype)
    product = np.empty_like(sums)
    for i in range(layer.kernel[0]):
        for j in range(layer.kernel[1]):
            seen = padded[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * across + 1 : across]
            sums += np.multiply(seen, prepared.weights[i, j], out=product)
    return prepared.finish(sums)


def _matrix(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    """Pointwise and linear layers."""
    return prepared.finish(prepared.centred(x).reshape(-1, len(prepared.weights)) @ prepared.weights)


def mean_codes(layer: Layer, sums: np.ndarray, count: int) -> np.ndarray:
    """Return the core codes of a pool's means.

    Parameters
    ----------
    layer : Layer
        An average pool.
    sums : ndarray of integers
        Of `count` core codes.
    count : int

    Returns
    -------
    ndarray, int64, of the same shape
        Clamped.
    """
    if layer.requantisation is not None:
        return layer.code_of(sums - layer.input.zero_point * count)
    means = (sums + count // 2) // count if layer.halves_up else (np.abs(sums) + count // 2) // count * np.sign(sums)
    return np.clip(means, *layer.clamp)


def _average_pool(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    layer = prepared.layer
    rows, columns, _ = layer.output.shape
    means = np.empty((len(x), *layer.output.shape), np.int8)
    for i in range(rows):
        for j in range(columns):
            top, left = i * layer.stride[0] - layer.padding[0], j * layer.stride[1] - layer.padding[2]
            window = x[:, max(top, 0) : top + layer.kernel[0], max(left, 0) : left + layer.kernel[1]]
            count = window.shape[1] * window.shape[2]
            means[:, i, j] = mean_codes(layer, window.sum(axis=(1, 2), dtype=np.int64), count)
    return means


def _max_pool(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    layer = prepared.layer
    top, bottom, left, right = layer.padding
    x = np.pad(x, [(0, 0), (top, bottom), (left, right), (0, 0)], constant_values=-128)  # the least code never wins
    rows, columns, _ = layer.output.shape
    down, across = layer.stride
    largest = np.full((len(x), *layer.output.shape), -128, np.int8)
    for i in range(layer.kernel[0]):
        for j in range(layer.kernel[1]):
            seen = x[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * across + 1 : across]
            np.maximum(largest, seen, out=largest)
    return np.clip(largest, *layer.clamp).astype(np.int8)


def _add(prepared: _Prepared, x: np.ndarray, second: np.ndarray) -> np.ndarray:
    layer = prepared.layer
    assert layer.tables is not None
    first, other = layer.tables
    return layer.code_of(first[x.astype(np.int16) + 128] + other[second.astype(np.int16) + 128]).astype(np.int8)


def _softmax(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    codes = x.astype(np.int64)
    assert prepared.layer.table is not None
    powers = prepared.layer.table[codes.max(axis=-1, keepdims=True) - codes].astype(np.int64)
    total = powers.sum(axis=-1, keepdims=True)
    return np.minimum((256 * powers + total // 2) // total - 128, 127).astype(np.int8)


def _requantise(prepared: _Prepared, x: np.ndarray) -> np.ndarray:
    assert prepared.layer.table is not None
    return prepared.layer.table[x.astype(np.int16) + 128]


KINDS: dict[str, Callable[..., np.ndarray]] = {
    "convolution": _convolution,
    "depthwise": _depthwise,
    "pointwise": _matrix,
    "linear": _matrix,
    "average_pool": _average_pool,
    "max_pool": _max_pool,
    "add": _add,
    "softmax": _softmax,
    "requantise": _requantise,
}
