"""What a ``.tflite`` file says of itself: the names of its classes, and the front end and corpus of its training.

A file of this project has a metadata entry `ENTRY` of its own, in JSON. Files with Google's standard metadata name a
file of labels, which is appended to the network as a ZIP archive; it is read as well. Nothing is assumed of a file
that has neither.
"""

import io
import json
import zipfile
import zlib
from dataclasses import dataclass

from kwslib.artifacts import from_plain, to_plain
from kwslib.config.front_end import FrontEnd
from kwslib.errors import DataError, ModelError
from kwslib.integer.flatbuffer import RawModel, root_record

ENTRY = "KWS_GAP8"
"""Name of this project's entry among the file's metadata."""
SCHEMA = 1
STANDARD_ENTRY = "TFLITE_METADATA"
"""Google's entry; its content is a flatbuffer of the schema ``metadata_schema.fbs`` of TensorFlow Lite Support."""
AXIS_LABELS = 2  # AssociatedFileType.TENSOR_AXIS_LABELS
LARGEST_LABELS_BYTES = 1 << 20

# Field numbers of Google's metadata schema, in the order of their declaration there.
MODEL_METADATA = {"subgraph_metadata": 3}
SUBGRAPH_METADATA = {"output_tensor_metadata": 3}
TENSOR_METADATA = {"associated_files": 6}
ASSOCIATED_FILE = {"name": 0, "type": 2}


@dataclass(frozen=True)
class Description:
    """What is known of a network.

    Attributes
    ----------
    labels : tuple of str
        Names of the classes, in the order of the outputs.
    front_end : FrontEnd or None
        What makes its input from sound; None if the file does not say.
    corpus : str
        What it was trained on; empty if the file does not say.
    """

    labels: tuple[str, ...]
    front_end: FrontEnd | None = None
    corpus: str = ""


def encode(description: Description) -> bytes:
    """Return the content of this project's metadata entry, the same bytes for the same description."""
    return json.dumps({"schema": SCHEMA, **to_plain(description)}, sort_keys=True).encode()


def decode(model: RawModel, data: bytes) -> Description | None:
    """Read what a file says of itself; None if it says nothing.

    Parameters
    ----------
    model : RawModel
    data : bytes
        The whole file, for the archive behind the network.

    Raises
    ------
    ModelError
        If its metadata are damaged.
    """
    if ENTRY in model.metadata:
        return _own(model.metadata[ENTRY])
    if STANDARD_ENTRY in model.metadata:
        return _standard(model.metadata[STANDARD_ENTRY], data)
    return None


def _own(content: bytes) -> Description:
    try:
        value = json.loads(content.decode())
        if not isinstance(value, dict) or value.pop("schema", None) != SCHEMA:
            raise ModelError(f"its metadata entry {ENTRY} was written by another version of this program")
        return from_plain(value, Description, f"its metadata entry {ENTRY}", "convert the network again")
    except (ValueError, RecursionError) as error:
        raise ModelError(f"its metadata entry {ENTRY} is damaged: {error}") from error
    except DataError as error:
        raise ModelError(str(error)) from error


def _standard(content: bytes, data: bytes) -> Description | None:
    name = _label_file(content)
    if name is None:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(name).file_size > LARGEST_LABELS_BYTES:
                raise ModelError(f"its label file '{name}' is larger than {LARGEST_LABELS_BYTES} bytes")
            text = archive.read(name).decode()
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise ModelError(f"its metadata name a label file '{name}', which cannot be read: {error}") from error
    return Description(tuple(line.strip() for line in text.splitlines() if line.strip()))


def _label_file(content: bytes) -> str | None:
    """Name of the file that labels the axis of an output."""
    for subgraph in root_record(content).records(MODEL_METADATA["subgraph_metadata"]):
        for tensor in subgraph.records(SUBGRAPH_METADATA["output_tensor_metadata"]):
            for file in tensor.records(TENSOR_METADATA["associated_files"]):
                if file.number(ASSOCIATED_FILE["type"], "int8") == AXIS_LABELS:
                    return file.text(ASSOCIATED_FILE["name"])
    return None
