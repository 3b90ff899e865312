"""Training schedules as data: staged learning rates, or warm-up and cosine."""

from collections.abc import Sequence
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

    @property
    def least_steps(self) -> int:
        """The fewest steps that it can be squeezed to."""
        return 2 * len(self.stages)

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
        if steps < self.least_steps:
            raise InputError(f"steps must be at least {self.least_steps} for this schedule, got {steps}")
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

    @property
    def least_steps(self) -> int:
        """The fewest steps that it can be squeezed to."""
        return 6

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
        if steps < self.least_steps:
            raise InputError(f"steps must be at least {self.least_steps} for this schedule, got {steps}")
        warm_up = max(1, round(self.warm_up_steps * steps / self.steps))
        floating = min(steps - 1, max(warm_up + 1, round(self.float_steps * steps / self.steps)))
        return replace(self, steps=steps, float_steps=floating, warm_up_steps=warm_up)


def changed(
    profile: Schedule | CosineSchedule,
    *,
    steps: int = 0,
    rates: Sequence[float] = (),
    stage_steps: Sequence[int] = (),
    quantise_after: int = 0,
    warm_up_steps: int = 0,
) -> Schedule | CosineSchedule:
    """Return the schedule of a profile with what is named changed.

    Parameters
    ----------
    profile : Schedule or CosineSchedule
    steps : int
        In all; the schedule is squeezed to them. 0 leaves them.
    rates : sequence of float
        Learning rate of each stage; of a cosine, those that its two phases begin at.
    stage_steps : sequence of int
        Steps of each stage. With them a cosine gives way to stages.
    quantise_after : int
        Steps in floating point; 0 leaves the profile's part of the whole.
    warm_up_steps : int
        Of a cosine; 0 leaves the profile's part of the whole.

    Raises
    ------
    InputError
        If these contradict one another, with the nearest value that fits.
    """
    made: Schedule | CosineSchedule
    if stage_steps:
        made = _staged(profile, steps, rates, stage_steps)
    else:
        made = profile.scaled(steps) if steps else profile
        made = _rated(made, rates)
    if warm_up_steps and isinstance(made, Schedule):
        raise InputError("warm_up_steps goes with a cosine (profile best): leave it out of a schedule by stages")
    if quantise_after and not 1 <= quantise_after < made.steps:
        raise InputError(
            f"quantise_after is {quantise_after}, and the schedule has {made.steps} steps in all: "
            f"give {1 if quantise_after < 1 else made.steps - 1} (1 to {made.steps - 1} are possible)"
        )
    floating = quantise_after or made.float_steps
    if isinstance(made, Schedule):
        plain = profile.scaled(made.steps) if made.steps >= profile.least_steps else profile
        if isinstance(plain, Schedule) and (made.stages, floating) == (plain.stages, plain.float_steps):
            return plain
        return Schedule(made.stages, floating)
    warm_up = warm_up_steps or min(made.warm_up_steps, floating - 1)
    if not 1 <= warm_up < floating:
        raise InputError(
            f"warm_up_steps is {warm_up}, and the floating-point phase has {floating} steps: "
            + (f"give {floating - 1} (1 to {floating - 1} are possible)" if floating > 1 else "it needs at least 2")
        )
    return replace(made, float_steps=floating, warm_up_steps=warm_up)


def _rated(made: Schedule | CosineSchedule, rates: Sequence[float]) -> Schedule | CosineSchedule:
    """A schedule with other learning rates."""
    if not rates:
        return made
    if isinstance(made, CosineSchedule):
        if len(rates) != 2:
            raise InputError(
                f"learning_rates has {_numbers(rates)}; the profile's cosine has two phases: give two, floating-point "
                "and quantised, or stage_steps as well"
            )
        return replace(made, rate=rates[0], quantised_rate=rates[1])
    if len(rates) != len(made.stages):
        raise InputError(
            f"learning_rates has {_numbers(rates)} and the profile {_numbers(made.stages)} of steps: "
            f"give {len(made.stages)} rates, or stage_steps with {_numbers(rates)} as well"
        )
    stages = tuple(replace(stage, learning_rate=rate) for stage, rate in zip(made.stages, rates, strict=True))
    return replace(made, stages=stages)


def _staged(
    profile: Schedule | CosineSchedule, steps: int, rates: Sequence[float], stage_steps: Sequence[int]
) -> Schedule:
    """A schedule by stages; quantisation begins after the profile's part of the whole."""
    total = sum(stage_steps)
    if steps and steps != total:
        raise InputError(f"steps is {steps} and stage_steps add up to {total}: give {total}, or leave steps out")
    if not rates and isinstance(profile, CosineSchedule):
        raise InputError("stage_steps in place of the profile's cosine needs learning_rates, one for each stage")
    used = rates or [stage.learning_rate for stage in profile.stages] if isinstance(profile, Schedule) else rates
    if len(used) != len(stage_steps):
        whose = "learning_rates has" if rates else "the profile has"
        raise InputError(
            f"stage_steps has {_numbers(stage_steps)} and {whose} {_numbers(used)}: give as many of each, "
            f"{len(used)} steps or {len(stage_steps)} rates"
        )
    if total < 2:
        raise InputError(f"stage_steps add up to {total}: give at least 2, one in floating point and one quantised")
    floating = min(total - 1, max(1, round(profile.float_steps * total / profile.steps)))
    stages = tuple(Stage(rate, count) for rate, count in zip(used, stage_steps, strict=True))
    return Schedule(stages, floating)


def _numbers(values: Sequence[object]) -> str:
    return f"{len(values)} number{'s' if len(values) != 1 else ''}"
