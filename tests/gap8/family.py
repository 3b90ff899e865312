"""The DS-CNN family: members by name, members drawn by hypothesis, and each of them as a ``.tflite`` file."""

import functools
import itertools
from dataclasses import replace
from math import prod

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from tests.gap8.member import Block, Member
from tests.gap8.member_file import write

__all__ = ["NAMED", "Block", "Member", "members", "pairs", "sample", "write"]

LARGEST_MACS = 30_000_000
"""Of a drawn member: a run on the simulator stays within seconds."""
LARGEST_SAMPLE = 200
LARGEST_PAIR_BYTES = 256 * 1024
"""Of a drawn member: a map and the next one lie in L2 together, beside the weights."""


def pairs(count: int, channels: int, activation: str = "relu", stride: tuple[int, int] = (1, 1)) -> tuple[Block, ...]:
    """Depthwise layers 3x3, the first with a stride, each with a pointwise layer behind it."""
    found: list[Block] = []
    for number in range(count):
        found.append(Block("depthwise", 0, (3, 3), (1, 1) if number else stride, activation=activation))
        found.append(Block("pointwise", channels, activation=activation))
    return tuple(found)


def _network(shape, channels, kernel, stride, count=4, second=(1, 1), **options) -> Member:
    first = Block("conv", channels, kernel, stride)
    return Member(shape, (first, *pairs(count, channels, stride=second)), **options)


def _micronet() -> Member:
    """MicroNet-M: its channels change, and a 1x1 convolution classifies."""
    first = Block("conv", 140, (10, 4), (1, 1), activation="relu6")
    inner = [*pairs(3, 140, "relu6", (2, 2)), *pairs(1, 112, "relu6"), *pairs(1, 196, "relu6")]
    return Member((49, 10), (first, *inner), classifier="pointwise", softmax=False)


_SNAPPED = {"snapped": True, "zero_points": "middle"}
_UINT8 = {"dtype": "uint8", "per_channel": False, "older": True}
_FIRST = ((10, 4), (2, 2))
NAMED: dict[str, Member] = {
    "small": _network((49, 10), 64, *_FIRST, **_SNAPPED),
    "50 channels": _network((49, 10), 50, *_FIRST, **_SNAPPED),
    "96 channels": _network((49, 10), 96, *_FIRST, **_SNAPPED),
    "49x13": _network((49, 13), 64, *_FIRST, **_SNAPPED),
    "49x20": _network((49, 20), 64, *_FIRST, **_SNAPPED),
    "61x13": _network((61, 13), 64, *_FIRST, **_SNAPPED),
    "49x40": _network((49, 40), 64, *_FIRST, **_SNAPPED),
    "49x40 first 3x3": _network((49, 40), 64, (3, 3), (2, 2), **_SNAPPED),
    "stride 1, 64 channels": _network((49, 10), 64, (10, 4), (1, 1), **_SNAPPED),
    "stride 1, 112 channels": _network((49, 10), 112, (10, 4), (1, 1), count=5, **_SNAPPED),
    "98x40, 64 channels": _network((98, 40), 64, *_FIRST, **_SNAPPED),
    "like kws_ref_model": _network((49, 10), 64, *_FIRST),
    "like s_quant": _network((49, 10), 64, *_FIRST, zero_points="middle", **_UINT8),
    "like l_quant": _network((98, 40), 276, (10, 4), (2, 1), count=5, second=(2, 2), zero_points="drawn",
                             weight_zero_points=(108, 113, 120, 121, 130, 143), **_UINT8),
    "like MicroNet-M": _micronet(),
}  # fmt: skip
"""The rows of the tables that say how fast the family runs, and networks like those that others made."""


def sample(count: int) -> list[Member]:
    """The first members of a list that is always the same; `LARGEST_SAMPLE` at most.

    Each is drawn with a seed of its own: within one run hypothesis likes to change an example a little for the next
    one, and neighbours would count twice. No two have input, first layer and number of layers alike.
    """
    assert count <= LARGEST_SAMPLE
    return _drawn(count)


@functools.cache
def _drawn(count: int) -> list[Member]:
    found: dict[tuple[object, ...], Member] = {}
    for number in itertools.count():
        if len(found) == count:
            return list(found.values())
        member = _draw_one(number)
        found.setdefault((member.shape, member.blocks[0], len(member.blocks)), member)
    raise AssertionError("unreachable")


def _draw_one(number: int) -> Member:
    """Return the last of two examples: hypothesis begins every run with the simplest one."""
    drawn: list[Member] = []

    @seed(number)
    @settings(
        max_examples=2,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(members())
    def collect(member):
        drawn.append(member)

    collect()
    return drawn[-1]


@st.composite
def members(draw, extras: bool = False) -> Member:
    """Draw a member; with `extras` also largest-value pools and additions."""
    columns = draw(st.integers(10, 40) if draw(st.integers(0, 5)) < 5 else st.integers(1, 9))
    shape = (draw(st.integers(25, 98)), columns)
    style = draw(st.sampled_from(_STYLES))
    activation = "relu" if style.get("snapped") else draw(st.sampled_from(_ACTIVATIONS))
    count = draw(st.integers(1, 6))
    first = _first(draw, shape, activation)
    now = first.output((*shape, 1))
    assume(min(now) > 0)
    largest = _most_channels(now, count)
    assume(largest >= 8)
    channels = draw(st.integers(8, largest))
    blocks = [replace(first, channels=channels)]
    same = draw(st.booleans())
    for _ in range(count):
        blocks += _pair(draw, Member(shape, tuple(blocks)).shapes[-1], activation, channels)
        if not same:
            channels = draw(st.integers(8, largest))
    if extras and draw(st.booleans()):
        blocks += _extras(draw, Member(shape, tuple(blocks)).shapes[-1])
    member = Member(
        shape,
        tuple(blocks),
        classes=draw(st.sampled_from([12, 12, 12, 2, 7, 35])),
        classifier=draw(st.sampled_from(["linear", "linear", "pointwise"])),
        pool="average" if style.get("snapped") else draw(st.sampled_from(["average", "average", "average", "mean"])),
        softmax=draw(st.booleans()),
        zero_points="middle" if style.get("snapped") else draw(st.sampled_from(["low", "middle", "drawn", "drawn"])),
        older=draw(st.booleans()),
        **style,
    )
    shapes = [prod(shape) for shape in member.shapes]
    assume(member.macs <= LARGEST_MACS)
    assume(max(one + other for one, other in zip(shapes[1:], shapes[2:], strict=False)) <= LARGEST_PAIR_BYTES)
    return member


_ACTIVATIONS = ("relu", "relu", "relu", "relu", "relu", "relu6", "relu6", "none")
"""Of all layers of a member: without any, it would be one linear map, which few would train."""
_STYLES = (
    {"snapped": True},
    {},
    {"linear_per_channel": True},
    {"per_channel": False},
    {"dtype": "uint8", "per_channel": False},
    {"dtype": "uint8", "per_channel": False, "weight_zero_points": (96, 120, 127, 128, 133, 143, 160)},
    {"dtype": "uint8", "per_channel": False, "weight_zero_points": (0, 40, 120, 200, 255)},
)


def _first(draw, shape: tuple[int, int], activation: str) -> Block:
    kernel = tuple(draw(st.integers(1, min(10, extent))) for extent in shape)
    stride = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    return Block("conv", 1, kernel, stride, draw(st.sampled_from(["SAME", "SAME", "VALID"])), activation)


def _most_channels(shape: tuple[int, int, int], count: int) -> int:
    """Channels of `count` pairs on maps of this shape that keep to the limits."""
    positions = shape[0] * shape[1]
    return min(276, int((LARGEST_MACS / (count * positions)) ** 0.5), LARGEST_PAIR_BYTES // 2 // positions)


def _pair(draw, shape: tuple[int, int, int], activation: str, channels: int) -> list[Block]:
    """A depthwise layer and what follows: a pointwise layer, or now and then an ordinary convolution."""
    kernel = draw(st.sampled_from([(3, 3), (3, 3), (5, 5)]))
    stride = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 2), (2, 1), (1, 2)]))
    fits = shape[0] > kernel[0] and shape[1] > kernel[1]
    padding = draw(st.sampled_from(["SAME", "SAME", "VALID"])) if fits else "SAME"
    depthwise = Block("depthwise", 0, kernel, stride, padding, activation)
    ordinary = channels <= 48 and draw(st.integers(0, 7)) == 7
    if not ordinary:
        last = "none" if draw(st.integers(0, 7)) == 7 else activation
        return [depthwise, Block("pointwise", channels, activation=last)]
    taps = draw(st.sampled_from([(1, 3), (3, 1), (3, 3), (2, 2)]))
    return [depthwise, Block("conv", channels, taps, draw(st.sampled_from([(1, 1), (2, 2)])), activation=activation)]


def _extras(draw, shape: tuple[int, int, int]) -> list[Block]:
    """A residual pair, a largest-value pool, or both."""
    chosen = draw(st.sampled_from(["add", "max_pool", "both"]))
    pool = [] if chosen == "add" else [Block("max_pool", 0, (2, 2), draw(st.sampled_from([(1, 1), (2, 2)])))]
    if chosen == "max_pool":
        return pool
    pair = [Block("depthwise", 0, (3, 3)), Block("pointwise", shape[2], activation="none")]
    return [*pair, Block("add", back=3), *pool]
