"""What a front end is made of, in real numbers: window, mel bands, cosines. Every form of it is made from these."""

import numpy as np

from kwslib.config.front_end import SAMPLE_RATE_HZ, FrontEnd


def mel(frequency_hz: np.ndarray | float) -> np.ndarray:
    """Return the mel value of a frequency in hertz (HTK's formula, which TensorFlow uses too)."""
    return 1127.0 * np.log1p(np.asarray(frequency_hz) / 700.0)


def window(front_end: FrontEnd) -> np.ndarray:
    """Return the periodic Hann window, float64 (window_samples,)."""
    n = front_end.window_samples
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def band_edges(front_end: FrontEnd) -> np.ndarray:
    """Return where the mel bands begin, peak and end, in mel, float64 (bands + 2,): band b has edges b to b + 2."""
    lower, upper = mel(front_end.lower_hz), mel(front_end.upper_hz)
    return lower + (upper - lower) * np.arange(front_end.bands + 2) / (front_end.bands + 1)


def first_bin(front_end: FrontEnd) -> int:
    """Return the first bin of the transform that may have a weight.

    ``magnitude`` mirrors TensorFlow's MfccMelFilterbank, which begins at bin int(1.5 + lower / bin width):
    in a 512-point transform that leaves out the bin at 31.25 Hz although it is above 20 Hz. ``power`` mirrors
    tf.signal.linear_to_mel_weight_matrix, which leaves out the zeroth bin alone.
    """
    return int(1.5 + front_end.lower_hz / bin_hz(front_end)) if front_end.kind == "magnitude" else 1


def bin_hz(front_end: FrontEnd) -> float:
    """Return the distance of two bins of the transform, in hertz."""
    return SAMPLE_RATE_HZ / front_end.fft_length


def mel_matrix(front_end: FrontEnd) -> np.ndarray:
    """Return the triangular mel bands, float64 (fft_length / 2 + 1, bands)."""
    bins = np.arange(front_end.fft_length // 2 + 1)
    edges = band_edges(front_end)
    below, centre, above = edges[:-2], edges[1:-1], edges[2:]
    position = mel(bins * bin_hz(front_end))[:, None]
    rising = (position - below) / (centre - below)
    falling = (above - position) / (above - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[(bins < first_bin(front_end)) | (bins > int(front_end.upper_hz / bin_hz(front_end)))] = 0.0
    return weights


def dct_matrix(front_end: FrontEnd) -> np.ndarray:
    """Return the DCT-II, each coefficient (the zeroth too) times sqrt(2 / bands), float64 (bands, coefficients)."""
    k = np.arange(front_end.coefficients)
    band = np.arange(front_end.bands)[:, None] + 0.5
    return np.sqrt(2.0 / front_end.bands) * np.cos(np.pi / front_end.bands * band * k)
