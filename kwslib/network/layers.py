"""Keras layers that compute in floating point what the 8-bit network will compute in integers.

Written with Keras' own operations only, so that the same code trains on the TensorFlow and on the JAX backend.
"""

from typing import Any

import keras
from keras import ops

from kwslib.network.quantisation import WEIGHT_MAX

Array = Any
"""A tensor of the backend, a Keras variable, or a NumPy array."""
Shape = tuple[int, ...]


def _constant(layer: keras.layers.Layer, name: str, shape: Shape, value: float) -> keras.Variable:
    """Give a layer a weight that is set, not trained."""
    initializer = keras.initializers.Constant(value)
    return layer.add_weight(name=name, shape=shape, initializer=initializer, trainable=False)


def _fake_quantised(x: Array, scale: Array) -> Array:
    low, high = -(WEIGHT_MAX + 1) * scale, WEIGHT_MAX * scale
    return keras.quantizers.fake_quant_with_min_max_vars(x, low, high, num_bits=8)


class BatchNorm(keras.layers.BatchNormalization):
    """Keras' batch norm through TensorFlow's fused kernel: a training step takes a third less time.

    Parameters
    ----------
    momentum, epsilon : float
        As in Keras.
    """

    def call(self, x: Array, training: bool | None = None) -> Array:
        if not training or keras.backend.backend() != "tensorflow":
            return super().call(x, training=training)
        import tensorflow as tf

        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        for average, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + now * (1.0 - self.momentum))
        return y


class FakeQuantise(keras.layers.Layer):
    """Round to the 256 codes of a symmetric scale with zero point 0: -128·s … 127·s.

    While `active` is false the layer changes nothing.

    Parameters
    ----------
    scale : float
        Initial scale; `scale` is a weight that is set, not trained.
    """

    def __init__(self, scale: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.initial_scale = float(scale)
        self.active = True

    def build(self, input_shape: Shape) -> None:
        self.scale = _constant(self, "scale", (), self.initial_scale)

    def call(self, x: Array) -> Array:
        return _fake_quantised(x, self.scale) if self.active else x


class QuantisedLayer(keras.layers.Layer):
    """A layer with fake-quantised weights, a rounded bias, and a fake-quantised output.

    The layer multiplies by `kernel` times `factor`: the kernel as it was trained, and the factor of the frozen batch
    norm for each channel. So a learning rate means the same before and after folding. While `active` is false the
    layer computes in plain floating point.

    Parameters
    ----------
    channels : int
        Output channels.
    relu : bool
        Clip the output at zero from below.

    Attributes
    ----------
    kernel, bias : variable
        Trained; `bias` is float32 (channels,).
    factor : variable, float32 (channels,)
        Batch norm's factor; set, not trained, as are the following.
    maximum : variable, float32 (channels,), or () with one range for all channels
        Weight range.
    bias_scale : variable of the same shape
        What one unit of the accumulator is worth.
    scale : variable, float32 ()
        Scale of the output.
    """

    ranges_per_channel = True

    def __init__(self, channels: int, relu: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.channels = channels
        self.relu = relu
        self.active = True

    def kernel_shape(self, input_channels: int) -> Shape:
        """Return the shape of the kernel, output channel last."""
        raise NotImplementedError

    def apply(self, x: Array, kernel: Array) -> Array:
        """Multiply and accumulate."""
        raise NotImplementedError

    def build(self, input_shape: Shape) -> None:
        shape = self.kernel_shape(input_shape[-1])
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(self.channels,), initializer="zeros")
        self.factor = _constant(self, "factor", (self.channels,), 1.0)
        ranges = (self.channels,) if self.ranges_per_channel else ()
        self.maximum = _constant(self, "maximum", ranges, 1.0)
        self.bias_scale = _constant(self, "bias_scale", ranges, 1.0)
        self.scale = _constant(self, "scale", (), 1.0)

    @property
    def folded(self) -> Array:
        """The floating-point weights that are quantised; output channel last."""
        return self.kernel * self.factor

    def call(self, x: Array) -> Array:
        kernel, bias = self.folded, self.bias
        if self.active:
            # straight through: the gradient passes the rounding
            rounded = ops.round(bias / self.bias_scale) * self.bias_scale
            bias = bias + ops.stop_gradient(rounded - bias)
            kernel = keras.quantizers.fake_quant_with_min_max_vars(
                kernel,
                -self.maximum,
                self.maximum,
                num_bits=8,
                narrow_range=True,
                axis=-1 if self.ranges_per_channel else None,
            )
        y = self.apply(x, kernel) + bias
        if self.relu:
            y = ops.relu(y)
        return _fake_quantised(y, self.scale) if self.active else y


class QuantisedConvolution(QuantisedLayer):
    """Convolution with SAME padding, bias and ReLU; kernel (rows, columns, inputs, channels)."""

    def __init__(self, channels: int, kernel: tuple[int, int], stride: tuple[int, int], **kwargs: Any):
        super().__init__(channels, relu=True, **kwargs)
        self.taps, self.stride = tuple(kernel), tuple(stride)

    def kernel_shape(self, input_channels: int) -> Shape:
        return (*self.taps, input_channels, self.channels)

    def apply(self, x: Array, kernel: Array) -> Array:
        return ops.conv(x, kernel, strides=self.stride, padding="same", data_format="channels_last")


class QuantisedDepthwise(QuantisedLayer):
    """Depthwise convolution with SAME padding, bias and ReLU; kernel (rows, columns, channels).

    TensorFlow needs one stride for both axes.
    """

    def __init__(self, channels: int, kernel: tuple[int, int], stride: tuple[int, int], **kwargs: Any):
        super().__init__(channels, relu=True, **kwargs)
        self.taps, self.stride = tuple(kernel), tuple(stride)

    def kernel_shape(self, input_channels: int) -> Shape:
        return (*self.taps, input_channels)

    def apply(self, x: Array, kernel: Array) -> Array:
        kernel = ops.reshape(kernel, (*kernel.shape, 1))
        return ops.depthwise_conv(x, kernel, self.stride, padding="same", data_format="channels_last")


class QuantisedLinear(QuantisedLayer):
    """Fully connected layer without activation, one weight range for all channels; kernel (inputs, classes)."""

    ranges_per_channel = False

    def __init__(self, channels: int, **kwargs: Any):
        super().__init__(channels, relu=False, **kwargs)

    def kernel_shape(self, input_channels: int) -> Shape:
        return (input_channels, self.channels)

    def apply(self, x: Array, kernel: Array) -> Array:
        return ops.matmul(x, kernel)
