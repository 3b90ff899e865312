"""Typed JSON records."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kwslib.artifacts import (
    Scalar,
    file_sha256,
    not_stored,
    read_record,
    stored_as,
    stored_if_set,
    to_plain,
    write_record,
)
from kwslib.errors import DataError

TEXTS = {"missing": "make it", "again": "make it again"}


@dataclass(frozen=True)
class Part:
    name: str
    shares: list[float]


@dataclass(frozen=True)
class Whole:
    count: int
    ready: bool
    parts: tuple[Part, ...]
    free: dict[str, Scalar]
    least: float | None = None
    note: str = stored_if_set("")
    folder: Path | None = not_stored()


WHOLE = Whole(3, True, (Part("a", [0.5, 1]), Part("b", [])), {"x": 1, "y": "z", "t": False}, note="n")


@pytest.fixture
def path(tmp_path):
    write_record(tmp_path / "whole.json", replace(WHOLE, folder=tmp_path), 4)
    return tmp_path / "whole.json"


def test_what_is_written_is_read_again(path):
    assert read_record(path, Whole, 4, **TEXTS) == WHOLE
    assert json.loads(path.read_text())["schema"] == 4 and "folder" not in json.loads(path.read_text())
    assert "note" not in to_plain(replace(WHOLE, note=""))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 3}, "was written by another version of this program; use that version, or make it again"),
        ({"count": "3"}, r"'3' where a value of type int belongs @ \$\.count"),
        ({"count": True}, r"True where a value of type int belongs @ \$\.count"),
        ({"count": 3.0}, r"3\.0 where a value of type int belongs"),
        ({"ready": 1}, r"1 where a value of type bool belongs @ \$\.ready"),
        ({"parts": [{"name": "a"}]}, r"required entry missing: shares @ \$\.parts\[0\]\.shares"),
        ({"parts": [{"name": "a", "shares": ["x"]}]}, r"'x' where a value of type float belongs @ \$\.parts\[0\]"),
        ({"parts": {}}, None),
        ({"free": {"x": [1]}}, "where a number or a text belongs"),
        ({"free": "x"}, r"another kind of value where an object belongs @ \$\.free"),
        ({"parts": ["a"]}, r"another kind of value where an object belongs @ \$\.parts\[0\]"),
        ({"surprise": 1}, r"unknown entries: surprise @ \$"),
        ({"note": "\ud800"}, "is damaged"),
        ({"free": {"x": "\ud800"}}, "is damaged"),
    ],
)
def test_a_spoiled_entry_is_named(path, change, message):
    value = json.loads(path.read_text()) | change
    if message is None:
        del value["checksum"]
    path.write_text(json.dumps(value))
    if message is None:  # an empty object is an empty list of parts to JSON's readers
        assert read_record(path, Whole, 4, **TEXTS).parts == ()
        return
    with pytest.raises(DataError, match=message) as error:
        read_record(path, Whole, 4, **TEXTS)
    assert str(path) in str(error.value) and "make it again" in str(error.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"count": NaN, "schema": 4}', "[" * 100_000])
def test_a_file_that_is_no_record(path, content):
    path.write_text(content)
    with pytest.raises(DataError, match=r"whole\.json is damaged \(.*\); make it again"):
        read_record(path, Whole, 4, **TEXTS)


@dataclass(frozen=True)
class Named:
    plain: int
    share: float = stored_as("share, in percent")


def test_a_key_that_is_no_python_name(tmp_path):
    write_record(tmp_path / "named.json", Named(1, 2.5), 1)
    written = json.loads((tmp_path / "named.json").read_text())
    del written["checksum"]
    assert written == {"schema": 1, "plain": 1, "share, in percent": 2.5}
    assert read_record(tmp_path / "named.json", Named, 1, **TEXTS) == Named(1, 2.5)
    (tmp_path / "named.json").write_text('{"schema": 1, "plain": 1, "share": 2.5}')
    with pytest.raises(DataError, match="required entry missing: share, in percent"):
        read_record(tmp_path / "named.json", Named, 1, **TEXTS)


def test_a_list_without_a_schema_number(tmp_path):
    parts = [Part("a", [0.5]), Part("b", [])]
    write_record(tmp_path / "parts.json", parts, None)
    *written, last = json.loads((tmp_path / "parts.json").read_text())
    assert written == to_plain(parts) and last.keys() == {"checksum"}
    assert read_record(tmp_path / "parts.json", list[Part], None, **TEXTS) == parts
    for text, message in (("{}", "dict where a list belongs"), ('[{"name": "a"}]', r"missing: shares @ \$\[0\]")):
        (tmp_path / "parts.json").write_text(text)
        with pytest.raises(DataError, match=message):
            read_record(tmp_path / "parts.json", list[Part], None, **TEXTS)


def test_bytes_that_are_no_text(path):
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="is damaged"):
        read_record(path, Whole, 4, **TEXTS)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(DataError, match=r"gone\.json does not exist: make it"):
        read_record(tmp_path / "gone.json", Whole, 4, **TEXTS)
    with pytest.raises(DataError, match="cannot read"):
        read_record(tmp_path, Whole, 4, **TEXTS)


def test_the_hash_of_a_file(path):
    path.write_bytes(b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(DataError, match="cannot read"):
        file_sha256(path.parent / "gone")


def test_a_file_larger_than_those_read_as_a_whole_has_a_hash(tmp_path, monkeypatch):
    monkeypatch.setattr("kwslib.files.read_regular.__defaults__", (10,))  # the most bytes, smaller than they are
    path = tmp_path / "large"
    path.write_bytes(b"x" * 100_000)
    assert file_sha256(path) == hashlib.sha256(b"x" * 100_000).hexdigest()
