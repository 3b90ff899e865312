"""Read a ``.tflite`` file: its tensors and operators, bounds-checked, without TensorFlow.

The readers that are generated from the schema (TensorFlow's among them) trust every offset; this one meets any file.

Only the fields that the DS-CNN family needs are read. Whatever points outside of the file, repeats what must be
single, or is of a type that is not known here is refused with a `ModelError`.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flatbuffers import encode, number_types, packer
from flatbuffers.table import Table

from kwslib.errors import ModelError

IDENTIFIER = b"TFL3"  # file_identifier of TensorFlow Lite's schema, version 3
SCHEMA_VERSION = 3
LARGEST_FILE_BYTES = 1 << 28  # a DS-CNN has well under a megabyte; this only bounds the work on a damaged file
LARGEST_TENSOR = 1 << 24  # elements; large's biggest map has 541 thousand

# Enumerations of the schema (TensorType, BuiltinOperator), those that are read or likely to be met.
TYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 5: "string", 6: "bool", 7: "int16",
    8: "complex64", 9: "int8", 10: "float64", 15: "uint32", 16: "uint16", 17: "int4",
}  # fmt: skip
OPERATORS = {
    0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE",
    9: "FULLY_CONNECTED", 14: "LOGISTIC", 16: "LSTM", 17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 21: "RELU6",
    22: "RESHAPE", 25: "SOFTMAX", 28: "TANH", 32: "CUSTOM", 34: "PAD", 36: "GATHER", 39: "TRANSPOSE", 40: "MEAN",
    41: "SUB", 43: "SQUEEZE", 45: "STRIDED_SLICE", 70: "EXPAND_DIMS", 77: "SHAPE", 83: "PACK", 114: "QUANTIZE",
}  # fmt: skip
CUSTOM = 32
COMPILED = {"ethos-u": "Arm's Ethos-U by Vela", "edgetpu-custom-op": "Coral's Edge TPU"}
"""What writes a custom operator of this name in place of the layers."""
LFS_POINTER = b"version https://git-lfs"
"""Beginning of the text that Git stores in place of a large file."""

# Field numbers of the schema's tables, in the order of their declaration there.
MODEL = {"version": 0, "operator_codes": 1, "subgraphs": 2, "buffers": 4, "metadata": 6}
METADATA = {"name": 0, "buffer": 1}
OPERATOR_CODE = {"deprecated_builtin_code": 0, "custom_code": 1, "builtin_code": 3}
SUBGRAPH = {"tensors": 0, "inputs": 1, "outputs": 2, "operators": 3}
TENSOR = {"shape": 0, "type": 1, "buffer": 2, "name": 3, "quantization": 4, "is_variable": 5, "sparsity": 6,
          "shape_signature": 7, "external_buffer": 10}  # fmt: skip
QUANTIZATION = {"scale": 2, "zero_point": 3, "details_type": 4, "quantized_dimension": 6}
OPERATOR = {"opcode_index": 0, "inputs": 1, "outputs": 2, "builtin_options": 4}
BUFFER = {"data": 0, "offset": 1}
_WIDTH = {"int8": 1, "uint8": 1, "bool": 1, "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8}
_FLAGS = {
    "int8": number_types.Int8Flags, "uint8": number_types.Uint8Flags, "bool": number_types.BoolFlags,
    "int32": number_types.Int32Flags, "uint32": number_types.Uint32Flags, "float32": number_types.Float32Flags,
    "int64": number_types.Int64Flags, "uint64": number_types.Uint64Flags,
}  # fmt: skip


class Record:
    """One flatbuffer table, read by field number; every access is checked against the end of the file."""

    def __init__(self, data: bytes, position: int):
        self.data = data
        _inside(data, position, 4)
        vtable = position - encode.Get(packer.soffset, data, position)
        _inside(data, vtable, 4)
        _inside(data, vtable, encode.Get(packer.voffset, data, vtable))
        self.table = Table(data, position)

    def _place(self, number: int) -> int | None:
        offset = self.table.Offset(4 + 2 * number)
        return self.table.Pos + offset if offset else None

    def _target(self, number: int) -> int | None:
        place = self._place(number)
        if place is None:
            return None
        _inside(self.data, place, 4)
        return place + encode.Get(packer.uoffset, self.data, place)

    def _vector(self, number: int, width: int) -> tuple[int, int]:
        target = self._target(number)
        if target is None:
            return 0, 0
        _inside(self.data, target, 4)
        length = encode.Get(packer.uoffset, self.data, target)
        _inside(self.data, target + 4, length * width)
        return target + 4, length

    def number(self, number: int, kind: str, default: Any = 0) -> Any:
        """A scalar field, or its default where it is not stored."""
        place = self._place(number)
        if place is None:
            return default
        _inside(self.data, place, _WIDTH[kind])
        return self.table.Get(_FLAGS[kind], place)

    def numbers(self, number: int, kind: str) -> np.ndarray:
        """A vector of scalars (a read-only view), empty where it is not stored."""
        start, length = self._vector(number, _WIDTH[kind])
        return np.frombuffer(self.data, np.dtype(kind).newbyteorder("<"), length, start)

    def text(self, number: int) -> str:
        """A string field."""
        return bytes(self.numbers(number, "uint8")).decode(errors="replace")

    def record(self, number: int) -> "Record | None":
        """A nested table."""
        target = self._target(number)
        return None if target is None else Record(self.data, target)

    def records(self, number: int) -> list["Record"]:
        """A vector of tables."""
        start, length = self._vector(number, 4)
        places = range(start, start + 4 * length, 4)
        return [Record(self.data, place + encode.Get(packer.uoffset, self.data, place)) for place in places]


def _inside(data: bytes, start: int, length: int) -> None:
    if start < 0 or start + length > len(data):
        raise ModelError(f"the file is cut off or damaged: it points to byte {start + length} of {len(data)}")


@dataclass(frozen=True)
class RawTensor:
    """A tensor as the file describes it.

    `shape` has the batch dimension; `data` is the content of a constant (shape and dtype applied), else None.
    `scale` is float32 (1,) or (channels,), `zero_point` int64 of the same length; both empty if not quantised.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: np.ndarray
    zero_point: np.ndarray
    dimension: int
    data: np.ndarray | None = field(repr=False, default=None)


@dataclass(frozen=True)
class RawOperator:
    """An operator: its name in the schema, tensor indices (-1: left out), and its options."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Record | None = field(repr=False)

    def __str__(self) -> str:
        return f"operator {self.index} ({self.name})"


@dataclass(frozen=True)
class RawModel:
    """The one subgraph of a file, and the file's metadata entries by name."""

    tensors: tuple[RawTensor, ...]
    operators: tuple[RawOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: dict[str, bytes] = field(repr=False, default_factory=dict)


def root_record(data: bytes) -> Record:
    """The root table of a flatbuffer.

    Raises
    ------
    ModelError
        If the buffer is too short.
    """
    _inside(data, 0, 4)
    return Record(data, encode.Get(packer.uoffset, data, 0))


def read(data: bytes) -> RawModel:
    """Read the content of a ``.tflite`` file.

    Raises
    ------
    ModelError
        If it is no such file, is damaged, or holds anything but one subgraph of static shapes.
    """
    data = bytes(data)
    if data.startswith(LFS_POINTER):
        raise ModelError("this is a Git LFS pointer, not the network: run 'git lfs pull', or download the file itself")
    if len(data) < 8 or data[4:8] != IDENTIFIER:
        raise ModelError(f"not a .tflite file: {len(data)} bytes without the identifier {IDENTIFIER.decode()}")
    if len(data) > LARGEST_FILE_BYTES:
        raise ModelError(f"{len(data)} bytes are too many for a keyword spotter's .tflite file")
    try:
        return _model(data)
    except (struct.error, ValueError, OverflowError, TypeError, IndexError) as error:
        raise ModelError(f"the file is cut off or damaged: {error}") from error


def _model(data: bytes) -> RawModel:
    root = root_record(data)
    version = root.number(MODEL["version"], "uint32")
    if version != SCHEMA_VERSION:
        raise ModelError(f"the file is of schema version {version}; only version {SCHEMA_VERSION} is read")
    codes = [_operator_name(record) for record in root.records(MODEL["operator_codes"])]
    subgraphs = root.records(MODEL["subgraphs"])
    if len(subgraphs) != 1:
        raise ModelError(f"the file holds {len(subgraphs)} subgraphs; a DS-CNN has one")
    subgraph = subgraphs[0]
    buffers = root.records(MODEL["buffers"])
    records = subgraph.records(SUBGRAPH["tensors"])
    tensors = tuple(_tensor(index, record, buffers) for index, record in enumerate(records))
    operators = tuple(
        _operator(index, record, codes, len(tensors))
        for index, record in enumerate(subgraph.records(SUBGRAPH["operators"]))
    )
    inputs, outputs = (
        _indices("the subgraph", subgraph.numbers(SUBGRAPH[end], "int32"), 0, len(tensors))
        for end in ("inputs", "outputs")
    )
    metadata = {}
    for record in root.records(MODEL["metadata"]):
        buffer = record.number(METADATA["buffer"], "uint32")
        if buffer >= len(buffers):
            raise ModelError(f"a metadata entry names buffer {buffer}, but the file has {len(buffers)} buffers")
        metadata[record.text(METADATA["name"])] = bytes(buffers[buffer].numbers(BUFFER["data"], "uint8"))
    return RawModel(tensors, operators, inputs, outputs, metadata)


def _operator_name(record: Record) -> str:
    code = max(  # files made before schema 3a have the first field alone
        record.number(OPERATOR_CODE["deprecated_builtin_code"], "int8"),
        record.number(OPERATOR_CODE["builtin_code"], "int32"),
    )
    if code == CUSTOM:
        name = record.text(OPERATOR_CODE["custom_code"])
        if name in COMPILED:
            raise ModelError(
                f"the file was compiled for {COMPILED[name]} (operator CUSTOM {name}); "
                "name the .tflite file that it was compiled from"
            )
        return f"CUSTOM {name}"
    return OPERATORS.get(code, f"BUILTIN {code}")


def _indices(where: str, values: np.ndarray, lowest: int, count: int) -> tuple[int, ...]:
    for value in values:
        if not lowest <= value < count:
            raise ModelError(f"{where} names tensor {value}, but the file has {count} tensors")
    return tuple(int(value) for value in values)


def _operator(index: int, record: Record, codes: list[str], tensors: int) -> RawOperator:
    code = record.number(OPERATOR["opcode_index"], "uint32")
    if code >= len(codes):
        raise ModelError(f"operator {index} has code {code}, but the file lists {len(codes)} codes")
    where = f"operator {index} ({codes[code]})"
    inputs = _indices(where, record.numbers(OPERATOR["inputs"], "int32"), -1, tensors)
    outputs = _indices(where, record.numbers(OPERATOR["outputs"], "int32"), 0, tensors)
    return RawOperator(index, codes[code], inputs, outputs, record.record(OPERATOR["builtin_options"]))


def _tensor(index: int, record: Record, buffers: list[Record]) -> RawTensor:
    name = record.text(TENSOR["name"])
    where = f"tensor {index} ('{name}')"
    code = record.number(TENSOR["type"], "int8")
    dtype = TYPES.get(code, f"type {code}")
    shape = _shape(where, record)
    scale, zero_point, dimension = _quantisation(where, record.record(TENSOR["quantization"]))
    if record.number(TENSOR["is_variable"], "bool"):
        raise ModelError(f"{where} is a variable; a DS-CNN keeps no state")
    if record.record(TENSOR["sparsity"]) is not None:
        raise ModelError(f"{where} is stored sparsely; convert the network without sparsity")
    buffer = record.number(TENSOR["buffer"], "uint32")
    if buffer >= len(buffers):
        raise ModelError(f"{where} names buffer {buffer}, but the file has {len(buffers)} buffers")
    if buffers[buffer].number(BUFFER["offset"], "uint64") or record.number(TENSOR["external_buffer"], "uint32"):
        raise ModelError(f"{where} is stored outside of the flatbuffer; convert the network without that")
    content = buffers[buffer].numbers(BUFFER["data"], "uint8")
    data = None
    if content.size and dtype in _WIDTH:
        wanted = int(np.prod(shape, dtype=np.int64)) * _WIDTH[dtype]
        if content.size != wanted:
            raise ModelError(f"{where} of shape {shape} needs {wanted} bytes, its buffer has {content.size}")
        data = content.view(np.dtype(dtype).newbyteorder("<")).reshape(shape)
    return RawTensor(index, name, shape, dtype, scale, zero_point, dimension, data)


def _shape(where: str, record: Record) -> tuple[int, ...]:
    shape = tuple(int(n) for n in record.numbers(TENSOR["shape"], "int32"))
    signature = tuple(int(n) for n in record.numbers(TENSOR["shape_signature"], "int32"))
    elements = 1
    for extent in shape:
        elements *= extent
        if extent < 1 or elements > LARGEST_TENSOR:
            raise ModelError(f"{where} has the shape {shape}: dynamic, empty or too large")
    # a free batch (first extent) is what converters leave by default and means one clip here
    if any(extent < 0 for extent in signature[1:]):
        raise ModelError(f"{where} has the dynamic shape {signature}; convert the network with fixed shapes")
    return shape


def _quantisation(where: str, record: Record | None) -> tuple[np.ndarray, np.ndarray, int]:
    if record is None:
        return np.empty(0, np.float32), np.empty(0, np.int64), 0
    if record.number(QUANTIZATION["details_type"], "uint8"):
        raise ModelError(f"{where} has a quantisation that is not affine")
    scale = record.numbers(QUANTIZATION["scale"], "float32").astype(np.float32)
    zero_point = record.numbers(QUANTIZATION["zero_point"], "int64").astype(np.int64)
    if zero_point.size != scale.size:
        raise ModelError(f"{where} has {scale.size} scales but {zero_point.size} zero points")
    if not (np.isfinite(scale) & (scale > 0)).all():
        raise ModelError(f"{where} has a scale that is not positive and finite")
    return scale, zero_point, record.number(QUANTIZATION["quantized_dimension"], "int32")
