"""Options that say how the decisions about a stream become events."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kwslib.cli.options import PAUSES, PERIODS, together
from kwslib.errors import InputError

if TYPE_CHECKING:
    from kwslib.config.events import EventParameters

Number = TypeVar("Number", int, float)

EVENTS = together(
    click.option("--threshold", "thresholds", multiple=True, metavar="[WORD=]P", help="Least average probability."),
    click.option("--smoothing", type=PERIODS, metavar="HOPS", help="Decisions that are averaged."),
    click.option("--refractory", multiple=True, metavar="[WORD=]MS", help="A word's pause after it was reported."),
    click.option("--suppression", type=PAUSES, metavar="MS", help="Pause of all words after one was reported."),
    click.option("--hop", type=PERIODS, metavar="MS", help="From one decision to the next."),
)
NAMES = ("thresholds", "smoothing", "refractory", "suppression", "hop")
"""Parameters of a command that has these options."""


def take(named: dict[str, Any]) -> dict[str, Any]:
    """Take the values of these options out of a command's parameters."""
    return {name: named.pop(name) for name in NAMES}


def were_given(values: dict[str, Any]) -> bool:
    """Whether any of these options was given."""
    return any(value not in (None, ()) for value in values.values())


def parameters(values: dict[str, Any]) -> "EventParameters":
    """Return what the options say; the defaults for those that were not given.

    Parameters
    ----------
    values : dict
        By `NAMES`.

    Raises
    ------
    InputError
        If a value is no number, or out of range.
    """
    from kwslib.config.events import EventParameters

    threshold, own_thresholds = by_word(values["thresholds"], float, "--threshold")
    pause, own_pauses = by_word(values["refractory"], int, "--refractory")
    given = {
        "threshold": threshold,
        "smoothing_hops": values["smoothing"],
        "refractory_ms": pause,
        "suppression_ms": values["suppression"],
        "hop_ms": values["hop"],
    }
    return EventParameters(
        **{name: value for name, value in given.items() if value is not None},
        thresholds=own_thresholds,
        refractories_ms=own_pauses,
    )


def by_word(values: tuple[str, ...], kind: Callable[[str], Number], option: str) -> tuple[Number | None, dict]:
    """Split values such as ``0.8`` and ``stop=0.7`` into the one for all words and those of single words.

    Raises
    ------
    InputError
        If one is no number, or two are for all words.
    """
    common, own = None, {}
    for value in values:
        word, equals, text = value.rpartition("=")
        try:
            number = kind(text)
        except ValueError as error:
            raise InputError(f"{option} is '{value}': give a number, or WORD=NUMBER") from error
        if equals:
            own[word] = number
        elif common is not None:
            raise InputError(f"{option} is given twice without a word: give one of them as WORD=NUMBER")
        else:
            common = number
    return common, own
