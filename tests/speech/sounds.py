"""Sound files made by hand, with headers as programs and accidents leave them."""

import struct

import numpy as np


def wav(
    data: bytes,
    rate_hz: int = 16000,
    channels: int = 1,
    width: int = 2,
    code: int = 1,
    *,
    size=None,
    riff=None,
    before=b"",
) -> bytes:
    """Content of a WAV file; `size` and `riff` are written in place of the true sizes, `before` before the data."""
    size, byte_rate = len(data) if size is None else size, (rate_hz * channels * width) & 0xFFFFFFFF
    form = struct.pack("<HHIIHH", code, channels, rate_hz, byte_rate, channels * width & 0xFFFF, 8 * width)
    if code == EXTENSIBLE:
        form += struct.pack("<HHI", 22, 8 * width, 4) + PCM_GUID
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + before + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body) if riff is None else riff) + body


EXTENSIBLE = 0xFFFE
PCM_GUID = struct.pack("<IHH", 1, 0, 16) + bytes.fromhex("800000aa00389b71")
UNSET = 0xFFFFFFFF


def noise(samples: int = 16000, channels: int = 1, seed: int = 0) -> np.ndarray:
    """int16 noise, shape (samples, channels), little-endian."""
    return np.random.default_rng(seed).normal(0, 2000, (samples, channels)).astype("<i2")


def tone(rate_hz: int, seconds: float = 1.0, frequency_hz: float = 440.0, volume: float = 0.5) -> np.ndarray:
    """A sine, float64, full scale -1 … 1."""
    return volume * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)
