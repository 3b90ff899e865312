"""8-bit networks with additions, largest-value pools and padding of their own, made by TensorFlow's converter."""

import functools

import keras
import numpy as np

from tests.gap8 import networks


def _noise():
    """Biases; an initializer's own seed comes from the global one, so it is made after that is set."""
    return keras.initializers.RandomNormal(stddev=0.5)


def _conv(x, channels, kernel=1, stride=1, padding="same", **options):
    return keras.layers.Conv2D(channels, kernel, stride, padding, bias_initializer=_noise(), **options)(x)


def _depthwise(x, stride=1, padding="same", **options):
    return keras.layers.DepthwiseConv2D(3, stride, padding, bias_initializer=_noise(), **options)(x)


def _identity(x):
    """The block's input skips a depthwise and a pointwise layer; ReLU behind the addition."""
    y = _conv(_depthwise(x, activation="relu"), x.shape[-1])
    return keras.layers.ReLU()(keras.layers.Add()([x, y]))


def _linear(x):
    """As `_identity`, without an activation behind the addition, and with the operands in the other order."""
    y = _conv(_depthwise(x, activation="relu"), x.shape[-1])
    return keras.layers.Add()([y, x])


def _shortcut(x):
    """Operators on both ways: a strided pointwise convolution, and a strided depthwise with a pointwise one."""
    y = _conv(_depthwise(x, 2, activation="relu"), 24)
    short = _conv(x, 24, stride=2)
    return keras.layers.ReLU(6.0)(keras.layers.Add()([short, y]))


def _before(x):
    """Activation before the weights: the rectifier is an operator of its own, for the sum is read twice."""
    x = keras.layers.Add()([x, _depthwise(x)])
    y = _conv(keras.layers.ReLU()(x), x.shape[-1])
    x = keras.layers.Add()([x, y])
    y = _conv(keras.layers.ReLU(6.0)(x), x.shape[-1], 3)
    return keras.layers.Add()([x, y])


def _pooled(x):
    """Pools with padding on one side, without padding, and with ReLU's zeros around."""
    x = keras.layers.MaxPooling2D((3, 2), (2, 1), "same")(x)
    y = keras.layers.MaxPooling2D(3, 1, "same")(_depthwise(x))  # of values of both signs
    x = keras.layers.ReLU()(keras.layers.Add()([x, y]))
    x = keras.layers.ZeroPadding2D(1)(x)
    return keras.layers.MaxPooling2D(3, 2)(x)


def _padded(x):
    """Padding of its own before convolutions, as networks from PyTorch have it."""
    x = keras.layers.ZeroPadding2D(1)(x)
    x = _depthwise(x, 2, "valid", activation="relu")
    x = keras.layers.ZeroPadding2D(((2, 1), (0, 1)))(x)
    x = _conv(x, 16, 3, 2, "valid")
    x = keras.layers.ZeroPadding2D(((1, 0), (1, 1)))(keras.layers.ZeroPadding2D(((0, 1), (0, 0)))(x))
    return _depthwise(x, 1, "valid")


def _first(x):
    """The network's own input is added."""
    return keras.layers.Add()([x, _depthwise(_conv(x, 1, 3))])


BLOCKS = {f.__name__[1:]: f for f in (_identity, _linear, _shortcut, _before, _pooled, _padded, _first)}


@functools.cache
def residual(block, per_channel=True, seed=0):
    """A file with one of `BLOCKS` between a first convolution (or the input) and the head; int8 at the ends."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((25, 10, 1), batch_size=1)
    stem = inputs if block == "first" else _conv(inputs, 16, (5, 4), (2, 2), activation="relu")
    x = BLOCKS[block](stem)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Softmax()(keras.layers.Dense(12, bias_initializer=_noise())(x))
    data = [[rng.uniform(-30, 10, inputs.shape).astype(np.float32)] for _ in range(8)]
    return networks.convert(keras.Model(inputs, x), "int8", lambda: data, per_channel)


@functools.cache
def any_batch():
    """A file for any number of clips, whose shapes are computed by operators; the input is flat."""
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    inputs = keras.Input((250,))
    x = keras.layers.Reshape((25, 10, 1))(inputs)
    x = keras.layers.MaxPooling2D((13, 3))(_conv(x, 16, (5, 4), (2, 2), activation="relu"))
    x = keras.layers.Dense(12, bias_initializer=_noise())(keras.layers.Flatten()(x))
    data = [[rng.uniform(-30, 10, (1, 250)).astype(np.float32)] for _ in range(8)]
    return networks.convert(keras.Model(inputs, x), "int8", lambda: data)
