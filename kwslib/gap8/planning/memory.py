"""Places in L1 and L2: regions have lifetimes, and no two that live in the same step overlap."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kwslib.errors import ModelError
from kwslib.gap8.hardware import DMA_BEAT_BYTES

ALIGNMENT = DMA_BEAT_BYTES
"""Of every region, in bytes: a beat of the DMA."""
DMA_SLACK_BYTES = 8
"""Bytes that the DMA may move in addition to a tile that begins and ends inside of a word."""


class DoesNotFit(ModelError):
    """Regions that live at the same time need more than the memory has.

    Attributes
    ----------
    step, missing : int
        The step with the largest need, and the bytes that it lacks.
    layer : str or None
        Name of the layer that the step runs, once it is known.
    """

    def __init__(self, memory: str, step: int, missing: int):
        super().__init__(f"step {step} lacks {missing} bytes of {memory}")
        self.memory, self.step, self.missing = memory, step, missing
        self.layer: str | None = None


@dataclass(frozen=True)
class Region:
    """A part of a memory during some steps.

    Attributes
    ----------
    name, memory : str
        Memory is ``L1`` or ``L2``.
    bytes : int
    first, last : int
        Steps in which it holds something, both included.
    address : int
        0 until it is placed.
    """

    name: str
    memory: str
    bytes: int
    first: int
    last: int
    address: int = 0

    def overlaps(self, other: "Region") -> bool:
        """Say whether both live in some step."""
        return self.first <= other.last and other.first <= self.last

    @property
    def end(self) -> int:
        """The address behind the last byte."""
        return self.address + self.bytes


def aligned(value: int, to: int = ALIGNMENT) -> int:
    """Return `value` rounded up to a multiple of `to`."""
    return -(-value // to) * to


Order = Callable[[Region], tuple[int | str, ...]]
"""The key that regions are sorted by."""
ORDERS: tuple[Order, ...] = (
    lambda r: (-r.bytes, r.first, r.name),
    lambda r: (r.first - r.last, -r.bytes, r.name),
    lambda r: (-r.bytes * (r.last - r.first + 1), r.first, r.name),
    lambda r: (r.first, -r.last, -r.bytes, r.name),
)
"""In which order regions are placed: by size, by lifetime, by both, by time. No order is best for every network."""
SHUFFLES = 400
"""How many random orders are tried after those."""


def place(regions: list[Region], begin: int, end: int) -> list[Region]:
    """Give every region of one memory an address in [begin, end).

    Regions are placed one after the other, each at the lowest address that is free during its steps. The result is
    that of the first order in which all find a place: `ORDERS`, then random ones.

    Parameters
    ----------
    regions : list of Region
        Of one memory.
    begin, end : int
        The addresses that may be given out.

    Returns
    -------
    list of Region
        The same regions with their addresses.

    Raises
    ------
    DoesNotFit
        If there is no such order.
    """
    need, step = max(((live_bytes(regions, r.first), r.first) for r in regions), default=(0, 0))
    if need > end - begin:
        raise DoesNotFit(regions[0].memory, step, need - (end - begin))
    failures: list[DoesNotFit] = []
    for order in _orders():
        try:
            return _place(sorted(regions, key=order), begin, end)
        except DoesNotFit as error:
            failures.append(error)
    raise failures[0]


def _orders() -> Iterator[Callable[[Region], Any]]:
    """Yield `ORDERS`, then `SHUFFLES` random ones, always the same."""
    yield from ORDERS
    shuffled = random.Random(0)
    for _ in range(SHUFFLES):
        yield lambda _: shuffled.random()


def _place(regions: list[Region], begin: int, end: int) -> list[Region]:
    placed: list[Region] = []
    for region in regions:
        taken = sorted((r for r in placed if r.overlaps(region)), key=lambda r: r.address)
        address = begin
        for other in taken:
            if address + region.bytes <= other.address:
                break
            address = max(address, aligned(other.end))
        if address + region.bytes > end:
            raise DoesNotFit(region.memory, region.first, address + region.bytes - end)
        placed.append(replace(region, address=address))
    return placed


def live_bytes(regions: list[Region], step: int) -> int:
    """Return the bytes of the regions that live in a step."""
    return sum(aligned(r.bytes) for r in regions if r.first <= step <= r.last)
