import numpy as np
import pytest

from kwslib.errors import InputError, ModelError
from kwslib.network.truncation import truncated
from tests.gap8.networks import clips, interpreter, post_training, quantised, run


def test_every_layer_becomes_the_output_with_the_codes_it_had():
    from kwslib.integer.network_file import load

    data = post_training()
    graph = load(data)
    codes = clips(graph.input, 3)
    inner = run(interpreter(data, reference=True), codes, [layer.tensor for layer in graph.layers])
    for layer, expected in zip(graph.layers, inner, strict=True):
        short = truncated(data, layer.operator)
        assert load(short).layers[-1].name == layer.name
        (found,) = run(interpreter(short, reference=True), codes)
        assert np.array_equal(found, expected)
        assert len(short) <= len(data)


def test_the_last_operator_changes_nothing():
    data = quantised((49, 10), (("conv", 8, (10, 4), (2, 2)),))
    found = interpreter(data)
    last = max(op["index"] for op in found._get_ops_details() if op["op_name"] != "DELEGATE")
    codes = np.arange(490, dtype=np.uint8).reshape(1, 49, 10, 1) % 251
    assert np.array_equal(run(interpreter(truncated(data, last)), codes), run(found, codes))


@pytest.mark.parametrize("operator", [-1, 99])
def test_an_operator_that_is_not_there_is_refused(operator):
    with pytest.raises(InputError, match=rf"there is no operator {operator}: the file has \d+, counted from 0"):
        truncated(post_training(), operator)


def test_a_damaged_file_is_refused():
    data = post_training()
    with pytest.raises(ModelError, match="not a .tflite file: 5 bytes"):
        truncated(b"hello", 0)
    with pytest.raises(ModelError, match="cut off or damaged"):
        truncated(data[:300], 0)
