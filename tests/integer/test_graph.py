import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import InputError, ModelError
from kwslib.integer.graph import Graph
from kwslib.integer.network_file import load
from tests.gap8 import networks
from tests.gap8.networks import edit, post_training, quantised, schema
from tests.places import BASELINE_TABLES

SEED = json.loads(BASELINE_TABLES.read_text())["sizes"]
BLOCK = ("depthwise", (3, 3), (1, 1))
FULL = {
    "small": ((49, 10), 64, (2, 2), (1, 1), 4),
    "medium": ((49, 10), 172, (2, 1), (2, 2), 4),
    "large": ((98, 40), 276, (2, 1), (2, 2), 5),
}


def full_size(name):
    shape, channels, first, second, pairs = FULL[name]
    blocks = [("conv", channels, (10, 4), first)]
    for pair in range(pairs):
        blocks.append(("depthwise", channels, (3, 3), second if pair == 0 else (1, 1)))
        blocks.append(("conv", channels, (1, 1), (1, 1)))
    return quantised(shape, tuple(blocks))


@pytest.mark.parametrize(("name", "macs", "parameters"), [
    ("small", 2_656_768, 22_604), ("medium", 9_816_384, 135_032), ("large", 218_291_712, 410_700),
])  # fmt: skip
def test_names_operations_and_sizes_are_the_seeds(name, macs, parameters):
    graph = load(full_size(name))
    assert [(layer.name, layer.operations) for layer in graph.layers] == [
        (row["name"], row["operations"]) for row in SEED[name]["layers"]
    ]
    assert graph.operations == SEED[name]["total"]["operations"]
    assert (graph.macs, graph.parameters, graph.classes) == (macs, parameters, 12)


def test_padding_is_same_and_asymmetric():
    small = load(quantised(*networks.SMALL)).layers
    large = load(quantised(*networks.LARGE)).layers
    medium = load(quantised(*networks.MEDIUM)).layers
    assert small[0].padding == (4, 5, 1, 1) and large[0].padding == (4, 4, 1, 2)
    assert medium[0].padding == (4, 5, 1, 2) and medium[1].padding == (1, 1, 0, 1)
    assert medium[1].output.shape == (13, 5, 12)


def test_quantise_operators_at_the_ends_fold_into_the_codes():
    graph = load(quantised(*networks.SMALL))
    assert graph.input.dtype == graph.output.dtype == "uint8"
    assert graph.input.file_zero_point == 128 and graph.input.zero_point == graph.layers[0].input.zero_point == 0
    assert graph.output.file_zero_point == 0 and graph.output.scale == 1 / 256
    assert [layer.kind for layer in graph.layers] == [
        "convolution", "depthwise", "pointwise", "average_pool", "linear", "softmax",
    ]  # fmt: skip
    assert graph.logits == 4 and graph.snapped and not graph.float_ends


def test_the_layer_that_decides_is_at_the_end():
    graph = load(quantised(*networks.SMALL))
    linear, softmax = graph.layers[4], graph.layers[5]

    def decider(*kinds):
        layers = [replace(linear, kind=kind, source=index - 1) for index, kind in enumerate(kinds)]
        return replace(graph, layers=tuple(layers)).logits

    assert softmax.source == 4
    assert decider("linear", "softmax") == decider("linear", "requantise", "softmax") == 0
    assert decider("linear", "linear", "add") == decider("linear", "pointwise", "requantise", "softmax") == 2


def test_float_ends_are_cut_off():
    floats = load(post_training(ends="float32"))
    integers = load(post_training(ends="int8"))
    assert floats.float_ends and not integers.float_ends
    assert floats.input == integers.input and floats.output == integers.output


def test_a_multiplied_depthwise_of_one_channel_is_a_convolution():
    data = post_training(per_channel=False)
    plain, older = load(data), load(networks.as_uint8(data))
    first, twin = plain.layers[0], older.layers[0]
    assert (twin.kind, twin.name) == (first.kind, first.name)
    assert np.array_equal(twin.weights, first.weights) and twin.weight_zero_point == 0


def test_a_requantising_quantise_becomes_a_table():
    graph = load(rescaled_input(quantised(*networks.SMALL)))
    assert graph.layers[0].kind == "requantise" and graph.layers[0].table.shape == (256,)
    assert graph.input.file_zero_point == 100


def rescaled_input(data):
    def change(model, graph):
        quantisation = graph.tensors[graph.inputs[0]].quantization
        quantisation.scale, quantisation.zeroPoint = [2.5], [100]

    return edit(data, change)


def test_folded_bias_and_bounds_hold_on_real_accumulators():
    graph = load(post_training())
    layer = graph.layers[2]
    codes = np.random.default_rng(0).integers(layer.input.low, layer.input.high + 1, (500, layer.weights.shape[1]))
    sums = codes @ layer.centred_weights.astype(np.int64).T
    direct = (codes - layer.input.zero_point) @ layer.centred_weights.astype(np.int64).T + layer.bias
    assert np.array_equal(sums + layer.folded_bias, direct)
    assert (np.abs(sums) <= layer.bounds.accumulator).all()
    extreme = np.where(layer.centred_weights > 0, max(layer.input.high, 0), min(layer.input.low, 0))
    reached = (extreme * layer.centred_weights.astype(np.int64)).sum(axis=1)
    opposite = np.where(layer.centred_weights < 0, max(layer.input.high, 0), min(layer.input.low, 0))
    other = -(opposite * layer.centred_weights.astype(np.int64)).sum(axis=1)
    assert np.array_equal(np.maximum(reached, other), layer.bounds.accumulator)


def operator(name, index=0):
    """Finds the n-th operator of a name in an object-form model."""

    def find(model, graph):
        code = getattr(schema.BuiltinOperator, name)
        found = [op for op in graph.operators if model.operatorCodes[op.opcodeIndex].builtinCode == code]
        return found[index]

    return find


CONV, DEPTHWISE = operator("CONV_2D"), operator("DEPTHWISE_CONV_2D")
POOL, LINEAR = operator("AVERAGE_POOL_2D"), operator("FULLY_CONNECTED")
SOFTMAX, RESHAPE = operator("SOFTMAX"), operator("RESHAPE")


def code_to(name):
    def change(model, graph):
        opcode = model.operatorCodes[CONV(model, graph).opcodeIndex]
        opcode.builtinCode = getattr(schema.BuiltinOperator, name)
        opcode.deprecatedBuiltinCode = min(opcode.builtinCode, 127)

    return change


def option(find, name, value):
    return lambda model, graph: setattr(find(model, graph).builtinOptions, name, value)


def tensor(find, end, position, **values):
    def change(model, graph):
        record = graph.tensors[getattr(find(model, graph), end)[position]]
        for name, value in values.items():
            owner = record.quantization if name in ("scale", "zeroPoint", "quantizedDimension") else record
            setattr(owner, name, value)

    return change


def wire(find, end, value):
    return lambda model, graph: setattr(find(model, graph), end, value(find(model, graph), graph))


def softmax_beta(model, graph):
    SOFTMAX(model, graph).builtinOptions.beta = -1.0


def bias_overflow(model, graph):
    buffer = model.buffers[graph.tensors[CONV(model, graph).inputs[2]].buffer]
    buffer.data = np.full(len(buffer.data) // 4, 2**31 - 1, "<i4").view(np.uint8)


def two_outputs(model, graph):
    graph.outputs = [*graph.outputs, CONV(model, graph).outputs[0]]


def no_operators(model, graph):
    graph.operators, graph.outputs = [], list(graph.inputs)


def reversed_operators(model, graph):
    graph.operators = graph.operators[::-1]


def no_weights(model, graph):
    weights = graph.tensors[CONV(model, graph).inputs[1]]
    model.buffers[weights.buffer].data = None


FLOAT, INT16 = schema.TensorType.FLOAT32, schema.TensorType.INT16
UNWRITTEN = r"reads tensor \d+, which is no constant and which no operator before it writes"
BAD = {
    "another operator": (code_to("LOGISTIC"), r"operator 0 \(LOGISTIC\) is not part of the DS-CNN family; known are"),
    "custom": (code_to("CUSTOM"), r"operator 0 \(CUSTOM .*\) is not part"),
    "unknown code": (lambda m, g: setattr(m.operatorCodes[0], "builtinCode", 199), r"BUILTIN 199"),
    "tanh": (option(CONV, "fusedActivationFunction", 4), r"operator 0 \(CONV_2D\) has the fused activation TANH"),
    "dilation": (option(CONV, "dilationWFactor", 2), r"operator 0 \(CONV_2D\) has the dilation \(1, 2\)"),
    "stride": (option(CONV, "strideW", 0), r"operator 0 \(CONV_2D\) has .* must be positive"),
    "padding": (option(CONV, "padding", 1), r"operator 0 \(CONV_2D\) gives .* but the file says"),
    "padding scheme": (option(CONV, "padding", 7), r"the padding scheme 7"),
    "window": (option(POOL, "filterWidth", 1000), r"AVERAGE_POOL_2D\) has the window \(\d+, 1000\), larger"),
    "shuffled": (option(LINEAR, "weightsFormat", 1), r"FULLY_CONNECTED\) has shuffled weights"),
    "beta": (softmax_beta, r"SOFTMAX\) has the beta -1"),
    "float activation": (tensor(CONV, "outputs", 0, type=FLOAT), r"operator 0 .*'s output, tensor \d+ .* is float32"),
    "int16 activation": (tensor(DEPTHWISE, "outputs", 0, type=INT16), r"is int16: the network is not fully 8-bit"),
    "float weights": (tensor(LINEAR, "inputs", 1, type=FLOAT), r"needs \d+ bytes, its buffer has"),
    "no scale": (tensor(CONV, "outputs", 0, scale=[], zeroPoint=[]), r"has 0 scales instead of one"),
    "bad scale": (tensor(CONV, "outputs", 0, scale=[float("nan")]), r"not positive and finite"),
    "zero points": (tensor(CONV, "outputs", 0, zeroPoint=[1, 2]), r"has 1 scales but 2 zero points"),
    "zero point": (tensor(CONV, "outputs", 0, zeroPoint=[200]), r"has the zero point \[200\], not of int8"),
    "weight zero point": (tensor(LINEAR, "inputs", 1, scale=[0.1], zeroPoint=[3]), r"weights with the zero point 3"),
    "weight scales": (tensor(CONV, "inputs", 1, scale=[1.0] * 3, zeroPoint=[0] * 3), r"has 3 weight scales for 16"),
    "weight dimension": (tensor(CONV, "inputs", 1, quantizedDimension=3), r"has 16 weight scales for 16 channels"),
    "bias type": (tensor(LINEAR, "inputs", 2, type=FLOAT), r"FULLY_CONNECTED\) has bias of float32 instead of int32"),
    "bias overflow": (bias_overflow, r"operator 0 \(CONV_2D\): the accumulator of channel \d+ can leave 32 bits"),
    "softmax scale": (tensor(SOFTMAX, "outputs", 0, scale=[0.01]), r"must write codes of scale 1/256"),
    "pool scale": (tensor(POOL, "outputs", 0, scale=[0.01]), r"AVERAGE_POOL_2D\) changes the quantisation"),
    "huge factor": (tensor(LINEAR, "outputs", 0, scale=[1e-12]), r"FULLY_CONNECTED\) scales .* of channel 0 up"),
    "shape": (tensor(CONV, "outputs", 0, shape=[1, 25, 5, 99]), r"operator 0 \(CONV_2D\) has weights of shape"),
    "batch": (tensor(CONV, "outputs", 0, shape=[2, 25, 5, 16]), r"has a batch of 2"),
    "five dimensions": (tensor(CONV, "outputs", 0, shape=[1, 25, 5, 16, 1]), r"has 5 dimensions"),
    "dynamic": (tensor(CONV, "outputs", 0, shapeSignature=[-1, -1, 5, 16]), r"has the dynamic shape \(-1, -1, 5, 16\)"),
    "empty": (tensor(CONV, "outputs", 0, shape=[1, 0, 5, 16]), r"dynamic, empty or too large"),
    "enormous": (tensor(CONV, "outputs", 0, shape=[1, 50000, 50000, 16]), r"dynamic, empty or too large"),
    "variable": (tensor(CONV, "outputs", 0, isVariable=True), r"is a variable"),
    "buffer": (tensor(CONV, "inputs", 1, buffer=999), r"names buffer 999, but the file has"),
    "cycle": (wire(LINEAR, "outputs", lambda op, g: [g.operators[0].outputs[0]]), r"does not write one new tensor"),
    "self": (wire(DEPTHWISE, "inputs", lambda op, g: [op.outputs[0], op.inputs[1]]), UNWRITTEN),
    "branch": (wire(LINEAR, "inputs", lambda op, g: [2, op.inputs[1]]), r"does not read one tensor, its first operand"),
    "tensor index": (wire(CONV, "inputs", lambda op, g: [op.inputs[0], 500]), r"operator 0 .* names tensor 500"),
    "opcode index": (lambda m, g: setattr(g.operators[0], "opcodeIndex", 77), r"operator 0 has code 77"),
    "no weights": (no_weights, r"operator 0 \(CONV_2D\) " + UNWRITTEN),
    "reversed": (reversed_operators, UNWRITTEN),
    "two outputs": (two_outputs, r"the network has 2 outputs"),
    "no operators": (no_operators, r"has no layer with weights"),
    "two subgraphs": (lambda m, g: m.subgraphs.append(g), r"the file holds 2 subgraphs"),
    "version": (lambda m, g: setattr(m, "version", 2), r"schema version 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_file_outside_of_the_family_is_refused(case):
    change, message = BAD[case]
    with pytest.raises(ModelError, match=message):
        load(edit(post_training(), change))


def test_a_reshape_costs_nothing_and_must_keep_the_number_of_codes():
    data = post_training(flat=True)
    graph = load(data)
    assert graph.input.shape == (1, 1, 490) and graph.layers[0].input.shape == (49, 10, 1)
    with pytest.raises(ModelError, match=r"operator 0 \(RESHAPE\) turns \(1, 1, 490\) into \(1, 1, 5\)"):
        load(edit(data, tensor(RESHAPE, "outputs", 0, shape=[1, 5])))


def test_a_float_network_is_refused():
    with pytest.raises(ModelError, match=r"is float32: the network is not fully 8-bit; convert it with full integer"):
        load(networks.floating())


def test_a_missing_file_and_a_bad_file_are_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read the network .*nothing.tflite"):
        load(tmp_path / "nothing.tflite")
    (tmp_path / "bad.tflite").write_bytes(b"RIFF....WAVE")
    with pytest.raises(ModelError, match=r"bad.tflite: not a .tflite file: 12 bytes without the identifier TFL3"):
        load(tmp_path / "bad.tflite")
    (tmp_path / "good.tflite").write_bytes(post_training())
    assert load(tmp_path / "good.tflite").name == "good"


def graph_or_refusal(data):
    try:
        assert isinstance(load(data), Graph)
    except ModelError as error:
        assert str(error)


def test_every_truncation_is_refused_or_whole():
    data = post_training()
    for length in [*range(0, 200), *range(200, len(data), 97)]:
        graph_or_refusal(data[:length])
    with pytest.raises(ModelError, match="cut off or damaged"):
        load(data[: len(data) // 2])


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6), st.data())
def test_damaged_bytes_give_a_refusal_or_a_graph(flips, data):
    content = bytearray(post_training())
    for place, value in flips:
        content[int(place * len(content))] = value
    # the file's tables, as opposed to weights, lie at its end
    tail = data.draw(st.integers(0, 3000))
    content[-1 - tail] ^= data.draw(st.integers(1, 255))
    graph_or_refusal(bytes(content))
