"""Budgets: how much of each kind a network may cost. What cannot meet one is refused before it is trained."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kwslib.errors import InputError, ModelError, check_name
from kwslib.runs import cost
from kwslib.runs.cost import QUANTITIES, Cost
from kwslib.runs.parameters import Parameters

Budget = Mapping[str, float]
"""The most of each kind, by its name in `cost.QUANTITIES`."""


def read(words: Iterable[str]) -> dict[str, float]:
    """Read a budget such as ``["cycles=150000", "bytes=30k"]``; ``k`` stands for a thousand, ``M`` for a million.

    Raises
    ------
    InputError
        If a word is not ``NAME=NUMBER``, a name is unknown (with the nearest one) or given twice, or a number is not
        positive.
    """
    found: dict[str, float] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InputError(f"'{word}' is no budget: give NAME=NUMBER, such as cycles=150000")
        check_name("budget", name, QUANTITIES)
        if name in found:
            raise InputError(f"the budget has {name} twice: give one number")
        found[name] = checked(name, text)
    return found


def checked(name: str, value: Any) -> float:
    """Return the number of a budget, given as text or as a number.

    Raises
    ------
    InputError
        If it is no positive number.
    """
    match = re.fullmatch(r"([0-9][0-9_]*\.?[0-9]*(?:e[0-9]+)?)([kM]?)", str(value).strip())
    number = float(match[1]) * {"": 1, "k": 1e3, "M": 1e6}[match[2]] if match else math.nan
    if isinstance(value, bool) or not 0 < number < math.inf:
        raise InputError(f"the budget of {name} is '{value}': give a positive number of {QUANTITIES[name].unit}")
    return number


def text(name: str, value: float) -> str:
    """Return an amount of a kind for people.

    Examples
    --------
    >>> text("cycles", 182383), text("ms", 1.0421886)
    ('182,383 cycles', '1.042 ms')
    """
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return f"{number} {QUANTITIES[name].unit}"


def excess(found: Cost, budget: Budget) -> str:
    """Say what is too much of a cost, and nothing if it meets the budget."""
    parts = [
        f"{QUANTITIES[name].title}: {text(name, getattr(found, name))}, the budget has {text(name, most)}"
        for name, most in budget.items()
        if getattr(found, name) > most
    ]
    return "; ".join(parts)


def refusal(chosen: Parameters, budget: Budget) -> tuple[Cost | None, str]:
    """Return what a network will cost, and why it is refused; the reason is empty if it is not.

    What no program can undercut is looked at before anything is planned.
    """
    least = Cost(cost.least_cycles(chosen.size), cost.weight_bytes(chosen.size), 0, 0)
    if too_much := excess(least, budget):
        return None, f"whatever the plan: {too_much}"
    try:
        found = cost.forecast(chosen.size, chosen.front_end)
    except ModelError as error:
        return None, str(error)
    return found, excess(found, budget)


def cheapest(runs: Sequence[Parameters], budget: Budget) -> str:
    """Say which of some networks comes nearest to each amount of a budget, and what it costs."""
    lines = []
    for name in budget:
        found = _cheapest(runs, name)
        if found is None:
            return "none of them fits GAP8"
        run, costs = found
        lines.append(f"the cheapest in {name} is {run}, with {text(name, getattr(costs, name))}")
    return "; ".join(lines)


def _cheapest(runs: Sequence[Parameters], name: str) -> tuple[str, Cost] | None:
    """Return the cheapest network of one kind of cost; those that cannot be cheaper are not planned."""
    best: tuple[str, Cost] | None = None
    for one in sorted(runs, key=lambda run: (run.size.macs, run.run)):
        bound = Cost(cost.least_cycles(one.size), cost.weight_bytes(one.size), 0, 0)
        if best and getattr(bound, name) >= getattr(best[1], name):
            continue
        try:
            found = cost.forecast(one.size, one.front_end)
        except ModelError:
            continue
        if best is None or getattr(found, name) < getattr(best[1], name):
            best = one.run, found
    return best
