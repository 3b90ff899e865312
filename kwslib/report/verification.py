"""Verify what was published: released files by hash, records by provenance, pages by computing them again.

A page is verified by running its code again: every table that it carries must be the one that the records give now, and
every number that was glued into its prose must stand there. Numbers that nothing computed are faults.
"""

import ast
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from kwslib import subproc
from kwslib.errors import DataError, ToolError
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
            f"{self.files} released files by their hash, {self.records} records with their provenance, {self.pages} "
            f"pages with {self.tables} tables and {self.numbers} glued values computed again: "
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
    """Compare every file of every recorded run with the hash in its metadata."""
    for path in sorted(models_dir().glob(f"*/{crate.METADATA}")):
        graph = json.loads(path.read_text())["@graph"]
        wanted = {entry["@id"]: entry["sha256"] for entry in graph if entry["@type"] == "File"}
        there = {one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*") if one.is_file()}
        for name in sorted((there - {crate.METADATA}) | set(wanted)):
            found.files += 1
            file = path.parent / name
            if name not in wanted:
                found.faults.append(f"{file} is not named in {path.name}")
            elif not file.exists():
                found.faults.append(f"{file} is missing, and {path.name} names it")
            elif hashlib.sha256(file.read_bytes()).hexdigest() != wanted[name]:
                found.faults.append(f"{file} has another hash than {path.name} says")


def check_records(found: Verified) -> None:
    """Hold every record against the network beside it and against its provenance."""
    for base in (models_dir(), results_dir()):
        for path in sorted(one for name in RECORDS for one in base.rglob(name)):
            found.records += 1
            found.faults += [f"{path}: {fault}" for fault in _record_faults(path, json.loads(path.read_text()))]


def _record_faults(path: Path, record: dict[str, Any]) -> Iterator[str]:
    provenance = record.get("provenance", {})
    commit = provenance.get("commit", "")
    if not commit or not provenance.get("date"):
        yield "has no commit or date in its provenance"
    elif is_recorded(path) and not _known(commit):
        yield f"was made from commit {commit[:12]}, which this history does not have"
    network = _network_of(path)
    if network is None:
        return
    sha256 = hashlib.sha256(network.read_bytes()).hexdigest()
    said = [
        part[key]
        for part in (record, provenance, record.get("network"))
        if isinstance(part, dict)
        for key in HASHES
        if isinstance(part.get(key), str)
    ]
    if said and sha256 not in said:
        yield f"is about another network than {network}"


def is_recorded(path: Path) -> bool:
    """Whether a record travels with the project."""
    return path.is_relative_to(models_dir())


def _network_of(path: Path) -> Path | None:
    for folder in (path.parent, path.parent.parent):
        if (folder / "model.tflite").exists():
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
    source = chapter.read_text()
    if not page.exists():
        found.faults.append(f"{page} is missing: build the book again")
        return
    found.pages += 1
    shown, text = page.read_text(), pages.visible_text(page.read_text())
    found.faults += [f"{chapter}: {number} is typed into the prose" for number in pages.typed_numbers(source)]
    try:
        outputs = list(_outputs(pages.code_cells(source), chapter.parent))
    except CellExecutionError as error:
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
    on_page = pages.tables(shown)
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
    )
    client.execute()
    for cell in notebook.cells:
        yield from (output.get("data", {}) for output in cell.outputs)
