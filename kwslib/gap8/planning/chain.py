"""The walk along a network that is built like the DS-CNN: what its steps share, and the memory between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kwslib.gap8.planning.builder import Builder
from kwslib.gap8.planning.layouts import PlaneLayout, pixel_bytes
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES, aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.integer.graph import Layer

TILE_CHANNELS = 16
"""Channels of a depthwise tile: two for each core, and a line of the 2D transfer."""


@dataclass(frozen=True)
class Planes:
    """A map as planes: its region, its shape, and the layout of each plane."""

    region: str
    shape: tuple[int, int, int]
    layout: PlaneLayout


@dataclass
class Chain:
    """A network on its way into a plan; the modules of its steps add to it, front to end.

    Attributes
    ----------
    builder : Builder
    tiled : bool
        Whether maps lie in L2, and tiles of them pass through L1; otherwise maps lie in L1.
    fused : bool
        Whether the first convolution and the depthwise layer behind it are one step.
    planes : Planes or None
        What was written last, a channel after the other: a depthwise layer or the pool reads it.
    last : str
        Region of what was written last with channels last: a pointwise layer reads it.
    """

    builder: Builder
    tiled: bool
    fused: bool
    planes: Planes | None = None
    last: str = ""

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers of the network."""
        return self.builder.plan.graph.layers

    @property
    def memory(self) -> str:
        """Where the maps lie."""
        return "L2" if self.tiled else "L1"

    @property
    def early(self) -> int:
        """How many transfers of its first weights a layer fetches in the step before.

        Tiles leave no room for them, and their wait is short beside such a layer.
        """
        return 0 if self.tiled else 1

    def tile_channels(self, channels: int) -> int:
        """Return the channels of a depthwise tile: all of them where maps lie in L1."""
        return TILE_CHANNELS if self.tiled else channels

    def written_planes(self) -> Planes:
        """Return the planes that the layer at hand reads."""
        if self.planes is None:
            raise AssertionError("no layer has written planes")
        return self.planes

    def channels_last(self, layer: Layer, at: int) -> Ref:
        """Ask for the output of a depthwise layer, in step `at`, which the pointwise layer behind it reads."""
        # recorded plans call the map behind the fused front, step 0, the first one
        self.last = f"last {max(at, 1)}" if self.tiled else "last"
        return self.builder.use(self.last, self.memory, self._last_bytes(layer.output.shape), at, at + 1)

    def read_channels_last(self, layer: Layer, at: int) -> Ref:
        """Return where a pointwise layer, in step `at`, reads the output of the depthwise layer in front of it."""
        return self.builder.use(self.last, self.memory, self._last_bytes(layer.input.shape), at)

    def _last_bytes(self, shape: tuple[int, int, int]) -> int:
        rows, columns, channels = shape
        return rows * columns * pixel_bytes(channels) + (DMA_SLACK_BYTES if self.tiled else 0)

    def pair(self, name: str, size: int, at: int) -> tuple[Ref, Ref]:
        """Ask for two buffers in L1 that take turns in step `at`; their numbers stand behind `name`."""
        first, second = (self.builder.use(f"{name} {turn}", "L1", size, at) for turn in range(2))
        return first, second

    def record_buffers(self, name: str, size: int, parts: int, at: int, early: int = 0) -> tuple[Ref, Ref]:
        """Ask for two buffers of weights in L1, which take turns.

        Parameters
        ----------
        name : str
            Of the regions, in front of their numbers.
        size : int
            Bytes of the largest part.
        parts : int
            How many parts there are.
        at : int
            The step that reads them.
        early : int
            How many steps before that the first part may arrive.

        Returns
        -------
        (Ref, Ref)
            The same buffer twice where all weights come in one part.
        """
        buffers = [
            self.builder.use(f"{name} {turn}", "L1", size, at - early * (turn == 0), at)
            for turn in range(min(2, parts))
        ]
        return buffers[0], buffers[-1]

    def fetch(self, buffers: tuple[Ref, Ref], parts: Sequence[np.ndarray], streamed: bool = False) -> None:
        """Add the transfers of weights in parts that take turns in two buffers."""
        for number, part in enumerate(parts):
            self.builder.fetch(buffers[number % 2], part, streamed)

    def map_fields(self, at: int, source: Ref, target: Ref, in_bytes: int, out_bytes: int) -> dict[str, Any]:
        """Return the members of a C step that say where its maps are.

        Parameters
        ----------
        at : int
            The step.
        source, target : Ref
            The whole maps that it reads and writes.
        in_bytes, out_bytes : int
            Size of a tile of each, where tiles pass through L1.
        """
        if self.tiled:
            inputs = self.pair(f"tile {at} in", in_bytes, at)
            outputs = self.pair(f"tile {at} out", out_bytes, at)
            return {"input": inputs, "output": outputs, "input_l2": source, "output_l2": target}
        return {"input": (source, source), "output": (target, target), "input_l2": 0, "output_l2": 0}


def whole_groups(channels: int) -> int:
    """Return the channels that a pointwise layer reads and writes: groups of four."""
    return aligned(channels, 4)


def parts_of(records: np.ndarray, size: int) -> list[np.ndarray]:
    """Return records in parts of `size`, the last one shorter if need be."""
    return [records[start : start + size] for start in range(0, len(records), size)]
