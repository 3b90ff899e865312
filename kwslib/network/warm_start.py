"""A training that begins with the weights of a finished 8-bit network, not with random ones."""

import keras
import numpy as np

from kwslib.errors import InputError
from kwslib.integer.graph import Graph, Layer
from kwslib.network.ds_cnn import BATCH_NORM_EPSILON

CLIPS = 50
"""Clips that give batch norm its first statistics; all activations of a layer are in memory at once."""
LAST = "linear"
WEIGHTED = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)


def start_from(network: keras.Model, graph: Graph, batch: np.ndarray) -> str:
    """Give a floating-point network the weights of an 8-bit one; those of the last layer if it has as many classes.

    An 8-bit network has no batch norm any more. So each channel's kernel is brought to the size of a fresh one, which
    gives the learning rate its usual meaning, and batch norm gets the statistics of `batch` and what makes up for both.

    Parameters
    ----------
    network : keras.Model
        From `kwslib.network.ds_cnn.float_network`.
    graph : Graph
        A network of the same layers.
    batch : ndarray, float32 (clips, frames, coefficients, 1)
        Network input; the first `CLIPS` clips are used.

    Returns
    -------
    str
        What was done, for people.

    Raises
    ------
    InputError
        If the convolutions differ.
    """
    weighted = {_name(layer): layer for layer in graph.layers if layer.weights is not None}
    wanted = [layer for layer in network.layers if isinstance(layer, WEIGHTED)]
    shapes = {layer.name: tuple(layer.kernel.shape) for layer in wanted}
    found = {name: _kernel(layer).shape for name, layer in weighted.items()}
    other_classes = found.pop(LAST) != shapes.pop(LAST)
    if found != shapes:
        raise InputError(f"{graph.name} has other layers than the network that is to start from it")
    x = batch[:CLIPS]
    for layer in network.layers[1:]:  # behind the input
        if layer.name == LAST and not other_classes:
            layer.kernel.assign(_kernel(weighted[LAST]))
            layer.bias.assign(_bias(weighted[LAST]))
        elif layer.name in found:
            _start_convolution(layer, network.get_layer(f"{layer.name}_norm"), weighted[layer.name], x)
        x = layer(x)
    but = "; its last layer has other classes, and is drawn at random" if other_classes else ""
    return f"starting from the weights of {graph.name}{but}"


def _start_convolution(layer: keras.Layer, norm: keras.Layer, source: Layer, x: np.ndarray) -> None:
    kernel, outputs = _kernel(source), -2 if source.kind == "depthwise" else -1
    others = tuple(axis for axis in range(4) if axis != outputs % 4)
    fresh = np.std(keras.ops.convert_to_numpy(layer.kernel))
    size = np.sqrt(np.mean(np.square(kernel), axis=others)) / fresh
    size[size == 0] = 1  # a channel without weights
    layer.kernel.assign(kernel / size.reshape([-1 if axis == outputs % 4 else 1 for axis in range(4)]))
    y = keras.ops.convert_to_numpy(layer(x)).astype(np.float64)
    mean, variance = y.mean(axis=(0, 1, 2)), y.var(axis=(0, 1, 2))
    norm.gamma.assign(size * np.sqrt(variance + BATCH_NORM_EPSILON))
    norm.beta.assign(_bias(source) + size * mean)
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)


def _name(layer: Layer) -> str:
    """How `kwslib.network.ds_cnn` calls it."""
    return LAST if layer.kind == "linear" else layer.name


def _weight_scale(layer: Layer) -> np.ndarray:
    """What one step of each output's weights is worth, from the factor s_in · s_w / s_out."""
    assert layer.requantisation is not None  # every layer with weights has one
    form = layer.requantisation
    return np.ldexp(form.multiplier.astype(np.float64), form.shift - 31) * layer.output.scale / layer.input.scale


def _kernel(layer: Layer) -> np.ndarray:
    """The weights, dequantised, as Keras has them: outputs last; depthwise (rows, columns, outputs, 1)."""
    assert layer.weights is not None
    scale = _weight_scale(layer).reshape(-1, *[1] * (layer.weights.ndim - 1))
    real = np.moveaxis((layer.weights.astype(np.float64) - layer.weight_zero_point) * scale, 0, -1)
    if layer.kind == "depthwise":
        real = real[..., np.newaxis]
    elif layer.kind == "pointwise":
        real = real[np.newaxis, np.newaxis]
    return real.astype(np.float32)


def _bias(layer: Layer) -> np.ndarray:
    assert layer.bias is not None
    return layer.bias * layer.input.scale * _weight_scale(layer)
