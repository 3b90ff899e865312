"""Programs with GVSOC's recorded output: run again on a platform, and compared figure by figure.

A folder of recorded programs holds ``recorded.json`` (which GVSOC, when, each program with the hashes of its files),
``NAME.elf`` and ``NAME.gap8.txt``, which is what GVSOC printed for that very program.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kwslib.artifacts import file_sha256, from_plain, read_json
from kwslib.errors import DataError, InputError
from kwslib.gap8.platforms.platform import Platform, open_platform
from kwslib.paths import recorded_programs_dir

INDEX = "recorded.json"
INCOMPLETE, RESTORE = "the checkout is incomplete", "restore it from the project"
RELATIVE = 0.02
"""Share of a figure that counts as close; the project's own aim for the simulator."""
ABSOLUTE = 2
"""Difference that counts as close, however small the figure is."""
TIMEOUT_S = 120.0
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?![\w.])")
_TRAILING = re.compile(r"[:=,\s]*(?:\s-?\d+)*\s*$")


@dataclass(frozen=True)
class Figure:
    """One whole number of a program's output.

    Attributes
    ----------
    name : str
        The text before it on its line; for an indented line, the heading above it comes first.
    position : int
        Which number of a row of numbers it is, from 0.
    reference, own : int
        The number on the reference's platform and on the other one.
    """

    name: str
    position: int
    reference: int
    own: int

    @property
    def difference(self) -> int:
        """The own figure less the reference's."""
        return self.own - self.reference

    def within(self, relative: float, absolute: int) -> bool:
        """Whether the difference is at most `relative` of the reference or at most `absolute`."""
        return abs(self.difference) <= max(absolute, relative * abs(self.reference))


@dataclass(frozen=True)
class Recording:
    """A program and what GVSOC printed for it.

    Attributes
    ----------
    name : str
    measures : str
        What the program is for.
    elf : Path
    stdout : str
        GVSOC's standard output.
    recorded : str
        Date of the recording.
    exit_status : int
    start_lines : dict of int to str
        Numbers of lines, from 1, that a model of less detail gets wrong first, and what decides each of them: the
        state of the chip or of a cache at the start.
    """

    name: str
    measures: str
    elf: Path
    stdout: str
    recorded: str
    exit_status: int
    start_lines: Mapping[int, str]


@dataclass(frozen=True)
class Reference:
    """Which GVSOC the recordings are from.

    Attributes
    ----------
    repository, commit, commit_date : str
        Where its sources are, and which state of them.
    folder, target : str
        Part of the repository, and the board that was simulated.
    repeated : str
        Date on which that GVSOC last printed all recorded texts again.
    """

    repository: str
    commit: str
    commit_date: str
    folder: str
    target: str
    repeated: str


@dataclass(frozen=True)
class _Row:
    """A program in the index: its file, and the hashes of that and of what GVSOC printed."""

    elf: str
    elf_sha256: str
    text_sha256: str
    measures: str
    recorded: str
    exit_status: int
    start_lines: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Index:
    gvsoc: Reference
    programs: list[_Row]


@dataclass(frozen=True)
class Line:
    """A line of a program's output on both platforms; `number` counts from 1."""

    number: int
    reference: str
    own: str
    figures: list[Figure]


@dataclass(frozen=True)
class Agreement:
    """A program on a platform beside its recording."""

    recording: Recording
    lines: list[Line]

    @property
    def figures(self) -> list[Figure]:
        """Every whole number that the program prints."""
        return [figure for line in self.lines for figure in line.figures]


def load(folder: Path | None = None) -> tuple[Reference, list[Recording]]:
    """Read the recorded programs, in the order of ``recorded.json``.

    Raises
    ------
    kwslib.errors.DataError
        If a file is missing or damaged, or is not the one that was recorded.
    """
    path = (folder or recorded_programs_dir()) / INDEX
    index = from_plain(read_json(path, missing=INCOMPLETE, again=RESTORE), _Index, str(path), RESTORE)
    return index.gvsoc, [_recording(path.parent, row) for row in index.programs]


def _recording(folder: Path, row: _Row) -> Recording:
    elf = folder / row.elf
    text = elf.with_suffix(".gap8.txt")
    for file, expected in ((elf, row.elf_sha256), (text, row.text_sha256)):
        try:
            found = file_sha256(file)
        except DataError as error:
            raise DataError(f"{error}; {INCOMPLETE}") from error
        if found != expected:
            raise DataError(f"{file} is not the file that was recorded: run it on GVSOC and bring {INDEX} up to date")
    start_lines = {int(number): why for number, why in row.start_lines.items()}
    return Recording(elf.stem, row.measures, elf, text.read_text(), row.recorded, row.exit_status, start_lines)


def check(recording: Recording, platform: Platform | None = None) -> Agreement:
    """Run a recorded program again and pair what it prints with the recording.

    Parameters
    ----------
    recording : Recording
    platform : Platform, optional
        Where to run it; the embedded simulator otherwise.

    Raises
    ------
    kwslib.errors.DataError
        If the exit status or anything but whole numbers differs.
    """
    platform = platform or open_platform("simulator")
    done = platform.run(recording.elf, TIMEOUT_S)
    if done.exit_status != recording.exit_status:
        raise DataError(
            f"{recording.name} ended with status {done.exit_status} on {platform.name}, "
            f"recorded: {recording.exit_status}"
        )
    try:
        compare(recording.stdout, done.stdout)
    except InputError as error:
        raise DataError(f"{recording.name} on {platform.name} against its recording: {error}") from error
    pairs = zip(recording.stdout.splitlines(), done.stdout.splitlines(), strict=True)
    lines = [Line(number, a, b, compare(a, b)) for number, (a, b) in enumerate(pairs, 1)]
    return Agreement(recording, lines)


def compare(reference: str, own: str) -> list[Figure]:
    """Pair the figures of two outputs of the same program.

    Parameters
    ----------
    reference, own : str
        Standard output on the two platforms.

    Raises
    ------
    kwslib.errors.InputError
        If anything but whole numbers differs: then the two ran different programs, or one run failed.
    """
    expected, got = reference.splitlines(), own.splitlines()
    for number, (a, b) in enumerate(zip(expected, got, strict=False), 1):
        if _NUMBER.sub("#", a) != _NUMBER.sub("#", b):
            raise InputError(f"the outputs differ in more than figures: line {number} is {a!r} and {b!r}")
    if len(expected) != len(got):
        raise InputError(f"the outputs differ in more than figures: {len(expected)} lines and {len(got)}")
    figures, heading = [], ""
    for a, b in zip(expected, got, strict=True):
        indented = a[:1] == " "
        if not indented:
            heading = a.strip(" :")
        name, position = None, 0
        for place, value in zip(_NUMBER.finditer(a), _NUMBER.findall(b), strict=True):
            before = _TRAILING.sub("", a[: place.start()]).strip()
            name, position = before, position + 1 if before == name else 0
            lead = f"{heading}: " if indented and heading else ""
            figures.append(Figure(lead + name, position, int(place.group()), int(value)))
    return figures
