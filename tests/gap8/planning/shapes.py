"""Small networks of shapes that the three sizes do not have, quantised after training by TensorFlow's converter."""

import functools

import keras
import numpy as np

from kwslib.integer import network_file
from tests.gap8 import networks
from tests.integer.residual_networks import BLOCKS, residual

NOISE = keras.initializers.RandomNormal(stddev=0.5, seed=7)
"""With a seed of its own: the networks, and so the libraries made of them, are the same in every run of the tests."""


def conv(x, channels, kernel=1, stride=1, padding="same", relu=True):
    y = keras.layers.Conv2D(channels, kernel, stride, padding, bias_initializer=NOISE)(x)
    return keras.layers.ReLU()(y) if relu else y


def depthwise(x, kernel=3, stride=1, padding="same", relu=True, multiplier=1):
    y = keras.layers.DepthwiseConv2D(kernel, stride, padding, depth_multiplier=multiplier, bias_initializer=NOISE)(x)
    return keras.layers.ReLU()(y) if relu else y


def head(x, classes=6, softmax=True):
    x = keras.layers.Dense(classes, bias_initializer=NOISE)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.layers.Softmax()(x) if softmax else x


def _pointwise_head(x):
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Conv2D(6, 1, bias_initializer=NOISE)(x)
    return keras.layers.Softmax()(keras.layers.Flatten()(x))


def _convolution_head(x):
    """A classifier whose window is the whole map."""
    x = keras.layers.Conv2D(6, x.shape[1:3], padding="valid", bias_initializer=NOISE)(x)
    return keras.layers.Softmax()(keras.layers.Flatten()(x))


def _depthwise_head(x):
    """Classes that a depthwise layer gives."""
    x = keras.layers.DepthwiseConv2D(3, bias_initializer=NOISE)(conv(x, 6, 3, 2, "valid"))
    return keras.layers.Softmax()(keras.layers.Flatten()(x))


def _dnn(x):
    for units in (24, 13):
        x = keras.layers.Dense(units, "relu", bias_initializer=NOISE)(x)
    return keras.layers.Softmax()(keras.layers.Dense(6, bias_initializer=NOISE)(x))


def _two_readers(x):
    """A map that a depthwise layer wants in planes, and a pointwise layer channels last."""
    x = conv(x, 8, (4, 4), 2)
    return head(keras.layers.ReLU()(keras.layers.Add()([depthwise(x, relu=False), conv(x, 8, relu=False)])))


def _squeezed(x):
    """Convolutions of one position, with neighbours that are padding alone, behind a pool that keeps its dimensions."""
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(conv(x, 8, 3, 2))
    return head(conv(depthwise(x), 9, 3))


SHAPES = {
    "two convolutions": ((20, 8, 1), lambda x: head(conv(conv(x, 7, (4, 3), (2, 1)), 9, 3, padding="valid"))),
    "maximum between convolutions": (
        (21, 9, 1),
        lambda x: head(conv(keras.layers.MaxPooling2D((3, 2), 2, "same")(conv(x, 8, 3)), 10, 3)),
    ),
    "kernel 10×10": ((30, 12, 1), lambda x: head(depthwise(conv(x, 6, 10, 2)))),
    "kernel 5×7, stride 1×3": ((12, 13, 1), lambda x: head(conv(conv(x, 5, (5, 7), (1, 3)), 6))),
    "three inputs": ((14, 9, 3), lambda x: head(depthwise(conv(x, 8, (5, 3), (2, 1))))),
    "depthwise 5×5": ((16, 11, 1), lambda x: head(conv(depthwise(conv(x, 6, (3, 4)), 5, 2), 10, relu=False))),
    "depthwise 5×3, stride 1×2": ((17, 10, 1), lambda x: head(depthwise(conv(x, 6, 3), (5, 3), 2, "valid"))),
    "one column": ((24, 1, 1), lambda x: head(conv(depthwise(conv(x, 6, (4, 1), (2, 1))), 7))),
    "multiplier 2": ((14, 6, 1), lambda x: head(conv(depthwise(conv(x, 5, 3), multiplier=2), 6))),
    "partial pool": (
        (16, 8, 1),
        lambda x: head(conv(keras.layers.AveragePooling2D((3, 2), (2, 2), "same")(conv(x, 6, 3)), 7)),
    ),
    "1×1 classifier": ((16, 8, 1), lambda x: _pointwise_head(depthwise(conv(x, 10, 3, 2)))),
    "classifier of the whole map": ((9, 6, 1), lambda x: _convolution_head(conv(x, 5, 3, 2))),
    "depthwise classifier": ((7, 7, 1), _depthwise_head),
    "no softmax": ((12, 8, 1), lambda x: head(depthwise(conv(x, 5, 3)), 7, softmax=False)),
    "linear layers only": ((50,), _dnn),
    "two readers": ((18, 9, 1), _two_readers),
    "one position": ((12, 8, 1), _squeezed),
}
"""Input and layers by name."""


@functools.cache
def quantised(name, ends="int8", per_channel=True, seed=0):
    """The file of one of `SHAPES`."""
    shape, build = SHAPES[name]
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(shape, batch_size=1)
    data = [[rng.uniform(-30, 10, inputs.shape).astype(np.float32)] for _ in range(8)]
    return networks.convert(keras.Model(inputs, build(inputs)), ends, lambda: data, per_channel)


def load(name, **options):
    """The graph of one of `SHAPES`, or of the blocks with residual additions."""
    data = residual(name) if name in BLOCKS else quantised(name, **options)
    return network_file.load(data, name)
