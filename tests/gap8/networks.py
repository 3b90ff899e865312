"""Small 8-bit networks of the DS-CNN family, made by TensorFlow's own converter, for the tests of gap8."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import contextlib
import functools
import io
import tempfile
import warnings

import flatbuffers
import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from kwslib.network.quantisation import activation_scale, snap

INPUT_SCALE = np.float32(1 / 0.51619)

# (kind, channels, kernel, stride): the beginnings and inner layers of the three sizes, with fewer channels
SMALL = ((49, 10), (("conv", 16, (10, 4), (2, 2)), ("depthwise", 16, (3, 3), (1, 1)), ("conv", 24, (1, 1), (1, 1))))
MEDIUM = ((49, 10), (("conv", 12, (10, 4), (2, 1)), ("depthwise", 12, (3, 3), (2, 2)), ("conv", 20, (1, 1), (1, 1))))
LARGE = ((98, 40), (("conv", 8, (10, 4), (2, 1)), ("depthwise", 8, (3, 3), (2, 2)), ("conv", 276, (1, 1), (1, 1)),
                    ("conv", 276, (1, 1), (1, 1))))  # fmt: skip


class _Fixed(keras.layers.Layer):
    """A layer that applies a function; everything else is constant."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


def _fake(x, scale):
    return tf.quantization.fake_quant_with_min_max_vars(x, -128 * scale, 127 * scale, 8)


@functools.cache
def quantised(shape, blocks, classes=12, seed=0, softmax=True):
    """A file with snapped scales, as the project's own training leads to, random weights, uint8 at the ends."""
    rng = np.random.default_rng(seed)
    x = inputs = keras.Input((*shape, 1), batch_size=1)
    probe = tf.constant(_fake(rng.uniform(-247, 247, (8, *shape, 1)).astype(np.float32), INPUT_SCALE))
    functions, s_in = [lambda x: _fake(x, INPUT_SCALE)], INPUT_SCALE

    def add(shape_of_kernel, apply, relu, per_channel):
        nonlocal s_in, probe
        channels = shape_of_kernel[-1]
        spread = 2.0 ** rng.uniform(-2, 0, channels) if per_channel else 1.0
        kernel = (rng.normal(0, 1, shape_of_kernel) * spread / np.sqrt(np.prod(shape_of_kernel[:-1]))).astype(
            np.float32
        )
        largest = float(np.abs(apply(probe, kernel)).max())
        bias = rng.uniform(-0.2, 0.2, channels).astype(np.float32) * np.float32(largest)
        s_out = activation_scale(largest)
        tops = np.abs(kernel).reshape(-1, channels).max(axis=0) if per_channel else np.abs(kernel).max()
        maximum = snap(tops, s_in, s_out, relu).maximum

        def function(x):
            if per_channel:
                weights = tf.quantization.fake_quant_with_min_max_vars_per_channel(kernel, -maximum, maximum, 8, True)
            else:
                weights = tf.quantization.fake_quant_with_min_max_vars(kernel, -maximum[0], maximum[0], 8, True)
            y = apply(x, weights) + bias
            return _fake(tf.nn.relu(y) if relu else y, s_out)

        functions.append(function)
        probe, s_in = function(probe), s_out

    def depthwise(strides):
        def apply(x, w):
            taps = tf.reshape(w, (*w.shape, 1))
            if not isinstance(x, tf.Tensor) or not hasattr(x, "numpy") or strides[1] == strides[2]:
                return tf.nn.depthwise_conv2d(x, taps, strides, "SAME")
            # TensorFlow computes unequal strides on some processors only; the converter takes them on all.
            pads = [_same(x.shape[i], w.shape[i - 1], strides[i]) for i in (1, 2)]
            y = tf.nn.depthwise_conv2d(tf.pad(x, [(0, 0), *pads, (0, 0)]), taps, (1, 1, 1, 1), "VALID")
            return y[:, :: strides[1], :: strides[2]]

        return apply

    def convolution(strides):
        return lambda x, w: tf.nn.conv2d(x, w, strides, "SAME")

    for kind, channels, taps, stride in blocks:
        if kind == "depthwise":
            add((*taps, channels), depthwise((1, *stride, 1)), True, True)
        else:
            add((*taps, probe.shape[-1], channels), convolution((1, *stride, 1)), True, True)
    window = probe.shape[1:3]
    functions.append(lambda x: tf.reshape(tf.nn.avg_pool2d(x, window, window, "VALID"), (x.shape[0], x.shape[3])))
    probe = functions[-1](probe)
    add((probe.shape[-1], classes), tf.matmul, False, False)
    for function in functions:
        x = _Fixed(function)(x)
    if softmax:
        x = keras.layers.Softmax()(x)
    return convert(keras.Model(inputs, x), "uint8")


def _same(size, taps, stride):
    """Rows of padding before and after, as SAME puts them."""
    whole = max((-(-size // stride) - 1) * stride + taps - size, 0)
    return whole // 2, whole - whole // 2


def floating():
    """A file that was not quantised."""
    inputs = keras.Input((49, 10, 1), batch_size=1)
    x = keras.layers.Conv2D(4, (10, 4), 2, "same")(inputs)
    with _quiet():
        return bytes(tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, x)).convert())


@functools.cache
def post_training(
    shape=(49, 10),
    channels=16,
    seed=0,
    per_channel=True,
    head="pool",
    relu6=False,
    ends="int8",
    multiplier=1,
    flat=False,
):
    """A file quantised after training: zero points everywhere, scales of no pattern."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((int(np.prod(shape)),) if flat else (*shape, 1), batch_size=1)
    if flat:
        x = keras.layers.Reshape((*shape, 1))(x)
    noise = keras.initializers.RandomNormal(stddev=0.5)
    x = keras.layers.Conv2D(channels, (10, 4), (2, 2), "same", bias_initializer=noise)(x)
    x = keras.layers.ReLU(6.0 if relu6 else None)(x)
    x = keras.layers.DepthwiseConv2D(3, 1, "same", depth_multiplier=multiplier, bias_initializer=noise)(x)
    x = keras.layers.ReLU(6.0 if relu6 else None)(x)
    x = keras.layers.Conv2D(channels, 1, bias_initializer=noise)(x)  # no activation: negative values
    x = keras.layers.DepthwiseConv2D(3, 2, "same", bias_initializer=noise)(x)
    x = keras.layers.Conv2D(2 * channels, (3, 3), padding="valid", bias_initializer=noise)(x)
    if head == "pool":
        x = keras.layers.Flatten()(keras.layers.AveragePooling2D(x.shape[1:3])(x))
    elif head == "partial":
        x = keras.layers.Flatten()(keras.layers.AveragePooling2D((2, 1), padding="same")(x))
    elif head == "mean":
        x = keras.layers.GlobalAveragePooling2D()(x)
    else:
        x = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = keras.layers.Flatten()(x)
    x = keras.layers.Softmax()(keras.layers.Dense(12, bias_initializer=noise)(x))
    data = [[rng.uniform(-30, 10, inputs.shape).astype(np.float32)] for _ in range(8)]
    return convert(keras.Model(inputs, x), ends, lambda: data, per_channel)


def convert(model, ends, representative=None, per_channel=True):
    # Through a graph of constants: from_keras_model goes through files, which takes four times as long.
    function = tf.function(lambda x: model(x, training=False), autograph=False)
    graph = function.get_concrete_function(*(tf.TensorSpec(one.shape, one.dtype) for one in model.inputs))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], model)
    converter.experimental_lower_to_saved_model = False
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if representative:
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter._experimental_disable_per_channel = not per_channel
    converter.inference_input_type = converter.inference_output_type = tf.as_dtype(ends)
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        return bytes(converter.convert())


@contextlib.contextmanager
def _quiet():
    """Keep the converter's C++ chatter out of the tests' output."""
    with tempfile.TemporaryFile() as sink, contextlib.redirect_stdout(io.StringIO()):
        saved = os.dup(2)
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def edit(data, change):
    """Return the file after `change(model, subgraph)` of its object form."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def with_max_pool(data):
    """The same file with largest values in place of its average pool."""

    def change(model, graph):
        average = schema.BuiltinOperator.AVERAGE_POOL_2D
        code = next(code for code in model.operatorCodes if code.builtinCode == average)
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.MAX_POOL_2D

    return edit(data, change)


def as_uint8(data, weight_zero_point=None, seed=0):
    """An int8 file of per-tensor scales turned into the uint8 form of older converters.

    The first convolution becomes a DEPTHWISE_CONV_2D with a depth multiplier; weights get the zero point 128, or
    another one, by which their values change.
    """

    def change(model, graph):
        for tensor in graph.tensors:
            if tensor.type != schema.TensorType.INT8:
                continue
            tensor.type = schema.TensorType.UINT8
            content = model.buffers[tensor.buffer].data
            tensor.quantization.zeroPoint = [int(tensor.quantization.zeroPoint[0]) + 128]
            if content is not None and len(content):
                model.buffers[tensor.buffer].data = np.asarray(content, np.uint8) ^ 128
                if weight_zero_point is not None:
                    tensor.quantization.zeroPoint = [weight_zero_point]
        first = graph.operators[0]
        codes = [code.builtinCode for code in model.operatorCodes]
        assert codes[first.opcodeIndex] == schema.BuiltinOperator.CONV_2D
        weights = graph.tensors[first.inputs[1]]
        content = np.asarray(model.buffers[weights.buffer].data, np.uint8).reshape(weights.shape)
        model.buffers[weights.buffer].data = np.ascontiguousarray(content.transpose(3, 1, 2, 0)).ravel()
        weights.shape = [1, *weights.shape[1:3], weights.shape[0]]
        weights.quantization.quantizedDimension = 3
        old, new = first.builtinOptions, schema.DepthwiseConv2DOptionsT()
        for name in ("padding", "strideW", "strideH", "fusedActivationFunction", "dilationWFactor", "dilationHFactor"):
            setattr(new, name, getattr(old, name))
        new.depthMultiplier = weights.shape[3]
        first.builtinOptions = new
        first.builtinOptionsType = schema.BuiltinOptions.DepthwiseConv2DOptions
        first.opcodeIndex = codes.index(schema.BuiltinOperator.DEPTHWISE_CONV_2D)

    return edit(data, change)


def interpreter(data, reference=False, litert=False):
    """An interpreter with TFLite's default (XNNPACK) or reference kernels, of TensorFlow or of LiteRT."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf.lite.Interpreter says that it will move to LiteRT
        return _interpreter(data, reference, litert)


def _interpreter(data, reference, litert):
    if litert:
        from ai_edge_litert.interpreter import Interpreter

        found = Interpreter(model_content=data)
    elif reference:
        kind = tf.lite.experimental.OpResolverType.BUILTIN_REF
        found = tf.lite.Interpreter(
            model_content=data, experimental_op_resolver_type=kind, experimental_preserve_all_tensors=True
        )
    else:
        found = tf.lite.Interpreter(model_content=data)
    found.allocate_tensors()
    return found


def run(found, codes, tensors=None):
    """Outputs of an interpreter, or of the named tensors, for each clip: a list of arrays (clips, ...)."""
    source, target = found.get_input_details()[0], found.get_output_details()[0]
    outputs = []
    for clip in codes:
        found.set_tensor(source["index"], clip.reshape(source["shape"]))
        found.invoke()
        outputs.append([found.get_tensor(i)[0] for i in (tensors or [target["index"]])])
    return [np.stack(parts) for parts in zip(*outputs, strict=True)]


def clips(tensor, count, seed=0):
    """Random input codes: uniform, extreme, and slowly varying ones in turn; the first two are all low and all high."""
    rng = np.random.default_rng(seed)
    info = np.iinfo(tensor.dtype)
    codes = rng.integers(info.min, info.max + 1, (count, *tensor.shape))
    codes[2::3] = np.where(codes[2::3] > tensor.file_zero_point, info.max, info.min)
    walk = rng.integers(-9, 10, codes[0::3].shape).cumsum(axis=1)
    codes[0::3] = np.clip(walk + tensor.file_zero_point, info.min, info.max)
    codes[0], codes[1] = info.min, info.max
    return codes.astype(tensor.dtype)
