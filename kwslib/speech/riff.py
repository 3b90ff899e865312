"""The chunks of a WAV file, for what libsndfile does not say: a rate of 0 Hz, and sound behind a data size of 0."""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEAD_BYTES = 12
CHUNK_BYTES = 8
MOST_CHUNKS = 1000
"""A WAV file has a handful of chunks: a chain that is longer leads nowhere."""


@dataclass(frozen=True)
class Chunk:
    """A chunk of a WAV file.

    Attributes
    ----------
    name : bytes
        Four bytes, such as ``b"fmt "``.
    start : int
        Where its content begins, in bytes from the start of the file.
    size : int
        Bytes of content that it announces.
    """

    name: bytes
    start: int
    size: int


def chunks(descriptor: int, start: int = HEAD_BYTES) -> Iterator[Chunk]:
    """Walk the chunks of an open WAV file from byte `start`, as far as their headers are there."""
    for _ in range(MOST_CHUNKS):
        header = os.pread(descriptor, CHUNK_BYTES, start)
        if len(header) < CHUNK_BYTES:
            return
        name, size = struct.unpack("<4sI", header)
        yield Chunk(name, start + CHUNK_BYTES, size)
        start += CHUNK_BYTES + size + size % 2


def is_wav(descriptor: int) -> bool:
    """Whether an open file begins as a WAV file does."""
    head = os.pread(descriptor, HEAD_BYTES, 0)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE"


def rate_hz(descriptor: int) -> int | None:
    """Rate in the header of an open WAV file; None if it has no header."""
    for chunk in chunks(descriptor) if is_wav(descriptor) else ():
        content = os.pread(descriptor, 8, chunk.start) if chunk.name == b"fmt " else b""
        if len(content) == 8:
            return struct.unpack("<I", content[4:])[0]
    return None


def unset_size_at(descriptor: int) -> int | None:
    """Where the size of the data stands, if it is 0 although sound follows; None otherwise.

    A recorder that was ended before it could write the size leaves such a file. What follows is taken for sound if
    it is no chain of chunks that ends where the file does.
    """
    length = os.fstat(descriptor).st_size
    for chunk in chunks(descriptor) if is_wav(descriptor) else ():
        if chunk.name == b"data":
            if chunk.size or chunk.start >= length:
                return None
            ends = [rest.start + rest.size + rest.size % 2 for rest in chunks(descriptor, chunk.start)]
            return None if length in ends else chunk.start - 4
    return None


class Overlay(io.RawIOBase):
    """An open file, read as if `content` stood at byte `at`; the file itself stays as it is."""

    def __init__(self, descriptor: int, at: int, content: bytes) -> None:
        self._descriptor, self._at, self._content = descriptor, at, content
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: os.fstat(self._descriptor).st_size}
        self._position = origin[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        got = bytearray(os.pread(self._descriptor, len(buffer), self._position))
        for index, value in enumerate(self._content, self._at - self._position):
            if 0 <= index < len(got):
                got[index] = value
        buffer[: len(got)] = got
        self._position += len(got)
        return len(got)
