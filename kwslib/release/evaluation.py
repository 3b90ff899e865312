"""A released network evaluated again, without training: the same file, the official test clips, and what was recorded.

The official test archive alone is enough: its silence clips are noise, and zeros take their place under the other
protocol.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from kwslib.artifacts import to_plain
from kwslib.errors import DataError, InputError, KwsError, ModelError
from kwslib.gap8.measure import deployment
from kwslib.paths import book_dir, models_dir, results_dir, write_json
from kwslib.provenance import provenance
from kwslib.release import release
from kwslib.runs import deployments, execution, networks, notebook, records
from kwslib.runs.clips import codes_for
from kwslib.runs.parameters import RUN_NAME, declared
from kwslib.runs.records import GAP8, METRICS, Measurement, Run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import SILENCE_PROTOCOLS, Corpus

TEMPLATE = "evaluate.ipynb"
EVALUATION = "evaluation.json"
SCHEMA = 1
TOGETHER = ("data", "run")
"""Options that go with a released network; the others decide a training."""
ADVICE = "get the official test archive with: kws data fetch --test-only"


class NotReproduced(KwsError):
    """A released network does not have the accuracy here that was recorded."""


@dataclass(frozen=True)
class Released:
    """A trained network with what was recorded of it.

    Attributes
    ----------
    path : Path
        The .tflite file.
    run : Run
    data : bytes
        Content of the file, known to be the recorded one.
    """

    path: Path
    run: Run
    data: bytes


def open_released(model: Path | str) -> Released:
    """Open the folder of a recorded network, or the .tflite in it.

    Raises
    ------
    DataError
        If the network or its figures are missing or damaged, or do not belong together.
    """
    given = Path(model).expanduser().absolute()
    folder = given if given.is_dir() else given.parent
    path = folder / networks.MODEL if given.is_dir() else given
    if not folder.is_dir() or not path.exists():
        raise DataError(f"{path} does not exist: MODEL is the folder of a released network, such as models/small")
    if not (folder / METRICS).exists():
        raise DataError(
            f"{folder} has no {METRICS}: without it nothing is known that an evaluation could be held against"
        )
    run = records.load(folder, recorded=folder.resolve().parent == models_dir().resolve())
    return Released(path, run, release.check_network(path, run))


def open_test(data: str = "") -> Corpus:
    """Open Speech Commands for its official test clips.

    Raises
    ------
    DataError
        If they are missing.
    """
    try:
        corpus = open_corpus(release.CORPUS, data or None)
    except DataError as error:
        raise DataError(f"{error}; to evaluate a network, {ADVICE}") from error
    if corpus.manifest["test_source"] != "official test archive":
        raise DataError(f"{corpus.folder} has no official test clips: {ADVICE}")
    return corpus


def measure(released: Released, corpus: Corpus) -> list[Measurement]:
    """Measure a network on the test clips under both protocols, with TFLite and with the integer reference.

    Raises
    ------
    ModelError
        If the two give another winner for any clip.
    """
    from kwslib.integer import reference
    from kwslib.network import evaluation

    network = networks.of_file(released.path)
    sets = {}
    for silence in SILENCE_PROTOCOLS:
        clips = corpus.clips("test", silence)
        sets["test", silence] = codes_for(network, clips.audio), clips.labels
    predictors = {
        "tflite": evaluation.tflite_predictor(released.data),
        "reference": lambda codes: reference.run(network.graph, codes).logits,
    }
    outputs = {name: evaluation.outputs_of(predictor, sets) for name, predictor in predictors.items()}
    for key in sets:
        tied = outputs["tflite"][key]  # equal softmax codes hide which logit is larger
        winners = outputs["reference"][key].argmax(axis=1)
        differ = int((tied[range(len(tied)), winners] != tied.max(axis=1)).sum())
        if differ:
            raise ModelError(f"TFLite and the integer reference have another winner on {differ} clips, {key[1]}")
    return [
        Measurement.of(name, *key, evaluation.accuracy(outputs[name][key], sets[key][1]))
        for name in predictors
        for key in sets
    ]


def beside_recorded(run: Run, measured: list[Measurement]) -> pd.DataFrame:
    """What was measured beside what was recorded, a row a form and protocol; equal is every cell or nothing."""
    rows = []
    for found in measured:
        kept = run.measurement(found.network, found.split, found.silence)
        rows.append(
            {
                "form": found.network,
                "silence": found.silence,
                "clips": found.clips,
                "correct": found.correct,
                "accuracy": found.accuracy,
                "recorded correct": kept.correct,
                "recorded clips": kept.clips,
                "equal": found.confusion == kept.confusion,
            }
        )
    return pd.DataFrame(rows)


def require_equal(run: Run, frame: pd.DataFrame) -> None:
    """Assert that every confusion matrix is the recorded one, cell by cell.

    Raises
    ------
    NotReproduced
        If one is not, with both counts.
    """
    for row in frame[~frame["equal"].astype(bool)].to_dict("records"):
        raise NotReproduced(
            f"run {run.run}, {row['form']}, {row['silence']}: {row['correct']} of {row['clips']} clips are right here, "
            f"{row['recorded correct']} of {row['recorded clips']} were recorded, or other ones: "
            "the test clips or the arithmetic differ"
        )


def save(released: Released, corpus: Corpus, measured: list[Measurement], folder: Path) -> None:
    """Write ``evaluation.json``: measurements, the network's hash, the corpus and the provenance."""
    value = {
        "schema": SCHEMA,
        "run": released.run.run,
        "size": released.run.size,
        "tflite_sha256": released.run.network.tflite_sha256,
        "corpus": {"name": corpus.name, "hash": corpus.manifest["hash"], "test_clips": measured[0].clips},
        "measurements": [asdict(row) for row in measured],
        "equal": True,
        "provenance": to_plain(provenance()),
    }
    write_json(folder / EVALUATION, value)


def check(model: str, given: Mapping[str, Any]) -> tuple[Released, str]:
    """Check what is given with a released network; return it and the name of its results folder.

    Raises
    ------
    KwsError
        If an option decides a training, the network is not what was recorded, or the name cannot be a folder's.
    """
    others = [f"--{name.replace('_', '-')}" for name in given if name not in TOGETHER]
    if others:
        raise InputError(f"--model evaluates a network that is trained already: leave {', '.join(others)} out")
    released = open_released(model)
    name = given.get("run") or f"released-{released.path.parent.name}"
    if not RUN_NAME.fullmatch(name):
        raise InputError(f"'{name}' cannot name a run: use letters, digits, '.', '_' and '-'")
    if (results_dir() / name / METRICS).exists():
        raise InputError(f"{results_dir() / name} is the folder of a trained run: choose another name with --run")
    return released, name


def execute(model: str, given: Mapping[str, Any], stream: TextIO | None = None) -> Path:
    """Evaluate a released network and deploy it on GAP8, with the book's notebooks; whole or not at all.

    Parameters
    ----------
    model : str
        Folder of the network, or the .tflite in it.
    given : mapping
        ``data`` and ``run``, each if it was given.
    stream : TextIO, optional
        Gets what the notebooks print.

    Returns
    -------
    Path
        The results folder.

    Raises
    ------
    KwsError
        As `check` and `open_test`, and if a notebook fails.
    """
    released, name = check(model, given)
    corpus = open_test(given.get("data", ""))
    data = str(corpus.folder)
    base = results_dir().absolute()
    work = base / execution.PARTIAL / name
    with execution.claim(base / name):
        try:
            shutil.rmtree(work, ignore_errors=True)
            (work / name).mkdir(parents=True)
            file = str(released.path)
            todo = [(TEMPLATE, {"model": file, "data": data, "run": name})]
            if (book_dir() / deployments.TEMPLATE).exists():
                todo.append((deployments.TEMPLATE, {"model": file, "data": data, "corpus": release.CORPUS}))
            for template, parameters in todo:
                _notebook(template, parameters, work, name, stream)
            deployed = work / f"model-{released.path.stem}" / GAP8
            if deployed.exists():
                deployed.rename(work / name / GAP8)
            shutil.rmtree(base / name, ignore_errors=True)
            (work / name).rename(base / name)
        except OSError as error:
            raise KwsError(f"cannot write {base / name}: {error.strerror}; free space or set KWS_RESULTS") from error
        shutil.rmtree(work, ignore_errors=True)
    return base / name


def _notebook(template: str, parameters: Mapping[str, Any], work: Path, name: str, stream: TextIO | None) -> None:
    known = declared(template)
    values = {key: value for key, value in parameters.items() if value != known[key].default}
    variables = {"KWS_RESULTS": str(work)}
    output = work / name / template
    try:
        log = work / "kernel.log"
        places = {"folder": book_dir(), "log": log, "variables": variables}
        notebook.execute(book_dir() / template, output, values, **places, title=name, stream=stream)
    except notebook.NotebookError as error:
        failed = execution.failed_notebook(results_dir().absolute(), name)
        where = ""
        if output.exists():
            failed.parent.mkdir(parents=True, exist_ok=True)
            output.replace(failed)
            where = f"\n  its notebook: {failed}"
        raise notebook.NotebookError(f"{name} failed: {error}{where}") from error


def read(folder: Path) -> dict[str, Any]:
    """What `save` wrote.

    Raises
    ------
    DataError
        If it is missing or damaged.
    """
    try:
        return json.loads((folder / EVALUATION).read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {folder / EVALUATION} ({error}); evaluate the network again") from error


def text(folder: Path, run: Run) -> str:
    """An evaluation beside what was recorded, for a terminal."""
    value = read(folder)
    measured = [Measurement(**row) for row in value["measurements"]]
    lines = [f"── {folder.name}: run {run.run}, {run.size}, nothing trained"]
    for row in beside_recorded(run, [one for one in measured if one.network == "tflite"]).to_dict("records"):
        lines.append(
            f"   test accuracy, 8-bit, {row['silence']}: {100 * row['accuracy']:.2f} % ({row['correct']} of "
            f"{row['clips']}); recorded {row['recorded correct']} of {row['recorded clips']}: "
            f"{'equal in every cell of the confusion matrix' if row['equal'] else 'DIFFERENT'}"
        )
    if (folder / GAP8 / deployment.DEPLOYMENT).exists():
        found = deployment.load(folder / GAP8)
        checked = f"every layer right on {found.clips_checked} clips ({found.platform})"
        lines.append(f"   on GAP8: {found.cycles} cycles; {checked}")
    return "\n".join([*lines, f"   in {folder}"])
