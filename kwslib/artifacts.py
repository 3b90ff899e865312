"""Typed JSON records: how a dataclass is written, and how it is read again or refused.

Every record that the project keeps is a dataclass. `write_record` writes it with a schema number; `read_record` reads
it back, checks every field against its type, and raises one kind of error for a record that is missing, damaged, or
from another version.
"""

import hashlib
import json
from dataclasses import MISSING, Field, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_origin

import cattrs
from cattrs import BaseValidationError, transform_error
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn, override

from kwslib import seals
from kwslib.errors import DataError, KwsError
from kwslib.files import open_regular, read_regular
from kwslib.paths import write_json

CHECKSUM = "checksum"
Scalar = bool | int | float | str
"""What a free entry of a record may hold."""

T = TypeVar("T")


def stored_if_set(default: Any = MISSING, default_factory: Any = MISSING) -> Any:
    """Declare a field that is left out of the JSON while it has its default."""
    more = {"default_factory": default_factory} if default_factory is not MISSING else {"default": default}
    return field(**more, metadata={"stored": "if set"})


def not_stored(default: Any = None) -> Any:
    """Declare a field that never goes into the JSON, such as the folder that a record was read from."""
    return field(default=default, metadata={"stored": "never"})


def stored_as(key: str) -> Any:
    """Declare a field whose name in the JSON is no Python name."""
    return field(metadata={"key": key})


def to_plain(value: Any) -> Any:
    """Turn a record into what JSON can hold: dicts, lists, numbers, texts.

    Examples
    --------
    >>> from kwslib.config.schedule import Stage
    >>> to_plain({"first": Stage(learning_rate=0.001, steps=100)})
    {'first': {'learning_rate': 0.001, 'steps': 100}}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {_key(one): to_plain(getattr(value, one.name)) for one in fields(value) if _is_stored(one, value)}
    if isinstance(value, dict):
        return {key: to_plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(entry) for entry in value]
    return value


def _is_stored(one: Field, record: Any) -> bool:
    stored = one.metadata.get("stored")
    if stored == "if set":
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        return getattr(record, one.name) != default
    return stored != "never"


def _key(one: Field) -> str:
    return one.metadata.get("key", one.name)


def write_record(path: Path, record: Any, schema: int | None) -> None:
    """Write a dataclass as JSON with its schema number, whole or not at all; None for a file that never had one.

    The last entry is a checksum of all others; of a list, it is the last item.
    """
    plain = to_plain(record) if schema is None else {"schema": schema, **to_plain(record)}
    checksum = {CHECKSUM: seals.of_json(plain)}
    write_json(path, [*plain, checksum] if isinstance(plain, list) else {**plain, **checksum})


def unsealed(value: Any) -> tuple[Any, bool | None]:
    """What a record holds without its checksum, and whether that is right; None if it has none (older versions)."""
    written, rest = None, value
    if isinstance(value, dict) and CHECKSUM in value:
        written, rest = value[CHECKSUM], {key: entry for key, entry in value.items() if key != CHECKSUM}
    elif isinstance(value, list) and value and isinstance(value[-1], dict) and value[-1].keys() == {CHECKSUM}:
        written, rest = value[-1][CHECKSUM], value[:-1]
    return rest, None if written is None else written == seals.of_json(rest)


def read_record(path: Path, kind: type[T], schema: int | None, *, missing: str, again: str) -> T:
    """Read a dataclass that `write_record` wrote.

    Parameters
    ----------
    path : Path
    kind : type
        The dataclass, or a list of it for a file without a schema number.
    schema : int or None
        The number that the file must have; None for a file that never had one.
    missing : str
        What the user should know or do if there is no file, e.g. ``"this run has not ended"``.
    again : str
        What the user should do with a file that cannot be used, e.g. ``"run it again"``.

    Raises
    ------
    DataError
        If the file is missing, is not JSON, has another schema number, lacks an entry, has one that is not known, an
        entry is of another type, or the checksum is not that of the entries. The message names the file and the entry.
    """
    value, intact = unsealed(read_json(path, missing=missing, again=again))
    if schema is not None:
        if not isinstance(value, dict) or "schema" not in value:
            raise DataError(f"{path} is damaged (it has no schema number); {again}")
        if value["schema"] != schema:
            raise DataError(f"{path} was written by another version of this program; use that version, or {again}")
        del value["schema"]
    record = from_plain(value, kind, str(path), again)  # first: it can say which entry is wrong
    if intact is False:
        raise DataError(f"{path} is damaged (it does not have its checksum); {again}")
    return record


def read_json(path: Path, *, missing: str, again: str) -> Any:
    """Read a JSON file whose content is checked elsewhere.

    Raises
    ------
    DataError
        If the file is missing, cannot be read, or is not JSON (NaN and infinity are not).
    """
    try:
        return json.loads(read_regular(path).decode(), parse_constant=_refuse_constant)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: {missing}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged ({error}); {again}") from error


def from_plain(value: Any, kind: type[T], source: str, again: str) -> T:
    """Make a dataclass of what JSON held.

    Raises
    ------
    DataError
        Naming `source`, the entry, and what is wrong with it.
    """
    try:
        return _CONVERTER.structure(value, kind)
    except (BaseValidationError, KwsError, ValueError, TypeError, KeyError, AttributeError) as error:
        grouped = isinstance(error, BaseExceptionGroup)
        reason = transform_error(error, format_exception=_reason)[0] if grouped else _reason(error, kind)
        raise DataError(f"{source} is damaged ({reason}); {again}") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file of any size, hexadecimal.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _reason(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return f"required entry missing: {error.args[0]}"
    if isinstance(error, AttributeError):  # cattrs asks any value for the entries of an object
        return "another kind of value where an object belongs"
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"unknown entries: {', '.join(sorted(map(str, error.extra_fields)))}"
    return str(error)


def _strict(value: Any, kind: Any) -> Any:
    """Take a number, a text or a truth value as it is; never turn one into another."""
    wanted = (int, float) if kind is float else (kind,)
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} where a value of type {kind.__name__} belongs")
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot be printed or written again
    return value


def _scalar(value: Any, _: Any) -> Any:
    if not isinstance(value, Scalar):
        raise TypeError(f"{value!r} where a number or a text belongs")
    return _strict(value, type(value))


def _list_hook(kind: Any, converter: cattrs.Converter) -> Any:
    structure = list_structure_factory(kind, converter)

    def hook(value: Any, kind: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"{type(value).__name__} where a list belongs")
        return structure(value, kind)

    return hook


def _has_keys(kind: Any) -> bool:
    return is_dataclass(kind) and any("key" in one.metadata for one in fields(kind))


def _keys_hook(kind: Any, converter: cattrs.Converter) -> Any:
    keys: dict[str, Any] = {one.name: override(rename=_key(one)) for one in fields(kind)}
    return make_dict_structure_fn(kind, converter, **keys)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (int, float, str, bool):
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook_factory(_has_keys, lambda kind: _keys_hook(kind, converter))
    converter.register_structure_hook_factory(
        lambda kind: get_origin(kind) is list, lambda kind: _list_hook(kind, converter)
    )
    converter.register_structure_hook_func(lambda kind: kind == Scalar, _scalar)
    converter.register_structure_hook_func(lambda kind: kind is Any, lambda value, _: value)
    return converter


_CONVERTER = _converter()
