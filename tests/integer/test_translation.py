import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.integer import reference
from kwslib.integer.flatbuffer import read
from kwslib.integer.network_file import load
from tests.gap8 import networks
from tests.gap8.networks import as_uint8, clips, edit, interpreter, quantised, schema
from tests.gap8.tflite_file import Quantisation, TfliteFile
from tests.integer.residual_networks import BLOCKS, any_batch, residual

READS = {
    "identity": [(-1,), (0,), (1,), (2, 0), (3,), (4,), (5,)],
    "shortcut": [(-1,), (0,), (0,), (2,), (3, 1), (4,), (5,), (6,)],
    "before": [(-1,), (0,), (1, 0), (2,), (3,), (4, 2), (5,), (6,), (7, 5), (8,), (9,), (10,)],
    "first": [(-1,), (0,), (1, -1), (2,), (3,), (4,)],
    "pooled": [(-1,), (0,), (1,), (2,), (3, 1), (4,), (5,), (6,), (7,)],
}


def operators(name):
    """Finds the operators of a name in an object-form model."""

    def find(model, graph):
        code = getattr(schema.BuiltinOperator, name)
        return [op for op in graph.operators if model.operatorCodes[op.opcodeIndex].builtinCode == code]

    return find


ADD, PAD, POOL = operators("ADD"), operators("PAD"), operators("MAX_POOL_2D")


@pytest.mark.parametrize("per_channel", [True, False], ids=["channel", "tensor"])
@pytest.mark.parametrize("block", BLOCKS)
def test_every_layer_equals_the_reference_kernels(block, per_channel):
    data = residual(block, per_channel)
    for file in [data] if per_channel else [data, as_uint8(data), as_uint8(data, weight_zero_point=121)]:
        graph = load(file)
        codes = clips(graph.input, 18)
        ours = reference.run(graph, codes, layers=True).layers
        theirs = networks.run(interpreter(file, reference=True), codes, [layer.tensor for layer in graph.layers])
        for layer, found, expected in zip(graph.layers, ours, theirs, strict=True):
            difference = np.abs(layer.output.from_core(found).ravel().astype(int) - expected.ravel())
            assert difference.max() <= (layer.kind == "softmax"), layer.name
            assert layer.output.low <= found.min() and found.max() <= layer.output.high
            assert found[0].size < 16 or len(np.unique(found)) > 30, f"{layer.name} is too dull to test anything"


@pytest.mark.parametrize("block", READS)
def test_each_layer_says_what_it_reads(block):
    graph = load(residual(block))
    assert [layer.reads for layer in graph.layers] == READS[block]
    assert not graph.is_chain and load(residual("padded")).is_chain
    for layer in graph.layers:
        for tensor, source in zip((layer.input, layer.second_input), layer.reads, strict=False):
            assert tensor == (graph.input if source < 0 else graph.layers[source].output)
    assert graph.layers[graph.logits].kind == "linear"


def test_names_and_operations_are_in_the_baselines_style():
    layers = {layer.name: layer for layer in load(residual("pooled")).layers}
    pool, add = layers["S2_MaxPool_3x2"], layers["S5_Add_Relu"]
    assert (pool.operations, pool.macs, pool.parameters) == (7 * 5 * 16 * 6, 0, 0)
    assert (add.operations, add.macs, add.parameters) == (7 * 5 * 16, 0, 0)
    assert (pool.output.low, add.output.low, add.clamp) == (pool.input.low, add.output.zero_point, (-128, 127))


def test_padding_moves_into_the_layer_behind_it():
    layers = load(residual("padded")).layers
    assert [layer.padding for layer in layers[1:4]] == [(1, 1, 1, 1), (2, 0, 0, 0), (1, 1, 1, 1)]
    assert [layer.output.shape[:2] for layer in layers[1:4]] == [(7, 3), (4, 1), (4, 1)]


def test_the_last_reader_frees_a_map():
    graph = load(residual("before"))
    assert load(residual("first")).last_reader[-1] == 2
    assert graph.last_reader[-1] == 0 and graph.last_reader[2] == 5 and graph.last_reader[5] == 8


def rewire(find, index, inputs):
    """Let an operator read what `inputs(operator, subgraph)` says."""

    def change(model, graph):
        operator = find(model, graph)[index]
        operator.inputs = inputs(operator, graph)

    return change


def constant(model, graph):
    """Makes the second operand of the addition a constant."""
    add = ADD(model, graph)[0]
    like, buffer, new = graph.tensors[add.inputs[1]], schema.BufferT(), schema.TensorT()
    buffer.data = np.zeros(int(np.prod(like.shape)), np.uint8)
    new.name, new.shape, new.type, new.quantization = b"constant", like.shape, like.type, like.quantization
    new.buffer = len(model.buffers)
    model.buffers.append(buffer)
    graph.tensors.append(new)
    add.inputs = [add.inputs[0], len(graph.tensors) - 1]


def other_shape(model, graph):
    add = ADD(model, graph)[0]
    graph.tensors[add.outputs[0]].shape = [1, 5, 13, 16]


def paddings(*values):
    """Lets the first PAD have these eight numbers."""

    def change(model, graph):
        content = model.buffers[graph.tensors[PAD(model, graph)[0].inputs[1]].buffer]
        content.data = np.array(values, "<i4").view(np.uint8)

    return change


def before_a_pool(model, graph):
    """Lets the largest-value pool behind PAD see values of both signs."""
    for index in (*PAD(model, graph)[0].inputs[:1], *PAD(model, graph)[0].outputs, *POOL(model, graph)[-1].outputs):
        graph.tensors[index].quantization.zeroPoint = [-50]
    ADD(model, graph)[0].builtinOptions.fusedActivationFunction = 0


BAD = {
    "later": ("identity", rewire(ADD, 0, lambda op, g: [g.outputs[0], op.inputs[1]]), r"no operator before it writes"),
    "alone": ("identity", rewire(ADD, 0, lambda op, g: [op.inputs[0]]), r"ADD\) does not read two tensors"),
    "three": ("identity", rewire(ADD, 0, lambda op, g: [*op.inputs, op.inputs[0]]), r"ADD\) does not read two tensors"),
    "unread": (
        "identity", rewire(ADD, 0, lambda op, g: [op.inputs[0]] * 2), r"writes tensor \d+, which nothing reads"
    ),
    "constant": ("identity", constant, r"ADD\) does not read two tensors from the operators before it"),
    "broadcast": ("identity", other_shape, r"operator 3 \(ADD\) adds \(13, 5, 16\) to \(13, 5, 16\); only maps of one"),
    "channels": ("padded", paddings(0, 0, 2, 1, 0, 1, 0, 1), r"PAD\) pads by .*; only rows and columns"),
    "negative": ("padded", paddings(0, 0, 2, -1, 0, 1, 0, 0), r"PAD\) pads by .*; only rows and columns"),
    "other size": ("padded", paddings(0, 0, 2, 2, 0, 1, 0, 0), r"PAD\) turns \(7, 3, 16\) into \(10, 4, 16\)"),
    "pool": ("pooled", before_a_pool, r"MAX_POOL_2D\) takes the largest of padded values that can be negative"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_graph_of_layers_is_refused(case):
    block, change, message = BAD[case]
    with pytest.raises(ModelError, match=message):
        load(edit(residual(block), change))


def test_padding_reaches_only_layers_that_can_have_it():
    def change(model, graph):
        mean = operators("MEAN")(model, graph)[0]
        convolution = operators("DEPTHWISE_CONV_2D")(model, graph)[-1]
        mean.inputs = [convolution.inputs[0], mean.inputs[1]]
        graph.operators.remove(convolution)

    with pytest.raises(ModelError, match=r"MEAN\) reads the output of a PAD operator; only CONV_2D, DEPTHWISE"):
        load(edit(residual("padded"), change))


def test_windows_outside_of_the_map_are_refused():
    def change(model, graph):
        paddings(0, 0, 4, 0, 0, 1, 0, 0)(model, graph)
        pad = PAD(model, graph)[0]
        graph.tensors[pad.outputs[0]].shape = [1, 11, 4, 16]
        following = graph.operators[graph.operators.index(pad) + 1]
        graph.tensors[following.outputs[0]].shape = [1, 5, 1, 16]

    with pytest.raises(ModelError, match=r"has windows that lie in the padding of a PAD operator"):
        load(edit(residual("padded"), change))


def test_a_map_may_be_added_to_itself():
    """Both operands of one addition from one tensor."""
    data = residual("identity")

    def change(model, graph):
        add = ADD(model, graph)[0]
        add.inputs = [add.inputs[0], add.inputs[0]]
        graph.operators = [op for op in graph.operators if op.outputs[0] not in skipped(model, graph)]

    def skipped(model, graph):
        place = graph.operators.index(ADD(model, graph)[0])
        return {op.outputs[0] for op in graph.operators[1:place]}

    file = edit(data, change)
    graph = load(file)
    assert graph.layers[1].reads == (0, 0)
    codes = clips(graph.input, 9)
    (theirs,) = networks.run(interpreter(file, reference=True), codes, [graph.layers[1].tensor])
    assert np.array_equal(reference.run(graph, codes, layers=True).layers[1], theirs)


def test_unknown_operators_are_named_before_anything_else():
    def change(model, graph):
        model.operatorCodes[-1].builtinCode = model.operatorCodes[-1].deprecatedBuiltinCode = 14
        graph.outputs = [*graph.outputs, graph.operators[0].outputs[0]]

    data = edit(residual("shortcut"), change)
    assert "LOGISTIC" in [operator.name for operator in read(data).operators]
    with pytest.raises(ModelError, match=r"operator \d \(LOGISTIC\) is not part of the DS-CNN family"):
        load(data)


def test_computed_shapes_are_known_for_one_clip():
    data = any_batch()
    assert [op.name for op in read(data).operators[:4]] == ["SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE"]
    graph = load(data)
    assert [layer.kind for layer in graph.layers] == ["convolution", "max_pool", "linear"]
    codes = clips(graph.input, 9)
    found = interpreter(data, reference=True)
    assert np.array_equal(reference.run(graph, codes).codes, networks.run(found, codes)[0])


def test_a_slice_of_a_map_is_refused():
    def change(model, graph):
        output = graph.tensors[operators("STRIDED_SLICE")(model, graph)[0].outputs[0]]
        output.type = schema.TensorType.INT8

    with pytest.raises(ModelError, match=r"operator 1 \(STRIDED_SLICE\) writes int8; it may only compute the shape"):
        load(edit(any_batch(), change))


def test_a_shape_is_no_output():
    def change(model, graph):
        graph.operators = graph.operators[:1]
        graph.outputs = list(graph.operators[0].outputs)

    with pytest.raises(ModelError, match=r"no operator writes the network's output"):
        load(edit(any_batch(), change))


def test_the_projects_own_networks_are_chains():
    assert load(quantised(*networks.SMALL)).is_chain


def chain(depth, shape, channels):
    """A file of pointwise layers, of a map of this shape and this many channels."""
    file, codes = TfliteFile(), Quantisation(np.array([0.5]), 0)
    now = first = file.tensor((1, *shape, channels), "int8", codes)
    scales = Quantisation(np.full(channels, 0.01), 0)
    for _ in range(depth):
        weights = file.tensor((channels, 1, 1, channels), "int8", scales, np.ones((channels, 1, 1, channels)))
        target = file.tensor((1, *shape, channels), "int8", codes)
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        file.operator("CONV_2D", (now, weights, -1), target, "Conv2DOptions", **options)
        now = target
    return file.content(first, now)


@pytest.mark.parametrize(("size", "message"), [
    ((501, (1, 1), 2), r"operator 500 \(CONV_2D\) begins layer 501; at most 500 are supported"),
    ((9, (100, 100), 128), r"takes 1146880000 operations up to operator 6 \(CONV_2D\)"),
    ((1, (1500, 1500), 1), r"the network's input, tensor 0, is a map of 1500 x 1500 x 1 codes"),
])  # fmt: skip
def test_a_network_that_nobody_would_wait_for_is_refused(size, message):
    with pytest.raises(ModelError, match=message):
        load(chain(*size))


def test_the_deepest_network_is_read():
    assert len(load(chain(500, (1, 1), 2)).layers) == 500
