"""A table of cycles as a program prints it: its rows as they come, and the sums that must close it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kwslib.errors import ToolError

ROW = re.compile(
    r"^\s*(?P<warm>Warm )?(?P<name>[\w.]+): Cycles:\s*(?P<cycles>\d+), "
    r"Operations:\s*(?P<operations>\d+), Operations/Cycle: (?P<ratio>\d+\.\d+)\s*$"
)
TOTAL, FRONT_END, SOUND_TO_LABEL = "Total", "FrontEnd", "SoundToLabel"
"""Rows that are sums: of the layers, of the front end's stages, of both."""


class ProfileError(ToolError):
    """A program's output is not a whole and consistent layer profile."""


@dataclass(frozen=True)
class LayerProfile:
    """What one layer cost.

    Attributes
    ----------
    name : str
    cycles : int
        Of the cluster's clock, everything of the layer included.
    operations : int
        The baseline's count.
    """

    name: str
    cycles: int
    operations: int

    @property
    def operations_per_cycle(self) -> float:
        """The baseline's last column."""
        return self.operations / self.cycles


def read_row(row: re.Match[str], number: int) -> LayerProfile:
    """Return the figures of a row that `ROW` matched in a line.

    Raises
    ------
    ProfileError
        If it has zero cycles, or its ratio is not that of its figures.
    """
    found = LayerProfile(row["name"], int(row["cycles"]), int(row["operations"]))
    if found.cycles == 0:
        raise ProfileError(f"line {number}: {found.name} has zero cycles, which nothing takes")
    if abs(float(row["ratio"]) - found.operations_per_cycle) > 2e-6 + 1e-4 * found.operations_per_cycle:
        raise ProfileError(
            f"line {number}: {found.name} says {row['ratio']} operations/cycle, "
            f"its own figures give {found.operations_per_cycle:.6f}"
        )
    return found


@dataclass
class Table:
    """The rows of one table as they come, and its sums."""

    what: str
    layers: list[LayerProfile] = field(default_factory=list)
    front_end: list[LayerProfile] = field(default_factory=list)
    sums: dict[str, LayerProfile] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        return bool(self.layers or self.sums)

    def add(self, row: LayerProfile, number: int) -> None:
        """Take the next row."""
        follows = TOTAL in self.sums and FRONT_END in self.sums and row.name == SOUND_TO_LABEL
        if (TOTAL in self.sums and not follows) or SOUND_TO_LABEL in self.sums:
            raise ProfileError(f"line {number}: {row.name} comes after the table's total")
        if row.name == FRONT_END:
            if FRONT_END in self.sums:
                raise ProfileError(f"line {number}: {row.name} comes twice")
            self.front_end, self.layers = self.layers, []
        if row.name in (TOTAL, FRONT_END, SOUND_TO_LABEL):
            self.sums[row.name] = row
        else:
            self.layers.append(row)

    def check(self, expected: Sequence[tuple[str, int]] | None, front_end: Sequence[tuple[str, int]] | None) -> None:
        """Refuse a table that is not whole."""
        if FRONT_END in self.sums and front_end is not None and not front_end:
            raise ProfileError(f"the {self.what} has rows of a front end, and the program's input is a fingerprint")
        if FRONT_END in self.sums or front_end:
            _check_rows(f"{self.what} of the front end", self.front_end, self.sums.get(FRONT_END), front_end)
        _check_rows(self.what, self.layers, self.sums.get(TOTAL), expected)
        if FRONT_END in self.sums:
            both = [self.sums[FRONT_END], self.sums[TOTAL]]
            _check_sum(self.what, both, self.sums.get(SOUND_TO_LABEL), SOUND_TO_LABEL)


def _check_sum(what: str, rows: Sequence[LayerProfile], total: LayerProfile | None, name: str) -> None:
    if total is None:
        last = f": the program broke off after {rows[-1].name}" if rows else ""
        raise ProfileError(f"the {what} has no {name}{last}")
    for unit in ("cycles", "operations"):
        found = sum(getattr(row, unit) for row in rows)
        if found != getattr(total, unit):
            raise ProfileError(f"the {what}'s {name} has {getattr(total, unit)} {unit}, its rows sum to {found}")


def _check_rows(
    what: str, rows: list[LayerProfile], total: LayerProfile | None, expected: Sequence[tuple[str, int]] | None
) -> None:
    names = [row.name for row in rows]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ProfileError(f"the {what} has {', '.join(sorted(twice))} more than once")
    _check_sum(what, rows, total, total.name if total else TOTAL)
    if expected is None:
        return
    missing = [name for name, _ in expected if name not in names]
    if missing:
        raise ProfileError(f"the {what} lacks {', '.join(missing)}")
    if names != [name for name, _ in expected]:
        raise ProfileError(f"the {what} has other layers than the network: {', '.join(names)}")
    for row, (name, operations) in zip(rows, expected, strict=True):
        if row.operations != operations:
            raise ProfileError(f"the {what} gives {name} {row.operations} operations; it has {operations}")
