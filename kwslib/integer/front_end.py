"""The integer front end: what a device computes of sound, code by code. The specification of its arithmetic.

It is the integer form of the front end ``power``: window, real Fourier transform, power, mel bands, logarithm, DCT,
8-bit codes. A frame's codes depend on its samples alone, so that any chunking of a stream gives the same fingerprints.
The transform is `kwslib.integer.front_end_transform`, the constants are `kwslib.integer.front_end_tables`. Behind it:

* **Mel bands.** The bins between two band edges form a segment. With a rising weight w of `weight_bits` bits (12 for
  our networks), R = sum of w · power and T = sum of power over the segment, band b has the energy
  R[b] + 2^weight_bits · T[b + 1] - R[b + 1] + offset, exactly; the offset is the 1e-6 of ``ln(x + 1e-6)``. A device
  adds the upper and the lower 16 bits of the powers up in two words of 32 bits; they never overflow.
* **Logarithm** to base 2 of the energy, a table of 64 entries with linear interpolation, 10 fractional bits. Energies
  of 2^31 and more lose their lower 16 bits first.
* **DCT** with 16-bit cosines, which also hold ln 2 and the scale of the codes, summed up in 32 bits.
* **Code**: the sum's nearest integer, halves upwards, clipped to -128 … 127. Networks take it as int8, or 128 more as
  uint8.

Noise-to-signal ratios against float64 over 300 clips of Speech Commands' test set, in dB:

| | 40 ms, 1024 points, 10 coefficients | 30 ms, 512 points, 40 coefficients |
|---|---|---|
| power spectrum | -72.5 | -72.1 |
| mel bands | -75.4 | -73.3 |
| logarithms | -52.8 | -53.1 |
| fingerprint, before rounding to codes | -56.8 | -55.4 |

Behind it the released networks are as accurate on the 4,890 official test clips as behind ``power``, within 0.03
points. In a pure tone the noise of the 16-bit words lies 78 dB below the tone's bin; quiet sound has less, since a
frame keeps its own exponent.
"""

from dataclasses import dataclass

import numpy as np

from kwslib.config.front_end import INPUT_ZERO_POINT, FrontEnd
from kwslib.errors import InputError
from kwslib.integer.front_end_tables import LOG_BITS, LOG_TABLE_BITS, Tables, tables_of
from kwslib.integer.front_end_transform import Arithmetic, Spectrum, transform

CHUNK_FRAMES = 256
"""Frames computed at a time; their spectra then stay in a core's cache."""


@dataclass(frozen=True, eq=False)
class Stages:
    """What every stage makes of some frames.

    Attributes
    ----------
    spectrum : Spectrum
    energies : ndarray, int64 (bands, frames)
        In units of 4^exponent times a constant, the offset included.
    logarithms : ndarray, int32 (bands, frames)
        log2(energy + 1e-6), 10 fractional bits, 16 bits in all.
    sums : ndarray, int32 (coefficients, frames)
        Coefficients in codes, with `Tables.code_shift` fractional bits.
    codes : ndarray, int8 (coefficients, frames)
    """

    spectrum: Spectrum
    energies: np.ndarray
    logarithms: np.ndarray
    sums: np.ndarray
    codes: np.ndarray


def stages(samples: np.ndarray, tables: Tables, arithmetic: Arithmetic | None = None) -> Stages:
    """Compute frames, and keep what every stage makes of them.

    Parameters
    ----------
    samples : ndarray, int16 (window_samples, frames)
    tables : Tables
    arithmetic : Arithmetic, optional

    Returns
    -------
    Stages
    """
    a = arithmetic or Arithmetic()
    spectrum = transform(samples, tables, a)
    energies = _energies(spectrum, tables)
    logs = a.held(_logarithms(energies, spectrum.exponents, tables).astype(a.dtype), 16)
    sums = a.held(tables.cosines.T.astype(a.dtype) @ logs, 32)
    half = 1 << tables.code_shift - 1
    return Stages(
        spectrum, energies, logs, sums, np.clip((sums + half) >> tables.code_shift, -128, 127).astype(np.int8)
    )


def _energies(spectrum: Spectrum, tables: Tables) -> np.ndarray:
    power = spectrum.power.astype(np.int64)
    risen = _by_segment(power * tables.rising[:, None], tables)
    fallen = (_by_segment(power, tables) << tables.weight_bits) - risen
    return risen[:-1] + fallen[1:] + tables.offsets[spectrum.exponents]


def _by_segment(values: np.ndarray, tables: Tables) -> np.ndarray:
    """Add up the bins of each segment, (segments, frames)."""
    sums = np.zeros((len(tables.segments), values.shape[1]), np.int64)
    starts = np.cumsum(tables.segments) - tables.segments
    filled = tables.segments > 0
    sums[filled] = np.add.reduceat(values, starts[filled], axis=0)
    return sums


def _logarithms(energies: np.ndarray, exponents: np.ndarray, tables: Tables) -> np.ndarray:
    base = np.where(energies >= 1 << 31, 16, 0)
    value = energies >> base
    lead = np.frexp(value.astype(np.float64))[1].astype(np.int64) - 1
    normal = value << 31 - lead
    start, step = np.moveaxis(tables.logarithms[normal >> 25 & 63], -1, 0)
    whole = lead + base << LOG_TABLE_BITS
    logs = whole + start + (step * (normal >> 9 & 0xFFFF) >> 16) + tables.log_bases[exponents]
    return logs >> LOG_TABLE_BITS - LOG_BITS


def _chunks(audio: np.ndarray, front_end: FrontEnd, name: str) -> np.ndarray:
    """Call `stages` for the frames of clips (clips, samples) and return a member, (clips, frames, coefficients)."""
    tables = tables_of(front_end)
    windows = np.lib.stride_tricks.sliding_window_view(audio, front_end.window_samples, axis=1)
    windows = windows[:, :: front_end.stride_samples]
    clips, count = windows.shape[:2]
    step = max(1, CHUNK_FRAMES // count)
    parts = []
    for start in range(0, clips, step):
        frames = windows[start : start + step].reshape(-1, front_end.window_samples)
        parts += [
            getattr(stages(np.ascontiguousarray(frames[first : first + CHUNK_FRAMES].T), tables), name).T
            for first in range(0, len(frames), CHUNK_FRAMES)
        ]
    if not parts:
        return np.zeros((0, count, front_end.coefficients), np.int8 if name == "codes" else np.int32)
    return np.concatenate(parts).reshape(clips, count, front_end.coefficients)


def checked_samples(samples: np.ndarray) -> np.ndarray:
    """Return the samples of a stream, int16 (samples,), contiguous.

    Raises
    ------
    InputError
        If they are of another type or shape.

    Examples
    --------
    >>> checked_samples(np.zeros(3, np.int16))
    array([0, 0, 0], dtype=int16)
    """
    samples = np.asarray(samples)
    if samples.ndim != 1 or samples.dtype != np.int16:
        raise InputError(f"samples are {samples.dtype} {samples.shape}; int16 (samples,) is needed")
    return np.ascontiguousarray(samples)


def checked_audio(audio: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return the sound that `codes_of` takes, as it is.

    Raises
    ------
    InputError
        If it is of another type or shape, or shorter than a window.
    """
    audio = np.asarray(audio)
    if audio.ndim != 2 or audio.dtype != np.int16 or audio.shape[1] < front_end.window_samples:
        raise InputError(
            f"audio is {audio.dtype} {audio.shape}; the integer front end takes int16 (clips, samples), "
            f"{front_end.window_samples} samples at least"
        )
    return audio


def codes_of(audio: np.ndarray, front_end: FrontEnd, zero_point: int = INPUT_ZERO_POINT) -> np.ndarray:
    """Return the codes of sound.

    Parameters
    ----------
    audio : ndarray, int16 (clips, samples)
        At 16 kHz; one window at least.
    front_end : FrontEnd
        Of kind ``integer``.
    zero_point : int
        Code of the value zero.

    Returns
    -------
    ndarray, uint8 (clips, frames, coefficients)
        In steps of `front_end.scale`. Samples behind the last whole frame are left out.

    Raises
    ------
    InputError
        If the sound is of another type or shape, or shorter than a window.

    Examples
    --------
    >>> front_end = FrontEnd("integer", window_ms=40, stride_ms=20, coefficients=10)
    >>> codes_of(np.zeros((1, 16000), np.int16), front_end)[0, 0].tolist()
    [64, 128, 128, 128, 128, 128, 128, 128, 128, 128]
    """
    if zero_point == INPUT_ZERO_POINT:
        return (_chunks(checked_audio(audio, front_end), front_end, "codes") ^ -128).view(np.uint8)
    shift = tables_of(front_end).code_shift
    sums = _chunks(checked_audio(audio, front_end), front_end, "sums")
    return np.clip((sums + (1 << shift - 1) >> shift) + zero_point, 0, 255).astype(np.uint8)


def values_of(audio: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return the coefficients that the codes are rounded from, float32 (clips, frames, coefficients).

    Parameters and errors are those of `codes_of`, without the zero point.
    """
    unit = front_end.scale / (1 << tables_of(front_end).code_shift)
    return (_chunks(checked_audio(audio, front_end), front_end, "sums") * unit).astype(np.float32)


class Stream:
    """Codes of sound that comes in pieces; the same as those of the whole.

    Parameters
    ----------
    front_end : FrontEnd
        Of kind ``integer``.

    Examples
    --------
    >>> stream = Stream(FrontEnd("integer", window_ms=40, stride_ms=20, coefficients=10))
    >>> [len(stream.push(np.zeros(n, np.int16))) for n in (639, 1, 320, 10)]
    [0, 1, 1, 0]
    """

    def __init__(self, front_end: FrontEnd):
        tables_of(front_end)  # refuses what cannot be computed
        self.front_end = front_end
        self._kept = np.zeros(0, np.int16)
        self._skip = 0  # samples to come that no frame needs, where the stride is longer than the window

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples, int16 (n,), and return the codes of the frames that they complete.

        Returns
        -------
        ndarray, uint8 (frames, coefficients)

        Raises
        ------
        InputError
            If they are of another type or shape.
        """
        samples = np.asarray(samples)
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise InputError(f"samples are {samples.dtype} {samples.shape}; a stream takes int16 (n,)")
        window, stride = self.front_end.window_samples, self.front_end.stride_samples
        skipped = min(self._skip, len(samples))
        self._skip -= skipped
        self._kept = np.concatenate([self._kept, samples[skipped:]])
        if len(self._kept) < window:
            return np.zeros((0, self.front_end.coefficients), np.uint8)
        found = codes_of(self._kept[None], self.front_end)[0]
        used = len(found) * stride
        self._skip += max(0, used - len(self._kept))
        self._kept = self._kept[used:].copy()
        return found
