import sys
from types import ModuleType

import numpy as np
import pytest

from kwslib.errors import InputError, ToolError
from kwslib.speech import microphone


class PortAudioError(Exception):
    pass


def install(monkeypatch, stream):
    module = ModuleType("sounddevice")
    module.PortAudioError, module.InputStream = PortAudioError, stream
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_pieces_are_what_the_device_gives(monkeypatch):
    class Stream:
        asked = None

        def __init__(self, **asked):
            Stream.asked, self.reads = asked, 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self, samples):
            self.reads += 1
            if self.reads == 3:
                raise PortAudioError("unplugged")
            return np.full((samples, 1), self.reads, np.int16), False

    install(monkeypatch, Stream)
    pieces = microphone.pieces(4, device="3")
    assert Stream.asked == {"samplerate": 16000, "channels": 1, "dtype": "int16", "blocksize": 4, "device": 3}
    assert [next(pieces).tolist() for _ in range(2)] == [[1] * 4, [2] * 4]
    with pytest.raises(ToolError, match="the microphone failed: unplugged"):
        next(pieces)


def test_a_missing_package_or_device_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ToolError, match="pip install sounddevice"):
        microphone.pieces(4)

    def refuse(**_):
        raise PortAudioError("Error querying device -1")

    install(monkeypatch, refuse)
    with pytest.raises(InputError, match=r"no microphone 'usb' can be opened \(Error querying device -1\)"):
        microphone.pieces(4, device="usb")


def test_a_missing_portaudio_is_named(monkeypatch):
    class Finder:
        def find_spec(self, name, *_):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(ToolError, match="library PortAudio"):
        microphone.pieces(4)
