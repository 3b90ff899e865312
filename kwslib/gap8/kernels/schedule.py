"""Order of instructions within a straight line: nothing waits for a load or a product if something else can go first.

On GAP8 the result of a load or of ``mul`` is there one cycle late: the next instruction stalls for a cycle if it reads
it. The generators emit instructions in a readable order, and this module moves them past each other where that costs
nothing and the registers allow it. Of memory only the stack is watched: the generated kernels never read what they
write elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kwslib.gap8.isa.formats import FORMATS
from kwslib.gap8.isa.instructions import register_number, table

STACK_POINTER = register_number("sp")
WINDOW = 24
"""How many instructions the scheduler looks ahead: enough for the widest group of independent ones, and fast."""


@dataclass(frozen=True)
class Operation:
    """One instruction of a kernel.

    Attributes
    ----------
    mnemonic : str
        A key of `kwslib.gap8.isa.instructions.table`.
    operands : tuple
        Registers as numbers, other numbers, labels.
    reads, writes : frozenset of int
        Registers, x0 left out.
    late : int or None
        Register whose new value is there one cycle late.
    stack : bool
        Whether it reads or writes memory on the stack.
    """

    mnemonic: str
    operands: tuple[Any, ...]
    reads: frozenset[int] = field(init=False)
    writes: frozenset[int] = field(init=False)
    late: int | None = field(init=False)
    stack: bool = field(init=False)

    def __post_init__(self) -> None:
        """Derive from the table of the instruction set which registers are read and written."""
        row = table()[self.mnemonic]
        form = FORMATS[row.format]
        values = dict(zip(row.operands, self.operands, strict=True))
        slots = {"1": "rs1", "2": "rs2", "d": "rd"}
        registers = {name: number for name, number in values.items() if row.fields[name].kind == "reg"}
        stores = row.format.startswith("STORE")
        written = set() if stores else {registers[name] for name in ("rd",) if name in registers}
        if row.mnemonic.endswith("post"):
            written.add(registers["rs1"])
        read = {registers[slots[slot]] for slot in form.reads if slots[slot] in registers}
        object.__setattr__(self, "reads", frozenset(read - {0}))
        object.__setattr__(self, "writes", frozenset(written - {0}))
        object.__setattr__(self, "late", registers["rd"] if row.timing else None)
        memory = row.format.startswith(("LOAD", "STORE")) or stores
        object.__setattr__(self, "stack", memory and registers.get("rs1") == STACK_POINTER)

    def must_follow(self, earlier: "Operation") -> bool:
        """Say whether this operation must stay behind an `earlier` one."""
        return bool(
            self.reads & earlier.writes
            or self.writes & (earlier.reads | earlier.writes)
            or (self.stack and earlier.stack)
        )

    def waits_for(self, previous: "Operation | None") -> bool:
        """Say whether it stalls for a cycle right behind `previous`."""
        return previous is not None and previous.late is not None and previous.late in self.reads


def stalls(operations: Sequence[Operation], loop: bool = False) -> int:
    """Count the cycles that a straight line waits for its own loads and products; `loop`: from its end to its start."""
    pairs = list(zip(operations, operations[1:], strict=False))
    if loop and operations:
        pairs.append((operations[-1], operations[0]))
    return sum(later.waits_for(earlier) for earlier, later in pairs)


def schedule(operations: Sequence[Operation], previous: Operation | None = None) -> list[Operation]:
    """Reorder a straight line so that it stalls less.

    Parameters
    ----------
    operations : sequence of Operation
        Without branches, labels and loop instructions.
    previous : Operation, optional
        What runs before the first one.

    Returns
    -------
    list of Operation
        At each step the first one, in the given order, that may go next and does not stall. Where the line would end
        with a load or a product, a harmless operation is moved behind it: a loop's next round may want it at once.
    """
    waiting = list(operations)
    done: list[Operation] = []
    while waiting:
        free = []
        for place, operation in enumerate(waiting[:WINDOW]):
            if not any(operation.must_follow(earlier) for earlier in waiting[:place]):
                free.append(place)
                if not operation.waits_for(previous):
                    break
        best = next((place for place in free if not waiting[place].waits_for(previous)), free[0])
        previous = waiting.pop(best)
        done.append(previous)
    return _quiet_end(done)


def _quiet_end(operations: list[Operation]) -> list[Operation]:
    if not operations or operations[-1].late is None:
        return operations
    for place in range(len(operations) - 2, max(len(operations) - WINDOW, -1), -1):
        moved, behind = operations[place], operations[place + 1 :]
        if moved.late is None and not any(later.must_follow(moved) for later in behind):
            changed = [*operations[:place], *behind, moved]
            if stalls(changed) <= stalls(operations):
                return changed
    return operations
