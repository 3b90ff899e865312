"""How far the embedded simulator's cycles can be trusted: recorded programs, run again, figure by figure.

A folder of recorded programs holds ``recorded.json`` (which GVSOC, when, each program with the hashes of its files),
``NAME.elf`` and ``NAME.gap8.txt``, which is what GVSOC printed for that very program.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.errors import DataError, InputError
from kwslib.gap8.measure.agreement import Figure, compare
from kwslib.gap8.platforms.platform import Platform, open_platform
from kwslib.paths import recorded_programs_dir

INDEX = "recorded.json"
RELATIVE = 0.02
"""Share of a figure that counts as close; the project's own aim for the simulator."""
ABSOLUTE = 2
"""Difference that counts as close however small the figure is."""
TIMEOUT_S = 120.0


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
        Number of a line, from 1 -> what of the caches' or the chip's first moments decides it: the lines that a model
        of less detail gets wrong first.
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
class Line:
    """A line of a program's output on both platforms; `number` is from 1."""

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
    try:
        index = json.loads(path.read_text())
        reference = Reference(**index["gvsoc"])
        return reference, [_recording(path.parent, row) for row in index["programs"]]
    except OSError as error:
        raise DataError(f"cannot read {error.filename}: {error.strerror}; the checkout is not whole") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({type(error).__name__}: {error}); restore it from the project") from error


def _recording(folder: Path, row: Mapping[str, Any]) -> Recording:
    elf = folder / row["elf"]
    text = elf.with_suffix(".gap8.txt")
    for file, key in ((elf, "elf_sha256"), (text, "text_sha256")):
        if hashlib.sha256(file.read_bytes()).hexdigest() != row[key]:
            raise DataError(f"{file} is not the file that was recorded: run it on GVSOC and bring {INDEX} up to date")
    start_lines = {int(number): why for number, why in row.get("start_lines", {}).items()}
    return Recording(elf.stem, row["measures"], elf, text.read_text(), row["recorded"], row["exit_status"], start_lines)


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


def _summary(figures: list[Figure]) -> dict[str, int]:
    return {
        "figures": len(figures),
        "equal": sum(figure.difference == 0 for figure in figures),
        "close": sum(figure.within(RELATIVE, ABSOLUTE) for figure in figures),
        "largest difference": max((abs(figure.difference) for figure in figures), default=0),
    }


def programs(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """How far each program agrees, a row each."""
    return pd.DataFrame(
        {
            "program": a.recording.name,
            "what it measures": a.recording.measures,
            "lines": len(a.lines),
            "equal lines": sum(line.reference == line.own for line in a.lines),
            **_summary(a.figures),
            "recorded": a.recording.recorded,
        }
        for a in agreements
    )


def lines(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """Every line of programs on both platforms."""
    return pd.DataFrame(
        {"program": a.recording.name, "line": line.number, "GVSOC, recorded": line.reference, "simulator": line.own}
        | _summary(line.figures)
        for a in agreements
        for line in a.lines
    )


def start_lines(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """The lines that the first moments of the chip or of a cache decide, and what decides them."""
    return pd.DataFrame(
        {
            "program": a.recording.name,
            "decided by": a.recording.start_lines[line.number],
            "GVSOC, recorded": line.reference,
            "simulator": line.own,
            **_summary(line.figures),
        }
        for a in agreements
        for line in a.lines
        if line.number in a.recording.start_lines
    )


def figures(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """Every figure of programs on both platforms; ``position`` counts the numbers of a row of numbers from 0."""
    return pd.DataFrame(
        {
            "program": a.recording.name,
            "line": line.number,
            "figure": figure.name,
            "position": figure.position,
            "GVSOC, recorded": figure.reference,
            "simulator": figure.own,
            "difference": figure.difference,
        }
        for a in agreements
        for line in a.lines
        for figure in line.figures
    )
