"""Synthesised background noise, and how a word is set in a one-second clip with noise, channel and level."""

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import InputError
from kwslib.speech.noise import random_second

SNR_DB = (14.0, 40.0)
"""Bounds of the ratio of a word's power to that of its background."""
PEAK_DBFS = (-18.0, -2.0)
TILT_DB_PER_OCTAVE = (-1.5, 1.5)
LOW_CUT_HZ, HIGH_CUT_HZ = (40.0, 150.0), (5500.0, 8000.0)
OFFSET_S = 0.15
"""Largest distance of the middle of a word from the middle of its clip."""
NOISES = ("white", "pink", "brown", "hum", "gusts", "babble")


def _coloured(rng: np.random.Generator, samples: int, slope: float) -> np.ndarray:
    """Return noise of unit RMS whose power falls with frequency to the power of `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency_hz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE_HZ)
    spectrum *= np.maximum(frequency_hz, 20.0) ** (-slope / 2)
    return _unit(np.fft.irfft(spectrum, samples))


def _unit(audio: np.ndarray) -> np.ndarray:
    return audio / np.sqrt(np.mean(audio**2))


def background(kind: str, rng: np.random.Generator, seconds: int, words: list[np.ndarray]) -> np.ndarray:
    """Synthesise a background recording of unit RMS, float64 at 16 kHz; `words` are what babble is made of."""
    samples = seconds * SAMPLE_RATE_HZ
    time_s = np.arange(samples) / SAMPLE_RATE_HZ
    match kind:
        case "white" | "pink" | "brown":
            return _coloured(rng, samples, {"white": 0.0, "pink": 1.0, "brown": 2.0}[kind])
        case "hum":
            mains_hz = rng.choice([50.0, 60.0]) * rng.uniform(0.995, 1.005)
            tones = sum(
                rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * (k * mains_hz * time_s + rng.random()))
                for k in range(1, 13)
            )
            return _unit(_unit(tones) + 0.5 * _coloured(rng, samples, 1.0))
        case "gusts":
            swell = np.interp(time_s, np.arange(0, seconds + 1, 0.25), rng.uniform(0.1, 1, 4 * seconds + 4))
            return _unit(swell * _coloured(rng, samples, 1.5))
        case "babble":
            audio = 0.05 * _coloured(rng, samples, 1.0)
            for _ in range(10 * seconds):
                word = words[rng.integers(len(words))].astype(np.float64)
                start = rng.integers(samples - len(word))
                audio[start : start + len(word)] += rng.uniform(0.3, 1) * _unit(word)
            return _unit(audio)
    raise InputError(f"unknown noise '{kind}'; there are {', '.join(NOISES)}")


def recordings(rng: np.random.Generator, seconds: int, words: list[np.ndarray]) -> np.ndarray:
    """Synthesise one background recording of each kind: float64 (kinds, samples) of unit RMS at 16 kHz."""
    return np.stack([background(kind, rng, seconds, words) for kind in NOISES])


def _channel(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colour a clip as a microphone might: a spectral tilt, a low cut and a high cut (zero phase)."""
    frequency_hz = np.maximum(np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ), 20.0)
    tilt = rng.uniform(*TILT_DB_PER_OCTAVE)
    low_hz, high_hz = (np.exp(rng.uniform(*np.log(bounds))) for bounds in (LOW_CUT_HZ, HIGH_CUT_HZ))
    gain = (frequency_hz / 1000) ** (tilt / (20 * np.log10(2)))
    gain /= np.sqrt(1 + (low_hz / frequency_hz) ** 4) * np.sqrt(1 + (frequency_hz / high_hz) ** 8)
    return np.fft.irfft(np.fft.rfft(audio) * gain, len(audio))


def _levelled(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    peak = 32767 * 10 ** (rng.uniform(*PEAK_DBFS) / 20)
    return np.rint(audio * (peak / np.abs(audio).max())).astype(np.int16)


def _piece(noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random second of a random recording; its last sample is never used, as the corpus was first made."""
    return random_second(noise[rng.integers(len(noise))][:-1], rng)


def clip_of(word: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place a word at a random offset in a noisy, coloured one-second clip of random level; int16 (16000,)."""
    clip = _piece(noise, rng) * 10 ** (-rng.uniform(*SNR_DB) / 20)
    start = (CLIP_SAMPLES - len(word)) // 2 + round(rng.uniform(-OFFSET_S, OFFSET_S) * SAMPLE_RATE_HZ)
    start = min(max(start, 0), CLIP_SAMPLES - len(word))
    clip[start : start + len(word)] += _unit(word.astype(np.float64))
    return _levelled(_channel(clip, rng), rng)


def silence_of(noise: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut a silence clip out of the noise: coloured, of random level; int16 (16000,)."""
    return _levelled(_channel(_piece(noise, rng), rng), rng)
