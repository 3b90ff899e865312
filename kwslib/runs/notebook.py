"""Execute a notebook through Papermill on the running interpreter, whatever kernels are installed.

`execute` runs one notebook; `execute_or_set_aside` runs one of the book's and keeps a failed one apart.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from kwslib import seals
from kwslib.errors import KwsError
from kwslib.files import read_regular
from kwslib.paths import atomic_write_text, book_dir

QUIET = "--IPKernelApp.log_level=40"
"""Only errors: ipykernel warns at every start that its sockets, on this machine alone, are not encrypted."""
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_TOP_PAD_": str(1 << 28),
}
"""For glibc: keep freed memory. By default every large array that TensorFlow frees goes back to the system, and its
next one is page faults again: a third of the large network's training step."""
CHECKSUM = "kwslib_checksum"
"""Entry of a notebook's metadata."""
START_TIMEOUT_S = 300
"""A kernel starts within seconds; on a machine that is all busy it may take far longer."""


class NotebookError(KwsError):
    """A cell of a notebook failed; the message is that of the cell's own error."""


def _kernel_manager(variables: Mapping[str, str], log: TextIO) -> type:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    package = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))

    class RunningInterpreter(AsyncKernelManager):
        """Starts `kwslib.runs.kernel` with this very interpreter, instead of a kernel that is looked up by name."""

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(
                argv=[sys.executable, "-m", "kwslib.runs.kernel", str(os.getpid()), "-f", "{connection_file}", QUIET],
                display_name="Python 3",
                language="python",
                env={
                    name: value.replace("$", "$$")
                    for name, value in {**ALLOCATOR, **variables, "PYTHONPATH": search}.items()
                },
            )

        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            await super()._async_launch_kernel(kernel_cmd, **{**options, "stderr": log})

    return RunningInterpreter


def execute(
    template: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    folder: Path,
    log: Path,
    variables: Mapping[str, str],
    title: str,
    stream: TextIO | None = None,
) -> None:
    """Execute a notebook and write it with its outputs.

    Parameters
    ----------
    template, output : Path
        The notebook, and where the executed one goes. After a failure the executed one holds the cell's error.
    parameters : mapping
        Values for the parameters cell.
    folder : Path
        Working folder of the notebook's process.
    log : Path
        Gets what the process writes outside of the notebook: TensorFlow's messages, and the last lines of a crash.
    variables : mapping
        Added to the environment of that process.
    title : str
        Added to the notebook's first heading.
    stream : TextIO, optional
        Gets what the cells print, as they print it.

    Raises
    ------
    NotebookError
        If a cell fails, or the process of the notebook ends.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError

    # Not even its errors: each is an exception as well, and "Kernel died" may come while a terminated command ends.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    try:
        with log.open("w") as file:
            papermill.execute_notebook(
                template,
                output,
                parameters=dict(parameters),
                # Not Papermill's own cwd, which changes the folder of this whole process, other threads included.
                resources={"metadata": {"path": str(folder)}},
                progress_bar=False,
                stdout_file=stream,
                start_timeout=START_TIMEOUT_S,
                kernel_manager_class=_kernel_manager(variables, file),
                shutdown_kernel="immediate",  # after Ctrl-C a busy kernel would be asked for seconds whether it ends
            )
    except papermill.PapermillExecutionError as error:
        plain = _short(error.evalue)
        known = error.ename in _own_errors()
        raise NotebookError(plain if known else f"{error.ename} in cell {error.exec_count}: {plain}") from error
    except DeadKernelError as error:
        last = _short("\n".join(log.read_text(errors="replace").splitlines()[-5:]))
        raise NotebookError(
            f"the notebook's process was ended, perhaps for lack of memory; it last said: {last}"
        ) from error
    except OSError as error:
        output.unlink(missing_ok=True)  # Papermill does not write it whole or not at all
        raise NotebookError(f"cannot write {output}: {error.strerror or error}; free space and run again") from error
    _label(output, template.name, title)


def execute_or_set_aside(
    template: str,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    results: Path,
    log: Path,
    title: str,
    failed: Path,
    failure: str,
    advice: str = "",
    stream: TextIO | None = None,
) -> None:
    """Execute a notebook of the book; move one that fails to `failed`, and name that file in the error.

    Parameters
    ----------
    template : str
        Name of the notebook in `paths.book_dir`.
    output : Path
        Where the executed notebook goes.
    parameters : mapping
        Values for the parameters cell.
    results : Path
        The results folder of the notebook's process (``KWS_RESULTS``).
    log, title, stream
        As for `execute`.
    failed : Path
        Where a notebook that fails goes; what an earlier failure left there is removed after a success.
    failure : str
        First words of the error, such as ``"run quick-small failed"``.
    advice : str
        Last line of the error.

    Raises
    ------
    NotebookError
        As `execute`.
    OSError
        If the notebook cannot be moved.
    """
    book = book_dir()
    variables = {"KWS_RESULTS": str(results)}
    try:
        execute(
            book / template,
            output,
            parameters,
            folder=book,
            log=log,
            variables=variables,
            title=title,
            stream=stream,
        )
    except NotebookError as error:
        lines = [f"{failure}: {error}"]
        if output.exists():
            failed.parent.mkdir(parents=True, exist_ok=True)
            output.replace(failed)
            lines.append(f"  its notebook: {failed}")
        if advice:
            lines.append(f"  {advice}")
        raise NotebookError("\n".join(lines)) from error
    failed.unlink(missing_ok=True)


def _short(message: str, lines: int = 12, width: int = 400) -> str:
    kept = message.strip().splitlines()[:lines]
    return "\n".join(line if len(line) <= width else f"{line[:width]} …" for line in kept) or "no message"


def _own_errors() -> set[str]:
    found, classes = set(), [KwsError]
    while classes:
        one = classes.pop()
        found.add(one.__name__)
        classes += one.__subclasses__()
    return found


def _label(path: Path, template: str, title: str) -> None:
    """Put the run's name into the first heading, and take the folders of this machine out of the metadata."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    heading = next((cell for cell in notebook.cells if cell.source.startswith("# ")), None)
    if heading is not None:
        heading.source = heading.source.replace("\n", f": {title}\n", 1)
    notebook.metadata["papermill"] |= {"input_path": template, "output_path": path.name}
    notebook.metadata["papermill"].pop("environment_variables", None)
    notebook.metadata[CHECKSUM] = seals.of_json(json.loads(nbformat.writes(notebook)))
    atomic_write_text(path, nbformat.writes(notebook) + "\n")


def is_intact(path: Path) -> bool:
    """Whether an executed notebook is there, as `execute` wrote it; one that was spoiled is named on standard error.

    One without a checksum, from an older version, counts as intact.
    """
    try:
        value = json.loads(read_regular(path).decode())
        written = value["metadata"].pop(CHECKSUM, None)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        seals.spoiled(path)
        return False
    if written is None or written == seals.of_json(value):
        return True
    seals.spoiled(path)
    return False
