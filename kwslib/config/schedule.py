"""Training schedules as data: staged learning rates, or warm-up and cosine."""

from dataclasses import dataclass, replace
from math import cos, pi

from kwslib.errors import InputError

BATCH_CLIPS = 100
"""Clips of a training step: the default of the baseline's ``--batch_size``."""


@dataclass(frozen=True)
class Stage:
    """A number of training steps at one learning rate."""

    learning_rate: float
    steps: int


@dataclass(frozen=True)
class Schedule:
    """Staged learning rates and the step at which fake quantisation begins.

    `float_steps` are trained in floating point with batch statistics, the rest with batch norm folded and
    everything fake-quantised. `baseline_quantise` is the baseline's ``--quantize`` where this is its schedule.
    """

    stages: tuple[Stage, ...]
    float_steps: int
    baseline_quantise: int | None = None

    def __post_init__(self) -> None:
        for stage in self.stages:
            if stage.steps <= 0 or stage.learning_rate <= 0:
                raise InputError(f"a stage needs positive steps and learning rate, got {stage}")
        if not 0 < self.float_steps < self.steps:
            raise InputError(
                f"the floating-point phase ({self.float_steps} steps) must be shorter than "
                f"the whole schedule ({self.steps} steps) and longer than none"
            )

    @property
    def steps(self) -> int:
        """All steps together."""
        return sum(stage.steps for stage in self.stages)

    def learning_rate(self, step: int) -> float:
        """Learning rate of the step with this index, counted from 0."""
        end = 0
        for stage in self.stages:
            end += stage.steps
            if step < end:
                return stage.learning_rate
        raise InputError(f"step {step} lies behind the schedule's end")

    def scaled(self, steps: int) -> "Schedule":
        """The same schedule squeezed or stretched to a number of steps in all.

        Raises
        ------
        InputError
            If `steps` leaves a stage or a phase without a step.
        """
        if steps < 2 * len(self.stages):
            raise InputError(f"steps must be at least {2 * len(self.stages)} for this schedule, got {steps}")
        ends, total = [0], 0
        for stage in self.stages:
            total += stage.steps
            ends.append(max(ends[-1] + 1, round(total * steps / self.steps)))
        ends[-1] = steps
        stages = tuple(
            replace(stage, steps=end - start) for stage, start, end in zip(self.stages, ends, ends[1:], strict=False)
        )
        return replace(self, stages=stages, float_steps=max(1, round(self.float_steps * steps / self.steps)))


@dataclass(frozen=True)
class CosineSchedule:
    """Warm-up, then half a cosine down to nothing, in each phase (Loshchilov and Hutter, 2017).

    The floating-point phase takes `float_steps`, of them `warm_up_steps` rising to `rate`; the quantised phase begins
    at `quantised_rate`.
    """

    rate: float
    quantised_rate: float
    steps: int
    float_steps: int
    warm_up_steps: int

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.quantised_rate <= 0:
            raise InputError(f"learning rates must be positive, got {self.rate} and {self.quantised_rate}")
        if not 0 < self.warm_up_steps < self.float_steps < self.steps:
            raise InputError(
                f"warm-up ({self.warm_up_steps} steps), floating-point phase ({self.float_steps}) and schedule "
                f"({self.steps}) must each be longer than the one before"
            )

    def learning_rate(self, step: int) -> float:
        """Learning rate of the step with this index, counted from 0."""
        if not 0 <= step < self.steps:
            raise InputError(f"step {step} lies behind the schedule's end")
        if step < self.warm_up_steps:
            return self.rate * (step + 1) / self.warm_up_steps
        top, start, end = self.rate, self.warm_up_steps, self.float_steps
        if step >= self.float_steps:
            top, start, end = self.quantised_rate, self.float_steps, self.steps
        return top * (0.5 + 0.5 * cos(pi * (step - start) / (end - start)))

    def scaled(self, steps: int) -> "CosineSchedule":
        """The same schedule squeezed or stretched to a number of steps in all.

        Raises
        ------
        InputError
            If `steps` leaves a phase without a step.
        """
        if steps < 6:
            raise InputError(f"steps must be at least 6 for this schedule, got {steps}")
        warm_up = max(1, round(self.warm_up_steps * steps / self.steps))
        floating = min(steps - 1, max(warm_up + 1, round(self.float_steps * steps / self.steps)))
        return replace(self, steps=steps, float_steps=floating, warm_up_steps=warm_up)
