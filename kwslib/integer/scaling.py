"""The factors by which a file's scales multiply accumulators and codes, each computed as TFLite's kernel does it."""

from dataclasses import replace

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer import requantisation
from kwslib.integer.flatbuffer import RawOperator
from kwslib.integer.graph import Tensor
from kwslib.integer.requantisation import Requantisation

LARGEST_SHIFT = 16  # bits by which a factor may be above 1; usual ones are far below 1


def exact(operator: RawOperator, what: str, factors: np.ndarray, largest_shift: int = LARGEST_SHIFT) -> Requantisation:
    """The exact form of some factors, or a refusal.

    Parameters
    ----------
    operator : RawOperator
    what : str
        What is scaled, as the message calls it.
    factors : ndarray, float64 (channels,)
        What TFLite's kernel computes of the scales, which can be zero or infinite.
    largest_shift : int
        Bits by which a factor may be above 1.

    Raises
    ------
    ModelError
        If a factor vanishes in 31 bits or is too large; with the channel, if there are several.
    """
    factors = np.ravel(factors)
    large = ~(factors < 2.0**largest_shift)
    multiplier, shift = requantisation.exact(np.where(large, 1.0, factors))
    for bad, text in (
        (large | (shift > largest_shift), f"up by more than 2^{largest_shift}"),
        (multiplier == 0, "down to nothing"),
    ):
        if bad.any():
            channel = f" of channel {bad.argmax()}" if bad.size > 1 else ""
            raise ModelError(
                f"{operator} scales {what}{channel} {text} (by {factors[bad.argmax()]:.3g}): its scales cannot be meant"
            )
    zeros = np.zeros_like(multiplier)
    return Requantisation(multiplier, shift, zeros, zeros, snapped=False)


def of_accumulators(
    operator: RawOperator, kind: str, source: Tensor, scales: np.ndarray, target: Tensor, channels: int, relu: bool
) -> Requantisation:
    """The requantisation of a layer with weights, in the snapped form where that is proved to be equal.

    Parameters
    ----------
    operator : RawOperator
    kind : str
        Of the layer.
    source, target : Tensor
    scales : ndarray, float32 (1,) or (channels,)
        Of the weights.
    channels : int
    relu : bool

    Raises
    ------
    ModelError
        If a factor vanishes or is too large, with the channel.
    """
    s_in, s_out = np.float32(source.scale), np.float32(target.scale)
    with np.errstate(over="ignore", under="ignore"):  # `exact` refuses what comes of it
        narrow = s_in * scales.astype(np.float32)
        wide = source.dtype == "int8" or kind == "linear"
        product = np.float64(s_in) * scales.astype(np.float64) if wide else narrow.astype(np.float64)
        form = exact(operator, "the accumulator", product / np.float64(s_out))
        q, n = requantisation.snapped(narrow / s_out, relu)
    if target.zero_point:
        q, n = np.zeros_like(q), np.zeros_like(n)  # the proof holds for output zero point 0 only
    rounding = requantisation.ONCE if kind == "linear" else requantisation.TWICE
    return spread(replace(form, q=q, n=n, snapped=bool((q > 0).all()), rounding=rounding), channels)


def spread(form: Requantisation, channels: int) -> Requantisation:
    """A form of one factor as that of every channel."""
    multiplier, shift, q, n = (
        np.broadcast_to(x, channels).copy() for x in (form.multiplier, form.shift, form.q, form.n)
    )
    return replace(form, multiplier=multiplier, shift=shift, q=q, n=n)


def ratio(source: Tensor, target: Tensor) -> float:
    """s_in / s_out in float64."""
    return float(np.float64(np.float32(source.scale)) / np.float64(np.float32(target.scale)))
