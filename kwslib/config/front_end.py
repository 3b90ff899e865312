"""What turns a second of sound into a fingerprint, as data."""

from dataclasses import dataclass

import numpy as np

from kwslib.errors import InputError

SAMPLE_RATE_HZ = 16000
CLIP_SAMPLES = 16000
"""Every network classifies one second of sound at 16 kHz."""
KINDS = ("magnitude", "power")
MEL_BANDS = 40
LOWER_HZ, UPPER_HZ = 20.0, 4000.0
MAGNITUDE_FLOOR = 1e-12
"""Smallest mel value of ``magnitude``: kFilterbankFloor of TensorFlow's Mfcc kernel."""
POWER_OFFSET = 1e-6
"""Added to the mel values of ``power`` before the logarithm, as in the tf.signal recipe."""
INPUT_SCALE = float(np.float32(1 / 0.51619))
INPUT_ZERO_POINT = 128
"""The networks' input quantisation: the baseline's --std_dev_values 0.51619 and --mean_values 128."""


@dataclass(frozen=True)
class FrontEnd:
    """What turns one second of sound into a fingerprint.

    Attributes
    ----------
    kind : str
        ``magnitude``: TensorFlow's AudioSpectrogram and Mfcc ops, the baseline's. ``power``: mel bands of the
        power spectrum, ln(x + 1e-6), as tf.signal composes them.
    window_ms, stride_ms : int
        Length of a frame and distance between frames, in milliseconds.
    coefficients : int
        Cepstral coefficients kept of each frame.
    scale : float
        What one step of the 8-bit codes is worth; the baseline's by default.

    Raises
    ------
    InputError
        For values no fingerprint can be made with.
    """

    kind: str
    window_ms: int
    stride_ms: int
    coefficients: int
    scale: float = INPUT_SCALE

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"unknown front end '{self.kind}': choose one of {', '.join(KINDS)}")
        if not 1 <= self.window_ms <= 1000 * CLIP_SAMPLES // SAMPLE_RATE_HZ:
            raise InputError(f"window_ms is {self.window_ms}: give 1 to 1000 milliseconds")
        if self.stride_ms < 1:
            raise InputError(f"stride_ms is {self.stride_ms}: give at least 1 millisecond")
        if not 0 < self.scale < float("inf"):
            raise InputError(f"scale is {self.scale}: give a positive number")
        if not 1 <= self.coefficients <= MEL_BANDS:
            raise InputError(f"coefficients is {self.coefficients}: give 1 to {MEL_BANDS}, the mel bands")

    @property
    def window_samples(self) -> int:
        """Samples in a frame."""
        return self.window_ms * SAMPLE_RATE_HZ // 1000

    @property
    def stride_samples(self) -> int:
        """Samples between the beginnings of two frames."""
        return self.stride_ms * SAMPLE_RATE_HZ // 1000

    @property
    def frames(self) -> int:
        """Whole frames in one second."""
        return 1 + (CLIP_SAMPLES - self.window_samples) // self.stride_samples

    @property
    def fft_length(self) -> int:
        """Points of the Fourier transform: the next power of two."""
        return 1 << (self.window_samples - 1).bit_length()

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a fingerprint: (frames, coefficients)."""
        return self.frames, self.coefficients

    @property
    def key(self) -> str:
        """Short name that tells front ends apart: ``magnitude-40-20-10``, and the scale if it is not the baseline's."""
        scale = "" if self.scale == INPUT_SCALE else f"-{self.scale:g}"
        return f"{self.kind}-{self.window_ms}-{self.stride_ms}-{self.coefficients}{scale}"
