"""RO-Crate metadata of a recorded run: what each file is, its hash, and the training that made them.

The form is RO-Crate 1.1 (JSON-LD), which archives and registries of research data read.
"""

import hashlib
import json
import mimetypes
from pathlib import Path
from typing import Any

from kwslib.artifacts import read_json
from kwslib.errors import DataError
from kwslib.paths import atomic_write_text
from kwslib.runs import records
from kwslib.runs.description import corpus_name
from kwslib.runs.run_record import Run

METADATA = "ro-crate-metadata.json"
LICENCE = "https://spdx.org/licenses/Apache-2.0"
CORPORA = {"speech_commands": ("https://arxiv.org/abs/1804.03209", "https://spdx.org/licenses/CC-BY-4.0")}
"""Corpora that others published: where they are described, and their licence."""
TYPES = {".tflite": "application/x-tflite", ".csv": "text/csv", ".json": "application/json", ".md": "text/markdown"}


def crate(folder: Path) -> str:
    """Return the metadata of the run in a folder, as JSON.

    Raises
    ------
    DataError
        If the run's record is missing or damaged.
    """
    run = records.load(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != METADATA)
    entries = [_file(path, folder) for path in files]
    about = {"@id": METADATA, "@type": "CreativeWork", "about": _to("./")}
    graph: list[dict[str, Any]] = [
        about | {"conformsTo": _to("https://w3id.org/ro/crate/1.1")},
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"KWS-GAP8 run {run.run}",
            "description": f"An 8-bit DS-CNN keyword spotter ({run.title}), trained on {corpus_name(run)}, "
            "with its accuracies, mistakes and cycles on GAP8",
            "datePublished": run.provenance.date,
            "license": _to(LICENCE),
            "hasPart": [_to(entry["@id"]) for entry in entries],
            "mentions": _to("#training"),
        },
        {
            "@id": "#training",
            "@type": "CreateAction",
            "name": f"training with profile {run.profile}, seed {run.seed}",
            "endTime": run.provenance.date,
            "instrument": _to("#kwslib"),
            "object": _to("#corpus"),
            "result": _to("model.tflite"),
        },
        {
            "@id": "#kwslib",
            "@type": "SoftwareApplication",
            "name": "kwslib",
            "version": f"{run.provenance.kwslib}, commit {run.provenance.commit}",
            "softwareRequirements": [f"{name} {version}" for name, version in run.provenance.packages.items()],
        },
        _corpus(run),
        *entries,
    ]
    return json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}, indent=1) + "\n"


def write(folder: Path) -> None:
    """Write the metadata of the run in a folder beside its files.

    Raises
    ------
    DataError
        As `crate`.
    """
    atomic_write_text(folder / METADATA, crate(folder))


def hashes(path: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that the metadata of a run names.

    Parameters
    ----------
    path : Path
        The metadata.

    Raises
    ------
    DataError
        If they are missing or damaged.
    """
    value = read_json(path, missing="the run was not recorded", again="record the run again")
    try:
        files = [entry for entry in value["@graph"] if entry["@type"] == "File"]
        found = {entry["@id"]: entry["sha256"] for entry in files}
    except (KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged (it is not the metadata of a run); record the run again") from error
    if not all(isinstance(text, str) for pair in found.items() for text in pair):
        raise DataError(f"{path} is damaged (a name or a hash is no text); record the run again")
    return found


def _to(identifier: str) -> dict[str, str]:
    return {"@id": identifier}


def _file(path: Path, folder: Path) -> dict[str, Any]:
    content = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return {
        "@id": path.relative_to(folder).as_posix(),
        "@type": "File",
        "encodingFormat": kind,
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _corpus(run: Run) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "@id": "#corpus",
        "@type": "Dataset",
        "name": corpus_name(run),
        "identifier": run.corpus.hash,
    }
    if run.corpus.name in CORPORA:
        described, licence = CORPORA[run.corpus.name]
        entry |= {"url": described, "license": _to(licence)}
    return entry
