"""What a sweep would cost on GAP8, network by network, before anything is trained."""

from kwslib import terminal
from kwslib.runs import budget
from kwslib.runs.cost import QUANTITIES
from kwslib.runs.grid import Grid
from kwslib.runs.parameters import Parameters, check_all
from kwslib.runs.search import Search

COLUMNS = {"cycles": 0, "ms": 3, "energy_uj": 0, "bytes": 0, "l1": 0, "l2": 0}
"""Decimals of each kind of cost."""


def table(grid: Grid, search: Search | None = None) -> str:
    """Return a line a network: what the planner says that it costs, or why it is refused.

    Of a search, this is the whole grid that it draws from.

    Raises
    ------
    InputError
        As `Grid.combinations` and `kwslib.runs.parameters.check_all`.
    """
    rows = [_row(one, grid.budget) for one in check_all(grid.combinations())]
    refused = sum(bool(row[-1]) for row in rows)
    units = [f"{name}, {QUANTITIES[name].unit}" if QUANTITIES[name].unit != name else name for name in COLUMNS]
    drawn = f"; {search.kind} would draw {search.trials} of the others" if search else ""
    return f"{terminal.table(rows, ('run', *units, 'refused'))}\n{len(rows)} networks, {refused} refused{drawn}"


def _row(one: Parameters, limits: budget.Budget) -> list[str]:
    found, why = budget.refusal(one, limits)
    figures = [f"{getattr(found, name):.{digits}f}" if found else "" for name, digits in COLUMNS.items()]
    return [one.run, *figures, why]
