"""The chunks of WAV files."""

import os
import struct
from contextlib import contextmanager

import pytest

from kwslib.speech import riff
from tests.speech.sounds import noise, wav

DATA = noise(500).tobytes()
LIST = b"LIST" + struct.pack("<I", 4) + b"INFO"


@contextmanager
def opened(tmp_path, content):
    (tmp_path / "x.wav").write_bytes(content)
    descriptor = os.open(tmp_path / "x.wav", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("rate_hz", [0, 16000, 0xFFFFFFFF])
def test_the_rate_of_the_header(tmp_path, rate_hz):
    with opened(tmp_path, wav(DATA, rate_hz, before=LIST)) as file:
        assert riff.rate_hz(file) == rate_hz
        assert [chunk.name for chunk in riff.chunks(file)] == [b"fmt ", b"LIST", b"data"]


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEdata\0\0\0\0", b"fLaC" + bytes(40), wav(DATA)[:22]]
)
def test_no_rate_where_there_is_no_header(tmp_path, content):
    with opened(tmp_path, content) as file:
        assert riff.rate_hz(file) is None


def test_a_chain_of_empty_chunks_ends(tmp_path):
    with opened(tmp_path, b"RIFF\0\0\0\0WAVE" + bytes(80_000)) as file:
        assert riff.rate_hz(file) is None


def test_sound_behind_a_size_of_zero(tmp_path):
    with opened(tmp_path, wav(DATA, size=0)) as file:
        at = riff.unset_size_at(file)
        assert at == 40 and riff.Overlay(file, at, b"\xff" * 4).read() == wav(DATA, size=0xFFFFFFFF, riff=36 + 1000)


@pytest.mark.parametrize("content", [wav(DATA), wav(b""), wav(LIST, size=0), wav(2 * LIST, size=0), b"RIFFxxxxWAVE"])
def test_no_size_is_unset_where_chunks_follow(tmp_path, content):
    with opened(tmp_path, content) as file:
        assert riff.unset_size_at(file) is None


def test_an_overlay_changes_its_bytes_alone_however_it_is_read(tmp_path):
    content = bytes(range(200))
    with opened(tmp_path, content) as file:
        expected = content[:40] + b"abcd" + content[44:]
        for step in (1, 3, 41, 1000):
            overlay = riff.Overlay(file, 40, b"abcd")
            assert b"".join(iter(lambda o=overlay, n=step: o.read(n), b"")) == expected
        assert overlay.seek(-158, os.SEEK_END) == 42 and overlay.read(3) == expected[42:45] and overlay.tell() == 45
