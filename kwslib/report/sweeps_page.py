"""What the chapter on sweeps shows: the kinds of cost that a budget can name, and how good the predictions are."""

import pandas as pd

from kwslib.errors import DataError
from kwslib.report import overview
from kwslib.report.elements import Table
from kwslib.runs import deployments
from kwslib.runs.cost import QUANTITIES


def quantities() -> Table:
    """Return the kinds of cost, with their units."""
    rows = [
        {"in --budget": name, "what it limits": quantity.title, "unit": quantity.unit}
        for name, quantity in QUANTITIES.items()
    ]
    return Table(pd.DataFrame(rows), "budgets", "What a budget can limit")


def errors() -> dict[str, float]:
    """Return by how much the predicted cycles are above the measured ones, as a share, by run."""
    found = {}
    for run in overview.all_runs():
        try:
            deployment = deployments.of_run(run).deployment
        except DataError:
            continue
        found[run.run] = deployment.predicted_cycles / deployment.cycles - 1
    return found


def texts() -> dict[str, str]:
    """Return what the chapter's prose names."""
    largest = max(map(abs, errors().values()), default=None)
    return {"sweeps_error": "–" if largest is None else f"{100 * largest:.1f} %"}
