"""From the fake-quantised network to a fully 8-bit .tflite file, and the checks that it is one."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kwslib.config.architecture import Architecture
from kwslib.config.front_end import INPUT_ZERO_POINT
from kwslib.errors import ModelError
from kwslib.integer.flatbuffer import IDENTIFIER
from kwslib.integer.metadata import ENTRY, Description, encode
from kwslib.network import checkpoint, ds_cnn
from kwslib.network.quantisation import weight_scale
from kwslib.paths import atomic_write_bytes, scratch
from kwslib.subproc import run

APART_TIMEOUT_S = 600
"""A conversion takes seconds, and the start of TensorFlow a few more."""


def to_tflite(size: Architecture, network: keras.Model) -> bytes:
    """Convert a trained network.

    TensorFlow's converter reads only networks of Keras' TensorFlow backend. With another backend, a process of its own
    that has the TensorFlow backend converts.

    Parameters
    ----------
    size : Architecture
    network : keras.Model
        From `kwslib.network.ds_cnn.quantised_network`, trained.

    Returns
    -------
    bytes
        A .tflite with uint8 input (1, frames, coefficients, 1) and uint8 softmax output (1, classes).

    Raises
    ------
    ModelError
        If the file has a float tensor, or a scale that is not the one trained with.
    ToolError
        If that process fails.
    """
    if keras.backend.backend() != "tensorflow":
        return _converted_apart(size, network)
    single = ds_cnn.quantised_network(size, clips=1)
    single.set_weights(network.get_weights())
    probabilities = keras.layers.Softmax(name="softmax")(single.output)
    data = _convert(keras.Model(single.input, probabilities, name=f"ds_cnn_{size.name}"))
    check_fully_8_bit(data)
    check_scales(data, single)
    return data


def _converted_apart(size: Architecture, network: keras.Model) -> bytes:
    with scratch("conversion") as folder:
        weights, target = folder / "weights.npz", folder / "model.tflite"
        checkpoint.save(weights, asdict(size), network=network)
        command: list[str | Path] = [sys.executable, "-m", "kwslib.network.conversion", weights, target]
        run(command, timeout_s=APART_TIMEOUT_S, env={"KERAS_BACKEND": "tensorflow"})
        return target.read_bytes()


def _convert(model: keras.Model) -> bytes:
    import tensorflow as tf

    tf.get_logger().setLevel(logging.ERROR)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    # The ranges come from the fake-quantisation operations: no representative dataset, and no TFLITE_BUILTINS_INT8,
    # which would ask for one.
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _silenced():
        warnings.simplefilter("ignore")
        return converter.convert()


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Silence the converter's C++, which writes to the process's standard output and error."""
    null = os.open(os.devnull, os.O_WRONLY)
    saved = {number: os.dup(number) for number in (1, 2)}
    for number in saved:
        os.dup2(null, number)
    try:
        yield
    finally:
        for number, copy in saved.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(null)


def _subgraph(data: bytes) -> tuple[Any, Any, Any]:
    """Read a file with TensorFlow's generated schema; return the schema, the model and its first subgraph."""
    from tensorflow.lite.python import schema_py_generated as schema

    try:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
        return schema, model, model.subgraphs[0]
    except Exception as error:  # the generated reader raises whatever a damaged offset leads it to
        raise ModelError(f"not a readable .tflite file: {error}") from error


def describe(data: bytes, description: Description) -> bytes:
    """Write what is known of a network into its ``.tflite`` file; the network itself stays as it is.

    Parameters
    ----------
    data : bytes
        The file. An entry that it has already is replaced.
    description : Description
        Labels, front end and corpus.

    Raises
    ------
    ModelError
        If the file cannot be read, or the labels are not as many as its classes.
    """
    import flatbuffers

    schema, model, graph = _subgraph(data)
    classes = int(graph.tensors[graph.outputs[0]].shape[-1])
    if len(description.labels) != classes:
        raise ModelError(f"{len(description.labels)} labels for a network of {classes} classes")
    entry = next((one for one in model.metadata or [] if one.name.decode() == ENTRY), None)
    if entry is None:
        entry = schema.MetadataT()
        entry.name, entry.buffer = ENTRY, len(model.buffers)
        model.buffers.append(schema.BufferT())
        model.metadata = [*(model.metadata or []), entry]
    model.buffers[entry.buffer].data = list(encode(description))
    builder = flatbuffers.Builder(len(data) + 4096)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def linear_operator(data: bytes) -> int:
    """Return the index of the last FULLY_CONNECTED operator of a .tflite; its outputs are the logits.

    Raises
    ------
    ModelError
        If there is none.
    """
    schema, model, graph = _subgraph(data)
    wanted = schema.BuiltinOperator.FULLY_CONNECTED
    found = [i for i, op in enumerate(graph.operators) if model.operatorCodes[op.opcodeIndex].builtinCode == wanted]
    if not found:
        raise ModelError("this network has no FULLY_CONNECTED operator whose output could be its logits")
    return found[-1]


def check_fully_8_bit(data: bytes) -> None:
    """Assert that no tensor of a .tflite is floating point and that it begins and ends in uint8.

    Raises
    ------
    ModelError
        Naming the tensor.
    """
    schema, _, graph = _subgraph(data)
    allowed = {schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT32}
    for tensor in graph.tensors:
        if tensor.type not in allowed:
            raise ModelError(
                f"tensor '{tensor.name.decode()}' of the converted network is not 8-bit: a fake quantisation is missing"
            )
    for index in (*graph.inputs, *graph.outputs):
        if graph.tensors[index].type != schema.TensorType.UINT8:
            raise ModelError(f"'{graph.tensors[index].name.decode()}' of the converted network is not uint8")


def check_scales(data: bytes, network: keras.Model) -> None:
    """Assert that the scales in a .tflite are those of the network it was made from, bit for bit.

    Raises
    ------
    ModelError
        Naming the layer and both scales.
    """
    schema, model, graph = _subgraph(data)
    weighted = {
        schema.BuiltinOperator.CONV_2D,
        schema.BuiltinOperator.DEPTHWISE_CONV_2D,
        schema.BuiltinOperator.FULLY_CONNECTED,
    }
    operators = [op for op in graph.operators if model.operatorCodes[op.opcodeIndex].builtinCode in weighted]
    layers = ds_cnn.quantised_layers(network)
    if len(operators) != len(layers):
        raise ModelError(f"the converted network has {len(operators)} layers with weights, {len(layers)} were trained")

    def compare(name: str, what: str, tensor: int, scale: Any, zero_point: int = 0) -> None:
        quantization = graph.tensors[tensor].quantization
        found = np.asarray(quantization.scale, np.float32)
        if not np.array_equal(found, np.atleast_1d(np.asarray(scale, np.float32))):
            raise ModelError(f"{name}: the {what} scale in the file, {found}, is not the trained one, {scale}")
        if set(np.atleast_1d(quantization.zeroPoint).tolist()) != {zero_point}:
            raise ModelError(f"{name}: the {what} zero point in the file is not {zero_point}")

    compare("input", "fingerprint", graph.inputs[0], ds_cnn.input_scale(network), INPUT_ZERO_POINT)
    for operator, layer in zip(operators, layers, strict=True):
        compare(layer.name, "weight", operator.inputs[1], weight_scale(keras.ops.convert_to_numpy(layer.maximum)))
        compare(layer.name, "output", operator.outputs[0], keras.ops.convert_to_numpy(layer.scale))


def main(weights: Path, target: Path) -> None:
    """Convert in a process of its own: read weights and architecture that `to_tflite` has saved, write the .tflite."""
    fields = checkpoint.read_state(weights)
    size = Architecture(**{**fields, "model_size_info": tuple(fields["model_size_info"])})
    network = ds_cnn.quantised_network(size)
    checkpoint.restore(weights, network=network)
    atomic_write_bytes(target, to_tflite(size, network))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
