"""What a sweep asks of a worker: to make one run, to say how far it is, and to send back what it left."""

import contextlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from kwslib.errors import KwsError
from kwslib.paths import cache_dir
from kwslib.runs import execution
from kwslib.runs.parameters import check

TOPIC = "kws-steps"
"""What workers say of their steps, on Dask's way from worker to client."""
STEP = re.compile(r"(?P<resumed>going on from )?step\s+(?P<at>\d+)( of \d+|$)")
"""What a training says of its steps: one that it has made, or the one that it goes on from."""


@dataclass(frozen=True)
class Answer:
    """What a worker sends back.

    Attributes
    ----------
    error : str
        Text of the error; empty after a success.
    failed_notebook : bytes or None
        The notebook of a run that failed elsewhere.
    files : dict
        Files of a run that was made elsewhere, by their path in the run folder.
    """

    error: str = ""
    failed_notebook: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)


class _Named:
    """What a run prints: with its name before each line, as several print at a time; its steps go to the client."""

    def __init__(self, name: str, quiet: bool) -> None:
        self.name, self.quiet, self.rest = name, quiet, ""

    def write(self, text: str) -> int:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            if not self.quiet:
                sys.stdout.write(f"{self.name} │ {line}\n")
            if found := STEP.match(line):
                _tell({"run": self.name, "step": int(found["at"]), "resumed": bool(found["resumed"])})
        return len(text)

    def flush(self) -> None:
        sys.stdout.flush()


def _tell(what: dict[str, Any]) -> None:
    """Say something to the client. A run goes on where nobody can hear it."""
    from distributed import get_worker

    with contextlib.suppress(ValueError, OSError):
        get_worker().log_event(TOPIC, what)


def make(parameters: dict[str, Any], base: Path | None, force: bool, quiet: bool) -> Answer:
    """Make a run in a worker. Without `base` it works below the worker's own cache and sends the files back."""
    remote = base is None
    base = base or (cache_dir() / "cluster").absolute()
    name = check(**parameters).run
    stream: TextIO = _Named(name, quiet)  # type: ignore[assignment]
    try:
        execution.make_run(parameters, base=base, force=force, stream=stream)
    except KwsError as error:
        failed = execution.failed_notebook(base, name)
        return Answer(str(error), failed.read_bytes() if remote and failed.exists() else None)
    if not remote:
        return Answer()
    folder = base / name
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "training" not in path.parts]
    return Answer(files={path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
