"""How long each stage of a build took: kept beside the results, printed at the end."""

import json
import os
from pathlib import Path

from kwslib.errors import InputError
from kwslib.paths import results_dir, write_json

FIRST = "installation"
LAST = "book"


def _path() -> Path:
    return results_dir() / "stages.json"


def read() -> dict[str, float]:
    """Seconds by stage, as they followed each other; empty where nothing was noted."""
    try:
        stages = json.loads(_path().read_text())["stages_s"]
        return {str(name): float(seconds) for name, seconds in stages.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def note(stages_s: dict[str, float], anew: bool = False) -> dict[str, float]:
    """Add stages to those on disk and return them all.

    The variable ``KWS_INSTALL_S``, which the Makefile sets, is the first stage.

    Parameters
    ----------
    stages_s : dict
        Seconds by stage.
    anew : bool
        Forget what was noted before.

    Raises
    ------
    InputError
        If ``KWS_INSTALL_S`` is not a number.
    """
    known = {} if anew else read()
    known = {name: seconds for name, seconds in known.items() if name not in stages_s} | stages_s
    installed = os.environ.get("KWS_INSTALL_S")
    if installed:
        try:
            known = {FIRST: float(installed)} | {name: known[name] for name in known if name != FIRST}
        except ValueError as error:
            raise InputError(f"KWS_INSTALL_S is '{installed}': give seconds") from error
    write_json(_path(), {"stages_s": known})
    return known


def of_run(name: str, wall_s: float, parts_s: dict[str, float]) -> dict[str, float]:
    """The stages of a run: its parts, as the notebook measured them, and what is left of the wall time."""
    stages = {f"{name}: {part}": seconds for part, seconds in parts_s.items()}
    rest = f"{name}: start and the rest" if stages else name
    return stages | {rest: max(0.0, wall_s - sum(parts_s.values()))}


def table(stages_s: dict[str, float]) -> str:
    """The stages as text, a line each, and their sum."""
    rows = [*stages_s.items(), ("together", sum(stages_s.values()))]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {seconds:8.1f} s" for name, seconds in rows)
