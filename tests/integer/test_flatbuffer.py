import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.integer.flatbuffer import OPERATORS, read
from tests.gap8.networks import post_training, quantised, schema


def test_names_of_operators_are_the_schemas():
    for code, name in OPERATORS.items():
        assert getattr(schema.BuiltinOperator, name) == code


@pytest.mark.parametrize("make", [post_training, lambda: quantised((49, 10), (("conv", 8, (10, 4), (2, 2)),))])
def test_everything_read_equals_what_the_generated_reader_finds(make):
    data = make()
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    expected, found = model.subgraphs[0], read(data)
    assert list(found.inputs) == list(expected.inputs) and list(found.outputs) == list(expected.outputs)
    for ours, theirs in zip(found.tensors, expected.tensors, strict=True):
        assert ours.name == theirs.name.decode() and list(ours.shape) == list(theirs.shape)
        assert getattr(schema.TensorType, ours.dtype.upper()) == theirs.type
        scale = [] if theirs.quantization.scale is None else theirs.quantization.scale
        assert np.array_equal(ours.scale, np.asarray(scale, np.float32))
        content = model.buffers[theirs.buffer].data
        assert (ours.data is None) == (content is None or len(content) == 0)
        if ours.data is not None:
            assert ours.data.tobytes() == np.asarray(content, np.uint8).tobytes()
    for ours, theirs in zip(found.operators, expected.operators, strict=True):
        assert list(ours.inputs) == list(theirs.inputs) and list(ours.outputs) == list(theirs.outputs)
        code = model.operatorCodes[theirs.opcodeIndex].builtinCode
        assert getattr(schema.BuiltinOperator, ours.name) == code


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x1c\0\0\0TFL2" + bytes(100)])
def test_what_is_no_tflite_file_is_refused(data):
    with pytest.raises(ModelError, match=rf"not a .tflite file: {len(data)} bytes without the identifier TFL3"):
        read(data)


@pytest.mark.parametrize("root", [9, 100, 2**31, 2**32 - 1])
def test_a_root_outside_of_the_file_is_refused(root):
    with pytest.raises(ModelError, match="cut off or damaged"):
        read(root.to_bytes(4, "little") + b"TFL3" + b"\xff" * 64)
