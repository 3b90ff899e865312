"""A project folder whose notebook has the real parameters cell but only pretends to train, so that runs take a second.

Seed 13 fails as a user's mistake does, seed 14 as a bug does, seed 15 kills its process; every run counts to `steps`,
0.05 s a step, in a file that it goes on from. `build_gap8` adds a notebook that only pretends to deploy; it fails where
the file ``refuse`` lies beside it.
"""

from pathlib import Path

import nbformat

from kwslib.paths import book_dir

BODY = """
import os
import time

from kwslib.errors import DataError
from kwslib.paths import atomic_write_text
from kwslib.runs.parameters import check_cell

chosen = check_cell(globals())
count = chosen.folder / "training" / "count"
count.parent.mkdir(parents=True, exist_ok=True)
step = int(count.read_text()) if count.exists() else 0
print("going on from", step)
print("kernel", os.getpid(), flush=True)
while step < steps:
    time.sleep(0.05)
    step += 1
    atomic_write_text(count, str(step))
    print("step", step, flush=True)
if seed == 13:
    raise DataError("the thirteenth clip is damaged; remove it")
if seed == 14:
    raise ZeroDivisionError("a bug")
if seed == 15:
    os.kill(os.getpid(), 9)
"""
SAVE = """
import hashlib

import numpy as np

from kwslib.runs import mistakes, records, run_record
from kwslib.paths import atomic_write_bytes
from kwslib.provenance import provenance
from kwslib.speech import open_corpus
from kwslib.accuracy import Accuracy

source = open_corpus(chosen.corpus, chosen.data)
measurements = []
for split, right in (("validation", 10 + seed % 7), ("test", 30 - seed % 7)):
    for silence in ("noise-silence", "digital-silence"):
        matrix = np.eye(12, dtype=np.int64) * right
        matrix[0, 1] = 5
        measurements.append(run_record.Measurement.of("tflite", split, silence, Accuracy(matrix)))
atomic_write_bytes(chosen.folder / "model.tflite", bytes([seed]))
mistakes.write(None, [], chosen.folder / mistakes.FOLDER)
digest = hashlib.sha256(bytes([seed])).hexdigest()
records.save(
    run_record.Run(
        run=chosen.run, size=chosen.size.name, profile=chosen.profile.name, seed=seed,
        front_end=chosen.front_end.kind,
        corpus=run_record.CorpusUse(source.name, source.manifest["hash"], source.manifest["splits"]),
        training=chosen.training(step), network=run_record.NetworkFigures(0, 0, 0, 1, digest),
        measurements=measurements, agreement=run_record.Agreement(0, "none", 0, 0, 0, 0, 0),
        durations_s={"training": 1.0}, provenance=provenance(),
    ),
    chosen.folder,
    "step\\n1\\n",
)
"""


def build(root: Path) -> Path:
    """Write ``book/train.ipynb`` below `root`."""
    real = nbformat.read(book_dir() / "train.ipynb", as_version=4)
    first = next(cell for cell in real.cells if "parameters" in cell.metadata.get("tags", ()))
    cells = [first, nbformat.v4.new_code_cell(BODY), nbformat.v4.new_code_cell(SAVE)]
    (root / "book").mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=real.metadata), root / "book" / "train.ipynb")
    return root


GAP8 = """
from pathlib import Path

from kwslib.runs import deployments, records, run_record
from kwslib.errors import DataError
from kwslib.paths import results_dir
from tests.sample_run import sample_deployment

if Path("refuse").exists():
    raise DataError("no layer is right")
found = records.load(results_dir() / run)
digest = found.network.tflite_sha256
sample_deployment(found.folder, found.size, digest, deployments.key(digest, platform, clips))
print("deployed", run)
"""


def build_gap8(root: Path) -> Path:
    """Write ``book/gap8.ipynb`` below `root`, as well as `build` does."""
    real = nbformat.read(book_dir() / "gap8.ipynb", as_version=4)
    first = next(cell for cell in real.cells if "parameters" in cell.metadata.get("tags", ()))
    cells = [nbformat.v4.new_markdown_cell("# On GAP8\n"), first, nbformat.v4.new_code_cell(GAP8)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=real.metadata), root / "book" / "gap8.ipynb")
    return root
