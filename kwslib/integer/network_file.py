"""Open an 8-bit ``.tflite`` file: its integer graph, and what it says of itself."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from kwslib.errors import InputError, ModelError
from kwslib.files import read_regular
from kwslib.integer.elementwise import LARGEST_CLASSES
from kwslib.integer.flatbuffer import read
from kwslib.integer.graph import Graph
from kwslib.integer.metadata import Description, decode
from kwslib.integer.translation import translate


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
        If it is damaged, not fully 8-bit, no classifier, or not a DS-CNN; the operator at fault is named with its
        index.
    """
    try:
        data = read_regular(path)
    except OSError as error:
        raise InputError(f"cannot read the network {path}: {error.strerror}") from error
    try:
        raw = read(data)
        graph, description = translate(raw, name or path.stem), decode(raw, data)
        _check_classes(graph)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if description is not None and len(description.labels) != graph.classes:
        raise ModelError(f"{path}: its metadata name {len(description.labels)} labels; it has {graph.classes} classes")
    return NetworkFile(path, hashlib.sha256(data).hexdigest(), graph, description)


def _check_classes(graph: Graph) -> None:
    """Refuse a network that gives no scores of classes."""
    shape = graph.output.shape
    if sum(extent > 1 for extent in shape) > 1:
        raise ModelError(
            f"its output is a map of {shape[0]} x {shape[1]} positions with {shape[2]} channels: "
            "this is a feature extractor or a single layer, not a classifier"
        )
    if graph.classes > LARGEST_CLASSES:
        raise ModelError(f"it has {graph.classes} classes; at most {LARGEST_CLASSES} are supported")


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
