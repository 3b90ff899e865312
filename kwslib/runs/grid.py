"""What a sweep varies: values and ranges of parameters, from a command line or from a YAML file."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kwslib.errors import InputError, check_name
from kwslib.runs import budget, configuration
from kwslib.runs.declaration import LISTS, TYPES, checked, declared, parse, positive

Number = int | float
RANGE = re.compile(r"(-?[0-9.e+-]+?)\.\.(-?[0-9.e+-]+?)(?::([0-9.e+-]+))?")
MOST_RUNS = 10_000
SECTIONS = ("grid", "runs", "budget", "front_seeds")
"""Entries of a sweep's YAML file that are no parameters."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included, `step` apart; any number between them if it is None."""

    low: Number
    high: Number
    step: Number | None = None


Axis = tuple[Any, ...] | Range


@dataclass(frozen=True)
class Grid:
    """What a sweep varies.

    Attributes
    ----------
    axes : dict
        Values of a parameter, or a range of them, by its name.
    fixed : dict
        Parameters that all runs share.
    runs : tuple of dict
        Single runs beside the combinations of the axes.
    budget : dict
        `kwslib.runs.budget`.
    front_seeds : int
        Seeds for the networks on the front, those of the grid included.
    """

    axes: dict[str, Axis] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    runs: tuple[dict[str, Any], ...] = ()
    budget: dict[str, float] = field(default_factory=dict)
    front_seeds: int = 1

    def with_words(
        self,
        words: Sequence[str],
        limits: Sequence[str] = (),
        front_seeds: int = 0,
        fixed: Mapping[str, Any] | None = None,
    ) -> "Grid":
        """Return the grid with what a command line says: its axes, budget and parameters go before those of a file.

        Raises
        ------
        InputError
            As `read_axes` and `kwslib.runs.budget.read`.
        """
        axes = {**self.axes, **(read_axes(words) if words else {})}
        shared = {name: value for name, value in {**self.fixed, **(fixed or {})}.items() if name not in axes}
        wanted = {**self.budget, **budget.read(limits)}
        return replace(self, axes=axes, fixed=shared, budget=wanted, front_seeds=front_seeds or self.front_seeds)

    def combinations(self) -> list[dict[str, Any]]:
        """Return the parameters of every run: all combinations, the last name varying fastest, then single runs.

        Raises
        ------
        InputError
            If there is nothing to vary, a range has no step, or there are too many combinations.
        """
        values = {name: _values(name, axis) for name, axis in self.axes.items()}
        count = 1
        for one in values.values():
            count *= len(one)
        if count > MOST_RUNS:
            raise InputError(f"the grid has {count:,} runs: give fewer values, or let --search draw some of them")
        if not values and not self.runs:
            raise InputError("the grid is empty: give at least one NAME=VALUE,VALUE, such as size=small,medium")
        product = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())] if values else []
        return [self.fixed | one for one in (*product, *self.runs)]


def _values(name: str, axis: Axis) -> tuple[Any, ...]:
    if not isinstance(axis, Range):
        return axis
    if axis.step is None:
        raise InputError(f"{name}={axis.low}..{axis.high} has no step: give LOW..HIGH:STEP, or draw from it (--search)")
    steps = (axis.high - axis.low) / axis.step
    if steps > MOST_RUNS:
        raise InputError(f"{name}={axis.low}..{axis.high}:{axis.step} has more than {MOST_RUNS:,} values: give fewer")
    count = int(steps + 1e-9) + 1
    values = (axis.low + number * axis.step for number in range(count))
    return tuple(value if isinstance(value, int) else round(value, 12) for value in values)


def read_axes(words: Sequence[str]) -> dict[str, Axis]:
    """Read axes such as ``["size=small,medium", "channels=16..64:8"]``.

    Values with commas of their own, such as lists of words, have semicolons between them: ``["words=yes,no;up,down"]``.

    Raises
    ------
    InputError
        If a word is not ``name=value,value``, a name is unknown or given twice, or a value is of another type.
    """
    axes: dict[str, Axis] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not values or "" in _split(name, values):
            raise InputError(f"'{word}' is no part of a grid: give NAME=VALUE,VALUE, such as seed=1,2,3")
        if name in axes:
            raise InputError(f"parameter {name} is in the grid twice: give all its values in one place")
        check_name("parameter", name, declared())
        axes[name] = _range(name, values) or tuple(positive(name, parse(name, one)) for one in _split(name, values))
        _refuse_doubles(word, axes[name])
    return axes


def _refuse_doubles(shown: str, axis: Axis) -> None:
    if not isinstance(axis, Range) and len(set(axis)) < len(axis):
        raise InputError(f"'{shown}' has a value twice")


def _split(name: str, values: str) -> list[str]:
    """The values of an axis. Those of a list have commas of their own, so that semicolons stand between them."""
    if ";" in values:
        return [value.strip() for value in values.rstrip(";").split(";")]
    return [values] if name in LISTS else values.split(",")


def _range(name: str, text: str) -> Range | None:
    """Read a range of a number such as ``16..64:8``; None if the text is none.

    Raises
    ------
    InputError
        If its ends are no numbers of the parameter's type, or it is empty.
    """
    if ".." not in text or declared()[name].type not in ("int", "float"):
        return None
    kind, description = TYPES[declared()[name].type]
    found = RANGE.fullmatch(text)
    try:
        low, high, step = (None if part is None else kind(part) for part in found.groups()) if found else (None,) * 3
    except ValueError as error:
        raise InputError(f"{name}={text}: {description.removeprefix('a ')} belongs at each end of a range") from error
    if low is None or high is None:
        raise InputError(f"{name}={text} is no range: give LOW..HIGH or LOW..HIGH:STEP, such as 16..64:8")
    low, high = checked(name, low), checked(name, high)
    if kind is int and step is None:
        step = 1
    if not low < high or (step is not None and not 0 < step < math.inf):
        raise InputError(f"{name}={text} is empty: give the smaller number first, and a positive step")
    return Range(low, high, step)


def read_grid(words: Sequence[str]) -> list[dict[str, Any]]:
    """Return the parameters of every run of a grid such as ``["size=small,medium", "seed=1,2,3"]``.

    Raises
    ------
    InputError
        As `read_axes` and `Grid.combinations`.
    """
    return Grid(axes=read_axes(words)).combinations()


def read_file(path: Path) -> Grid:
    """Read a sweep's YAML file: parameters that all runs share, and the entries of `SECTIONS`.

    ``grid`` has a list of values, or a range as text, for each parameter; ``runs`` a list of single runs; ``budget`` a
    number for each kind of cost.

    Raises
    ------
    InputError
        If it cannot be read, or an entry is not what it should be; with the file.
    """
    whole = configuration.load(path)
    try:
        return Grid(
            axes={name: _axis(name, axis) for name, axis in _mapping(whole, "grid").items()},
            fixed={name: checked(name, value) for name, value in whole.items() if name not in SECTIONS},
            runs=tuple(_run(entry) for entry in _list(whole, "runs")),
            budget=_budget(_mapping(whole, "budget")),
            front_seeds=_front_seeds(whole.get("front_seeds", 1)),
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _mapping(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name) or {}
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise InputError(f"{name} is {found!r}: give lines of the form name: values")
    return found


def _list(whole: Mapping[str, Any], name: str) -> list[Any]:
    found = whole.get(name) or []
    if not isinstance(found, list):
        raise InputError(f"{name} is {found!r}: give a list of runs, such as - {{channels: 24}}")
    return found


def _axis(name: str, axis: Any) -> Axis:
    check_name("parameter", name, declared())
    if isinstance(axis, str) and (found := _range(name, axis)):
        return found
    if not isinstance(axis, list) or not axis:
        raise InputError(
            f"the values of {name} are {axis!r}: give a list, such as [16, 32], or a range, such as 16..64:8"
        )
    values = tuple(positive(name, checked(name, value)) for value in axis)
    _refuse_doubles(f"{name}: {axis}", values)
    return values


def _run(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or not all(isinstance(key, str) for key in entry):
        raise InputError(f"runs has {entry!r}: give parameters and their values, such as {{channels: 24}}")
    return {name: positive(name, checked(name, value)) for name, value in entry.items()}


def _budget(entries: Mapping[str, Any]) -> dict[str, float]:
    for name in entries:
        check_name("budget", name, budget.QUANTITIES)
    return {name: budget.checked(name, value) for name, value in entries.items()}


def _front_seeds(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise InputError(f"front_seeds is {value!r}: give a whole number of at least 1")
    return value
