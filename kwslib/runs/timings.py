"""Seconds of each stage of a build: kept beside the results, printed at the end."""

import os
from dataclasses import dataclass
from pathlib import Path

from kwslib import terminal
from kwslib.artifacts import read_record, write_record
from kwslib.errors import DataError, InputError
from kwslib.paths import results_dir

FIRST = "installation"
LAST = "book"


@dataclass(frozen=True)
class Stages:
    """Seconds by stage, in the order in which the stages ended."""

    stages_s: dict[str, float]


def _path() -> Path:
    return results_dir() / "stages.json"


def read() -> dict[str, float]:
    """Seconds by stage, in the order in which they ended; empty if there is no usable record."""
    try:
        return read_record(_path(), Stages, None, missing="nothing was built", again="build again").stages_s
    except DataError:
        return {}


def note(stages_s: dict[str, float], start_over: bool = False) -> dict[str, float]:
    """Add stages to those on disk and return them all.

    The variable ``KWS_INSTALL_S``, which the Makefile sets, is the first stage.

    Parameters
    ----------
    stages_s : dict
        Seconds by stage.
    start_over : bool
        Leave out what was noted before.

    Raises
    ------
    InputError
        If ``KWS_INSTALL_S`` is not a number.
    """
    known = {} if start_over else read()
    known = {name: seconds for name, seconds in known.items() if name not in stages_s} | stages_s
    installed = os.environ.get("KWS_INSTALL_S")
    if installed:
        try:
            known = {FIRST: float(installed)} | {name: known[name] for name in known if name != FIRST}
        except ValueError as error:
            raise InputError(f"KWS_INSTALL_S is '{installed}': give seconds") from error
    write_record(_path(), Stages(known), None)
    return known


def of_run(name: str, wall_s: float, parts_s: dict[str, float]) -> dict[str, float]:
    """The stages of a run: its parts, as the notebook measured them, and the rest of the wall time."""
    stages = {f"{name}: {part}": seconds for part, seconds in parts_s.items()}
    rest = f"{name}: start and the rest" if stages else name
    return stages | {rest: max(0.0, wall_s - sum(parts_s.values()))}


def table(stages_s: dict[str, float]) -> str:
    """The stages as text, a line each, and their sum."""
    rows = [*stages_s.items(), ("together", sum(stages_s.values()))]
    return terminal.table((name, f"{seconds:.1f} s") for name, seconds in rows)
