"""TFLite's interpreter, in a process of its own: the one place where one is made.

The interpreter trusts the file that it is given, and a damaged one can end the process that it runs in. So every file
is read by the checked reader of `kwslib.integer` first, and the interpreter runs in a process that may die: its death
is a `ModelError`. Both processes exchange frames: a kind, a length, and that many bytes.
"""

import contextlib
import os
import struct
import subprocess
import sys
import threading
import weakref
from typing import IO

import numpy as np

from kwslib.errors import ModelError
from kwslib.integer.network_file import load
from kwslib.subproc import start

HEADER = struct.Struct("<cQ")
NETWORK, CODES, OUTPUTS, READY, FAILED = b"n", b"c", b"o", b"r", b"f"
"""Kinds of frames."""
PATIENCE_S = 2.0


class Interpreter:
    """A network in TFLite's default kernels (XNNPACK).

    Parameters
    ----------
    data : bytes
        A ``.tflite`` file.
    threads : int
        Of the processor.

    Raises
    ------
    ModelError
        If the file is damaged, is of no network that this project supports, or ends the interpreter.

    Attributes
    ----------
    shape : tuple of int
        Of the input, one clip, the batch of 1 included.
    """

    def __init__(self, data: bytes, threads: int):
        graph = load(data)
        if graph.float_ends:
            raise ModelError("TFLite is run on codes; this network's own input or output is floating point")
        self._lock = threading.Lock()
        self._process = start([sys.executable, "-m", __name__, str(threads)])
        self._close = weakref.finalize(self, _end, self._process)
        answer = self._ask(NETWORK, data)
        self.shape: tuple[int, ...] = tuple(np.frombuffer(answer, np.int64).tolist())
        self._classes, self._dtype = graph.classes, np.dtype(graph.output.dtype)

    def run(self, codes: np.ndarray) -> np.ndarray:
        """Run clips.

        Parameters
        ----------
        codes : ndarray, uint8 or int8 as the file's input, (clips, ...)

        Returns
        -------
        ndarray, of the file's output type, (clips, classes)

        Raises
        ------
        ModelError
            If the interpreter dies of it.
        """
        answer = self._ask(CODES, np.ascontiguousarray(codes).tobytes())
        return np.frombuffer(answer, self._dtype).reshape(len(codes), self._classes).copy()

    def _ask(self, kind: bytes, content: bytes) -> bytes:
        process = self._process
        assert process.stdin is not None and process.stdout is not None  # `start` made both
        with self._lock:
            try:
                _send(process.stdin, kind, content)
                found = _receive(process.stdout)
            except BrokenPipeError:
                found = None
            except BaseException:  # in the middle of a frame: nothing more can be understood
                self._close()
                raise
        if found is None:
            self._close()
            status = process.returncode
            how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
            raise ModelError(f"TFLite's interpreter was ended {how} by this network: the file is damaged")
        if found[0] == FAILED:
            raise ModelError(f"TFLite cannot run this network: {found[1].decode(errors='replace')}")
        return found[1]


def _end(process: subprocess.Popen) -> None:
    """End the process, if it has not ended of itself: it does at the end of its input, unless it computes."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _send(pipe: IO[bytes], kind: bytes, content: bytes) -> None:
    pipe.write(HEADER.pack(kind, len(content)))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[bytes, bytes] | None:
    """The next frame, or None if the other process has ended."""
    header = pipe.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    content = pipe.read(length)
    return (kind, content) if len(content) == length else None


def main(threads: int) -> None:
    """Serve as the other process: a network first, then clips, until the input ends."""
    # TFLite's C++ prints to standard output too: frames go through a copy of it that nothing else knows
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from ai_edge_litert import interpreter as litert

    network: litert.Interpreter | None = None
    while (frame := _receive(sys.stdin.buffer)) is not None:
        kind, content = frame
        try:
            if kind == NETWORK:
                network = litert.Interpreter(model_content=content, num_threads=threads)
                network.allocate_tensors()
                shape = np.array(network.get_input_details()[0]["shape"], np.int64)
                _send(answers, READY, shape.tobytes())
            elif network is not None:
                _send(answers, OUTPUTS, _outputs(network, content))
        except (ValueError, RuntimeError, MemoryError) as error:
            _send(answers, FAILED, str(error).encode())


def _outputs(network, content: bytes) -> bytes:  # type: ignore[no-untyped-def]  # LiteRT has no types
    source, target = network.get_input_details()[0], network.get_output_details()[0]
    clips = np.frombuffer(content, source["dtype"]).reshape(-1, *source["shape"])
    found = []
    for clip in clips:
        network.set_tensor(source["index"], clip)
        network.invoke()
        found.append(network.get_tensor(target["index"]).tobytes())
    return b"".join(found)


if __name__ == "__main__":
    main(int(sys.argv[1]))
