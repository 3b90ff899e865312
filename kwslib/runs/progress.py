"""How far a sweep is: one line, from what its workers say."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from kwslib.runs.parameters import Parameters

EVERY_S = 30.0
"""Between two lines where they are not written over one another, as in a log."""
SHOWN = 3
"""Runs under way that a line names."""
CLEAR = "\r\x1b[K"
"""Returns to the beginning of a terminal's line and empties it."""


class Progress:
    """Counts finished runs and the steps of those under way.

    Parameters
    ----------
    todo : sequence of Parameters
        The runs that are made now.
    say : callable
        Gets a line now and then.
    terminal : TextIO, optional
        Gets the line as well, written over the last one, where a person watches.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        todo: Sequence[Parameters],
        say: Callable[[str], None],
        terminal: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps = {one.run: one.schedule.steps for one in todo}
        self._at: dict[str, int] = {}
        self._ended: set[str] = set()
        self._before: dict[str, int] = {}
        self._say, self._terminal, self._clock = say, terminal, clock
        self._start_s = self._last_s = clock()
        self._lock = threading.Lock()

    def heard(self, event: tuple[Any, dict[str, Any]]) -> None:
        """Take what a worker said: the time, and a mapping with ``run`` and ``step``, or where the run goes on."""
        _, what = event
        with self._lock:
            if what["run"] in self._steps and what["run"] not in self._ended:
                if what.get("resumed"):
                    self._before[what["run"]] = what["step"]
                self._at[what["run"]] = what["step"]
            self._show()

    def ended(self, run: str, text: str) -> None:
        """Count a run as finished, and say how it ended."""
        with self._lock:
            self._ended.add(run)
            self._at.pop(run, None)
            if self._terminal:
                self._terminal.write(CLEAR)
            self._say(text)
            self._show(now=len(self._ended) < len(self._steps))

    def close(self) -> None:
        """Leave the terminal's line empty."""
        if self._terminal:
            self._terminal.write(CLEAR)
            self._terminal.flush()

    def line(self) -> str:
        """Say what is done, what is under way, and how long the rest takes if it goes on like this.

        Steps are what is counted, so small and large networks weigh the same.
        """
        under_way = [f"{run} (step {step} of {self._steps[run]})" for run, step in list(self._at.items())[:SHOWN]]
        parts = [f"{len(self._ended)} of {len(self._steps)} runs done"]
        parts += [f"under way: {', '.join(under_way)}"] if under_way else []
        left_s = self._left_s()
        parts += [f"about {max(1, round(left_s / 60))} min left"] if left_s is not None else []
        return "── " + "; ".join(parts)

    def _left_s(self) -> float | None:
        there = sum(self._steps[run] for run in self._ended if run in self._steps) + sum(self._at.values())
        made = there - sum(self._before.values())  # what a resumed run had before took none of this time
        left = sum(self._steps.values()) - there
        return (self._clock() - self._start_s) * left / made if made > 0 else None

    def _show(self, now: bool = False) -> None:
        if self._terminal:
            self._terminal.write(CLEAR + self.line())
            self._terminal.flush()
        elif now or self._clock() - self._last_s >= EVERY_S:
            self._last_s = self._clock()
            self._say(self.line())


def watched() -> TextIO | None:
    """Return the terminal that standard output is, or None if it is a file or a pipe."""
    return sys.stdout if sys.stdout.isatty() else None
