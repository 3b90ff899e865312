"""Verify what was published: released files by hash, records by provenance, pages by computing them again.

A page is verified by running its code again: every table that it carries must be the one that the records give now, and
every number that was glued into its prose must stand there. Numbers that nothing computed are faults.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from kwslib import seals, subproc
from kwslib.artifacts import file_sha256, read_json, unsealed
from kwslib.errors import DataError, KwsError, ToolError
from kwslib.paths import book_dir, models_dir, project_root, results_dir
from kwslib.release import crate
from kwslib.report import pages
from kwslib.runs.records import METRICS

CELL_TIMEOUT_S = 600
GLUED = "application/papermill.record/text/plain"
RECORDS = ("deployment.json", METRICS, "robustness.json", "streaming.json")
HASHES = ("tflite_sha256", "sha256")


@dataclass
class Verified:
    """What was checked, counted, and what is wrong."""

    files: int = 0
    records: int = 0
    pages: int = 0
    tables: int = 0
    numbers: int = 0
    faults: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """Say in one line what was checked."""
        return (
            f"{self.files} released files by their hash, {self.records} records by checksum and provenance, "
            f"{self.pages} pages with {self.tables} tables and {self.numbers} glued values computed again: "
            f"{len(self.faults) or 'no'} fault{'' if len(self.faults) == 1 else 's'}"
        )


def verify(html: Path, say: Callable[[str], None] = print) -> Verified:
    """Verify the released files, the records and the pages of a book.

    Parameters
    ----------
    html : Path
        Folder of the built book, with ``book/`` in it.
    say : callable
        Gets a line a step.

    Raises
    ------
    DataError
        If there is no built book.
    """
    if not (html / "index.html").exists():
        raise DataError(f"{html} holds no book; build it first: kws book")
    found = Verified()
    say("released files and records")
    check_files(found)
    check_records(found)
    for chapter in pages.chapters(book_dir()):
        say(f"page {chapter.stem}")
        check_page(chapter, html / "book" / f"{chapter.stem}.html", found)
    return found


def check_files(found: Verified) -> None:
    """Compare every file of every recorded run with the hash in its metadata, and those with the run's record."""
    for path in sorted(models_dir().glob(f"*/{crate.METADATA}")):
        before = len(found.faults)
        found.faults += _file_faults(path, found)
        if len(found.faults) == before:
            try:
                same = crate.crate(path.parent).encode() == path.read_bytes()
            except KwsError as error:
                found.faults.append(str(error))
            else:
                found.faults += [] if same else [f"{path} is not what the run's record and its files give"]


def _file_faults(path: Path, found: Verified) -> Iterator[str]:
    try:
        wanted = crate.hashes(path)
    except DataError as error:
        yield str(error)
        return
    there = {one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*") if not one.is_dir()}
    for name in sorted((there - {crate.METADATA}) | set(wanted)):
        found.files += 1
        file = path.parent / name
        if name not in wanted:
            yield f"{file} is not named in {path}"
        elif name not in there:
            yield f"{file} is missing, and {path} names it"
        elif not seals.matches(file, wanted[name]):
            yield f"{file} has another hash than {path} says"


def check_records(found: Verified) -> None:
    """Hold every record against its checksum, the network beside it, and its provenance."""
    for base in (models_dir(), results_dir()):
        for path in sorted(base.rglob("*.json")):
            if not any(part.startswith(".") for part in path.relative_to(base).parts):
                found.faults += _record_faults(path, found)


def _record_faults(path: Path, found: Verified) -> Iterator[str]:
    try:
        record, intact = unsealed(read_json(path, missing="it was removed just now", again="make it again"))
    except DataError as error:
        yield str(error)
        return
    if intact is False:
        yield f"{path} is damaged: it does not have its checksum"
    in_crate = any((folder / crate.METADATA).exists() for folder in (path.parent, path.parent.parent))
    if intact is None and is_recorded(path) and not in_crate:
        yield f"{path} has no checksum"
    if intact is not None or path.name in RECORDS:
        found.records += 1
    if path.name in RECORDS:
        yield from (f"{path}: {fault}" for fault in _origin_faults(path, record))


def _origin_faults(path: Path, record: Any) -> Iterator[str]:
    provenance = record.get("provenance") if isinstance(record, dict) else None
    if not isinstance(provenance, dict):
        yield "has no provenance"
        return
    commit = provenance.get("commit")
    if not isinstance(commit, str) or not commit or not provenance.get("date"):
        yield "has no commit or date in its provenance"
    elif is_recorded(path) and not _known(commit):
        yield f"was made from commit {commit[:12]}, which this history does not have"
    network = _network_of(path)
    if network is None:
        return
    said = [
        part[key]
        for part in (record, provenance, record.get("network"))
        if isinstance(part, dict)
        for key in HASHES
        if isinstance(part.get(key), str)
    ]
    if said and file_sha256(network) not in said:
        yield f"is about another network than {network}"


def is_recorded(path: Path) -> bool:
    """Whether a record travels with the project."""
    return path.is_relative_to(models_dir())


def _network_of(path: Path) -> Path | None:
    for folder in (path.parent, path.parent.parent):
        if (folder / "model.tflite").is_file():
            return folder / "model.tflite"
    return None


def _known(commit: str) -> bool:
    """Whether a commit is in the history; yes where there is no history to ask, as in a release archive."""
    root = project_root()
    if not (root / ".git").exists():
        return True
    try:
        return (
            subproc.run(
                ["git", "-C", root, "cat-file", "-e", f"{commit}^{{commit}}"], timeout_s=30, check=False
            ).returncode
            == 0
        )
    except ToolError:
        return True


def check_page(chapter: Path, page: Path, found: Verified) -> None:
    """Run a chapter's code again, and compare the page with what it shows."""
    if not page.exists():
        found.faults.append(f"{page} is missing: build the book again")
        return
    found.pages += 1
    try:
        source, shown = chapter.read_text(), page.read_text()
        typed, on_page = pages.typed_numbers(source), pages.tables(shown)
    except ValueError as error:  # no text, no header, or a table that is no Base64
        found.faults.append(f"{chapter} or {page} is damaged ({error}): restore the chapter, build the book again")
        return
    text = pages.visible_text(shown)
    found.faults += [f"{chapter}: {number} is typed into the prose" for number in typed]
    try:
        outputs = list(_outputs(pages.code_cells(source), chapter.parent))
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        found.faults.append(f"{chapter} does not run: {str(error).strip().splitlines()[-1]}")
        return
    computed: dict[str, str] = {}
    for output in outputs:
        computed |= pages.tables(output.get("text/html", ""))
        if GLUED in output:
            found.numbers += 1
            value = " ".join(str(ast.literal_eval(output[GLUED])).split())
            if value not in text:
                found.faults.append(f"{page}: the glued value '{value}' does not stand there")
    found.tables += len(on_page)
    for name in sorted(computed.keys() | on_page.keys()):
        if name not in on_page:
            found.faults.append(f"{page} lacks the table {name}")
        elif name not in computed:
            found.faults.append(f"{page}: the records give no table {name}")
        elif on_page[name] != computed[name]:
            found.faults.append(f"{page}: the table {name} is not the one that the records give")


def _outputs(cells: list[str], folder: Path) -> Iterator[dict[str, Any]]:
    """What the code of a chapter shows, a dictionary of MIME types an output."""
    if not cells:
        return
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
        shutdown_kernel="immediate",
    )
    # Not client.execute(): it puts handlers of its own in place of Ctrl-C's, and these end in tracebacks.
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    for cell in notebook.cells:
        yield from (output.get("data", {}) for output in cell.outputs)
