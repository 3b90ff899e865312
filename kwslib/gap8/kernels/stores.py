"""Stores of a block of codes, channels by positions, at any distances of both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate


@dataclass(frozen=True)
class Store:
    """A store of a byte (``b``) or a word (``w``): from which register, and how far from the block's start."""

    register: int
    width: str
    place: int


class BlockStores:
    """The stores of a block.

    Parameters
    ----------
    totals : list of list of int
        A register for each channel and position.
    channel_bytes, position_bytes, block_bytes : int
        From one channel, one position, one block to the next one.
    words : bool
        Whether a channel's first four positions are stored as a word.
    """

    def __init__(
        self,
        totals: Sequence[Sequence[int]],
        channel_bytes: int,
        position_bytes: int,
        block_bytes: int,
        *,
        words: bool,
    ):
        self.totals, self.block_bytes, self.words = totals, block_bytes, words
        grid = [
            [
                Store(register, "b", channel * channel_bytes + position * position_bytes)
                for position, register in enumerate(registers)
            ]
            for channel, registers in enumerate(totals)
        ]
        if words:
            grid = [[replace(line[0], width="w"), *line[4:]] for line in grid]
        self._lines = _arrange(grid)

    @property
    def start(self) -> int:
        """Where the output's pointer stands: how many bytes behind the block's start."""
        return self._lines[0][-1].place

    def emit(self, code: Assembler, pointer: int, free: list[int]) -> None:
        """Store the block, line by line, and move the pointer to the next block; `free` registers may be written."""
        if self.words:
            self._pack(code)
        distances: dict[int, int] = {}  # their registers
        ends = [line[-1].place for line in self._lines]
        following = [*ends[1:], ends[0] + self.block_bytes]
        for line, end, goal in zip(self._lines, ends, following, strict=True):
            for store in line[:-1]:
                code.emit(f"s{store.width}", store.register, store.place - end, pointer)
            distance, last = goal - end, line[-1]
            if fits_immediate(distance):
                code.emit(f"p.s{last.width}.post", last.register, distance, pointer)
                continue
            if distance not in distances:
                distances[distance] = free[len(distances)]
                code.constant(distances[distance], distance)
            code.emit(f"p.s{last.width}.rpost", last.register, distances[distance], pointer)

    def _pack(self, code: Assembler) -> None:
        """Put the first four codes of each channel into the register of the first one."""
        for packed, second, third, fourth, *_ in self.totals:
            code.emit("pv.packlo.b", packed, second, packed)
            code.emit("pv.packhi.b", packed, fourth, third)


def _arrange(grid: list[list[Store]]) -> list[list[Store]]:
    """Arrange stores in lines, each around its last store, where the pointer stands: one line if 12 bits allow it."""
    every = [store for line in reversed(grid) for store in reversed(line)]
    for home in (grid[0][0], grid[1][0]):
        if fits_immediate(*(store.place - home.place for store in every)):
            return [[*(store for store in every if store != home), home]]
    if not fits_immediate(grid[0][-1].place - grid[0][0].place):
        grid = list(map(list, zip(*grid, strict=True)))  # by position, where it is by channel
    if not fits_immediate(grid[0][-1].place - grid[0][0].place):
        return [[store] for line in grid for store in line]
    return [line[::-1] for line in grid]
