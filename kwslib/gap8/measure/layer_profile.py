"""The layer profile that a GAP8 program prints: read, checked, or refused. The vendor's tables are read too.

A row is the baseline's: ``S1_Conv2d_64x1x10x4_Relu: Cycles: 452888, Operations: 328000, Operations/Cycle: 0.724241``;
the last one is ``Total``. This project's programs add the same rows led by ``Warm``, checksums, codes and the class. A
program that begins with samples has rows of the front end before the layers, closed by their own total ``FrontEnd``,
and ``SoundToLabel``, the sum of both totals, behind ``Total``. What cannot be parsed is an error, never a zero.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kwslib.gap8.measure.profile_table import ROW, LayerProfile, ProfileError, Table, read_row
from kwslib.gap8.program.expected_output import FINGERPRINT, checksum
from kwslib.integer import input_codes, reference
from kwslib.integer.graph import Graph

_CHECKSUM = re.compile(r"^Checksum (?P<name>[\w.]+): (?P<sum>[0-9a-f]{8})$")
_CODES = re.compile(r"^(?P<what>Logits|Output):(?P<codes>(?: -?\d+)+)$")
_CLASS = re.compile(r"^Class: (?P<number>\d+) (?P<name>.*)$")
_LOOKS_LIKE_A_ROW = re.compile(r"Cycles\s*:|Operations\s*/\s*Cycle|^Checksum|^Logits|^Output:|^Class")


@dataclass(frozen=True)
class Profile:
    """What a program printed.

    Attributes
    ----------
    layers, warm : tuple of LayerProfile
        Of the first inference and of the last warm one (empty if there was none).
    front_end, warm_front_end : tuple of LayerProfile
        The front end's stages; empty for a program whose input is a fingerprint.
    checksums : dict of str to int
    logits, output : tuple of int
    winner : int or None
    """

    layers: tuple[LayerProfile, ...]
    warm: tuple[LayerProfile, ...] = ()
    front_end: tuple[LayerProfile, ...] = ()
    warm_front_end: tuple[LayerProfile, ...] = ()
    checksums: dict[str, int] = field(default_factory=dict)
    logits: tuple[int, ...] = ()
    output: tuple[int, ...] = ()
    winner: int | None = None

    @property
    def cycles(self) -> int:
        """Of the whole first inference, without the front end."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def front_end_cycles(self) -> int:
        """Of the front end before the first inference; 0 where there is none."""
        return sum(stage.cycles for stage in self.front_end)

    @property
    def warm_cycles(self) -> int | None:
        """Of the whole warm inference."""
        return sum(layer.cycles for layer in self.warm) if self.warm else None

    @property
    def operations(self) -> int:
        """The baseline's count for the network."""
        return sum(layer.operations for layer in self.layers)


def parse(
    text: str,
    expected: Sequence[tuple[str, int]] | None = None,
    table: bool = True,
    front_end: Sequence[tuple[str, int]] | None = None,
) -> Profile:
    """Read the layer profile in a program's output.

    Parameters
    ----------
    text : str
        Standard output; lines that do not belong to the profile are ignored.
    expected : sequence of (str, int), optional
        Names and operations of the layers that must be in the table, in this order.
    table : bool
        False for a program of the host, which counts no cycles: it must then have no table.
    front_end : sequence of (str, int), optional
        The same of the front end's stages; empty: there must be none.

    Raises
    ------
    ProfileError
        If there is no table, a row is garbled, missing, twice or has zero cycles, or a total is not the sum.
    """
    tables = {False: Table("table"), True: Table("warm table")}
    checksums: dict[str, int] = {}
    codes: dict[str, tuple[int, ...]] = {}
    winner = None
    for number, line in enumerate(text.splitlines(), 1):
        if row := ROW.match(line):
            tables[row["warm"] is not None].add(read_row(row, number), number)
        elif checksum := _CHECKSUM.match(line):
            checksums[checksum["name"]] = int(checksum["sum"], 16)
        elif printed := _CODES.match(line):
            codes[printed["what"]] = tuple(int(code) for code in printed["codes"].split())
        elif chosen := _CLASS.match(line):
            winner = int(chosen["number"])
        elif _LOOKS_LIKE_A_ROW.search(line):
            raise ProfileError(f"line {number} of the program's output cannot be understood: {line.strip()!r}")
    cold, warm = tables[False], tables[True]
    if not table and (cold.begun or warm.begun):
        raise ProfileError("the program printed a table of cycles, which the host does not count")
    if table and not cold.begun:
        raise ProfileError("the program printed no layer table" + ("" if text.strip() else "; it printed nothing"))
    for found in (cold, warm):
        if found.begun:
            found.check(expected, front_end)
    logits, output = codes.get("Logits", ()), codes.get("Output", ())
    rows = (tuple(cold.layers), tuple(warm.layers), tuple(cold.front_end), tuple(warm.front_end))
    return Profile(*rows, checksums, logits, output, winner)


def check_outputs(profile: Profile, graph: Graph, codes: np.ndarray) -> None:
    """Compare what a program computed with the integer reference, layer by layer.

    Parameters
    ----------
    profile : Profile
    graph : Graph
    codes : ndarray
        The one clip that it ran on: input codes, or samples for a graph with a front end.

    Raises
    ------
    ProfileError
        If any layer, the logits, the output or the class is not the reference's.
    """
    codes = input_codes.codes_of(graph, np.asarray(codes)[None])
    found = reference.run(graph, codes, layers=True)
    outputs = [(FINGERPRINT, graph.input.to_core(codes))] if graph.front_end else []
    outputs += [(layer.name, output) for layer, output in zip(graph.layers, found.layers or (), strict=True)]
    for name, output in outputs:
        if name not in profile.checksums:
            raise ProfileError(f"the program printed no checksum of {name}")
        expected = checksum(output[0])
        if profile.checksums[name] != expected:
            raise ProfileError(
                f"{name} is not the reference's: checksum {profile.checksums[name]:08x}, expected {expected:08x}"
            )
    for what, got, expected in (
        ("logits", profile.logits, found.logits[0]),
        ("output codes", profile.output, found.codes[0]),
    ):
        if list(got) != expected.tolist():
            raise ProfileError(f"the program's {what} {list(got)} are not the reference's {expected.tolist()}")
    if profile.winner != int(found.winner[0]):
        raise ProfileError(f"the program chose class {profile.winner}, the reference {int(found.winner[0])}")
