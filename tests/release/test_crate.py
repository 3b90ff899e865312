import hashlib
import json

import pytest

from kwslib.errors import DataError
from kwslib.paths import models_dir
from kwslib.release import crate
from kwslib.runs.records import METRICS
from tests.sample_run import sample_run

RUNS = sorted(path.parent for path in models_dir().glob(f"*/{METRICS}"))


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_every_recorded_run_has_its_metadata(folder):
    assert (folder / crate.METADATA).read_text() == crate.crate(folder), "record the run again, or call crate.write"


def test_every_file_is_named_with_its_hash_and_every_reference_resolves(tmp_path):
    run = sample_run(tmp_path, "small")
    graph = {entry["@id"]: entry for entry in json.loads(crate.crate(run.folder))["@graph"]}
    files = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert {part["@id"] for part in graph["./"]["hasPart"]} == files
    for name in files:
        assert graph[name]["sha256"] == hashlib.sha256((run.folder / name).read_bytes()).hexdigest()
        assert int(graph[name]["contentSize"]) == (run.folder / name).stat().st_size
    action = graph["#training"]
    for key in ("instrument", "object", "result"):
        assert action[key]["@id"] in graph


def test_writing_again_changes_nothing(tmp_path):
    run = sample_run(tmp_path, "small")
    crate.write(run.folder)
    first = (run.folder / crate.METADATA).read_bytes()
    crate.write(run.folder)
    assert (run.folder / crate.METADATA).read_bytes() == first


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(DataError):
        crate.write(tmp_path)
