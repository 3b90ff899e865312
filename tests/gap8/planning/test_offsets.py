"""Offsets: the bounds are the last ones that hold."""

from dataclasses import replace

import numpy as np

from kwslib.gap8.kernels.rounding import SHORT
from kwslib.gap8.planning.offsets import Fit
from tests.gap8.planning.accumulators import differences, proofs_of
from tests.gap8.planning.layers import layer


def test_bounds_of_the_offset_are_the_last_ones_that_hold():
    """At both bounds of B every code is right; one further some code is wrong, and this module's check sees it."""
    made = layer("pointwise", (6, 12), 5, snapped=True)
    stairs, found = proofs_of(made)
    proof = next(proof for proof in found if proof.rounding.form == SHORT)
    q, offset, n = (proof.parameters[:, place].astype(np.int64) for place in range(3))
    fit = Fit.of(stairs, stairs.steps * q, (stairs.steps - 1) * q, n)
    assert fit.holds(offset).all() and (fit.least <= fit.middle).all() and (fit.middle <= fit.most).all()

    def wrong(offsets):
        words = proof.parameters.copy()
        words[:, 1] = offsets
        return differences(made, replace(proof, parameters=words), stairs, False)

    assert not wrong(fit.least).any() and not wrong(fit.most).any()
    assert wrong(fit.least - 1).all() and wrong(fit.most + 1).all()
