"""What a .tflite file says of itself."""

import io
import zipfile

import flatbuffers
import numpy as np
import pytest

from kwslib.config.presets import SIZES
from kwslib.errors import ModelError
from kwslib.integer import metadata, network_file
from kwslib.integer.flatbuffer import read
from kwslib.integer.metadata import Description
from kwslib.network.conversion import describe
from tests.gap8 import networks

WORDS = tuple(f"word {n}" for n in range(12))


@pytest.fixture(scope="module")
def data():
    return networks.quantised(*networks.SMALL)


def test_a_description_survives_the_file(data, tmp_path):
    said = Description(WORDS, SIZES["small"].front_end("power", 0.75), "speech_commands")
    written = describe(data, said)
    assert metadata.decode(read(written), written) == said
    (tmp_path / "n.tflite").write_bytes(written)
    assert network_file.open_file(tmp_path / "n.tflite").description == said


def test_the_same_description_gives_the_same_bytes_and_replaces_the_one_before(data):
    first, second = Description(WORDS), Description(tuple(reversed(WORDS)))
    assert describe(data, second) == describe(describe(data, first), second)
    assert describe(data, first) == describe(data, first)


def test_the_network_stays_as_it_is(data):
    written = describe(data, Description(WORDS))
    codes = np.random.default_rng(0).integers(0, 256, (1, 49, 10, 1)).astype(np.uint8)
    outputs = []
    for content in (data, written):
        interpreter = networks.interpreter(content)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], codes)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    assert (outputs[0] == outputs[1]).all()
    before, after = network_file.load(data), network_file.load(written)
    for one, other in zip(before.layers, after.layers, strict=True):
        assert one.name == other.name
        assert one.weights is None or ((one.weights == other.weights).all() and (one.bias == other.bias).all())


def test_without_metadata_nothing_is_said(data):
    assert metadata.decode(read(data), data) is None


def test_labels_must_be_as_many_as_classes(data, tmp_path):
    with pytest.raises(ModelError, match="2 labels for a network of 12 classes"):
        describe(data, Description(("a", "b")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "its metadata entry KWS_GAP8 is damaged"),
        (b"\xff", "its metadata entry KWS_GAP8 is damaged"),
        (b'{"schema": 9, "labels": []}', "was written by another version"),
        (b"[]", "was written by another version"),
        (b'{"schema": 1, "labels": [1], "front_end": null, "corpus": ""}', "is damaged"),
        (b'{"schema": 1, "labels": [], "front_end": {"kind": "mel"}, "corpus": ""}', "is damaged"),
        (b'{"schema": 1, "labels": ["a"], "front_end": null, "corpus": ""}', "name 1 labels; it has 12 classes"),
    ],
)
def test_damaged_entries(data, tmp_path, monkeypatch, content, message):
    monkeypatch.setattr("kwslib.network.conversion.encode", lambda _: content)
    (tmp_path / "n.tflite").write_bytes(describe(data, Description(WORDS)))
    with pytest.raises(ModelError, match=rf"n\.tflite: .*{message}"):
        network_file.open_file(tmp_path / "n.tflite")


def standard(name: str) -> bytes:
    """Google's metadata, made with flatbuffers alone: one output tensor whose axis the file `name` labels."""
    builder = flatbuffers.Builder(256)
    text = builder.CreateString(name)

    def table(slots, *fields):
        builder.StartObject(slots)
        for slot, kind, value in fields:
            if kind == "offset":
                builder.PrependUOffsetTRelativeSlot(slot, value, 0)
            else:
                builder.PrependInt8Slot(slot, value, 0)
        return builder.EndObject()

    def vector(offset):
        builder.StartVector(4, 1, 4)
        builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    file = table(5, (0, "offset", text), (2, "int8", metadata.AXIS_LABELS))
    tensor = table(7, (6, "offset", vector(file)))
    subgraph = table(8, (3, "offset", vector(tensor)))
    builder.Finish(table(7, (3, "offset", vector(subgraph))), b"M001")
    return bytes(builder.Output())


def with_standard(data, monkeypatch, archive: dict[str, str]) -> bytes:
    monkeypatch.setattr("kwslib.network.conversion.encode", lambda _: standard("labels.txt"))
    monkeypatch.setattr("kwslib.network.conversion.ENTRY", metadata.STANDARD_ENTRY)
    written = describe(data, Description(WORDS))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in archive.items():
            file.writestr(name, content)
    return written + packed.getvalue()


def test_googles_own_metadata_name_the_labels(data, monkeypatch):
    written = with_standard(data, monkeypatch, {"labels.txt": "\n".join(WORDS) + "\n"})
    assert metadata.decode(read(written), written) == Description(WORDS)


def test_a_label_file_that_is_not_there_is_refused(data, monkeypatch):
    written = with_standard(data, monkeypatch, {"other.txt": "x"})
    with pytest.raises(ModelError, match=r"name a label file 'labels\.txt', which cannot be read"):
        metadata.decode(read(written), written)
