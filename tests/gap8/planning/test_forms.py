"""The proofs: whatever form is found gives the reference's code for every accumulator, and wrong ones are noticed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, SPLIT, WORDS, Rounding
from kwslib.gap8.planning import forms, staircase
from kwslib.gap8.planning.forms import Proof
from kwslib.integer import network_file
from kwslib.integer.requantisation import ONCE, TWICE
from tests.gap8 import networks
from tests.gap8.planning.accumulators import computed, differences, expected, proofs_of, tried
from tests.gap8.planning.layers import layer, tensor

ZERO_POINTS = st.integers(-128, 127)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(1, 40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([TWICE, ONCE]),
    ZERO_POINTS,
    ZERO_POINTS,
    st.sampled_from([0, -51, 90]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_every_form_equals_the_layer_at_every_accumulator(
    outputs, inputs, relu, signed, rounding, zero_point, output_zero_point, weight_zero_point, per_channel, seed
):
    made = layer(
        "pointwise",
        (outputs, inputs),
        seed,
        zero_point=zero_point,
        low=-128 if signed or seed % 2 else zero_point,
        output_zero_point=min(output_zero_point, 126),
        relu=relu,
        rounding=rounding,
        weight_zero_point=weight_zero_point,
        per_channel=per_channel,
    )
    stairs, found = proofs_of(made, signed)
    for proof in found:
        assert proof.rounding.refusal() is None
        assert proof.parameters.shape == (outputs, proof.rounding.words)
        assert not differences(made, proof, stairs, signed).any(), proof.rounding


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 6), st.integers(1, 40), st.booleans(), st.integers(0, 2**32 - 1))
def test_snapped_layers_have_their_own_factors(outputs, inputs, relu, seed):
    made = layer("pointwise", (outputs, inputs), seed, snapped=True, relu=relu, low=0 if relu else -128)
    stairs, found = proofs_of(made)
    assert found[0].rounding == Rounding(SHORT, 17, 0, 127 if relu else 255)
    assert (found[0].parameters[:, 0] == made.requantisation.q).all()
    for proof in found:
        assert not differences(made, proof, stairs, False).any(), proof.rounding


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("rounding", [TWICE, ONCE])
def test_a_usual_layer_has_a_proof(relu, rounding):
    """Most layers of other people's networks: several seeds, all proved; negative halves decide which form."""
    forms = set()
    for seed in range(6):
        made = layer("pointwise", (8, 64), seed, output_zero_point=-128 if relu else 7, relu=relu, rounding=rounding)
        stairs, found = proofs_of(made)
        assert found and not differences(made, found[0], stairs, False).any()
        forms |= {proof.rounding.form for proof in found}
    # TFLite rounds negative halves another way at each of its two roundings: one offset does not do that
    assert forms >= ({LONG, HIGH} if relu else {SPLIT, SIGNED} if rounding == TWICE else {LONG, SPLIT, SIGNED})


def test_a_code_away_is_noticed_in_every_form():
    made = layer("pointwise", (3, 20), 2, output_zero_point=5, rounding=ONCE)
    stairs, found = proofs_of(made)
    assert {proof.rounding.form for proof in found} >= {LONG, SPLIT, SIGNED}
    for proof in found:
        words = proof.parameters.copy()
        place = WORDS[proof.rounding.form].index("B")
        n = words[:, -1]
        words[:, place] += (1 << n).astype(np.int32)
        assert differences(made, Proof(proof.rounding, words), stairs, False).all()


@pytest.mark.parametrize("channel", [0, 3])
def test_a_staircase_that_is_no_line_has_no_form(channel):
    """One step of one channel elsewhere: no form may claim to equal that."""
    for snapped in (False, True):
        made = layer("pointwise", (4, 24), 8, snapped=snapped)
        stairs = staircase.staircase(made, False)
        assert list(forms.proofs(stairs, made))
        steps = stairs.steps.copy()
        middle = np.searchsorted(steps[:, channel], stairs.zero[channel])
        width = steps[middle + 1, channel] - steps[middle - 1, channel]
        assert width > 10
        steps[middle, channel] = steps[middle - 1, channel] + width // 8
        assert not list(forms.proofs(replace(stairs, steps=steps), made))


def test_negative_halves_need_the_form_with_two_offsets():
    """A factor of exactly 1/8 rounds half away from zero: no single offset does that on both sides of zero."""
    made = layer("pointwise", (2, 8), 4, output_zero_point=0)
    form = made.requantisation
    eighth = replace(form, multiplier=np.full(2, 1 << 30, np.int32), shift=np.full(2, -2, np.int32))
    made = replace(made, requantisation=eighth, bias=np.zeros(2, np.int32))
    stairs, found = proofs_of(made)
    assert [proof.rounding.form for proof in found] == [SPLIT, SIGNED]
    for proof in found:
        assert not differences(made, proof, stairs, False).any()


def test_layers_that_no_form_computes():
    made = layer("pointwise", (3, 8), 0)
    nothing = replace(made.requantisation, multiplier=np.zeros(3, np.int32))
    assert not proofs_of(replace(made, requantisation=nothing))[1]
    constant = replace(made, clamp=(5, 5))
    assert not proofs_of(constant)[1]


@pytest.mark.parametrize("form", [SHORT, LONG, SPLIT])
def test_another_layers_shifts(form):
    """What is proved for one layer's form and shift is exact, or it is None."""
    options = {"output_zero_point": 7} if form == SPLIT else {"output_zero_point": -128, "relu": True}
    one, other = (layer("pointwise", (4, 32), seed, **options) for seed in (1, 2))
    wanted = [proof.rounding for proof in proofs_of(one)[1] if proof.rounding.form == form]
    stairs = staircase.staircase(other, False)
    for rounding in wanted:
        for shift in {rounding.shift or 9, 4, 12, 30}:
            asked = replace(rounding, shift=shift)
            proof = forms.prove_as(stairs, asked)
            if proof is not None:
                assert proof.rounding == asked and not differences(other, proof, stairs, False).any()
    assert forms.prove_as(stairs, Rounding(form, 5, 0 if form == SHORT else 8, 100)) is None  # another top
    assert forms.prove_as(stairs, Rounding(form, None, 0 if form == SHORT else 8, 255)) is None


def test_a_common_shift_is_tried_before_own_ones():
    shifts = [found.tolist() for found in forms._shifts(staircase.staircase(layer("pointwise", (3, 8), 6), False))]
    common = [found for found in shifts if len(set(found)) == 1]
    assert shifts[: len(common)] == common and all(n >= 1 for found in shifts for n in found)


@pytest.mark.parametrize("name", ["int8", "uint8", "uint8 77"])
def test_layers_of_whole_files(name):
    """Every layer with weights of a converter's file has a proof, and it is exact."""
    if name == "int8":
        graph = network_file.load(networks.post_training())
    else:
        file = networks.post_training(per_channel=False)
        graph = network_file.load(networks.as_uint8(file, 77 if "77" in name else None))
    for made in graph.layers:
        if made.weights is None:
            continue
        signed = made.source < 0
        stairs, found = proofs_of(made, signed)
        assert found, made.name
        for proof in found:
            assert not differences(made, proof, stairs, signed).any(), (made.name, proof.rounding)


def pool_by_hand(halves_up, zero_point, low):
    return replace(
        layer("pointwise", (3, 3)),
        kind="average_pool",
        kernel=(25, 5),
        input=tensor(3, zero_point, low, shape=(25, 5)),
        output=tensor(3, zero_point, low),
        clamp=(low, 127),
        weights=None,
        bias=None,
        requantisation=None,
        halves_up=halves_up,
    )


def pool_of_a_file(head):
    layers = network_file.load(networks.post_training(head=head)).layers
    return next(made for made in layers if made.kind == "average_pool")


POOLS = [(True, 0, 0), (False, -3, -128), (False, -128, -128), (True, 17, -128), "mean", "keep"]


@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_a_pools_form_gives_the_mean_of_every_sum(pool):
    made = pool_of_a_file(pool) if isinstance(pool, str) else pool_by_hand(*pool)
    stairs = staircase.pool_staircase(made)
    count = made.kernel[0] * made.kernel[1]
    assert stairs.highest[0] == count * (made.input.high - made.input.low)
    stored = np.arange(stairs.highest[0] + 1)
    sums = stored + count * made.input.low
    if made.requantisation is not None:
        codes = made.code_of((sums - count * made.input.zero_point)[:, np.newaxis])[:, 0]
        assert len(made.requantisation.multiplier) > 1
    else:
        exact = [(2 * int(s) + count) // (2 * count) for s in sums]
        away = [int(np.sign(s)) * ((2 * abs(int(s)) + count) // (2 * count)) for s in sums]
        codes = np.clip(exact if made.halves_up else away, *made.clamp)
    found = list(forms.proofs(stairs, made))
    assert found
    for proof in found:
        assert (computed(stored[:, np.newaxis], proof.parameters, proof.rounding)[:, 0] == codes - made.clamp[0]).all()


@pytest.mark.parametrize("relu", [False, True])
def test_negated_weights_have_the_same_codes(relu):
    """The forms without a comparison of the accumulator: times -1 with negative slopes, every product is the same."""
    made = layer("pointwise", (3, 20), 2, output_zero_point=5, rounding=ONCE, relu=relu, weight_zero_point=-128)
    stairs, found = proofs_of(made)
    negated = [(proof, other) for proof in found if (other := proof.negated())]
    assert {proof.rounding.form for proof in found} - {proof.rounding.form for proof, _ in negated} <= {SPLIT}
    assert len(negated) > 1
    accumulators = tried(stairs)
    for proof, other in negated:
        codes = computed(-accumulators, other.parameters, other.rounding)
        assert (codes == expected(made, accumulators, False)).all()
        assert (codes == computed(accumulators, proof.parameters, proof.rounding)).all()
