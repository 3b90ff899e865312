"""A small assembler for the kernels: instructions, labels, hardware loops.

Instructions are encoded by the one table of the instruction set and written as words, because stock compilers do not
know Xpulp; the text of each stands beside it as a comment.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kwslib.errors import InputError
from kwslib.gap8.isa.disassembler import disassemble
from kwslib.gap8.isa.instructions import encode, table
from kwslib.gap8.kernels.frame import Frame
from kwslib.gap8.kernels.schedule import Operation, schedule

IMMEDIATE_LOW, IMMEDIATE_HIGH = -2048, 2047
"""Range of a 12-bit signed immediate (RISC-V unprivileged ISA manual, I-type and S-type)."""
LOOP_BODY_LEAST = 2
"""Fewest instructions in the body of a hardware loop (RI5CY user manual, and GVSOC's GAP8 model)."""
LOOP_END_DISTANCE = 2
"""Fewest instructions from the end of the inner hardware loop to the end of the outer one (RI5CY user manual)."""

_BARRIERS = (  # formats of the instructions that the scheduler moves nothing across
    "BRANCH",
    "BRANCHI",
    "J",
    "JALR",
    "LOOPI",
    "LOOPN",
    "LOOPR",
    "LOOPSETUP",
    "LOOPSETUPI",
    "CSR",
    "CSRI",
    "NONE",
    "RFLAGS",
)


def fits_immediate(*values: int) -> bool:
    """Say whether every value fits a 12-bit signed immediate."""
    return all(IMMEDIATE_LOW <= value <= IMMEDIATE_HIGH for value in values)


class Label:
    """A place in the code: the instruction behind it, or, for the end of a hardware loop, the one in front of it."""

    def __init__(self, name: str):
        self.name = name
        self.placed = False
        self.position: int | None = None

    def __repr__(self) -> str:
        return self.name


class Assembler(Frame):
    """Collects the instructions of one kernel.

    Parameters
    ----------
    symbol : str
        Name of the function.
    """

    def __init__(self, symbol: str):
        if not re.fullmatch(r"[A-Za-z_]\w*", symbol, re.ASCII):
            raise InputError(f"'{symbol}' cannot be the name of a kernel: letters, digits and _ only")
        super().__init__(symbol)
        # operations, and (label, whether it is a loop's end) where a label stands
        self._items: list[Operation | tuple[Label, bool]] = []
        self._loops: dict[int, list[tuple[Label, Label]]] = {0: [], 1: []}

    # instructions

    def emit(self, mnemonic: str, *operands: int | Label) -> None:
        """Add one instruction."""
        if mnemonic not in table():
            encode(mnemonic)  # says what is wrong with it
        self._items.append(Operation(mnemonic, operands))

    def load(self, register: int, offset: int, base: int) -> None:
        """Load a word."""
        self.emit("lw", register, offset, base)

    def take(self, register: int, pointer: int, step: int = 4) -> None:
        """Load the word at `pointer` and move the pointer."""
        self.emit("p.lw.post", register, step, pointer)

    def constant(self, register: int, value: int) -> None:
        """Load a constant."""
        low = (value & 0xFFF) - ((value & 0x800) << 1)
        high = (value - low) & 0xFFFFFFFF
        if high:
            self.emit("lui", register, high)
        if low or not high:
            self.emit("addi", register, register if high else 0, low)

    def advance(self, register: int, distance: int, scratch: int | None = None) -> None:
        """Add a constant to a register; one that does not fit an immediate goes through `scratch`."""
        if fits_immediate(distance):
            if distance:
                self.emit("addi", register, register, distance)
            return
        if scratch is None:
            raise AssertionError(
                f"{self.symbol}: {distance} does not fit an immediate and there is no scratch register"
            )
        self.constant(scratch, distance)
        self.emit("add", register, register, scratch)

    # labels and loops

    def label(self, name: str) -> Label:
        """Return a label that stands here."""
        label = Label(name)
        self.place(label)
        return label

    def place(self, label: Label) -> None:
        """Let `label` stand here."""
        self._stand(label, ends=False)

    def _stand(self, label: Label, ends: bool) -> None:
        if label.placed:
            raise AssertionError(f"{self.symbol}: label {label} is placed twice")
        label.placed = True
        self._items.append((label, ends))

    @contextmanager
    def hardware_loop(self, level: int, count: int) -> Iterator[None]:
        """Run the body as often as the register `count` says; level 0 is the inner loop, 1 the outer one."""
        bounds = Label(f"loop{level}"), Label(f"loop{level}_end")
        self.emit("lp.setup", level, count, bounds[1])
        with self._body(level, bounds):
            yield

    def loop_bounds(self, level: int) -> tuple[Label, Label]:
        """Set start and end of a hardware loop once, for `counted_body` later."""
        start, end = Label(f"loop{level}"), Label(f"loop{level}_end")
        self.emit("lp.starti", level, start)
        self.emit("lp.endi", level, end)
        return start, end

    @contextmanager
    def counted_body(
        self, level: int, bounds: tuple[Label, Label], count: int, enter: Label | None = None
    ) -> Iterator[None]:
        """Run the body `count` times, the first time from `enter` on, a label in it; the loop's registers hold its
        `bounds` already.
        """
        self.emit("lp.counti", level, count)
        if enter is not None:
            self.emit("jal", 0, enter)
        with self._body(level, bounds):
            yield

    @contextmanager
    def _body(self, level: int, bounds: tuple[Label, Label]) -> Iterator[None]:
        self._stand(bounds[0], ends=False)
        yield
        self._stand(bounds[1], ends=True)
        self._loops[level].append(bounds)

    # output

    def operations(self) -> list[Operation]:
        """Return all instructions in their final order, frame included, and give the labels their positions."""
        prologue, epilogue = self.prologue_and_epilogue()
        code = list(prologue)
        line: list[Operation] = []

        def close() -> None:
            code.extend(schedule(line, code[-1] if code else None))
            line.clear()

        for item in self._items:
            if isinstance(item, Operation):
                if table()[item.mnemonic].format in _BARRIERS:
                    close()
                    code.append(item)
                else:
                    line.append(item)
                continue
            close()
            label, ends = item
            label.position = len(code) - ends
        close()
        code += epilogue
        self._check_loops(code)
        return code

    def _check_loops(self, code: list[Operation]) -> None:
        loops = {
            level: [(self._position(start), self._position(end)) for start, end in bounds]
            for level, bounds in self._loops.items()
        }
        for ranges in loops.values():
            for start, end in ranges:
                if end - start + 1 < LOOP_BODY_LEAST:
                    raise AssertionError(f"{self.symbol}: a hardware loop of {end - start + 1} instructions")
                if table()[code[end].mnemonic].format in _BARRIERS:
                    raise AssertionError(f"{self.symbol}: a hardware loop ends with {code[end].mnemonic}")
        for start, end in loops[1]:
            for inner_start, inner_end in loops[0]:
                if start <= inner_start <= end and not inner_end <= end - LOOP_END_DISTANCE:
                    raise AssertionError(f"{self.symbol}: the ends of two hardware loops are too near to each other")

    def _position(self, label: Label) -> int:
        if label.position is None:
            raise AssertionError(f"{self.symbol}: label {label} was never placed")
        return label.position

    def words(self) -> list[int]:
        """Return the encoded instructions."""
        words = []
        for place, operation in enumerate(self.operations()):
            operands = []
            for operand in operation.operands:
                if isinstance(operand, Label):
                    operand = 4 * (self._position(operand) - place)
                operands.append(operand)
            words.append(encode(operation.mnemonic, *operands))
        return words

    def text(self) -> str:
        """Return the kernel as text for a stock assembler."""
        lines = [
            f'    .section .text.{self.symbol},"ax",@progbits',
            "    .balign 16",
            f"    .globl {self.symbol}",
            f"    .type {self.symbol}, @function",
            f"{self.symbol}:",
        ]
        for place, word in enumerate(self.words()):
            lines.append(f"    .4byte {word:#010x}  # {4 * place:5x}: {disassemble(word, 4 * place)}")
        lines.append(f"    .size {self.symbol}, . - {self.symbol}")
        return "\n".join(lines) + "\n"
