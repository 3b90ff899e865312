"""What the eight cores did while each layer ran: instructions, cycles lost to each kind of stall, sleep."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.gap8.measure.timing import STALL_KINDS
from kwslib.gap8.platforms.platform import Sections
from kwslib.gap8.program.elf import symbol_address

OUTSIDE = -1
"""`StallRow.step` of what lies outside of the steps: the start, and the end."""
STAMPS = "inference"
"""Symbol of the words where core 0 writes the time when a step begins, and when the last one has ended."""


@dataclass(frozen=True)
class StallRow:
    """A step of the plan in the first inference: sums over the eight cores. Fused layers share it.

    An instruction counts where it begins. So ``cycles + sleep_cycles`` is eight times the cycles of the step, but for
    the instructions that run across its ends.

    Attributes
    ----------
    step : int
        Index of the plan's step, or `OUTSIDE`.
    instructions : int
    cycles : int
        Awake: one for each instruction, and all stalls.
    dependency_cycles, branch_cycles, tcdm_cycles, memory_cycles, fetch_cycles, multicycle_cycles : int
        Lost to each kind of stall (`kwslib.gap8.measure.timing.STALL_KINDS`).
    sleep_cycles : int
        Asleep at a barrier.
    """

    step: int
    instructions: int
    cycles: int
    dependency_cycles: int
    branch_cycles: int
    tcdm_cycles: int
    memory_cycles: int
    fetch_cycles: int
    multicycle_cycles: int
    sleep_cycles: int

    @property
    def core_cycles(self) -> int:
        """Awake and asleep."""
        return self.cycles + self.sleep_cycles

    @property
    def lost(self) -> dict[str, int]:
        """Cycles by kind of stall."""
        return {kind: getattr(self, f"{kind}_cycles") for kind in STALL_KINDS}


COUNTS = ("instructions", "cycles", *(f"{kind}_cycles" for kind in STALL_KINDS), "sleep_cycles")
"""What is counted, in the order of `StallRow`."""


def sections(elf: Path, steps: int) -> Sections:
    """Return the words of a network's program at which its steps begin.

    Parameters
    ----------
    elf : Path
    steps : int
        Of its plan.
    """
    return Sections(symbol_address(elf, STAMPS), steps + 1)


def of_sections(rows: Sequence[dict[str, Any]]) -> list[StallRow]:
    """Add the cores up: a row for each step, and a last one for `OUTSIDE`.

    Parameters
    ----------
    rows : sequence of dict
        `kwslib.gap8.platforms.platform.StallProfile.sections`; none where stalls are not counted.
    """
    sums: dict[int, dict[str, int]] = {}
    for row in rows:
        total = sums.setdefault(row["section"] - 1, dict.fromkeys(COUNTS, 0))
        for name in COUNTS:
            total[name] += row[name]
    return [StallRow(step, **sums[step]) for step in sorted(sums, key=lambda step: (step == OUTSIDE, step))]
