"""``kws``: the command group. Each group of commands has a module of its own, which is imported when it is called."""

import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from kwslib import __version__
from kwslib.errors import KwsError
from kwslib.paths import sweep_all

COMMANDS = {
    "ablation": "kwslib.cli.studies:ablation_command",
    "archive": "kwslib.cli.release:archive",
    "book": "kwslib.cli.book:book",
    "compare": "kwslib.cli.run:compare",
    "data": "kwslib.cli.data:data",
    "doctor": "kwslib.cli.doctor:doctor",
    "evaluate": "kwslib.cli.release:evaluate",
    "export": "kwslib.cli.export:export",
    "gap8": "kwslib.cli.gap8:gap8",
    "listen": "kwslib.cli.listen:listen",
    "predict": "kwslib.cli.predict:predict",
    "record": "kwslib.cli.run:record",
    "release": "kwslib.cli.release:release",
    "robustness": "kwslib.cli.studies:robustness",
    "run": "kwslib.cli.run:run",
    "samples": "kwslib.cli.data:samples",
    "streaming": "kwslib.cli.studies:streaming",
    "sweep": "kwslib.cli.sweep:sweep",
    "verify": "kwslib.cli.verify:verify",
    "words": "kwslib.cli.words:words",
    "words-study": "kwslib.cli.words:words_study",
}
"""Where each command is defined: module and name."""

ENDED = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "terminated"}
"""What a command says when a signal ends it; its exit status is 128 and the signal's number, as shells have it."""
AGAIN_S = 0.05
"""When a signal that came in the middle of an import is sent again."""


class Kws(click.Group):
    """The command group. It imports a command when it is needed; a user's error, and Ctrl-C, are one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        return getattr(importlib.import_module(module), name)

    def invoke(self, ctx: click.Context) -> Any:
        with _endings() as seen:
            try:
                return super().invoke(ctx)
            except (Exception, KeyboardInterrupt) as error:
                # What fails after Ctrl-C, a library that was about to be imported say, fails because of it.
                if seen or isinstance(error, KeyboardInterrupt):
                    number = seen[0] if seen else signal.SIGINT
                    line = ENDED[signal.Signals(number)]
                    click.echo(f"\n{line}" if sys.stderr.isatty() else line, err=True)  # below the ^C
                    ctx.exit(128 + number)
                if isinstance(error, KwsError):
                    click.echo(f"error: {error}", err=True)
                    ctx.exit(error.exit_code)
                raise


@contextmanager
def _endings() -> Iterator[list[int]]:
    """Note each signal of `ENDED`, and raise KeyboardInterrupt, so that everything is cleared away as after Ctrl-C.

    Only where Python or the system would do so, or end the process.
    """
    seen: list[int] = []
    again: list[threading.Timer] = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        if _importing(frame):
            again.append(threading.Timer(AGAIN_S, os.kill, (os.getpid(), number)))
            again[-1].daemon = True
            again[-1].start()
            return
        # Whoever ran an event loop leaves tasks in it; asyncio would report each as a traceback when Python ends.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
        signal.default_int_handler(number, frame)

    found: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in ENDED}
    replaced = {
        number: handler for number, handler in found.items() if handler in (signal.default_int_handler, signal.SIG_DFL)
    }
    for number in replaced:
        signal.signal(number, note)
    try:
        yield seen
    finally:
        for timer in again:
            timer.cancel()
        for number, handler in replaced.items():
            signal.signal(number, handler)


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported: an extension that is broken off there may swallow the signal, or crash."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@click.group(cls=Kws)
@click.version_option(__version__, prog_name="kws")
def main() -> None:
    """Train, quantise, measure and publish keyword spotters for GAP8."""
    sweep_all()
    # Piped output is written line by line too, so that a long run can be followed in a log.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)


if __name__ == "__main__":
    main()
