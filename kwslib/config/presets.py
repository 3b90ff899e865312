"""The three sizes and the training profiles, as data: whatever differs between sizes stands here and nowhere else.

Source of the architectures, front ends and the `seed` schedules: the baseline's training commands
(``--model_size_info``, ``--window_size_ms``, ``--learning_rate``, ``--how_many_training_steps``, ``--quantize``).
"""

from dataclasses import dataclass, field, replace
from math import cos, pi, prod

from kwslib.config.recipe import Recipe
from kwslib.errors import InputError, check_name
from kwslib.speech.augmentation import Augmentation
from kwslib.speech.corpus import LABELS
from kwslib.speech.fingerprint import INPUT_SCALE, FrontEnd

BATCH_CLIPS = 100  # the baseline's --batch_size default


@dataclass(frozen=True)
class Layer:
    """One row of the layer table.

    `operations` is the baseline's count (convolution and depthwise out·(taps·inputs + 1), pointwise MACs alone,
    pooling out·window, linear in·out, softmax out); `parameters` has batch norm folded.
    Shapes are (rows, columns, channels); kernel and stride are (rows, columns).
    """

    name: str
    kind: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    macs: int
    parameters: int
    operations: int


@dataclass(frozen=True)
class Block:
    """One entry of ``--model_size_info``: channels, kernel (rows, columns) and stride (rows, columns)."""

    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]


@dataclass(frozen=True)
class Size:
    """A DS-CNN: a first convolution, then depthwise + pointwise pairs, average pool, linear, softmax.

    Attributes
    ----------
    name : str
    model_size_info : tuple of int
        The baseline's ``--model_size_info``: number of blocks, then five numbers a block.
    window_ms, stride_ms, coefficients : int
        The fingerprint: analysis window and its stride in milliseconds, MFCC kept.
    """

    name: str
    model_size_info: tuple[int, ...]
    window_ms: int
    stride_ms: int
    coefficients: int

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The first convolution and the depthwise-separable blocks."""
        count, *numbers = self.model_size_info
        rows = [numbers[i : i + 5] for i in range(0, 5 * count, 5)]
        return tuple(Block(c, (height, width), (down, across)) for c, height, width, down, across in rows)

    def front_end(self, kind: str = "magnitude", scale: float = INPUT_SCALE) -> FrontEnd:
        """The front end of this size, of the given kind (``magnitude`` or ``power``) and scale of the codes."""
        return FrontEnd(kind, self.window_ms, self.stride_ms, self.coefficients, scale)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layer table, derived; names as the baseline prints them."""
        frames, coefficients = self.front_end().shape
        shape = (frames, coefficients, 1)
        table: list[Layer] = []

        def add(kind, text, kernel, stride, out_shape, macs, parameters, operations):
            nonlocal shape
            name = f"S{len(table) + 1}_{text}"
            table.append(Layer(name, kind, kernel, stride, shape, out_shape, macs, parameters, operations))
            shape = out_shape

        first, *separable = self.blocks
        for position, block in enumerate([first, *separable]):
            taps, channels = prod(block.kernel), block.channels
            rows, columns = (-(-shape[i] // block.stride[i]) for i in (0, 1))
            out = (rows, columns, channels)
            kind = "depthwise" if position else "convolution"
            text = f"Conv2d_{channels}x1x{block.kernel[0]}x{block.kernel[1]}_Relu"
            macs = prod(out) * taps
            add(kind, text, block.kernel, block.stride, out, macs, channels * (taps + 1), macs + prod(out))
            if position:
                macs = prod(out) * channels
                text = f"Conv2d_{channels}x{channels}x1x1_Relu"
                add("pointwise", text, (1, 1), (1, 1), out, macs, channels * (channels + 1), macs)
        rows, columns, channels = shape
        text = f"AveragePool_{rows}x{columns}"
        add("average_pool", text, (rows, columns), (1, 1), (1, 1, channels), 0, 0, prod(shape))
        classes = len(LABELS)
        macs = channels * classes
        text = f"Linear_{classes}x{channels}x1x1"
        add("linear", text, (1, 1), (1, 1), (1, 1, classes), macs, macs + classes, macs)
        add("softmax", "SoftMax", (1, 1), (1, 1), (1, 1, classes), 0, 0, classes)
        return tuple(table)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases, batch norm folded."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def operations(self) -> int:
        """The baseline's Operations of one inference."""
        return sum(layer.operations for layer in self.layers)


_REST = (3, 3, 1, 1)
SIZES: dict[str, Size] = {
    size.name: size
    for size in (
        Size("small", (5, 64, 10, 4, 2, 2, *(64, *_REST) * 4), 40, 20, 10),
        Size("medium", (5, 172, 10, 4, 2, 1, 172, 3, 3, 2, 2, *(172, *_REST) * 3), 40, 20, 10),
        Size("large", (6, 276, 10, 4, 2, 1, 276, 3, 3, 2, 2, *(276, *_REST) * 4), 30, 10, 40),
    )
}


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

    def __post_init__(self):
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

    def __post_init__(self):
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


@dataclass(frozen=True)
class Profile:
    """How a network is trained: front end, schedules by size, augmentation, recipe by size.

    `copies` augmented copies of the training set are made, by size, and visited in turn, pass by pass.
    """

    name: str
    front_end: str
    schedules: dict[str, Schedule | CosineSchedule]
    augmentation: Augmentation
    copies: dict[str, int]
    validate_every_steps: dict[str, int]
    recipes: dict[str, Recipe] = field(default_factory=dict)
    input_scale: float = INPUT_SCALE

    def recipe(self, size: str) -> Recipe:
        """The recipe of a size; the plain one where none is set."""
        return self.recipes.get(size, Recipe())


def _stages(learning_rates: str, steps: str) -> tuple[Stage, ...]:
    pairs = zip(learning_rates.split(","), steps.split(","), strict=True)
    return tuple(Stage(float(rate), int(count)) for rate, count in pairs)


# The baseline quantises large from its first step, with batch norm still learning; here batch norm is folded before
# quantisation begins, so large gets a floating-point phase of half its steps. Small and medium are the baseline's.
BASELINE_SCHEDULES = {
    "small": Schedule(_stages("0.0005,0.0002,0.0001", "2000,1000,1000"), 2000, baseline_quantise=2000),
    "medium": Schedule(_stages("0.0005,0.0001,0.00002", "10000,10000,10000"), 5000, baseline_quantise=5000),
    "large": Schedule(_stages("0.0005", "3000"), 1500, baseline_quantise=1),
}
QUICK_SCHEDULES = {
    "small": Schedule(_stages("0.002,0.0005,0.0001", "850,400,150"), 1050),
    "medium": Schedule(_stages("0.002,0.0005,0.0001", "420,200,80"), 520),
    "large": Schedule(_stages("0.002,0.0005,0.0001", "100,35,15"), 115),
}
PROFILES: dict[str, Profile] = {
    "quick": Profile(
        "quick",
        "power",
        QUICK_SCHEDULES,
        Augmentation(),
        copies={"small": 6, "medium": 4, "large": 2},
        validate_every_steps={"small": 150, "medium": 100, "large": 50},
    ),
    "baseline": Profile(
        "baseline",
        "magnitude",
        BASELINE_SCHEDULES,
        Augmentation(),
        copies={"small": 4, "medium": 4, "large": 4},
        validate_every_steps={"small": 200, "medium": 500, "large": 100},
    ),
    "best": Profile(
        "best",
        "power",
        {
            "small": CosineSchedule(0.004, 0.0005, 16000, 13600, 400),
            "medium": CosineSchedule(0.003, 0.0003, 18000, 15600, 300),
            "large": CosineSchedule(0.002, 0.0002, 16000, 14400, 400),
        },
        Augmentation(hold_out_noise=True),
        copies={"small": 12, "medium": 12, "large": 8},
        validate_every_steps={"small": 500, "medium": 400, "large": 400},
        recipes={  # large is trained first, medium learns from it, small from medium
            "small": Recipe(weight_decay=0.001, teacher="medium", teacher_share=0.7),
            "medium": Recipe(time_masks=1, mask_frames=6, weight_decay=0.001, teacher="large", teacher_share=0.7),
            "large": Recipe(
                label_smoothing=0.1,
                time_masks=2,
                mask_frames=12,
                coefficient_masks=1,
                mask_coefficients=8,
                weight_decay=0.001,
            ),
        },
        input_scale=0.75,
    ),
}


def size_named(name: str) -> Size:
    """The size with this name.

    Raises
    ------
    InputError
        If there is none, with the nearest name.
    """
    return SIZES[check_name("size", name, SIZES)]


def profile_named(name: str) -> Profile:
    """The profile with this name.

    Raises
    ------
    InputError
        If there is none, with the nearest name.
    """
    return PROFILES[check_name("profile", name, PROFILES)]
