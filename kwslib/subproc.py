"""Run other programs, with a timeout, a log, and errors that end with the last lines of output."""

import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import TypeVar, cast

from kwslib.errors import InputError, ToolError
from kwslib.paths import atomic_write_text

LAST_LINES = 15
LONGEST_S = 1_000_000.0
"""Seconds that a program may take: eleven days. The system's own waits end at 24 days."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that ask a command to end; what it has started ends with it."""


_RUNNING: dict[int, subprocess.Popen] = {}
"""The program that each thread waits for."""
Item = TypeVar("Item")
Result = TypeVar("Result")


class CommandNotFound(ToolError):
    """The program does not exist or is not executable."""


class CommandEnded(ToolError):
    """The program did not end as it should.

    Attributes
    ----------
    completed : Completed
        Everything it printed.
    """

    def __init__(self, message: str, completed: "Completed"):
        super().__init__(message)
        self.completed = completed


class CommandTimeout(CommandEnded):
    """The program did not end in time and was killed, together with its children."""


class CommandFailed(CommandEnded):
    """The program ended with a nonzero exit status."""


@dataclass(frozen=True)
class Completed:
    """The result of a program: its arguments, exit status, output text and wall time in seconds."""

    args: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str
    wall_s: float


def _tail(text: str) -> str:
    lines = text.strip().splitlines()[-LAST_LINES:]
    return "\n".join(f"  | {line}" for line in lines) or "  | (no output)"


def check_wait(timeout_s: float) -> None:
    """Raise InputError unless it is a number of seconds that a program can be waited for."""
    if not 0 < timeout_s <= LONGEST_S:
        raise InputError(f"timeout_s is {timeout_s:g}: give more than 0 seconds, up to {LONGEST_S:g}")


def run(
    args: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    log: Path | None = None,
    check: bool = True,
    tell: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program without a shell and return what it printed.

    Parameters
    ----------
    args : sequence of str or Path
        Program and arguments.
    timeout_s : float
        Seconds after which the program and its children are killed.
    cwd : Path, optional
        Working folder.
    env : mapping, optional
        Variables to add to the environment.
    stdin : str, optional
        Text for its standard input; none by default.
    log : Path, optional
        File for the command line and both outputs; also written if the program fails.
    check : bool
        Raise an error if the exit status is not zero.
    tell : callable, optional
        Gets each line of its standard output as soon as it is written, in a thread of its own.

    Returns
    -------
    Completed

    Raises
    ------
    CommandNotFound, CommandTimeout, CommandFailed
        With the command and its last lines of output.
    """
    check_wait(timeout_s)
    words = tuple(str(word) for word in args)
    command = " ".join(words)
    start_s = time.monotonic()
    timed_out, process = False, None
    try:
        with _signals_held():
            process = _started(words, cwd, env, stdin)
        _RUNNING[threading.get_ident()] = process
        told = _Lines(process, tell) if tell else None
        try:
            stdout, stderr = process.communicate(stdin, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
            _kill_group(process)
            stdout, stderr = process.communicate()
    except BaseException:
        if process is not None:
            _kill_group(process)
            process.wait()
        raise
    finally:
        _RUNNING.pop(threading.get_ident(), None)
    if told:
        stdout = told.text()
    completed = Completed(words, process.returncode, stdout, stderr, time.monotonic() - start_s)
    if log is not None:
        atomic_write_text(log, f"$ {command}\n{stdout}{stderr}[exit status {completed.returncode}]\n")
    where = f"\n  whole log: {log}" if log is not None else ""
    if timed_out:
        late = f"'{command}' did not end within {timeout_s:g} s{where}\n{_tail(stdout + stderr)}"
        raise CommandTimeout(late, completed)
    if check and completed.returncode != 0:
        status = completed.returncode
        how = f"was ended by signal {-status}" if status < 0 else f"failed with exit status {status}"
        raise CommandFailed(f"'{command}' {how}{where}\n{_tail(stdout + stderr)}", completed)
    return completed


def _started(
    words: Sequence[str], cwd: Path | str | None, env: Mapping[str, str] | None, stdin: str | None
) -> subprocess.Popen:
    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise CommandNotFound(f"cannot start '{words[0]}': {error.strerror}; is it installed?") from error


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let Python's handlers of `ENDING` wait until the end of the block.

    Ctrl-C in the middle of `Popen` would leave a program behind that nobody knows. The signals are not blocked: the
    program would inherit that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python runs handlers in the main thread alone
        return
    seen: list[tuple[int, FrameType | None]] = []
    handlers = {int(number): handler for number in ENDING if callable(handler := signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, lambda *arrived: seen.append(arrived))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in seen[:1]:
            handlers[number](number, frame)


class _Lines:
    """Reads the standard output of a process line by line, in place of `Popen.communicate`."""

    def __init__(self, process: subprocess.Popen, tell: Callable[[str], None]):
        self._stream, process.stdout = process.stdout, None
        self._tell = tell
        self._lines: list[str] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._stream is not None
        with self._stream:
            for line in self._stream:
                self._lines.append(line)
                try:
                    if self._error is None:
                        self._tell(line.rstrip("\n"))
                except Exception as error:
                    self._error = error  # the process must not wait for a reader

    def text(self) -> str:
        """All of it, when the process has ended; raises what telling raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return "".join(self._lines)


def start(args: Sequence[str | Path]) -> subprocess.Popen:
    """Start a program that is talked to through pipes, in bytes; it has to end when its standard input does.

    Parameters
    ----------
    args : sequence of str or Path
        Program and arguments.

    Raises
    ------
    CommandNotFound
        If it cannot be started.
    """
    words = [str(word) for word in args]
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandNotFound(f"cannot start '{words[0]}': {error.strerror}; is it installed?") from error


def for_each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Call a function that runs programs for each item, as many at a time as there are cores.

    The first error, and Ctrl-C, end the programs that still run.

    Parameters
    ----------
    work : callable
        Takes an item; called in threads.
    items : iterable

    Returns
    -------
    list
        What the calls returned, in the order of the items.
    """
    threads: list[threading.Thread] = []
    stopped = threading.Event()

    def call_unless_stopped(item: Item) -> Result | None:
        try:
            return None if stopped.is_set() else work(item)
        except BaseException:
            stopped.set()
            raise

    pool = ThreadPoolExecutor(os.cpu_count(), initializer=lambda: threads.append(threading.current_thread()))
    try:
        calls = [pool.submit(call_unless_stopped, item) for item in items]
        for call in as_completed(calls):
            call.result()
        return [cast(Result, call.result()) for call in calls]
    except BaseException:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
        while alive := [thread for thread in threads if thread.is_alive()]:
            for thread in alive:
                if process := _RUNNING.get(thread.ident or 0):
                    _kill_group(process)
            alive[0].join(0.05)
        raise
    finally:
        pool.shutdown()


def _kill_group(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def end_with_parent() -> None:
    """End this process as soon as the one that made it has ended, however that ended: an initializer of a pool.

    A pool's processes wait for work. They would wait for ever if the process that gives it is killed.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: (wait([sentinel]), os._exit(1)), daemon=True).start()


def kill_children() -> None:
    """Kill the processes of this process' pools, and wait for their end: after Ctrl-C they would finish their tasks."""
    children = multiprocessing.active_children()
    for child in children:
        child.kill()
    for child in children:
        child.join()
