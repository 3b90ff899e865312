import re
import time

import numpy as np
import pytest

from kwslib.errors import InputError
from kwslib.integer import reference
from kwslib.integer.graph import Layer
from kwslib.integer.network_file import load
from kwslib.network.truncation import truncated
from tests.gap8 import networks
from tests.gap8.networks import as_uint8, clips, interpreter, post_training, quantised

SIZES = {"small": networks.SMALL, "medium": networks.MEDIUM, "large": networks.LARGE}


def differences(graph, ours, theirs):
    """Number of different codes, layer by layer."""
    return {
        layer.name: int((layer.output.from_core(codes).reshape(len(codes), -1) != other.reshape(len(codes), -1)).sum())
        for layer, codes, other in zip(graph.layers, ours, theirs, strict=True)
    }


def none(graph):
    return dict.fromkeys([layer.name for layer in graph.layers], 0)


@pytest.mark.parametrize("litert", [False, True], ids=["tf", "litert"])
@pytest.mark.parametrize("size", SIZES)
def test_snapped_networks_equal_the_default_kernels_layer_by_layer(size, litert):
    data = quantised(*SIZES[size])
    graph = load(data)
    codes = clips(graph.input, 9)
    outputs = reference.run(graph, codes, layers=True)
    theirs = [
        networks.run(interpreter(truncated(data, layer.operator), litert=litert), codes)[0] for layer in graph.layers
    ]
    found = differences(graph, outputs.layers, theirs)
    softmax = graph.layers[-1]
    last = np.abs(softmax.output.from_core(outputs.layers[-1]).reshape(9, -1).astype(int) - theirs[-1]).max()
    assert last <= 1
    found.pop(softmax.name)
    assert set(found.values()) == {0}, found
    (whole,) = networks.run(interpreter(data, litert=litert), codes)
    assert np.abs(outputs.codes.astype(int) - whole).max() <= 1
    assert outputs.codes.dtype == np.uint8
    busy = [len(np.unique(layer)) for layer in outputs.layers[:-1]]
    assert min(busy) > 20, "the network is too dull to test anything"


@pytest.mark.parametrize("per_channel", [True, False], ids=["channel", "tensor"])
@pytest.mark.parametrize(("head", "options"), [
    ("pool", {}), ("mean", {"relu6": True, "multiplier": 2}), ("keep", {}), ("partial", {}),
])  # fmt: skip
def test_other_networks_equal_the_reference_kernels(head, options, per_channel):
    data = post_training(head=head, per_channel=per_channel, **options)
    files = [data] if per_channel else [data, as_uint8(data), as_uint8(data, weight_zero_point=121)]
    for file in files:
        graph = load(file)
        assert not any(layer.snapped for layer in graph.layers)
        codes = clips(graph.input, 24)
        outputs = reference.run(graph, codes, layers=True)
        theirs = networks.run(interpreter(file, reference=True), codes, [layer.tensor for layer in graph.layers])
        assert differences(graph, outputs.layers, theirs) == none(graph)
        assert min(len(np.unique(layer)) for layer in outputs.layers[:-1]) > 60


def test_a_requantised_input_equals_the_reference_kernel():
    def change(model, graph):
        quantisation = graph.tensors[graph.inputs[0]].quantization
        quantisation.scale, quantisation.zeroPoint = [2.5], [100]

    data = networks.edit(quantised(*networks.SMALL), change)
    graph = load(data)
    codes = clips(graph.input, 6)
    outputs = reference.run(graph, codes, layers=True)
    (theirs,) = networks.run(interpreter(data, reference=True), codes, [graph.layers[0].tensor])
    assert np.array_equal(outputs.layers[0], theirs)


def test_ties_of_an_average_round_away_from_zero_for_int8_and_up_for_uint8():
    data = post_training(head="partial", per_channel=False)
    for file in (data, as_uint8(data)):
        graph = load(file)
        (place,) = (i for i, layer in enumerate(graph.layers) if layer.kind == "average_pool")
        pool = graph.layers[place]
        assert pool.kernel == (2, 1) and pool.halves_up == (pool.input.dtype == "uint8")
        codes = clips(graph.input, 12)
        outputs = reference.run(graph, codes, layers=True)
        (theirs,) = networks.run(interpreter(file, reference=True), codes, [pool.tensor])
        assert np.array_equal(pool.output.from_core(outputs.layers[place]), theirs)
        before = outputs.layers[place - 1].astype(int)
        rows = before.shape[1] // 2 * 2
        sums = before[:, 0:rows:2] + before[:, 1:rows:2]
        assert ((sums < 0) & (sums % 2 == 1)).any(), "no negative tie was met"


def test_the_softmax_is_its_definition_and_sums_to_one():
    graph = load(quantised(*networks.SMALL))
    softmax = graph.layers[-1]
    logits = np.random.default_rng(0).integers(-128, 128, (300, 1, 1, 12)).astype(np.int8)
    codes = reference.run_layer(softmax, logits)[:, 0, 0].astype(int) + 128
    values = (logits[:, 0, 0] - softmax.input.zero_point) * softmax.input.scale
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    exact = 256 * powers / powers.sum(axis=1, keepdims=True)
    assert np.abs(codes - np.minimum(exact, 255)).max() <= 0.51


def test_the_first_of_equal_logits_wins():
    graph = load(quantised(*networks.SMALL))
    codes = clips(graph.input, 30)
    outputs = reference.run(graph, codes)
    assert outputs.winner.tolist() == [row.tolist().index(max(row)) for row in outputs.logits]
    assert outputs.layers is None
    assert np.array_equal(outputs.softmax.astype(int) + 128, outputs.codes)


def test_chunks_do_not_matter(monkeypatch):
    graph = load(post_training())
    codes = clips(graph.input, 7)
    whole = reference.run(graph, codes, layers=True)
    monkeypatch.setattr(reference, "CHUNK_ELEMENTS", 1)
    single = reference.run(graph, codes[..., 0], layers=True)
    assert all(np.array_equal(a, b) for a, b in zip(whole.layers, single.layers, strict=True))
    assert len(reference.run(graph, codes[:0]).winner) == 0


def test_both_ways_of_the_snapped_form_agree(monkeypatch):
    graph = load(quantised(*networks.SMALL))
    codes = clips(graph.input, 6)
    narrow = reference.run(graph, codes, layers=True)
    monkeypatch.setattr(reference, "FLOAT32_EXACT", 0)
    wide = reference.run(graph, codes, layers=True)
    monkeypatch.setattr(reference, "FLOAT32_SHIFT", -1)
    slow = reference.run(graph, codes, layers=True)
    for a, b, c in zip(narrow.layers, wide.layers, slow.layers, strict=True):
        assert np.array_equal(a, b) and np.array_equal(a, c)


def test_wrong_codes_are_refused():
    graph = load(post_training(), name="spotter")
    with pytest.raises(InputError, match="spotter takes int8 codes, got uint8"):
        reference.run(graph, np.zeros((1, 49, 10, 1), np.uint8))
    with pytest.raises(InputError, match=r"takes clips of shape \(49, 10, 1\), got an array of shape \(1, 10, 49\)"):
        reference.run(graph, np.zeros((1, 10, 49), np.int8))


@pytest.mark.slow
def test_a_small_network_takes_a_few_milliseconds_a_clip():
    blocks = [("conv", 64, (10, 4), (2, 2)), *[("depthwise", 64, (3, 3), (1, 1)), ("conv", 64, (1, 1), (1, 1))] * 4]
    graph = load(quantised((49, 10), tuple(blocks)))
    codes = clips(graph.input, 100)
    reference.run(graph, codes[:4])
    start = time.process_time()
    reference.run(graph, codes)
    # 4,890 clips in 15 s are 3 ms each; threads that wait for each other on a busy machine count here too
    assert (time.process_time() - start) / len(codes) < 0.02


def test_every_kind_is_described_computed_and_planned():
    """A kind that is entered in one place and forgotten in another ends in a bare KeyError."""
    from kwslib.gap8.planning import general

    described = set(re.findall(r"``(\w+)``", Layer.__doc__.split("kind : str")[1].split("operator, tensor")[0]))
    assert described == set(reference.KINDS)
    assert described == set(general.KINDS) | {"softmax"}
