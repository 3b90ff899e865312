"""Requantisation by NumPy in 64 bits, and random parameters for every form of it."""

import numpy as np

from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, SPLIT, WORDS, Rounding

FORMS = (
    Rounding(),
    Rounding(shift=17),
    Rounding(top=255),
    Rounding(shift=12, top=100),
    Rounding(LONG, before=8),
    Rounding(LONG, shift=14, before=7, top=255),
    Rounding(LONG, before=9, top=200),
    Rounding(SPLIT, before=8),
    Rounding(SPLIT, shift=14, before=7, top=255),
    Rounding(SPLIT, shift=13, before=9),
    Rounding(HIGH, before=3),
    Rounding(HIGH, shift=4, top=254),
    Rounding(HIGH, shift=5, before=2, top=255),
    Rounding(SIGNED, before=2),
    Rounding(SIGNED, shift=6, top=255),
    Rounding(SIGNED, before=1, top=99),
)
"""Every form, shifts of channels and a common one, every clip."""


def name(rounding: Rounding) -> str:
    """A name for symbols."""
    return f"{rounding.form}_{rounding.shift}_{rounding.before}_{rounding.top}"


def draw(rng: np.random.Generator, channels: int, spread: float, rounding: Rounding) -> np.ndarray:
    """Random words of channels, int32 of shape (channels, words).

    `spread` is the typical size of an accumulator, which becomes some half of the largest code. A common shift has
    another value in the words, since kernels must not read it.
    """
    slope = rounding.top / spread * rng.uniform(0.3, 1.0, channels)
    largest = {SHORT: 200, LONG: 100, SPLIT: 100}.get(rounding.form)  # of the factor, or of its high part
    n = rng.integers(3, 7, channels) if largest is None else np.floor(np.log2(largest / slope)).astype(np.int64)
    if rounding.shift is not None:
        n[:] = rounding.shift
    exact, words = slope * 2.0**n, {}
    if rounding.form == SHORT:
        words["q"] = np.maximum(1, np.round(exact))
    elif rounding.form in (LONG, SPLIT):
        words["hi"] = np.floor(exact)
        words["lo"] = np.floor((exact - words["hi"]) * 2.0**rounding.before)
        words["Z"] = rng.integers(-9, 9, channels)
        words["κ"] = np.round(exact * spread * rng.uniform(-0.5, 0.5, channels))
    else:
        words["m"] = np.minimum(exact * 2.0 ** (32 - rounding.before), 2.0**31 - 1)
        words["B'"] = np.round(exact * spread * rng.uniform(-0.5, 0.5, channels))
        words["κ"] = rng.integers(1, 3, channels)
    words["B"] = np.round(exact * spread * rng.uniform(-0.5, 0.5, channels))
    words["n"] = n if rounding.shift is None else n + 5
    chosen = np.stack([words[key] for key in WORDS[rounding.form]], axis=1).astype(np.int64)
    return _fitting(chosen).astype(np.int32)


def codes(accumulators: np.ndarray, words: np.ndarray, rounding: Rounding) -> np.ndarray:
    """The stored codes of accumulators (..., channels); every intermediate value must fit 32 bits."""
    wide = accumulators.astype(np.int64)
    part = {key: words[:, place].astype(np.int64) for place, key in enumerate(WORDS[rounding.form])}
    n = part["n"] if rounding.shift is None else np.int64(rounding.shift)
    if rounding.form == SHORT:
        value = _fitting(wide * part["q"])
    elif rounding.form in (LONG, SPLIT):
        value = _fitting(_fitting(wide * part["hi"]) + (_fitting(wide * part["lo"]) >> rounding.before))
        if rounding.form == SPLIT:
            value = value + np.where(wide <= part["Z"], part["κ"], 0)
    else:
        value = (_fitting(wide << rounding.before) * part["m"]) >> 32
        if rounding.form == SIGNED:
            value = _fitting(value + part["B'"])
            value = value - np.where(value < 0, part["κ"], 0)
    value = (_fitting(_fitting(value + part["B"]) + (np.int64(1) << (n - 1)))) >> n
    return np.clip(value, 0, rounding.top).astype(np.uint8)


def _fitting(value: np.ndarray) -> np.ndarray:
    assert value.min() >= -(2**31) and value.max() < 2**31, "the case is no valid one"
    return value
