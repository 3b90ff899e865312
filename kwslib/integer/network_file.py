"""Open an 8-bit ``.tflite`` file: its integer graph, and what it says of itself."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from kwslib.errors import InputError, ModelError
from kwslib.integer.flatbuffer import read
from kwslib.integer.graph import Graph
from kwslib.integer.metadata import Description, decode
from kwslib.integer.operators import translate


@dataclass(frozen=True, eq=False)
class NetworkFile:
    """A file that was read.

    Attributes
    ----------
    path : Path
    sha256 : str
        Of its content, hexadecimal.
    graph : Graph
    description : Description or None
        Labels, front end and corpus, if the file names them.
    """

    path: Path
    sha256: str
    graph: Graph
    description: Description | None


def open_file(path: Path, name: str | None = None) -> NetworkFile:
    """Read a ``.tflite`` file.

    Parameters
    ----------
    path : Path
    name : str, optional
        Name of the graph; the file's stem by default.

    Raises
    ------
    InputError
        If the file cannot be read.
    ModelError
        If it is damaged, not fully 8-bit, or not a DS-CNN; the operator at fault is named with its index.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the network {path}: {error.strerror}") from error
    try:
        raw = read(data)
        graph, description = translate(raw, name or path.stem), decode(raw, data)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if description is not None and len(description.labels) != graph.classes:
        raise ModelError(f"{path}: its metadata name {len(description.labels)} labels; it has {graph.classes} classes")
    return NetworkFile(path, hashlib.sha256(data).hexdigest(), graph, description)


def load(source: Path | str | bytes, name: str | None = None) -> Graph:
    """Read the integer graph of a ``.tflite`` file, given by its path or its content.

    Raises
    ------
    InputError
        If the file cannot be read.
    ModelError
        If it is damaged, not fully 8-bit, or not a DS-CNN; the operator at fault is named with its index.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return translate(read(bytes(source)), name or "network")
    return open_file(Path(source), name).graph
