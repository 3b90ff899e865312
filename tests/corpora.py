"""A Speech Commands folder so small that a network can be trained on it within a test."""

import hashlib
import wave
from pathlib import Path

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.words import KEYWORDS
from kwslib.speech.speech_commands import MAIN_FOLDER, NOISE_FOLDER, which_set

COUNTS = {"train": 10, "validation": 2, "test": 2}
"""Clips of a word: with unknown words and silence, 120 to train with, just more than a batch."""


def write_wav(path: Path, samples: np.ndarray, rate_hz: int = SAMPLE_RATE_HZ) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(np.asarray(samples, "<i2").tobytes())


def build(data: Path) -> Path:
    """Write words that are tones of different pitch, with some noise."""
    rng = np.random.default_rng(7)
    time_s = np.arange(CLIP_SAMPLES) / SAMPLE_RATE_HZ
    for number, word in enumerate((*KEYWORDS, "cat")):
        tone = 8000 * np.sin(2 * np.pi * (200 + 150 * number) * time_s) * np.exp(-(((time_s - 0.5) / 0.15) ** 2))
        have, speaker = dict.fromkeys(COUNTS, 0), 0
        while have != COUNTS:
            name = f"{hashlib.md5(f'{word}{speaker}'.encode()).hexdigest()[:8]}_nohash_0.wav"
            speaker += 1
            split = which_set(name)
            if have[split] < COUNTS[split]:
                have[split] += 1
                write_wav(data / MAIN_FOLDER / word / name, tone + rng.normal(0, 100, CLIP_SAMPLES))
    write_wav(data / MAIN_FOLDER / NOISE_FOLDER / "hiss.wav", rng.normal(0, 300, 2 * CLIP_SAMPLES))
    return data
