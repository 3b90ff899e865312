import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.integer.network_file import load, open_file
from kwslib.network.truncation import truncated
from tests.gap8.networks import edit, post_training, schema
from tests.places import SHARED

FOREIGN = SHARED / "foreign"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 51234\n"


def write(folder, data):
    path = folder / "network.tflite"
    path.write_bytes(data)
    return path


def test_a_git_lfs_pointer_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"network.tflite: this is a Git LFS pointer, .* run 'git lfs pull'"):
        load(write(tmp_path, POINTER))


@pytest.mark.parametrize(("name", "machine"), [
    ("ethos-u", r"Arm's Ethos-U by Vela"), ("edgetpu-custom-op", r"Coral's Edge TPU"),
])  # fmt: skip
def test_a_file_compiled_for_another_machine_is_named_first(name, machine, tmp_path):
    def change(model, graph):
        code = model.operatorCodes[graph.operators[0].opcodeIndex]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = name
        graph.operators = graph.operators[:1]
        graph.tensors[graph.inputs[0]].quantization.scale = [float("nan")]
        graph.outputs = [0, 1, 2]

    path = write(tmp_path, edit(post_training(), change))
    with pytest.raises(ModelError, match=rf"was compiled for {machine} \(operator CUSTOM {name}\); name the .tflite"):
        open_file(path)


@pytest.mark.parametrize("operator", [0, 2])
def test_a_feature_map_is_no_classifier(operator, tmp_path):
    path = write(tmp_path, truncated(post_training(), operator))
    with pytest.raises(ModelError, match=r"its output is a map of 25 x 5 positions with 16 channels: this is"):
        open_file(path)


def test_a_classifier_may_end_in_a_convolution(tmp_path):
    data = truncated(post_training(), 5)  # the pool
    assert open_file(write(tmp_path, data)).graph.classes == 32


def test_too_many_classes_are_refused(tmp_path):
    def change(model, graph):
        """Makes the last layer wider, and leaves the softmax away."""
        graph.operators = graph.operators[:-1]
        linear = graph.operators[-1]
        weights, bias = (graph.tensors[i] for i in linear.inputs[1:])
        output = graph.tensors[linear.outputs[0]]
        rows = np.asarray(model.buffers[weights.buffer].data).reshape(12, -1)
        model.buffers[weights.buffer].data = np.tile(rows, (400, 1)).ravel()
        model.buffers[bias.buffer].data = np.tile(np.asarray(model.buffers[bias.buffer].data), 400)
        weights.shape, bias.shape, output.shape = [4800, rows.shape[1]], [4800], [1, 4800]
        weights.quantization.scale, weights.quantization.zeroPoint = [0.01], [0]
        graph.outputs = [linear.outputs[0]]

    with pytest.raises(ModelError, match=r"it has 4800 classes; at most 4096 are supported"):
        open_file(write(tmp_path, edit(post_training(), change)))


def test_a_stride_beyond_the_map_is_refused():
    def change(model, graph):
        options = graph.operators[0].builtinOptions
        options.strideH = options.strideW = 1 << 30
        graph.tensors[graph.operators[0].outputs[0]].shape = [1, 1, 1, 16]

    with pytest.raises(ModelError, match=r"CONV_2D\) has the stride \(1073741824, 1073741824\), larger than its input"):
        load(edit(post_training(), change))


@pytest.mark.skipif(not FOREIGN.is_dir(), reason="files of other people are not there")
@pytest.mark.parametrize(("path", "message"), [
    ("networks/scale_underflow", r"operator 0 \(CONV_2D\) scales the accumulator of channel 0 down to nothing"),
    ("networks/tum-ei-eda_aww_layer0", r"a map of 25 x 5 positions with 64 channels"),
    ("damaged/stride_huge", r"operator 0 \(CONV_2D\) has the stride"),
])  # fmt: skip
def test_other_peoples_files_are_refused_in_one_line(path, message):
    with pytest.raises(ModelError, match=message):
        open_file(FOREIGN / f"{path}.tflite")
