"""What turns a second of sound into a fingerprint, as data."""

from dataclasses import dataclass, replace

import numpy as np

from kwslib.artifacts import stored_if_set
from kwslib.errors import InputError

SAMPLE_RATE_HZ = 16000
CLIP_SAMPLES = 16000
"""Every network classifies one second of sound at 16 kHz."""
KINDS = ("magnitude", "power", "integer")
MEL_BANDS = 40
MOST_BANDS = 128
LOWER_HZ, UPPER_HZ = 20.0, 4000.0
MOST_POINTS = 1 << 15
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
        power spectrum, ln(x + 1e-6), as tf.signal composes them. ``integer``: the integer form of ``power``, which
        devices compute (`kwslib.integer.front_end`).
    window_ms, stride_ms : int
        Length of a frame and distance between frames, in milliseconds.
    coefficients : int
        Cepstral coefficients kept of each frame.
    scale : float
        What one step of the 8-bit codes is worth; the baseline's by default.
    fft_points : int
        Points of the Fourier transform, a power of two; 0 for the next one after the window.
    bands : int
        Mel bands.
    lower_hz, upper_hz : float
        Where the first mel band begins and the last one ends.

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
    fft_points: int = stored_if_set(0)
    bands: int = stored_if_set(MEL_BANDS)
    lower_hz: float = stored_if_set(LOWER_HZ)
    upper_hz: float = stored_if_set(UPPER_HZ)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"unknown front end '{self.kind}': choose one of {', '.join(KINDS)}")
        if not 1 <= self.window_ms <= 1000 * CLIP_SAMPLES // SAMPLE_RATE_HZ:
            raise InputError(f"window_ms is {self.window_ms}: give 1 to 1000 milliseconds")
        if self.stride_ms < 1:
            raise InputError(f"stride_ms is {self.stride_ms}: give at least 1 millisecond")
        if not 0 < self.scale < float("inf"):
            raise InputError(f"scale is {self.scale}: give a positive number")
        if not 1 <= self.bands <= MOST_BANDS:
            raise InputError(f"bands is {self.bands}: give 1 to {MOST_BANDS} mel bands")
        if not 1 <= self.coefficients <= self.bands:
            raise InputError(f"coefficients is {self.coefficients}: give 1 to {self.bands}, the mel bands")
        if not 0 <= self.lower_hz < self.upper_hz <= SAMPLE_RATE_HZ / 2:
            raise InputError(
                f"the mel bands are to lie from {self.lower_hz:g} to {self.upper_hz:g} Hz: "
                f"give two rising frequencies from 0 to {SAMPLE_RATE_HZ // 2}"
            )
        points = self.fft_points
        if points and (points & (points - 1) or not self.window_samples <= points <= MOST_POINTS):
            raise InputError(
                f"fft_points is {points}: give a power of two from the window's {self.window_samples} samples to "
                f"{MOST_POINTS}, or 0 for the smallest"
            )

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
        """Points of the Fourier transform: `fft_points`, or the next power of two."""
        return self.fft_points or 1 << (self.window_samples - 1).bit_length()

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a fingerprint: (frames, coefficients)."""
        return self.frames, self.coefficients

    @property
    def integer_form(self) -> "FrontEnd":
        """The front end that devices compute in place of this one.

        Raises
        ------
        InputError
            For ``magnitude``, which has no integer form.
        """
        if self.kind == "magnitude":
            raise InputError(
                f"front end {self.key} has no integer form, and no device computes it: "
                "train with front end power or integer"
            )
        return replace(self, kind="integer")

    @property
    def key(self) -> str:
        """Short name that tells front ends apart: ``magnitude-40-20-10``, and what else is not the baseline's."""
        more = [f"{self.scale:g}"] if self.scale != INPUT_SCALE else []
        more += [f"fft{self.fft_points}"] if self.fft_points else []
        more += [f"{self.bands}bands"] if self.bands != MEL_BANDS else []
        if (self.lower_hz, self.upper_hz) != (LOWER_HZ, UPPER_HZ):
            more += [f"{self.lower_hz:g}to{self.upper_hz:g}hz"]
        return "-".join([self.kind, *map(str, (self.window_ms, self.stride_ms, self.coefficients)), *more])
