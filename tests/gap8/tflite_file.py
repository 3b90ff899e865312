"""Writes 8-bit ``.tflite`` files operator by operator, in milliseconds, without TensorFlow's converter."""

from dataclasses import dataclass

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

ACTIVATIONS = {"none": "NONE", "relu": "RELU", "relu6": "RELU6"}
TYPES = {"int8": "INT8", "uint8": "UINT8", "int32": "INT32"}


@dataclass(frozen=True)
class Quantisation:
    """Scales (one, or one for each channel along `dimension`) and the zero point of the file's type."""

    scales: np.ndarray
    zero_point: int
    dimension: int = 0


class TfliteFile:
    """A file with one subgraph; operators are added in their order."""

    def __init__(self):
        self.model = schema.ModelT()
        self.graph = schema.SubGraphT()
        self.codes: dict[str, int] = {}
        self.model.version, self.model.description = 3, "a member of the DS-CNN family"
        self.model.operatorCodes, self.model.buffers = [], [schema.BufferT()]
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, shape, dtype: str, quantisation: Quantisation | None = None, data=None) -> int:
        """Add a tensor, with its content if it is a constant; returns its index."""
        made = schema.TensorT()
        made.name, made.shape = f"tensor{len(self.graph.tensors)}", [int(extent) for extent in shape]
        made.type = getattr(schema.TensorType, TYPES[dtype])
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, np.dtype(dtype)).tobytes(), np.uint8)
            made.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        if quantisation is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.asarray(quantisation.scales, np.float32).ravel()
            made.quantization.zeroPoint = np.full(made.quantization.scale.shape, quantisation.zero_point, np.int64)
            made.quantization.quantizedDimension = quantisation.dimension
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def operator(self, name: str, inputs, output: int, options: str, **members) -> None:
        """Add an operator by the schema's names of it, of its options and of their members."""
        if name not in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, name)
            code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
            self.codes[name] = len(self.model.operatorCodes)
            self.model.operatorCodes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = self.codes[name], list(inputs), [output]
        made.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        made.builtinOptions = getattr(schema, f"{options}T")()
        for member, value in members.items():
            assert hasattr(made.builtinOptions, member), member
            setattr(made.builtinOptions, member, value)
        self.graph.operators.append(made)

    def content(self, source: int, target: int) -> bytes:
        """The whole file; `source` and `target` are the network's input and output tensors."""
        self.graph.inputs, self.graph.outputs = [source], [target]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def fused(activation: str) -> int:
    """The schema's number of an activation."""
    return getattr(schema.ActivationFunctionType, ACTIVATIONS[activation])


def window(padding: str, stride: tuple[int, int]) -> dict[str, int]:
    """Members of the options that convolutions and pools share."""
    return {"padding": getattr(schema.Padding, padding), "strideH": stride[0], "strideW": stride[1]}
