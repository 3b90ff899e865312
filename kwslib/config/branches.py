"""Fine-tuning in branches: a floating-point phase that returns to its start, so that the ends can be averaged."""

from kwslib.errors import InputError


def branch_starts(float_steps: int, branches: int) -> list[int]:
    """Return the step that each branch begins at; the branches share the floating-point phase out evenly.

    Parameters
    ----------
    float_steps : int
        Steps of the floating-point phase, all branches together.
    branches : int

    Raises
    ------
    InputError
        If a branch would have less than two steps; with the largest number that does.

    Examples
    --------
    >>> branch_starts(100, 3)
    [0, 33, 67]
    """
    if branches > 1 and float_steps < 2 * branches:
        raise InputError(
            f"branches is {branches}, and the floating-point phase has {float_steps} steps: "
            f"give at most {max(1, float_steps // 2)}, or more steps"
        )
    return [round(number * float_steps / branches) for number in range(branches)]


def whole_step(step: int, float_steps: int, branches: int) -> int:
    """Return the step of the schedule whose learning rate a step takes: each branch squeezes the whole phase.

    Parameters
    ----------
    step : int
        Step of the training, counted from 0.
    float_steps, branches : int
        As in `branch_starts`.

    Examples
    --------
    >>> [whole_step(step, 6, 2) for step in range(8)]
    [0, 2, 4, 0, 2, 4, 6, 7]
    """
    if step >= float_steps:
        return step
    starts = branch_starts(float_steps, branches)
    number = sum(start <= step for start in starts)
    start, end = starts[number - 1], (*starts, float_steps)[number]
    return (step - start) * float_steps // (end - start)
