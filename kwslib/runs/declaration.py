"""The parameters that a notebook declares: name, type, default and meaning, read from its parameters cell.

They stand there and nowhere else; the command line, the sweeps and the YAML files take them from here.
"""

import ast
import functools
import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.config.limits import MOST
from kwslib.errors import InputError, check_name
from kwslib.paths import book_dir

TEMPLATE = "train.ipynb"
TYPES: dict[str, tuple[type, str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (bool, "true or false"),
}
LISTS = ("words", "model_size_info", "strides", "learning_rates", "stage_steps")
"""Parameters whose text is a list: their values may hold commas, and YAML may give a list."""
OWN_NAMES = {"kind": "front_end", "scale": "input_scale"}
"""Fields of a front end that have a parameter of another name."""
OPTIONAL = re.compile(r"Optional\[(\w+)\]")


@dataclass(frozen=True)
class Declared:
    """One line of a parameters cell.

    Attributes
    ----------
    type : str
        As `TYPES` has it, by name.
    default : object
        None where only another parameter knows it (the profile's own value).
    help : str
        What it means.
    optional : bool
        Whether None may be given.
    """

    type: str
    default: Any
    help: str
    optional: bool = False


@functools.cache
def _declared(template: Path) -> dict[str, Declared]:
    from papermill.inspection import inspect_notebook

    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        cell = inspect_notebook(template)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the notebook {template} ({error}); KWS_ROOT must name the checkout") from error
    found = {}
    for name, entry in cell.items():
        inner = OPTIONAL.fullmatch(entry["inferred_type_name"])
        kind = inner[1] if inner else entry["inferred_type_name"]
        found[name] = Declared(kind, ast.literal_eval(entry["default"]), entry["help"], bool(inner))
    return found


def declared(template: str = TEMPLATE) -> dict[str, Declared]:
    """The parameters that a notebook of the book declares, by name.

    Raises
    ------
    InputError
        If there is no notebook.
    """
    return _declared(book_dir() / template)


def parse(name: str, text: str) -> Any:
    """Read the value of a parameter from text, as its type asks.

    Raises
    ------
    InputError
        For an unknown name, or text of another type.
    """
    check_name("parameter", name, declared())
    kind, description = TYPES[declared()[name].type]
    if kind is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise InputError(f"parameter {name} is '{text}': give {description}")
    try:
        return kind(text)
    except ValueError as error:
        raise InputError(f"parameter {name} is '{text}': give {description}") from error


def checked(name: str, value: Any) -> Any:
    """Return the value of a parameter in its own type; a list becomes the text that the notebook declares.

    Raises
    ------
    InputError
        For an unknown name (with the nearest one), a value of another type, or a whole number above its limit.

    Examples
    --------
    >>> checked("words", ["marvin", "sheila"])
    'marvin,sheila'
    """
    check_name("parameter", name, declared())
    entry = declared()[name]
    wanted, description = TYPES[entry.type]
    if value is None and entry.optional:
        return None
    if name in LISTS:
        value = _joined(name, value)
    if wanted is float and type(value) in (int, str):
        value = _number(value)
    if type(value) is not wanted:
        raise InputError(f"parameter {name} is {value!r}: give {description}")
    most = MOST.get(name)
    if isinstance(value, int) and wanted is int and most is not None and value > most:
        raise InputError(f"{name} is {value}: give at most {most}")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"parameter {name} is {value}: give {description}")
    return value


def _number(value: int | str) -> Any:
    """A float; YAML takes 1e-4, which has no dot, for text."""
    try:
        return float(value)
    except (ValueError, OverflowError):
        return value


def _joined(name: str, value: Any) -> Any:
    """Return a list, or its only item, as text."""
    items = list(value) if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, bool) for item in items):
        item = next(item for item in items if isinstance(item, bool))
        raise InputError(
            f"{name} has {str(item).lower()} where text belongs: YAML reads a bare yes, no, on or off so; "
            f'put it in quotes, or write the whole list as text: {name}: "yes,no"'
        )
    bad = next((item for item in items if not isinstance(item, str | int | float)), None)
    if bad is not None:
        raise InputError(f"{name} has {bad!r} where text or a number belongs")
    return ",".join(item if isinstance(item, str) else f"{item!r}" for item in items)


def positive(name: str, value: Any) -> Any:
    """Return the value of a parameter; refuse zero steps, which mean the profile's own only where nothing is said."""
    if name == "steps" and value == 0:
        raise InputError("steps is 0: give a positive number, or leave it out for the profile's own")
    return value


def numbers(name: str, text: str, kind: type[int] | type[float]) -> list[Any]:
    """Read a list of numbers with commas or spaces between them; an empty text has none.

    Raises
    ------
    InputError
        If one is no number of that kind, or not positive and finite.
    """
    found = []
    for word in text.replace(",", " ").split():
        try:
            number = kind(word)
        except ValueError as error:
            raise InputError(f"{name} has '{word}': give {'whole ' if kind is int else ''}numbers") from error
        if not 0 < number < math.inf:
            raise InputError(f"{name} has {word}: give positive numbers")
        found.append(number)
    return found
