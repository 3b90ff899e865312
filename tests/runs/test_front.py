"""The front: compared with its definition, point by point."""

import random

from kwslib.runs import front


def beaten(index, costs, values):
    """Whether some other point costs as little and is better, or costs less and is as good."""
    mine = costs[index], values[index]
    others = [(costs[one], values[one]) for one in range(len(costs)) if one != index]
    return any(cost <= mine[0] and value >= mine[1] and (cost, value) != mine for cost, value in others)


def test_the_front_is_what_no_point_beats():
    rng = random.Random(5)
    for count in (0, 1, 2, 30):
        costs = [rng.randrange(12) for _ in range(count)]
        values = [rng.randrange(12) for _ in range(count)]
        found = front.indices(costs, values)
        best = [index for index in range(count) if not beaten(index, costs, values)]
        assert {(costs[index], values[index]) for index in found} == {(costs[index], values[index]) for index in best}
        assert len({(costs[index], values[index]) for index in found}) == len(found)
        assert [costs[index] for index in found] == sorted(costs[index] for index in found)


def test_of_equal_points_the_first_is_on_the_front():
    assert front.indices([2, 2, 1], [5, 5, 5]) == [2]
    assert front.indices([2, 2], [5, 5]) == [0]
