import numpy as np
import pytest

from kwslib.errors import ModelError
from kwslib.integer import reference
from kwslib.integer.network_file import load
from tests.gap8 import networks
from tests.gap8.networks import as_uint8, clips, edit, interpreter
from tests.integer.residual_networks import residual


def pools(model, graph):
    """The operators MAX_POOL_2D of an object-form model."""
    codes = [code.builtinCode for code in model.operatorCodes]
    return [op for op in graph.operators if codes[op.opcodeIndex] == networks.schema.BuiltinOperator.MAX_POOL_2D]


@pytest.mark.parametrize("activation", [1, 3], ids=["relu", "relu6"])
@pytest.mark.parametrize("unsigned", [False, True], ids=["int8", "uint8"])
def test_a_clamped_largest_value_equals_the_reference_kernel(activation, unsigned):
    def change(model, graph):
        pools(model, graph)[1].builtinOptions.fusedActivationFunction = activation

    data = edit(residual("pooled", False), change)
    data = as_uint8(data) if unsigned else data
    graph = load(data)
    pool = graph.layers[3]
    assert pool.kind == "max_pool" and pool.relu and pool.output.low == pool.output.zero_point
    codes = clips(graph.input, 9)
    ours = reference.run(graph, codes, layers=True).layers
    (theirs,) = networks.run(interpreter(data, reference=True), codes, [pool.tensor])
    assert np.array_equal(pool.output.from_core(ours[3]), theirs)
    assert ours[2].min() < pool.clamp[0], "nothing was clamped"


def test_padding_is_never_the_largest():
    """A corner of the lowest codes stays the lowest, although the zero point lies above."""
    pool = load(residual("pooled")).layers[3]
    assert pool.padding == (1, 1, 1, 1) and pool.input.zero_point > -128
    x = np.full((1, *pool.input.shape), -128, np.int8)
    assert (reference.run_layer(pool, x) == -128).all()
    x[0, 3, 2, 5] = 7
    found = reference.run_layer(pool, x)
    assert (found[0, 2:5, 1:4, 5] == 7).all() and (found == 7).sum() == 9


BAD = {
    "window": ("filterHeight", 1000, r"MAX_POOL_2D\) has the window \(1000, 2\), larger than its input \(13, 5\)"),
    "stride": ("strideW", 77, r"MAX_POOL_2D\) has the stride \(2, 77\), larger than its input \(13, 5\)"),
    "activation": ("fusedActivationFunction", 4, r"MAX_POOL_2D\) has the fused activation TANH"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_no_kernel_computes_is_refused(case):
    name, value, message = BAD[case]
    with pytest.raises(ModelError, match=message):
        load(edit(residual("pooled"), lambda model, graph: setattr(pools(model, graph)[0].builtinOptions, name, value)))


def test_a_pool_that_changes_the_scale_is_refused():
    def change(model, graph):
        graph.tensors[pools(model, graph)[0].outputs[0]].quantization.scale = [0.125]

    with pytest.raises(ModelError, match=r"MAX_POOL_2D\) changes the quantisation of its input"):
        load(edit(residual("pooled"), change))
