"""What a member of the DS-CNN family is: its layers, and how it is quantised."""

from dataclasses import dataclass
from math import prod

import numpy as np


@dataclass(frozen=True)
class Block:
    """A layer before the pool.

    Attributes
    ----------
    kind : str
        ``conv``, ``depthwise``, ``pointwise``, ``max_pool``, or ``add``: of the map and the output of the block `back`
        blocks before.
    channels : int
        Outputs of a convolution; others keep what they get.
    kernel, stride : (int, int)
    padding : str
        ``SAME`` or ``VALID``.
    activation : str
        ``none``, ``relu`` or ``relu6``.
    """

    kind: str
    channels: int = 0
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: str = "SAME"
    activation: str = "relu"
    back: int = 3

    def output(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Shape (rows, columns, channels) of the output for that of the input."""
        kept = shape[2] if self.kind in ("depthwise", "max_pool", "add") else self.channels
        if self.padding == "SAME":
            sizes = [-(-size // step) for size, step in zip(shape, self.stride, strict=False)]
        else:
            sizes = [(s - k) // step + 1 for s, k, step in zip(shape, self.kernel, self.stride, strict=False)]
        return sizes[0], sizes[1], kept

    def macs(self, shape: tuple[int, int, int]) -> int:
        """Multiply-accumulates for the shape of the input."""
        inputs = {"depthwise": 1, "conv": shape[2], "pointwise": shape[2]}.get(self.kind, 0)
        return prod(self.output(shape)) * prod(self.kernel) * inputs

    def windows(self, x: np.ndarray, outside: float = 0.0) -> np.ndarray:
        """Windows of a map (clips, rows, columns, channels): the same, then kernel rows and columns."""
        pads = [(0, 0)] * 4
        if self.padding == "SAME":
            for axis, (taps, step) in enumerate(zip(self.kernel, self.stride, strict=True), 1):
                whole = max((-(-x.shape[axis] // step) - 1) * step + taps - x.shape[axis], 0)
                pads[axis] = (whole // 2, whole - whole // 2)
        padded = np.pad(x, pads, constant_values=outside)
        seen = np.lib.stride_tricks.sliding_window_view(padded, self.kernel, axis=(1, 2))
        return seen[:, :: self.stride[0], :: self.stride[1]]


@dataclass(frozen=True)
class Member:
    """A network of the family.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the input.
    blocks : tuple of Block
    pool : str
        ``average``, ``mean`` (MEAN, which has its own scale) or ``none``: the classifier sees the whole map.
    classes : int
    classifier : str
        ``linear``, or ``pointwise``: a 1x1 convolution behind the pool.
    softmax : bool
    dtype : str
        ``int8`` or ``uint8``.
    per_channel : bool
        Scales of the weights, int8 alone; linear layers have one scale unless `linear_per_channel`.
    snapped : bool
        Factors q * 2^-n as `kwslib.integer.requantisation` defines them, and output zero points 0; int8 alone.
    zero_points : str
        Of activations: ``middle`` (core code 0), ``low`` (the least code behind a rectifier), or ``drawn``.
    weight_zero_points : tuple of int
        Of uint8 files: which of them a layer has is drawn. 128 is the middle.
    older : bool
        The first convolution is a DEPTHWISE_CONV_2D with a multiplier.
    """

    shape: tuple[int, int]
    blocks: tuple[Block, ...]
    pool: str = "average"
    classes: int = 12
    classifier: str = "linear"
    softmax: bool = True
    dtype: str = "int8"
    per_channel: bool = True
    linear_per_channel: bool = False
    snapped: bool = False
    zero_points: str = "low"
    weight_zero_points: tuple[int, ...] = (128,)
    older: bool = False

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """Shapes of the input and of every block's output."""
        found = [(*self.shape, 1)]
        for block in self.blocks:
            found.append(block.output(found[-1]))
        return found

    @property
    def macs(self) -> int:
        """Multiply-accumulates, the classifier's included."""
        shapes = self.shapes
        last = prod(shapes[-1]) if self.pool == "none" else shapes[-1][2]
        return sum(b.macs(s) for b, s in zip(self.blocks, shapes, strict=False)) + last * self.classes
