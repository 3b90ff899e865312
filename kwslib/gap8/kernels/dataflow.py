"""Straight-line code by values instead of registers: a register is taken where a value arises, until its last use.

A butterfly of a Fourier transform has dozens of short-lived values. Its generator names them, and this module finds
registers for them, in the order in which they are computed.
"""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler


@dataclass(eq=False)
class Value:
    """A value in a register.

    Attributes
    ----------
    last : int
        Number of the operation that reads it last.
    register : int
        -1 before it is computed.
    """

    last: int = -1
    register: int = -1


@dataclass(frozen=True)
class _Step:
    mnemonic: str
    result: Value | None
    operands: tuple["Value | int", ...]
    accumulates: Value | None


class Dataflow:
    """Collects the operations of a straight line.

    Parameters
    ----------
    code : Assembler
        Where `emit` puts them. Its free registers are used, and are free again behind the line.
    """

    def __init__(self, code: Assembler):
        self._code = code
        self._steps: list[_Step] = []

    def of(self, mnemonic: str, *operands: Value | int) -> Value:
        """Compute a value; operands are values, registers, immediates, in the assembler's order without the result."""
        return self._add(mnemonic, Value(), operands, None)

    def onto(self, accumulator: Value, mnemonic: str, *operands: Value | int) -> Value:
        """Compute a value in the register of `accumulator`, which the instruction reads and nothing reads later."""
        return self._add(mnemonic, Value(), operands, accumulator)

    def run(self, mnemonic: str, *operands: Value | int) -> None:
        """Add an instruction with all its operands: a store, or one whose result is in a fixed register."""
        self._add(mnemonic, None, operands, None)

    def _add(
        self, mnemonic: str, result: Value | None, operands: tuple[Value | int, ...], accumulates: Value | None
    ) -> Value:
        place = len(self._steps)
        for operand in (*operands, accumulates):
            if isinstance(operand, Value):
                operand.last = place
        self._steps.append(_Step(mnemonic, result, operands, accumulates))
        return result or Value()

    def emit(self) -> None:
        """Add the instructions to the code."""
        for place, step in enumerate(self._steps):
            registers = [one.register if isinstance(one, Value) else one for one in step.operands]
            read = dict.fromkeys(one for one in step.operands if isinstance(one, Value))
            for value in read:
                if value.last == place and value is not step.accumulates:
                    self._code.release(value.register)
            if step.result is not None:
                if step.accumulates is not None:
                    step.result.register = step.accumulates.register
                else:
                    step.result.register = self._code.register()
                registers.insert(0, step.result.register)
            self._code.emit(step.mnemonic, *registers)
            if step.result is not None and step.result.last < 0:
                raise AssertionError(f"{self._code.symbol}: nothing reads the result of {step.mnemonic}")
        self._steps.clear()
