"""Sound from a microphone, through the optional package sounddevice."""

from collections.abc import Iterator

import numpy as np

from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import InputError, ToolError

INSTALL = "pip install sounddevice"


def pieces(samples: int, device: str | None = None) -> Iterator[np.ndarray]:
    """Open a microphone, and return what it hears: int16 (samples,) at 16 kHz, without an end.

    Parameters
    ----------
    samples : int
        In each piece.
    device : str, optional
        Number or part of the name of a device; the system's default otherwise.

    Raises
    ------
    ToolError
        If the package sounddevice or its library PortAudio is missing, or the microphone fails.
    InputError
        If there is no such microphone.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise ToolError(f"listening to a microphone needs the package sounddevice: {INSTALL}") from error
    except OSError as error:
        raise ToolError(
            f"sounddevice does not find the library PortAudio ({error}): install it, e.g. apt install libportaudio2"
        ) from error
    chosen = int(device) if device is not None and device.isdecimal() else device
    try:
        stream = sounddevice.InputStream(
            samplerate=SAMPLE_RATE_HZ, channels=1, dtype="int16", blocksize=samples, device=chosen
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        named = f"no microphone '{device}'" if device is not None else "no microphone"
        raise InputError(f"{named} can be opened ({error}); python -m sounddevice lists the devices") from error

    def heard() -> Iterator[np.ndarray]:
        try:
            with stream:
                while True:
                    yield stream.read(samples)[0][:, 0].copy()
        except sounddevice.PortAudioError as error:
            raise ToolError(f"the microphone failed: {error}") from error

    return heard()
