"""The layer profile that a GAP8 program prints: read, checked, or refused. The vendor's tables are read too.

A row is the baseline's: ``S1_Conv2d_64x1x10x4_Relu: Cycles: 452888, Operations: 328000, Operations/Cycle: 0.724241``;
the last one is ``Total``. This project's programs add the same rows led by ``Warm``, checksums, codes and the class.
What cannot be parsed is an error, never a zero.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kwslib.errors import ToolError
from kwslib.gap8.program.expected_output import checksum
from kwslib.integer import reference
from kwslib.integer.graph import Graph

_ROW = re.compile(
    r"^\s*(?P<warm>Warm )?(?P<name>[\w.]+): Cycles:\s*(?P<cycles>\d+), "
    r"Operations:\s*(?P<operations>\d+), Operations/Cycle: (?P<ratio>\d+\.\d+)\s*$"
)
_CHECKSUM = re.compile(r"^Checksum (?P<name>[\w.]+): (?P<sum>[0-9a-f]{8})$")
_CODES = re.compile(r"^(?P<what>Logits|Output):(?P<codes>(?: -?\d+)+)$")
_CLASS = re.compile(r"^Class: (?P<number>\d+) (?P<name>.*)$")
_LOOKS_LIKE_A_ROW = re.compile(r"Cycles\s*:|Operations\s*/\s*Cycle|^Checksum|^Logits|^Output:|^Class")
TOTAL = "Total"


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


@dataclass(frozen=True)
class Profile:
    """What a program printed.

    Attributes
    ----------
    layers, warm : tuple of LayerProfile
        Of the first inference and of the last warm one (empty if there was none).
    checksums : dict of str to int
    logits, output : tuple of int
    winner : int or None
    """

    layers: tuple[LayerProfile, ...]
    warm: tuple[LayerProfile, ...] = ()
    checksums: dict[str, int] = field(default_factory=dict)
    logits: tuple[int, ...] = ()
    output: tuple[int, ...] = ()
    winner: int | None = None

    @property
    def cycles(self) -> int:
        """Of the whole first inference."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def warm_cycles(self) -> int | None:
        """Of the whole warm inference."""
        return sum(layer.cycles for layer in self.warm) if self.warm else None

    @property
    def operations(self) -> int:
        """The baseline's count for the network."""
        return sum(layer.operations for layer in self.layers)


def parse(text: str, expected: Sequence[tuple[str, int]] | None = None, table: bool = True) -> Profile:
    """Read the layer profile in a program's output.

    Parameters
    ----------
    text : str
        Standard output; lines that do not belong to the profile are ignored.
    expected : sequence of (str, int), optional
        Names and operations of the layers that must be in the table, in this order.
    table : bool
        False for a program of the host, which counts no cycles: it must then have no table.

    Raises
    ------
    ProfileError
        If there is no table, a row is garbled, missing, twice or has zero cycles, or the total is not the sum.
    """
    tables: dict[bool, list[LayerProfile]] = {False: [], True: []}
    totals: dict[bool, LayerProfile] = {}
    checksums: dict[str, int] = {}
    codes: dict[str, tuple[int, ...]] = {}
    winner = None
    for number, line in enumerate(text.splitlines(), 1):
        if row := _ROW.match(line):
            warm = row["warm"] is not None
            found = LayerProfile(row["name"], int(row["cycles"]), int(row["operations"]))
            if warm in totals:
                raise ProfileError(f"line {number}: {found.name} comes after the table's total")
            if found.cycles == 0:
                raise ProfileError(f"line {number}: {found.name} has zero cycles, which nothing takes")
            if abs(float(row["ratio"]) - found.operations_per_cycle) > 2e-6 + 1e-4 * found.operations_per_cycle:
                raise ProfileError(
                    f"line {number}: {found.name} says {row['ratio']} operations/cycle, "
                    f"its own figures give {found.operations_per_cycle:.6f}"
                )
            if found.name == TOTAL:
                totals[warm] = found
            else:
                tables[warm].append(found)
        elif checksum := _CHECKSUM.match(line):
            checksums[checksum["name"]] = int(checksum["sum"], 16)
        elif printed := _CODES.match(line):
            codes[printed["what"]] = tuple(int(code) for code in printed["codes"].split())
        elif chosen := _CLASS.match(line):
            winner = int(chosen["number"])
        elif _LOOKS_LIKE_A_ROW.search(line):
            raise ProfileError(f"line {number} of the program's output cannot be understood: {line.strip()!r}")
    if not table and (tables[False] or tables[True] or totals):
        raise ProfileError("the program printed a table of cycles, which the host does not count")
    if table and not tables[False]:
        raise ProfileError("the program printed no layer table" + ("" if text.strip() else "; it printed nothing"))
    for warm, layers in tables.items():
        if layers or warm in totals:
            _check_table("warm table" if warm else "table", layers, totals.get(warm), expected)
    return Profile(
        tuple(tables[False]),
        tuple(tables[True]),
        checksums,
        codes.get("Logits", ()),
        codes.get("Output", ()),
        winner,
    )


def _check_table(
    what: str, layers: list[LayerProfile], total: LayerProfile | None, expected: Sequence[tuple[str, int]] | None
) -> None:
    names = [layer.name for layer in layers]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ProfileError(f"the {what} has {', '.join(sorted(twice))} more than once")
    if total is None:
        raise ProfileError(f"the {what} has no Total: the program broke off after {names[-1]}")
    for unit in ("cycles", "operations"):
        found = sum(getattr(layer, unit) for layer in layers)
        if found != getattr(total, unit):
            raise ProfileError(f"the {what}'s Total has {getattr(total, unit)} {unit}, its rows sum to {found}")
    if expected is None:
        return
    missing = [name for name, _ in expected if name not in names]
    if missing:
        raise ProfileError(f"the {what} lacks {', '.join(missing)}")
    if names != [name for name, _ in expected]:
        raise ProfileError(f"the {what} has other layers than the network: {', '.join(names)}")
    for layer, (name, operations) in zip(layers, expected, strict=True):
        if layer.operations != operations:
            raise ProfileError(f"the {what} gives {name} {layer.operations} operations; it has {operations}")


def check_outputs(profile: Profile, graph: Graph, codes: np.ndarray) -> None:
    """Compare what a program computed with the integer reference, layer by layer.

    Parameters
    ----------
    profile : Profile
    graph : Graph
    codes : ndarray
        The one clip that it ran on.

    Raises
    ------
    ProfileError
        If any layer, the logits, the output or the class is not the reference's.
    """
    found = reference.run(graph, np.asarray(codes).reshape(1, *graph.input.shape), layers=True)
    for layer, output in zip(graph.layers, found.layers or (), strict=True):
        if layer.name not in profile.checksums:
            raise ProfileError(f"the program printed no checksum of {layer.name}")
        expected = checksum(output[0])
        if profile.checksums[layer.name] != expected:
            raise ProfileError(
                f"{layer.name} is not the reference's: checksum {profile.checksums[layer.name]:08x}, "
                f"expected {expected:08x}"
            )
    for what, got, expected in (
        ("logits", profile.logits, found.logits[0]),
        ("output codes", profile.output, found.codes[0]),
    ):
        if list(got) != expected.tolist():
            raise ProfileError(f"the program's {what} {list(got)} are not the reference's {expected.tolist()}")
    if profile.winner != int(found.winner[0]):
        raise ProfileError(f"the program chose class {profile.winner}, the reference {int(found.winner[0])}")
