"""Accumulators of a layer, and their codes: by a form of the kernels, and by the layer's own arithmetic."""

import numpy as np

from kwslib.gap8.kernels.rounding import LONG, SHORT, SIGNED, SPLIT, WORDS
from kwslib.gap8.planning import forms, staircase

EXHAUSTIVE = 60_000
"""Largest range of accumulators of which all are tried."""
SAMPLES = 100_000


def wrapped(values):
    """What is left of integers in a register of 32 bits."""
    return ((values + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def computed(accumulators, words, rounding):
    """Stored codes by the formulas of kernels/rounding.py, as a core computes them: products and sums may wrap."""
    part = {key: words[:, place].astype(np.int64) for place, key in enumerate(WORDS[rounding.form])}
    n = part["n"] if rounding.shift is None else np.int64(rounding.shift)
    if rounding.form == SHORT:
        y = wrapped(accumulators * part["q"])
    elif rounding.form in (LONG, SPLIT):
        y = wrapped(wrapped(accumulators * part["hi"]) + (wrapped(accumulators * part["lo"]) >> rounding.before))
        if rounding.form == SPLIT:
            y = wrapped(y + np.where(accumulators <= part["Z"], part["κ"], 0))
    else:
        y = (wrapped(accumulators << rounding.before) * part["m"]) >> 32
        if rounding.form == SIGNED:
            y = wrapped(y + part["B'"])
            y = wrapped(y - np.where(y < 0, part["κ"], 0))
    total = wrapped(y + part["B"] + (np.int64(1) << (n - 1)))
    return np.clip(total >> n, 0, rounding.top)


def tried(stairs, seed=0):
    """Accumulators (count, channels) within the bounds of each channel."""
    if (stairs.highest - stairs.lowest).max() <= EXHAUSTIVE:
        count = (stairs.highest - stairs.lowest).max() + 1
        return np.minimum(stairs.lowest + np.arange(count)[:, np.newaxis], stairs.highest)
    rng = np.random.default_rng(seed)
    near = [stairs.steps + away for away in range(-3, 3)]
    ends = [stairs.lowest[np.newaxis], stairs.highest[np.newaxis], stairs.zero[np.newaxis] + np.arange(-3, 4)[:, None]]
    drawn = rng.integers(stairs.lowest, stairs.highest + 1, (SAMPLES, len(stairs.lowest)))
    return np.clip(np.concatenate([*near, *ends, drawn]), stairs.lowest, stairs.highest)


def expected(made, accumulators, signed):
    """Stored codes by the layer's own arithmetic, from the sum of products of stored codes and weights."""
    weights = made.centred_weights.reshape(len(accumulators[0]), -1).astype(np.int64)
    base = 0 if signed else made.input.low
    moved = accumulators + (base - made.input.zero_point) * weights.sum(axis=1) + made.bias
    return made.code_of(moved) - made.clamp[0]


def differences(made, proof, stairs, signed):
    """How many of the accumulators that are tried have another code, by channel."""
    accumulators = tried(stairs)
    return (computed(accumulators, proof.parameters, proof.rounding) != expected(made, accumulators, signed)).sum(
        axis=0
    )


def proofs_of(made, signed=False):
    stairs = staircase.staircase(made, signed)
    return stairs, list(forms.proofs(stairs, made))
