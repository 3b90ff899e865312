"""Speech under worse conditions: in noise, moved in time, louder or softer, in a room. Works on int16 clips.

The signal-to-noise ratio of a mixture is the clip's *active* power over the mean power of the added second of noise.
Active power is the mean over those frames of 20 ms whose power is within 20 dB of the loudest frame's: the pauses
around a word, half of most clips, do not count. Noise that is already in a clip counts as signal.
"""

from collections.abc import Sequence

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import DataError, InputError
from kwslib.speech.noise import random_second

FRAME_SAMPLES = 320
ACTIVE_RANGE_DB = 20.0
MOST_DRAWS = 1000
LARGEST = 32767
DIRECT_TO_REVERBERANT_DB = 3.0
"""Of a talker about as near as the room's critical distance."""
FIRST_REFLECTION_S = 0.0025


def active_power(audio: np.ndarray) -> np.ndarray:
    """Return the active power of clips, in squared int16 steps; 0 for digital silence.

    Parameters
    ----------
    audio : ndarray of int16, shape (n, 16000)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    frames = np.asarray(audio, np.float64).reshape(len(audio), -1, FRAME_SAMPLES)
    power = np.mean(frames**2, axis=2)
    active = power >= power.max(axis=1, keepdims=True) * 10 ** (-ACTIVE_RANGE_DB / 10)
    return np.sum(power * active, axis=1) / active.sum(axis=1)


def gain_to_level(sound: np.ndarray, level_dbfs: float) -> float:
    """Return the factor that brings a sound's active power to a level; 0 for digital silence.

    Parameters
    ----------
    sound : ndarray, shape (samples,)
        Of any length, in the units of int16.
    level_dbfs : float
        Root mean square over its active frames, decibels of full scale.
    """
    whole = np.resize(sound, max(FRAME_SAMPLES, len(sound) // FRAME_SAMPLES * FRAME_SAMPLES))
    power = float(active_power(whole[None])[0])
    return (LARGEST + 1) * 10 ** (level_dbfs / 20) / np.sqrt(power) if power else 0.0


def noise_segment(recording: np.ndarray, seed: Sequence[int]) -> np.ndarray:
    """Return one second of a recording that is not digital silence; the same seed gives the same second.

    Parameters
    ----------
    recording : ndarray, shape (samples,)
        At least 16000 samples.
    seed : sequence of int
        Non-negative; here (seed, clip, noise).

    Returns
    -------
    ndarray, shape (16000,)
        A view.

    Raises
    ------
    DataError
        If the recording is shorter, or no second with sound is found in it.
    """
    if len(recording) < CLIP_SAMPLES:
        raise DataError(f"a noise recording has {len(recording)} samples; {CLIP_SAMPLES} are needed")
    generator = np.random.Generator(np.random.PCG64(list(seed)))
    for _ in range(MOST_DRAWS):
        segment = random_second(recording, generator)
        if segment.any():
            return segment
    raise DataError(f"a noise recording of {len(recording)} samples is digital silence: no ratio to it can be set")


def mix(audio: np.ndarray, signal_power: np.ndarray, noise: np.ndarray, snr_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Add noise to clips at a signal-to-noise ratio.

    A mixture beyond full scale is scaled down as a whole, as with a recorder's gain: the ratio stays as given, and
    nothing clips.

    Parameters
    ----------
    audio : ndarray of int16, shape (n, 16000)
    signal_power : ndarray of float64, shape (n,)
        The signal's power, positive: `active_power`, or a substitute where a clip has no signal.
    noise : ndarray, shape (n, 16000)
        In any scale, none of them digital silence.
    snr_db : float
        In decibels.

    Returns
    -------
    mixed : ndarray of int16, shape (n, 16000)
    turned_down : ndarray of bool, shape (n,)
        Which mixtures were scaled down.

    Raises
    ------
    InputError
        If a power is not positive.
    """
    noise = np.asarray(noise, np.float64)
    noise_power = np.mean(noise**2, axis=1)
    if not (np.all(noise_power > 0) and np.all(np.asarray(signal_power) > 0)):
        raise InputError("a signal-to-noise ratio needs a signal and a noise with power above zero")
    factor = np.sqrt(signal_power / noise_power / 10 ** (snr_db / 10))
    mixed = audio + factor[:, None] * noise
    peak = np.abs(mixed).max(axis=1)
    mixed *= np.minimum(1.0, LARGEST / np.maximum(peak, 1.0))[:, None]
    return np.rint(mixed).astype(np.int16), peak > LARGEST


def move(audio: np.ndarray, shift_ms: float) -> np.ndarray:
    """Return clips moved later (positive) or earlier by `shift_ms`, int16 (n, 16000); zeros fill the gap.

    Raises
    ------
    InputError
        If the shift is a second or more: nothing would be left.
    """
    shift = round(shift_ms * SAMPLE_RATE_HZ / 1000)
    if abs(shift) >= CLIP_SAMPLES:
        raise InputError(f"a shift of {shift_ms:g} ms leaves nothing of a second: give less than 1000 either way")
    moved = np.zeros_like(audio)
    moved[:, max(0, shift) : CLIP_SAMPLES + min(0, shift)] = audio[:, max(0, -shift) : CLIP_SAMPLES - max(0, shift)]
    return moved


def change_level(audio: np.ndarray, gain_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Return clips louder or softer, rounded to int16 and clipped at full scale, and which of them were clipped.

    Returns
    -------
    changed : ndarray of int16, shape (n, 16000)
    clipped : ndarray of bool, shape (n,)
    """
    scaled = np.rint(np.asarray(audio, np.float64) * 10 ** (gain_db / 20))
    changed = np.clip(scaled, -LARGEST - 1, LARGEST)
    return changed.astype(np.int16), np.any(changed != scaled, axis=1)


def reverberate(audio: np.ndarray, reverberation_ms: float, seeds: np.ndarray) -> np.ndarray:
    """Return clips as a microphone hears them across a room.

    The room is Polack's statistical one: behind the direct sound comes Gaussian noise that decays by 60 dB within the
    reverberation time, here in all frequencies alike. Energy of the direct sound to that of the tail:
    `DIRECT_TO_REVERBERANT_DB`. The direct sound keeps its level; a clip beyond full scale is turned down as a whole.

    Parameters
    ----------
    audio : ndarray of int16, shape (n, 16000)
    reverberation_ms : float
        Time in which the tail decays by 60 dB, milliseconds; above 0.
    seeds : array-like of int, shape (n, numbers)
        A seed for each clip: every clip has a place in a room of its own.

    Returns
    -------
    ndarray of int16, shape (n, 16000)
        What sounds beyond the second is cut off.

    Raises
    ------
    InputError
        If the time is not positive.
    """
    if not reverberation_ms > 0:
        raise InputError(f"a reverberation time of {reverberation_ms:g} ms is no time: give more than 0")
    samples = min(CLIP_SAMPLES, round(reverberation_ms * SAMPLE_RATE_HZ / 1000))
    decay = 10 ** (-3 * np.arange(samples) * 1000 / (reverberation_ms * SAMPLE_RATE_HZ))
    decay[: round(FIRST_REFLECTION_S * SAMPLE_RATE_HZ)] = 0
    tails = np.stack([np.random.Generator(np.random.PCG64(list(seed))).standard_normal(samples) for seed in seeds])
    tails *= decay
    tails *= 10 ** (-DIRECT_TO_REVERBERANT_DB / 20) / np.sqrt(np.sum(tails**2, axis=1, keepdims=True))
    tails[:, 0] = 1
    points = 1 << (CLIP_SAMPLES + samples - 1).bit_length()
    spectrum = np.fft.rfft(np.asarray(audio, np.float64), points) * np.fft.rfft(tails, points)
    heard = np.fft.irfft(spectrum, points)[:, :CLIP_SAMPLES]
    peak = np.abs(heard).max(axis=1, keepdims=True)
    return np.rint(heard * np.minimum(1.0, LARGEST / np.maximum(peak, 1.0))).astype(np.int16)


def stream(recording: np.ndarray, hop_s: float) -> np.ndarray:
    """Cut a recording into overlapping seconds, one every `hop_s`, as a network in continuous use gets them.

    Parameters
    ----------
    recording : ndarray of float32, shape (samples,)
        In [-1, 1], at least 16000 samples.
    hop_s : float
        Seconds from the beginning of one to the beginning of the next.

    Returns
    -------
    ndarray of int16, shape (n, 16000)
        Full scale 32768.

    Raises
    ------
    InputError
        If the hop is shorter than a sample.
    """
    hop = round(hop_s * SAMPLE_RATE_HZ)
    if hop < 1:
        raise InputError(f"a hop of {hop_s:g} s is shorter than a sample")
    samples = np.clip(np.rint(np.asarray(recording) * 32768), -LARGEST - 1, LARGEST).astype(np.int16)
    return np.lib.stride_tricks.sliding_window_view(samples, CLIP_SAMPLES)[::hop]


def active_part(clip: np.ndarray) -> tuple[int, int]:
    """First sample of a word in its clip, and the one behind its last: frames within 20 dB of the loudest."""
    power = np.mean(np.asarray(clip, np.float64).reshape(-1, FRAME_SAMPLES) ** 2, axis=1)
    active = np.flatnonzero(power >= power.max() * 10 ** (-ACTIVE_RANGE_DB / 10))
    return int(active[0]) * FRAME_SAMPLES, (int(active[-1]) + 1) * FRAME_SAMPLES
