"""A member of the family as an 8-bit ``.tflite`` file with random weights.

Scales and zero points follow from running random input through the network layer by layer, so that codes use their
range. The file is made directly (`tests.gap8.tflite_file`), within milliseconds for a small network.
"""

import functools
from dataclasses import dataclass, field
from math import prod

import numpy as np

from kwslib.integer.requantisation import FREE_Q, LARGEST_N, RELU_Q
from tests.gap8.member import Block, Member
from tests.gap8.tflite_file import Quantisation, TfliteFile, fused, window

WEIGHTED = ("conv", "depthwise", "pointwise")


def write(member: Member, seed: int = 0) -> bytes:
    """Return the content of a file with random weights.

    Parameters
    ----------
    member : Member
    seed : int
        Of weights, biases, scales and zero points.
    """
    writing = _Writing(member, np.random.default_rng(seed))
    for number, block in enumerate(member.blocks):
        writing.block(block, older=member.older and number == 0)
    writing.classify()
    return writing.file.content(0, writing.now.index)


@dataclass(frozen=True)
class _Map:
    """A tensor between two operators: its values on the random input are (code - zero point) * scale."""

    index: int
    scale: float
    zero_point: int  # a core code
    centred: np.ndarray = field(repr=False)  # (clips, rows, columns, channels), float32: code - zero point

    @property
    def shape(self) -> tuple[int, ...]:
        return self.centred.shape[1:]


class _Writing:
    """The file so far, and the map reached."""

    def __init__(self, member: Member, rng: np.random.Generator):
        self.member, self.rng, self.file = member, rng, TfliteFile()
        self.offset = 128 if member.dtype == "uint8" else 0
        zero_point = 0 if member.snapped or member.zero_points == "middle" else int(rng.integers(-128, 128))
        codes = rng.integers(-128, 128, (3, *member.shape, 1))
        codes[1] = np.clip(rng.integers(-9, 10, codes[1].shape).cumsum(axis=0) + zero_point, -128, 127)
        self.now = self.map(self.scale(), zero_point, codes)
        self.past: list[_Map] = []

    def scale(self) -> float:
        """A scale for an activation; a snapped file has powers of two, so that every factor is exact in float32."""
        return float(2.0 ** self.rng.integers(-5, -1) if self.member.snapped else np.exp(self.rng.uniform(-3.5, -0.7)))

    def map(self, scale: float, zero_point: int, codes: np.ndarray) -> _Map:
        """A new map with these core codes."""
        quantisation = Quantisation(np.array([scale]), zero_point + self.offset)
        index = self.file.tensor((1, *codes.shape[1:]), self.member.dtype, quantisation)
        return _Map(index, float(np.float32(scale)), zero_point, (codes - zero_point).astype(np.float32))

    def block(self, block: Block, older: bool) -> None:
        self.past.append(self.now)
        if block.kind in WEIGHTED:
            self.convolve(block, older)
        elif block.kind == "max_pool":
            self.max_pool(block)
        else:
            self.add(self.past[-block.back], block.activation)

    def convolve(self, block: Block, older: bool = False) -> None:
        now, separate = self.now, block.kind == "depthwise"
        inputs, outputs = now.shape[2], now.shape[2] if separate else block.channels
        weights, zero_point = self.weights((outputs, *block.kernel, 1 if separate else inputs))
        seen = block.windows(now.centred)
        if separate:
            sums = np.einsum("nyxcij,cij->nyxc", seen, weights[..., 0].astype(np.float32), optimize=False)
        else:
            columns = seen.reshape(-1, inputs * prod(block.kernel))
            sums = (columns @ weights.transpose(3, 1, 2, 0).reshape(-1, outputs).astype(np.float32)).reshape(
                *seen.shape[:3], outputs
            )
        options = window(block.padding, block.stride) | {"fusedActivationFunction": fused(block.activation)}
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
        place = _Place("CONV_2D", "Conv2DOptions", 0, options)
        if separate or older:
            options["depthMultiplier"] = outputs if older else 1
            place = _Place("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", 3, options)
            weights = weights.transpose(3, 1, 2, 0)
        self.weighted(place, weights + zero_point, zero_point, sums, block.activation, self.member.per_channel)

    def weights(self, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
        """Random weights less their zero point, integers (outputs, ...), and the zero point as the file has it."""
        values = self.rng.normal(size=shape)
        if self.member.dtype == "int8":
            if not self.member.per_channel:
                values *= 2.0 ** self.rng.uniform(-1.5, 0, (shape[0], *(1 for _ in shape[1:])))
            tops = np.abs(values).max(
                axis=tuple(range(1, len(shape))) if self.member.per_channel else None, keepdims=True
            )
            return np.rint(values / tops * 127).astype(int), 0
        zero_point = int(self.rng.choice(self.member.weight_zero_points))
        whole = 128 + abs(zero_point - 128)  # one end of the range then is more than eight bits away
        codes = np.rint(values / np.abs(values).max() * whole).astype(int)
        return np.clip(codes, -zero_point, 255 - zero_point), zero_point

    def weighted(self, place, codes, zero_point, sums, activation, per_channel) -> None:
        """Choose bias, scale and zero point for the sums (clips, ..., channels); write the operator."""
        now, snapped = self.now, self.member.snapped
        tops = np.maximum(np.abs(sums).max(axis=tuple(range(sums.ndim - 1))), 256)
        bias = np.rint(self.rng.uniform(-0.25, 0.25, tops.shape) * tops)
        sums = sums + bias.astype(np.float32)
        spread = self.rng.uniform(0.4, 1, tops.shape) / tops if per_channel else np.full(tops.shape, 1 / tops.max())
        chosen = self.choose(sums * spread.astype(np.float32), activation)
        factors = chosen.steps * spread
        if snapped:
            factors = np.array([_snap(factor, activation != "none") for factor in factors])
        scales = (factors * chosen.scale / now.scale).astype(np.float32)[: None if per_channel else 1]
        output = np.rint(sums * factors.astype(np.float32)) + chosen.zero_point
        low = -128 if activation == "none" else chosen.zero_point
        output = np.clip(output, low, chosen.top)
        tensor, dtype = self.file.tensor, self.member.dtype
        dimension = place.dimension if per_channel else 0
        inputs = [
            now.index,
            tensor(codes.shape, dtype, Quantisation(scales, zero_point, dimension), codes),
            tensor(bias.shape, "int32", Quantisation(np.float32(now.scale) * scales, 0), bias),
        ]
        self.now = self.map(chosen.scale, chosen.zero_point, output)
        self.file.operator(place.name, inputs, self.now.index, place.options, **place.members)

    def choose(self, values: np.ndarray, activation: str) -> "_Chosen":
        """Scale and zero point for the values of an output, and how many codes a unit of them is."""
        high, low = max(float(values.max()), 1e-3), min(float(values.min()), -1e-3)
        scale, way = self.scale(), "middle" if self.member.snapped else self.member.zero_points
        if way == "drawn":
            way = str(self.rng.choice(["low", "low", "drawn"]))
        if activation == "none":
            steps = 127 / max(high, -low) if way == "middle" else 255 / (high - low)
            zero_point = {"middle": 0, "drawn": int(self.rng.integers(-128, 128))}.get(way, round(-128 - low * steps))
            return _Chosen(scale, min(max(zero_point, -128), 127), steps * 1.02, 127)
        zero_point = {"middle": 0, "low": -128}.get(way, int(self.rng.integers(-128, 101)))
        top = 127
        if activation == "relu6":
            exact = np.exp2(-4.0) if self.member.snapped else 6 / (127 - zero_point) * self.rng.uniform(1, 1.5)
            scale = float(np.float32(exact if way != "low" else 6 / 255))
            top = min(127, zero_point + int(np.floor(np.float32(6) / np.float32(scale) + np.float32(0.5))))
        return _Chosen(scale, zero_point, (top - zero_point) / high * 1.05, top)

    def max_pool(self, block: Block) -> None:
        now = self.now
        codes = block.windows(now.centred, outside=-np.inf).max(axis=(-2, -1)) + now.zero_point
        self.now = self.map(now.scale, now.zero_point, codes)
        options = window(block.padding, block.stride) | {
            "filterHeight": block.kernel[0],
            "filterWidth": block.kernel[1],
        }
        self.file.operator("MAX_POOL_2D", [now.index], self.now.index, "Pool2DOptions", **options)

    def add(self, other: _Map, activation: str) -> None:
        now = self.now
        values = now.centred * np.float32(now.scale) + other.centred * np.float32(other.scale)
        chosen = self.choose(values / np.float32(np.abs(values).max()), activation)
        scale = float(np.abs(values).max()) / chosen.steps
        low = -128 if activation == "none" else chosen.zero_point
        codes = np.clip(np.rint(values / scale) + chosen.zero_point, low, 127)
        self.now = self.map(scale, chosen.zero_point, codes)
        inputs, activation_code = [other.index, now.index], fused(activation)
        self.file.operator("ADD", inputs, self.now.index, "AddOptions", fusedActivationFunction=activation_code)

    def classify(self) -> None:
        """The pool, the classifier, and the softmax."""
        member = self.member
        if member.pool != "none":
            getattr(self, member.pool)()
        if member.classifier == "pointwise":
            self.convolve(Block("pointwise", member.classes, activation="none"))
        self.flatten()
        if member.classifier == "linear":
            weights, zero_point = self.weights((member.classes, self.now.shape[-1]))
            sums = self.now.centred @ weights.T.astype(np.float32)
            options = {"fusedActivationFunction": fused("none")}
            place = _Place("FULLY_CONNECTED", "FullyConnectedOptions", 0, options)
            per_channel = member.linear_per_channel and member.dtype == "int8"
            self.weighted(place, weights + zero_point, zero_point, sums, "none", per_channel)
        if member.softmax:
            now = self.now
            self.now = self.map(1 / 256, -128, now.centred)
            self.file.operator("SOFTMAX", [now.index], self.now.index, "SoftmaxOptions", beta=1.0)

    def average(self) -> None:
        now = self.now
        means = np.rint(now.centred.mean(axis=(1, 2), keepdims=True))
        self.now = self.map(now.scale, now.zero_point, means + now.zero_point)
        options = window("VALID", (1, 1)) | {"filterHeight": now.shape[0], "filterWidth": now.shape[1]}
        self.file.operator("AVERAGE_POOL_2D", [now.index], self.now.index, "Pool2DOptions", **options)

    def mean(self) -> None:
        now = self.now
        values = now.centred.mean(axis=(1, 2), keepdims=True) * now.scale
        scale = max((values.max() - values.min()) / 240, now.scale / 8)
        zero_point = int(np.clip(round(-120 - values.min() / scale), -128, 127))
        codes = np.clip(np.rint(values / scale) + zero_point, -128, 127)
        axes = self.file.tensor((2,), "int32", data=np.array([1, 2]))
        self.now = self.map(scale, zero_point, codes)
        self.file.operator("MEAN", [now.index, axes], self.now.index, "ReducerOptions", keepDims=True)

    def flatten(self) -> None:
        now = self.now
        flat = now.centred.reshape(len(now.centred), -1)
        self.now = self.map(now.scale, now.zero_point, flat + now.zero_point)
        shape = [1, flat.shape[1]]
        operand = self.file.tensor((2,), "int32", data=np.array(shape))
        self.file.operator("RESHAPE", [now.index, operand], self.now.index, "ReshapeOptions", newShape=shape)


@dataclass(frozen=True)
class _Chosen:
    """Scale, zero point and highest code of an output, and its codes for a unit of the values that were looked at."""

    scale: float
    zero_point: int
    steps: float
    top: int


@dataclass(frozen=True)
class _Place:
    """An operator that takes weights: the schema's names, the dimension of its channels, members of its options."""

    name: str
    options: str
    dimension: int
    members: dict[str, int]


@functools.cache
def _snapped_factors(relu: bool) -> np.ndarray:
    free = [q * 2.0**-n for n in range(LARGEST_N + 1) for q in FREE_Q]
    return np.array(free + ([q * 2.0**-LARGEST_N for q in RELU_Q] if relu else []))


def _snap(factor: float, relu: bool) -> float:
    """The nearest snapped factor."""
    found = _snapped_factors(relu)
    return float(found[np.abs(found - factor).argmin()])
