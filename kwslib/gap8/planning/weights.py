"""Weights as the kernels read them: records of words, the requantisation parameters behind the weights.

Every record is int32 words, little endian. In the snapped form the parameters of a channel are (q, bias · q, n), so
that a core requantises in three instructions; otherwise (multiplier, bias, shift) of the exact form. The bias has the
input's zero point folded in: kernels multiply codes and pad with the zero point.
"""

import numpy as np

from kwslib.integer.graph import Layer
from kwslib.integer.requantisation import ONCE, Requantisation

SNAPPED, SNAPPED_WIDE, EXACT_TWICE, EXACT_ONCE = range(4)
"""``enum requantisation`` of ``firmware/network.h``."""
PARAMETERS = 3
"""Words behind the weights of a channel."""


def requantisation(layer: Layer) -> Requantisation:
    """Return the requantisation of a layer that has one: every layer with weights."""
    if layer.requantisation is None:
        raise AssertionError(f"{layer.name} has no requantisation")
    return layer.requantisation


def codes(layer: Layer) -> np.ndarray:
    """Return the weights of a layer that has some, int8."""
    if layer.weights is None:
        raise AssertionError(f"{layer.name} has no weights")
    return layer.weights


def table(layer: Layer) -> np.ndarray:
    """Return the table of a softmax or of a lookup."""
    if layer.table is None:
        raise AssertionError(f"{layer.name} has no table")
    return layer.table


def form(layer: Layer) -> int:
    """Return which of the four requantisations a layer needs: the snapped one in 32 bits only where it cannot wrap."""
    if layer.snapped:
        return SNAPPED if layer.bounds.fits.all() else SNAPPED_WIDE
    return EXACT_ONCE if requantisation(layer).rounding == ONCE else EXACT_TWICE


def parameters(layer: Layer) -> np.ndarray:
    """Return the three parameter words of each channel, int32 (channels, 3)."""
    scaling, kind = requantisation(layer), form(layer)
    if kind == SNAPPED:
        columns = scaling.q, layer.folded_bias.astype(np.int64) * scaling.q, scaling.n
    elif kind == SNAPPED_WIDE:
        columns = scaling.q, layer.folded_bias, scaling.n
    else:
        columns = scaling.multiplier, layer.folded_bias, scaling.shift
    return np.stack([column.astype(np.int64) for column in columns], axis=1).astype(np.int32)


def _words(taps: np.ndarray) -> np.ndarray:
    """Return groups of four int8 taps (..., 4) as int32 words (...)."""
    return np.ascontiguousarray(taps.astype(np.int8)).view("<i4")[..., 0]


def first_convolution(layer: Layer) -> np.ndarray:
    """Return the records of a convolution of one input channel, a word a kernel row: int32 (channels, rows + 3)."""
    channels, rows, columns, _ = codes(layer).shape
    taps = np.zeros((channels, rows, 4), np.int8)
    taps[:, :, :columns] = layer.centred_weights[..., 0]
    return np.concatenate([_words(taps), parameters(layer)], axis=1)


def depthwise(layer: Layer, places: tuple[int, ...]) -> np.ndarray:
    """Return the records of a 3×3 depthwise layer.

    Parameters
    ----------
    layer : Layer
    places : tuple of int
        A kernel row has one word for each place, and its three taps begin at that byte of the word. At -1, the first
        tap is left out.

    Returns
    -------
    ndarray, int32 (channels, 3 · words + 3)
    """
    rows = layer.centred_weights.astype(np.int8)
    taps = np.zeros((len(rows), 3, len(places), 4), np.int8)
    for word, place in enumerate(places):
        for tap in range(3):
            if 0 <= place + tap < 4:
                taps[:, :, word, place + tap] = rows[:, :, tap]
    return np.concatenate([_words(taps).reshape(len(rows), -1), parameters(layer)], axis=1)


def pointwise(layer: Layer) -> np.ndarray:
    """Return the records of groups of four channels: int32 (groups, inputs + 12), both rounded up to fours."""
    outputs, inputs = layer.centred_weights.shape
    groups, steps = -(-outputs // 4), -(-inputs // 4)
    weights = np.zeros((4 * groups, 4 * steps), np.int8)
    weights[:outputs, :inputs] = layer.centred_weights
    words = _words(weights.reshape(groups, 4, steps, 4)).transpose(0, 2, 1).reshape(groups, 4 * steps)
    factors = np.zeros((4 * groups, 3), np.int32)
    factors[:, 2] = 1  # a shift that every form takes, for channels that do not exist
    factors[:outputs] = parameters(layer)
    if form(layer) in (EXACT_TWICE, EXACT_ONCE):
        factors[outputs:, 2] = 0
    return np.concatenate([words, factors.reshape(groups, 4, 3).transpose(0, 2, 1).reshape(groups, 12)], axis=1)


def linear(layer: Layer) -> np.ndarray:
    """Return the records of a linear layer: int32 (outputs, inputs / 4 + 3), inputs rounded up to fours."""
    outputs, inputs = layer.centred_weights.shape
    weights = np.zeros((outputs, -(-inputs // 4) * 4), np.int8)
    weights[:, :inputs] = layer.centred_weights
    return np.concatenate([_words(weights.reshape(outputs, -1, 4)), parameters(layer)], axis=1)


def general(layer: Layer) -> np.ndarray:
    """Return the records of any layer with weights: int32 (outputs, ceil(weights / 4) + 3).

    The weights are the file's int8 codes, the bias is the file's: the portable kernel takes the zero points off.
    """
    flat = codes(layer).reshape(len(codes(layer)), -1)
    weights = np.zeros((len(flat), -(-flat.shape[1] // 4) * 4), np.int8)
    weights[:, : flat.shape[1]] = flat
    factors = parameters(layer)
    if layer.bias is None:
        raise AssertionError(f"{layer.name} has no bias")
    bias = layer.bias.astype(np.int64) * (factors[:, 0] if form(layer) == SNAPPED else 1)
    factors[:, 1] = bias.astype(np.int32)
    return np.concatenate([_words(weights.reshape(len(flat), -1, 4)), factors], axis=1)
