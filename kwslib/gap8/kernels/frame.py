"""Registers and stack of a kernel, a function ``void kernel(const uint32_t *arguments)``.

In the C calling convention of RISC-V a0 holds the address of the argument words. A kernel may use every register but
the stack pointer: those that C expects back are saved on the stack, including ``ra``, ``gp`` and ``tp`` (a kernel calls
nothing, and interrupts are off).
"""

from kwslib.gap8.isa.instructions import register_number
from kwslib.gap8.kernels.schedule import STACK_POINTER, Operation

ARGUMENTS = register_number("a0")
_SCRATCH = ("a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6")
_SAVED = (*(f"s{n}" for n in range(12)), "ra", "gp", "tp")
STACK_ALIGNMENT = 16
"""Bytes (RISC-V ELF psABI)."""


class Frame:
    """Hands out registers and words on the stack.

    Attributes
    ----------
    arguments : int
        Register that holds the address of the argument words at entry; `release` it when it is no longer needed.
    """

    def __init__(self, symbol: str):
        self.symbol = symbol
        self.arguments = ARGUMENTS
        self._free = [register_number(name) for name in (*_SCRATCH, *_SAVED)]
        self._used: set[int] = set()
        self._slots = 0

    def register(self) -> int:
        """Return a free register, one that need not be saved if there is one."""
        if not self._free:
            raise AssertionError(f"{self.symbol} needs more registers than there are")
        register = self._free.pop(0)
        self._used.add(register)
        return register

    def registers(self, count: int) -> list[int]:
        """Return `count` free registers."""
        return [self.register() for _ in range(count)]

    def release(self, register: int) -> None:
        """Give a register back."""
        if register in self._free:
            raise AssertionError(f"{self.symbol}: register {register} is released twice")
        self._free.insert(0, register)

    def slot(self) -> int:
        """Return the offset from ``sp`` of a new word on the stack."""
        self._slots += 1
        return 4 * (self._slots - 1)

    def prologue_and_epilogue(self) -> tuple[list[Operation], list[Operation]]:
        """Return the instructions that save what C expects back, and those that restore it and return."""
        saved = [register for register in map(register_number, _SAVED) if register in self._used]
        frame = -(-4 * (self._slots + len(saved)) // STACK_ALIGNMENT) * STACK_ALIGNMENT
        places = [(register, 4 * (self._slots + place), STACK_POINTER) for place, register in enumerate(saved)]
        open_frame = [Operation("addi", (STACK_POINTER, STACK_POINTER, -frame))] if frame else []
        close_frame = [Operation("addi", (STACK_POINTER, STACK_POINTER, frame))] if frame else []
        back = Operation("jalr", (0, 0, register_number("ra")))
        return (
            open_frame + [Operation("sw", place) for place in places],
            [Operation("lw", place) for place in places] + close_frame + [back],
        )
