"""A layer's proofs: found once, the cheapest first, and refused where a kernel lacks registers."""

from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import forms
from kwslib.gap8.planning.proofs import Proofs
from kwslib.integer.requantisation import ONCE
from tests.gap8.planning.layers import layer


def proofs():
    return Proofs(layer("pointwise", (4, 40), 1, rounding=ONCE), signed=False)


def kernel(rounding, inputs=40):
    return Pointwise(inputs, 5, 44, 4, 4, 4, 220, rounding=rounding)


def test_each_is_found_once(monkeypatch):
    made = proofs()
    first = [proof.rounding for proof in made]
    monkeypatch.setattr(forms, "search", None)  # nothing is searched again
    assert [proof.rounding for proof in made] == first and len(first) >= 2


def test_the_cheapest_that_the_kernel_takes():
    made = proofs()
    every = list(made)
    chosen, reason = made.choose(kernel)
    assert chosen is every[0] and reason == ""
    last = every[-1].rounding

    def picky(rounding):
        return kernel(rounding, 40 if rounding == last else 41)

    assert made.choose(picky)[0] is every[-1]
    found, reason = made.choose(lambda rounding: kernel(rounding, 41))
    assert found is None and "41 inputs" in reason


def test_none_is_said():
    found, reason = Proofs(layer("pointwise", (2, 3), relu=True, output_zero_point=127), False).choose(kernel)
    assert found is None and reason == "no form of the kernels' requantisation is exact for it"


def test_another_layers_form():
    made = proofs()
    assert made.same_as(Rounding(shift=31, top=255)) is None
    for proof in made:
        if proof.rounding.shift is not None and proof.rounding.form in ("short", "long"):
            assert (made.same_as(proof.rounding).parameters == proof.parameters).all()
