"""Build the static book with Jupyter Book, whole or not at all.

Its extension `kwslib.report.size_pages` renders the pages of the sizes first.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from kwslib import subproc
from kwslib.errors import KwsError
from kwslib.paths import atomic_path, project_root
from kwslib.runs.claim import claim

TIMEOUT_S = 1800
MAX_FAULTS = 15
PROGRAM = "from jupyter_book.cli.main import main; main()"
"""Jupyter Book cannot be called as a module, and its script is not on the path of an environment not activated."""


PAGE = re.compile(r"(reading|writing) \w+\.\.\. \[ *(\d+)%\] (\S+)")
"""What Sphinx says of each page: it executes a page when it reads it."""
FAULT = re.compile(r"WARNING|ERROR|CRITICAL|\b\w+Error: ")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class BookFaulty(KwsError):
    """Jupyter Book failed or gave a warning; the message has the lines that say which."""


def _faults(output: str) -> list[str]:
    lines = [COLOUR.sub("", line).strip() for line in output.splitlines()]
    faults = [line for line in lines if FAULT.search(line) and "IPKernelApp" not in line and not line.startswith("-->")]
    return list(dict.fromkeys(faults))[:MAX_FAULTS] or lines[-MAX_FAULTS:]


def _progress(line: str, tell: Callable[[str], None]) -> None:
    found = PAGE.match(COLOUR.sub("", line))
    if found:
        done = {"reading": "executing", "writing": "writing"}[found[1]]
        tell(f"book │ {done} {found[3]} · {found[2]} %")


def build(build_dir: Path | None = None, tell: Callable[[str], None] = lambda line: None) -> Path:
    """Build the book beside the old one, which it replaces when it is whole.

    Parameters
    ----------
    build_dir : Path, optional
        Gets ``html/`` and ``book.log``; ``_build`` in the project by default.
    tell : callable
        Gets one line a page that is begun: it takes seconds to execute one.

    Returns
    -------
    Path
        ``index.html``.

    Raises
    ------
    RunBusy
        If another process builds a book of this project: both would render the same pages.
    BookFaulty
        If Jupyter Book gives a warning or fails; the old book is left as it was.
    KwsError
        If the folder cannot be written.
    """
    root = project_root()
    pages = root / "_build" / "book"
    with claim(pages, patience_s=1, advice="wait for it to end", elsewhere="build the book in a copy of the project"):
        return _build(root, (build_dir or root / "_build").absolute(), tell)


def _build(root: Path, folder: Path, tell: Callable[[str], None]) -> Path:
    work = folder / ".partial"
    search = os.pathsep.join(filter(None, (str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH"))))
    # Kernels of the environment that this program runs in go before those in the user's folder.
    variables = {"PYTHONPATH": search, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONUNBUFFERED": "1"}
    command: list[str | Path] = [
        sys.executable,
        "-c",
        PROGRAM,
        "build",
        root,
        "--path-output",
        work,
        "-W",
        "-n",
        "--keep-going",
    ]
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        done = subproc.run(
            command,
            timeout_s=TIMEOUT_S,
            cwd=root,
            env=variables,
            log=folder / "book.log",
            check=False,
            tell=lambda line: _progress(line, tell),
        )
        if done.returncode:
            faults = "\n".join(f"  | {line}" for line in _faults(done.stdout + done.stderr))
            raise BookFaulty(f"the book has faults; the whole log is {folder / 'book.log'}\n{faults}")
        whole = work / "_build" / "html"
        if not (whole / "index.html").exists():
            raise KwsError(f"Jupyter Book left no index.html in {whole}; see {folder / 'book.log'}")
        with atomic_path(folder / "html") as temporary:
            shutil.move(whole, temporary)
        shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise KwsError(f"cannot write {folder}: {error.strerror}; free space or give --build-dir") from error
    return folder / "html" / "index.html"
