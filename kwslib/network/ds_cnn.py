"""The DS-CNN in two forms: the floating-point network that learns batch statistics, and the folded, quantised one."""

import keras
import numpy as np

from kwslib.config.architecture import Architecture, Layer
from kwslib.config.front_end import INPUT_SCALE
from kwslib.network.layers import (
    Array,
    BatchNorm,
    FakeQuantise,
    QuantisedConvolution,
    QuantisedDepthwise,
    QuantisedLayer,
    QuantisedLinear,
)
from kwslib.network.quantisation import Snapped, best_scale, snap, weight_scale

BATCH_NORM_EPSILON = 1e-3
BATCH_NORM_MOMENTUM = 0.96  # the baseline's normalizer_params: decay 0.96
SAMPLES = 1_000_000  # activations of a layer that calibration looks at
CHUNK_CLIPS = 25  # clips whose activations are all in memory at once, 20 MB a clip for large
INPUT = "input"  # codes of the fingerprint
POOLED = "pooled"  # codes of the average pool; TFLite gives them the scale of the layer before


def _weighted(size: Architecture) -> list[Layer]:
    """Return the rows of the layer table that have weights and a ReLU."""
    return [row for row in size.layers if row.kind in ("convolution", "depthwise", "pointwise")]


def float_network(size: Architecture) -> keras.Model:
    """Build the floating-point network: convolutions without bias, batch norm, ReLU; logits out.

    Parameters
    ----------
    size : Architecture

    Returns
    -------
    keras.Model
        (clips, frames, coefficients, 1) float32 MFCC -> (clips, classes) float32 logits.
    """
    x = inputs = keras.Input((*size.input_shape, 1), name="fingerprint")
    for row in _weighted(size):
        options = {"strides": row.stride, "padding": "same", "use_bias": False, "name": row.name}
        if row.kind == "depthwise":
            layer = keras.layers.DepthwiseConv2D(row.kernel, **options)
        else:
            channels = row.output_shape[-1]
            layer = keras.layers.Conv2D(channels, row.kernel, **options)
        x = layer(x)
        x = BatchNorm(epsilon=BATCH_NORM_EPSILON, momentum=BATCH_NORM_MOMENTUM, name=f"{row.name}_norm")(x)
        x = keras.layers.ReLU(name=f"{row.name}_relu")(x)
    x = _pooled(size, x)
    return keras.Model(inputs, keras.layers.Dense(size.classes, name="linear")(x), name="float")


def quantised_network(size: Architecture, clips: int | None = None, input_scale: float = INPUT_SCALE) -> keras.Model:
    """Build the folded network whose weights and activations are fake-quantised.

    Parameters
    ----------
    size : Architecture
    clips : int, optional
        Fixed batch size, for conversion; free otherwise.
    input_scale : float
        What one step of the fingerprint's codes is worth.

    Returns
    -------
    keras.Model
        (clips, frames, coefficients, 1) float32 MFCC -> (clips, classes) float32 logits.
    """
    shape = (*size.input_shape, 1)
    x = inputs = keras.Input(shape, batch_size=clips, name="fingerprint")
    x = FakeQuantise(input_scale, name=INPUT)(x)
    for row in _weighted(size):
        kind = QuantisedDepthwise if row.kind == "depthwise" else QuantisedConvolution
        x = kind(row.output_shape[-1], row.kernel, row.stride, name=row.name)(x)
    x = FakeQuantise(name=POOLED)(_pooled(size, x))
    return keras.Model(inputs, QuantisedLinear(size.classes, name="linear")(x), name="quantised")


def _pooled(size: Architecture, x: Array) -> Array:
    window = next(row.kernel for row in size.layers if row.kind == "average_pool")
    x = keras.layers.AveragePooling2D(window, name="pool")(x)
    return keras.layers.Reshape((x.shape[-1],), name="flat")(x)


def input_scale(network: keras.Model) -> float:
    """Return what one step of the fingerprint's codes is worth to a quantised network."""
    return float(keras.ops.convert_to_numpy(network.get_layer(INPUT).scale))


def quantised_layers(network: keras.Model) -> list[QuantisedLayer]:
    """Return the layers of a quantised network that have weights, in order."""
    return [layer for layer in network.layers if isinstance(layer, QuantisedLayer)]


def activate(network: keras.Model, active: bool) -> None:
    """Let a quantised network quantise, or compute in plain floating point."""
    for layer in (network.get_layer(POOLED), *quantised_layers(network)):
        layer.active = active


def _copied(variable: keras.Variable) -> np.ndarray:
    """Return a copy of the value: on the JAX backend two variables that share an array cannot both be trained."""
    return np.array(keras.ops.convert_to_numpy(variable))


def fold(source: keras.Model, target: keras.Model) -> None:
    """Fold the batch norm of a floating-point network into the factors and biases of a quantised one.

    Parameters
    ----------
    source, target : keras.Model
        From `float_network` and `quantised_network`, of one size.
    """
    for layer in quantised_layers(target):
        twin = source.get_layer(layer.name)
        if layer.name == "linear":
            layer.kernel.assign(_copied(twin.kernel))
            layer.bias.assign(_copied(twin.bias))
            continue
        gamma, beta, mean, variance = (
            _copied(weight).astype(np.float64) for weight in source.get_layer(f"{layer.name}_norm").weights
        )
        factor = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        layer.kernel.assign(_copied(twin.kernel).reshape(layer.kernel.shape))
        layer.factor.assign(factor.astype(np.float32))
        layer.bias.assign((beta - mean * factor).astype(np.float32))


def calibrate(network: keras.Model, batch: np.ndarray) -> None:
    """Set the output scale of each layer to the one that loses least on a batch, by mean squared error.

    The layer before the average pool is judged by its averages: TFLite gives them the same scale, and rounding the
    averages costs more than rounding the codes that are averaged.

    Parameters
    ----------
    network : keras.Model
        From `quantised_network`, its weights set.
    batch : ndarray, float32 (clips, frames, coefficients, 1)
    """
    layers = quantised_layers(network)
    activate(network, False)
    probe = keras.Model(network.input, [layer.output for layer in layers])
    kept: list[list[np.ndarray]] = [[] for _ in layers]
    for chunk in _chunks(batch):
        for index, output in enumerate(probe(chunk, training=False)):
            values = keras.ops.convert_to_numpy(output)
            kept[index].append(
                values if index == len(layers) - 2 else _thinned(values, SAMPLES * len(chunk) // len(batch))
            )
    for index, (layer, parts) in enumerate(zip(layers, kept, strict=True)):
        layer.scale.assign(best_scale(np.concatenate(parts), averaged=index == len(layers) - 2))
    network.get_layer(POOLED).scale.assign(_copied(layers[-2].scale))
    activate(network, True)
    refresh_ranges(network)


def _chunks(batch: np.ndarray) -> list[np.ndarray]:
    return [batch[start : start + CHUNK_CLIPS] for start in range(0, len(batch), CHUNK_CLIPS)]


def _thinned(values: np.ndarray, samples: int) -> np.ndarray:
    flat = values.ravel()
    return flat[:: max(1, flat.size // samples)].copy()


def estimate_statistics(network: keras.Model, batch: np.ndarray) -> None:
    """Measure batch norm's statistics with the present weights, because the moving averages lag behind training.

    Parameters
    ----------
    network : keras.Model
        From `float_network`. Further training is not affected.
    batch : ndarray, float32 (clips, frames, coefficients, 1)
    """
    norms = [layer for layer in network.layers if isinstance(layer, BatchNorm)]
    momenta = [layer.momentum for layer in norms]
    for number, chunk in enumerate(_chunks(batch)):
        for layer in norms:
            layer.momentum = number / (number + 1)  # the mean of all chunks so far
        network(chunk, training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum


def refresh_ranges(network: keras.Model) -> list[Snapped]:
    """Snap the weight ranges of every layer to its present weights and scales.

    Parameters
    ----------
    network : keras.Model
        From `quantised_network`, calibrated.

    Returns
    -------
    list of Snapped
        One for each layer with weights.
    """
    s_in, found = np.float32(input_scale(network)), []
    for layer in quantised_layers(network):
        kernel = np.abs(keras.ops.convert_to_numpy(layer.folded))
        largest = kernel.reshape(-1, kernel.shape[-1]).max(axis=0) if layer.ranges_per_channel else kernel.max()
        s_out = np.float32(keras.ops.convert_to_numpy(layer.scale))
        snapped = snap(largest, s_in, s_out, layer.relu)
        layer.maximum.assign(snapped.maximum.reshape(layer.maximum.shape))
        layer.bias_scale.assign((s_in * weight_scale(snapped.maximum)).reshape(layer.maximum.shape))
        found.append(snapped)
        s_in = s_out
    return found
