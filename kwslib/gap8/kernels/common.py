"""What the kernels share: requantisation in three instructions, and the loop over channels."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.schedule import STACK_POINTER

CODE_BITS = 8
"""``p.clipu`` by this clips to 0..127, the non-negative int8 codes."""


@dataclass(frozen=True)
class Requantise:
    """Requantisation of one channel: clip((acc · q + B + 2^(n - 1)) >> n, 0, 127).

    Attributes
    ----------
    q, bias : int
        Registers that hold the multiplier and the bias times it.
    n : int or None
        Register that holds the shift.
    shift : int or None
        The shift itself, where it is the same for every channel.
    """

    q: int
    bias: int
    n: int | None
    shift: int | None = None

    def __post_init__(self) -> None:
        """Check that the shift is known in one way."""
        if (self.n is None) == (self.shift is None):
            raise AssertionError("a shift is either in a register or known, not both")

    @classmethod
    def allocate(cls, assembler: Assembler, shift: int | None) -> "Requantise":
        """Take the registers that are needed."""
        q, bias = assembler.registers(2)
        return cls(q, bias, assembler.register() if shift is None else None, shift)

    def take(self, assembler: Assembler, records: int) -> None:
        """Load the parameters at the pointer `records` and move it behind them; a known shift is skipped."""
        assembler.take(self.q, records)
        if self.n is None:
            assembler.take(self.bias, records, 8)
        else:
            assembler.take(self.bias, records)
            assembler.take(self.n, records)

    def multiply(self, assembler: Assembler, accumulator: int) -> None:
        """Emit the first of the three instructions, whose result is there one cycle late."""
        assembler.emit("mul", accumulator, accumulator, self.q)

    def finish(self, assembler: Assembler, accumulators: Sequence[int]) -> None:
        """Emit the other two for each accumulator."""
        for accumulator in accumulators:
            if self.n is not None:
                assembler.emit("p.addRNr", accumulator, self.bias, self.n)
            elif self.shift is not None:
                assembler.emit("p.addRN", accumulator, accumulator, self.bias, self.shift)
        for accumulator in accumulators:
            assembler.emit("p.clipu", accumulator, accumulator, CODE_BITS)

    def apply(self, assembler: Assembler, accumulators: Sequence[int]) -> None:
        """Turn accumulators into output codes, each in its register."""
        for accumulator in accumulators:
            self.multiply(assembler, accumulator)
        self.finish(assembler, accumulators)


def dot(assembler: Assembler, accumulator: int, data: int, weights: int, first: bool) -> None:
    """Add the dot product of four bytes to an accumulator; the first one of a sum overwrites it."""
    assembler.emit("pv.dotsp.b" if first else "pv.sdotsp.b", accumulator, data, weights)


@dataclass(frozen=True)
class ChannelPointers:
    """Registers of a kernel that works channel by channel: its data, its records, its output."""

    data: int
    records: int
    output: int


@contextmanager
def each_channel(assembler: Assembler, scratch: int, counter: int | None = None) -> Iterator[ChannelPointers]:
    """Read the arguments [data, records, output, channels] and run the body for each channel, one at least.

    Parameters
    ----------
    assembler : Assembler
    scratch : int
        Register whose value the body needs neither from outside nor from one channel to the next.
    counter : int, optional
        Register that counts the channels; on the stack otherwise.

    Yields
    ------
    ChannelPointers
        The body moves them to the next channel.
    """
    arguments = assembler.arguments
    data, output = assembler.registers(2)
    slot = None if counter is not None else assembler.slot()
    count = scratch if counter is None else counter
    assembler.load(count, 12, arguments)
    assembler.load(data, 0, arguments)
    assembler.load(output, 8, arguments)
    assembler.load(arguments, 4, arguments)
    if slot is not None:
        assembler.emit("sw", count, slot, STACK_POINTER)
    start = assembler.label("channel")
    yield ChannelPointers(data, arguments, output)
    if slot is not None:
        assembler.load(count, slot, STACK_POINTER)
    assembler.emit("addi", count, count, -1)
    if slot is not None:
        assembler.emit("sw", count, slot, STACK_POINTER)
    assembler.emit("bne", count, 0, start)
