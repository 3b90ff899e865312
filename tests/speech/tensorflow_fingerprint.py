"""Fingerprints by TensorFlow's own operations: the reference for `kwslib.speech.fingerprint`, which is NumPy."""

from typing import TYPE_CHECKING, Any

import numpy as np

from kwslib.config.front_end import LOWER_HZ, MEL_BANDS, POWER_OFFSET, SAMPLE_RATE_HZ, UPPER_HZ, FrontEnd
from kwslib.speech.fingerprint import as_float

if TYPE_CHECKING:
    import tensorflow as tf


def tensorflow_fingerprints(audio: Any, front_end: FrontEnd) -> "tf.Tensor":
    """Return the fingerprints of clips, computed by TensorFlow's own operations.

    Works eagerly and inside ``tf.function`` or ``tf.data``.

    Parameters
    ----------
    audio : ndarray of int16 or float32, or tensor of float32, shape (n, 16000)
        Samples at 16 kHz; float32 in [-1, 1).
    front_end : FrontEnd
        What to compute.

    Returns
    -------
    tensor of float32, shape (n, frames, coefficients)
        Agrees with `kwslib.speech.fingerprint.fingerprints` to a few float32 rounding errors.
    """
    import tensorflow as tf

    samples = tf.convert_to_tensor(as_float(audio) if isinstance(audio, np.ndarray) else audio)
    return _magnitude(tf, samples, front_end) if front_end.kind == "magnitude" else _power(tf, samples, front_end)


def _magnitude(tf: Any, samples: "tf.Tensor", front_end: FrontEnd) -> "tf.Tensor":
    # The op takes (samples, channels) and treats channels apart: clips go in as channels, the batch in one call.
    spectrogram = tf.raw_ops.AudioSpectrogram(
        input=tf.transpose(samples),
        window_size=front_end.window_samples,
        stride=front_end.stride_samples,
        magnitude_squared=True,
    )
    return tf.raw_ops.Mfcc(
        spectrogram=spectrogram,
        sample_rate=SAMPLE_RATE_HZ,
        upper_frequency_limit=UPPER_HZ,
        lower_frequency_limit=LOWER_HZ,
        filterbank_channel_count=MEL_BANDS,
        dct_coefficient_count=front_end.coefficients,
    )


def _power(tf: Any, samples: "tf.Tensor", front_end: FrontEnd) -> "tf.Tensor":
    # In double precision: what a float32 transform leaves in a quiet band below a loud one is rounding noise,
    # and its logarithm would differ between two implementations by more than a code.
    spectrum = tf.signal.stft(
        tf.cast(samples, tf.float64),
        front_end.window_samples,
        front_end.stride_samples,
        front_end.fft_length,
        window_fn=tf.signal.hann_window,
    )
    matrix = tf.signal.linear_to_mel_weight_matrix(
        MEL_BANDS, front_end.fft_length // 2 + 1, SAMPLE_RATE_HZ, LOWER_HZ, UPPER_HZ, tf.float64
    )
    power = tf.math.square(tf.math.real(spectrum)) + tf.math.square(tf.math.imag(spectrum))
    log_mel = tf.math.log(tf.matmul(power, matrix) + tf.constant(POWER_OFFSET, tf.float64))
    cepstrum = tf.signal.mfccs_from_log_mel_spectrograms(log_mel)
    return tf.cast(cepstrum[..., : front_end.coefficients], tf.float32)
