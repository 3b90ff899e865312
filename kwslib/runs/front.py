"""The front of accuracy and cost: the networks that no other one beats in both."""

from collections.abc import Sequence

from kwslib.runs import cost
from kwslib.runs.ranking import RANKED_BY, Outcome


def indices(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Return the points that no other point beats: none costs as little and is better, or costs less and is as good.

    Parameters
    ----------
    costs, values : sequence of float
        Of each point; less cost and more value are better.

    Returns
    -------
    list of int
        By rising cost. Of equal points, the first.

    Examples
    --------
    >>> indices([3, 1, 2, 3], [0.9, 0.5, 0.9, 0.8])
    [1, 2]
    """
    found: list[int] = []
    for index in sorted(range(len(costs)), key=lambda one: (costs[one], -values[one], one)):
        if not found or values[index] > values[found[-1]]:
            found.append(index)
    return found


def of_outcomes(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the runs on the front of validation accuracy and predicted cycles, within each corpus and its words."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.run is not None:
            one = outcome.parameters
            groups.setdefault((one.corpus, one.data, one.words), []).append(outcome)
    found = []
    for group in groups.values():
        cycles = [cost.forecast(one.parameters.size, one.parameters.front_end).cycles for one in group]
        accuracies = [one.run.measurement(*RANKED_BY).accuracy for one in group if one.run]
        found += [group[index] for index in indices(cycles, accuracies)]
    return found
