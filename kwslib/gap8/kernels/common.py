"""What the kernels share: dot products, and the loop over channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.schedule import STACK_POINTER

REGISTERS = 30
"""Registers that a kernel may use: all but zero and the stack pointer."""


def dot(assembler: Assembler, accumulator: int, data: int, weights: int, first: bool, signed: bool = False) -> None:
    """Add the dot product of four bytes to an accumulator; the first one of a sum overwrites it.

    The weights are signed. The data are stored codes, which are unsigned, or the network's input, which is `signed`.
    """
    kind = "sp" if signed else "usp"
    assembler.emit(f"pv.{'dot' if first else 'sdot'}{kind}.b", accumulator, data, weights)


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
