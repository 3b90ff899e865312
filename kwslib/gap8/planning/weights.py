"""Weights as the kernels read them: records of words, the requantisation parameters behind the weights.

Every record is int32 words, little endian. Kernels multiply stored codes; the offsets of their requantisation have the
zero points folded in. Weights of nine bits (uint8 files: the code less a zero point that is not 128) come in two terms.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kwslib.gap8.kernels.pointwise import by_channel
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import aligned
from kwslib.integer.graph import Layer
from kwslib.integer.requantisation import ONCE

WIDE, EXACT_TWICE, EXACT_ONCE = "WIDE", "TWICE", "ONCE"
"""The reference's own forms in ``enum requantisation`` of ``firmware/network.h``."""
EXACT_PARAMETERS = 3
"""Words behind the weights of a channel of those forms."""
INT8 = np.iinfo(np.int8)
LAYERS = 64
"""Whose terms are kept: the planner asks for them in every way that it tries."""


def table(layer: Layer) -> np.ndarray:
    """Return the table of a softmax or of a lookup."""
    if layer.table is None:
        raise AssertionError(f"{layer.name} has no table")
    return layer.table


def exact_form(layer: Layer) -> str:
    """Return the reference's own form of a layer."""
    if layer.requantisation is None:
        return EXACT_TWICE
    if layer.snapped:
        return WIDE
    return EXACT_ONCE if layer.requantisation.rounding == ONCE else EXACT_TWICE


def exact_parameters(layer: Layer, bias: np.ndarray) -> np.ndarray:
    """Return the three words of each channel in the reference's own form, int32 (channels, 3)."""
    form = layer.requantisation
    assert form is not None
    columns = (form.q, bias, form.n) if layer.snapped else (form.multiplier, bias, form.shift)
    return np.stack([column.astype(np.int64) for column in columns], axis=1).astype(np.int32)


@dataclass(frozen=True)
class Terms:
    """Weights in two terms.

    Attributes
    ----------
    first : ndarray, int8
    rest : ndarray, int8, or None
        What the first term lacks, weight by weight.
    factor : int
        What every weight of the first term lacks, where `rest` is None.
    negated : bool
        Whether they are the weights times -1: the requantisation then has negative slopes, and its products are the
        same.
    """

    first: np.ndarray
    rest: np.ndarray | None = None
    factor: int = 0
    negated: bool = False


@lru_cache(maxsize=LAYERS)
def common_terms(layer: Layer) -> Terms:
    """Split weights so that the second term is the sum of the inputs times one factor."""
    weights = layer.centred_weights.astype(np.int32)
    factor = 0
    if weights.max() > INT8.max:
        factor = int(weights.max()) - INT8.max
    elif weights.min() < INT8.min:
        factor = int(weights.min()) - INT8.min
    return Terms((weights - factor).astype(np.int8), None, factor)


def two_terms_suffice(layer: Layer) -> bool:
    """Say whether each weight is a sum of two of eight bits: all but 255 are."""
    return int(layer.centred_weights.max()) <= 2 * INT8.max


@lru_cache(maxsize=LAYERS)
def own_terms(layer: Layer) -> Terms:
    """Split weights so that each has a rest of its own, negated where `two_terms_suffice` says that they do not."""
    weights = layer.centred_weights.astype(np.int32)
    negated = not two_terms_suffice(layer)  # -255 is a sum of two of eight bits
    if negated:
        weights = -weights
    first = np.clip(weights, INT8.min, INT8.max)
    rest = weights - first
    return Terms(first.astype(np.int8), rest.astype(np.int8) if rest.any() else None, negated=negated)


def _words(taps: np.ndarray) -> np.ndarray:
    """Return groups of four int8 taps (..., 4) as int32 words (...)."""
    return np.ascontiguousarray(taps.astype(np.int8)).view("<i4")[..., 0]


def first_convolution(layer: Layer, parameters: np.ndarray) -> np.ndarray:
    """Return the records of a convolution of one input channel, a word a kernel row: int32 (channels, words)."""
    weights = common_terms(layer).first[..., 0]
    taps = np.zeros((*weights.shape[:2], 4), np.int8)
    taps[:, :, : weights.shape[2]] = weights
    return np.concatenate([_words(taps), parameters], axis=1)


def depthwise(layer: Layer, places: tuple[int, ...], parameters: np.ndarray) -> np.ndarray:
    """Return the records of a depthwise layer.

    Parameters
    ----------
    layer : Layer
    places : tuple of int
        A kernel row has one word for each place, and its taps begin at that byte of the word, which may be in front of
        it: tap t is at byte place + t where that is 0 to 3.
    parameters : ndarray, int32 (channels, words)
        With negative slopes where the terms are negated.

    Returns
    -------
    ndarray, int32 (channels, words)
    """
    terms = own_terms(layer)
    parts = [_placed(terms.first, places)]
    if terms.rest is not None:
        parts.append(_placed(terms.rest, places))
    return np.concatenate([*parts, parameters], axis=1)


def _placed(weights: np.ndarray, places: tuple[int, ...]) -> np.ndarray:
    channels, rows, columns = weights.shape
    taps = np.zeros((channels, rows, len(places), 4), np.int8)
    for word, place in enumerate(places):
        for tap in range(columns):
            if 0 <= place + tap < 4:
                taps[:, :, word, place + tap] = weights[:, :, tap]
    return _words(taps).reshape(channels, -1)


def grouped(weights: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Return the records of groups of four channels: int32 (groups, words).

    The number of words is odd: cores that work on neighbouring groups then begin in different banks of L1.

    Parameters
    ----------
    weights : ndarray, int8 (outputs, inputs)
        Inputs in whole words.
    parameters : ndarray, int32 (outputs, words)
        The last word is the shift n, which must not be 0 in channels that do not exist.
    """
    outputs, inputs = weights.shape
    groups, words = -(-outputs // 4), parameters.shape[1]
    whole = np.zeros((4 * groups, inputs), np.int8)
    whole[:outputs] = weights
    taps = _words(whole.reshape(groups, 4, inputs // 4, 4))
    if not by_channel(inputs, words):
        taps = taps.transpose(0, 2, 1)
    factors = np.zeros((4 * groups, words), np.int32)
    factors[:, -1] = 1
    factors[:outputs] = parameters
    behind = factors.reshape(groups, 4, words).transpose(0, 2, 1).reshape(groups, 4 * words)
    records = np.concatenate([taps.reshape(groups, inputs), behind], axis=1)
    return np.pad(records, [(0, 0), (0, 1 - records.shape[1] % 2)])


def pointwise(layer: Layer) -> np.ndarray:
    """Return the first term of a pointwise layer's weights, int8 (outputs, inputs), inputs in whole words."""
    first = common_terms(layer).first
    return _in_words(first)


def windows(layer: Layer, pixel_bytes: int, row_bytes: int) -> np.ndarray:
    """Return the first term of a convolution's weights by window, int8 (outputs, window bytes).

    Parameters
    ----------
    layer : Layer
    pixel_bytes : int
        Of a position in a window: the inputs, and bytes of anything.
    row_bytes : int
        Of a kernel row in a window.
    """
    inputs = layer.input.shape[2]
    terms = common_terms(layer)
    first = terms.first.reshape(-1, *layer.kernel, inputs)
    outputs, rows, columns, _ = first.shape
    # the second term counts the bytes of anything too: here they come off again
    taps = np.full((outputs, rows, row_bytes), -terms.factor, np.int8)
    for column in range(columns):
        taps[:, :, column * pixel_bytes : column * pixel_bytes + inputs] = first[:, :, column]
    return taps.reshape(outputs, -1)


def strips(layer: Layer, piece: int, across: bool) -> np.ndarray:
    """Return the first term of the weights of a convolution of one channel by window, int8 (outputs, window bytes).

    Parameters
    ----------
    layer : Layer
    piece : int
        Bytes of a kernel row in a window, those behind its taps are anything.
    across : bool
        Whether rows and columns have changed places.
    """
    terms = common_terms(layer)
    first = terms.first.reshape(-1, *layer.kernel)
    first = first.transpose(0, 2, 1) if across else first
    outputs, rows, columns = first.shape
    taps = np.full((outputs, rows, piece), -terms.factor, np.int8)
    taps[:, :, :columns] = first
    whole = np.full((outputs, aligned(rows * piece, 4)), -terms.factor, np.int8)
    whole[:, : rows * piece] = taps.reshape(outputs, -1)
    return whole


def _in_words(weights: np.ndarray) -> np.ndarray:
    outputs, inputs = weights.shape
    whole = np.zeros((outputs, aligned(inputs, 4)), np.int8)
    whole[:, :inputs] = weights
    return whole


def linear(layer: Layer, layout: Layout, parameters: np.ndarray | None) -> np.ndarray:
    """Return the records of a linear layer: int32 (outputs, words).

    Parameters
    ----------
    layer : Layer
    layout : Layout
        Of the map that it reads: rows, columns and channels of it in this order are its inputs.
    parameters : ndarray, int32 (outputs, words), or None
        Of a proved form; None: the reference's own.
    """
    terms = own_terms(layer)
    rows, columns, channels = layout.shape
    parts = []
    for part in (terms.first, terms.rest):
        if part is None:
            continue
        outputs = len(part)
        whole = np.zeros((outputs, rows * columns, layout.column_bytes), np.int8)
        whole[:, :, :channels] = part.reshape(outputs, rows * columns, channels)
        parts.append(_words(_in_words(whole.reshape(outputs, -1)).reshape(outputs, -1, 4)))
    if parameters is None:
        assert layer.bias is not None
        sums = layer.centred_weights.reshape(len(layer.bias), -1).sum(axis=1, dtype=np.int64)
        parameters = exact_parameters(layer, layer.bias.astype(np.int64) - layout.zero * sums)
    return np.concatenate([*parts, parameters], axis=1)


def general(layer: Layer) -> np.ndarray:
    """Return the records of any layer with weights: int32 (outputs, ceil(weights / 4) + 3).

    The weights are the file's int8 codes, the bias is the file's: the portable kernel takes the zero points off.
    """
    assert layer.weights is not None and layer.bias is not None
    flat = _in_words(layer.weights.reshape(len(layer.weights), -1))
    return np.concatenate([_words(flat.reshape(len(flat), -1, 4)), exact_parameters(layer, layer.bias)], axis=1)
