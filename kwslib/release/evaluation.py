"""A released network evaluated again, without training: the same file on the official test clips, beside its record.

The official test archive alone is enough: its silence clips are noise, and zeros replace them under the other protocol.
"""

import shutil
from pathlib import Path
from typing import TextIO

import pandas as pd

from kwslib.errors import DataError, InputError, KwsError, ModelError
from kwslib.gap8.measure import deployment_record
from kwslib.paths import book_dir, results_dir
from kwslib.provenance import provenance
from kwslib.release import evaluation_record, release
from kwslib.release.evaluation_record import ClipsUsed, Evaluation
from kwslib.runs import deployments, execution, networks, notebook, records
from kwslib.runs.claim import claim
from kwslib.runs.clips import codes_for
from kwslib.runs.known_network import Network
from kwslib.runs.parameters import RUN_NAME, declared
from kwslib.runs.records import GAP8, METRICS
from kwslib.runs.run_record import Measurement, Run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import SILENCE_PROTOCOLS, Corpus

TEMPLATE = "evaluate.ipynb"
ADVICE = "get the official test archive with: kws data fetch --test-only"


class NotReproduced(KwsError):
    """A released network does not have the accuracy here that was recorded."""


def open_released(model: Path | str) -> Network:
    """Open the folder of a recorded network, or the .tflite in it.

    Raises
    ------
    DataError
        If the network or its record is missing or damaged, or they do not belong together.
    """
    given = Path(model).expanduser().absolute()
    folder = given if given.is_dir() else given.parent
    path = folder / networks.MODEL if given.is_dir() else given
    if not folder.is_dir() or not path.exists():
        raise DataError(f"{path} does not exist: MODEL is the folder of a released network, such as models/small")
    if not (folder / METRICS).exists():
        raise DataError(f"{folder} has no {METRICS}: an evaluation needs the record of the network to compare with")
    release.check_network(path, records.load(folder))
    return networks.of_file(path)


def record_of(network: Network) -> Run:
    """Return the record of a network that `open_released` returned.

    Raises
    ------
    DataError
        If a network from elsewhere has none.
    """
    if network.run is None:
        raise DataError(f"{network.path} has no {METRICS} beside it")
    if network.run.corpus.name != release.CORPUS:
        raise DataError(
            f"{network.path} was recorded on {network.run.corpus.name}: only networks that were measured on the "
            "official test clips can be compared with their record"
        )
    return network.run


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


def measure(network: Network, corpus: Corpus) -> list[Measurement]:
    """Measure a network on the test clips under both protocols, with TFLite and with the integer reference.

    Raises
    ------
    InputError
        If the network has other classes.
    ModelError
        If the two disagree on the winner for any clip.
    """
    if network.labels is not None and network.labels != corpus.labels:
        raise InputError(
            f"{network.source} knows the classes {', '.join(network.labels)}; the clips are of "
            f"{', '.join(corpus.labels)}: only a network of these can be measured on them"
        )
    from kwslib.integer import reference
    from kwslib.network.evaluation import Predictor, accuracy, outputs_of, tflite_predictor

    sets = {}
    for silence in SILENCE_PROTOCOLS:
        clips = corpus.clips("test", silence)
        sets["test", silence] = codes_for(network, clips.audio), clips.labels
    predictors: dict[str, Predictor] = {
        "tflite": tflite_predictor(network.path.read_bytes()),
        "reference": lambda codes: reference.run(network.graph, codes).logits,
    }
    outputs = {name: outputs_of(predictor, sets) for name, predictor in predictors.items()}
    for key in sets:
        tied = outputs["tflite"][key]  # equal softmax codes hide which logit is larger
        winners = outputs["reference"][key].argmax(axis=1)
        differ = int((tied[range(len(tied)), winners] != tied.max(axis=1)).sum())
        if differ:
            raise ModelError(f"TFLite and the integer reference have another winner on {differ} clips, {key[1]}")
    return [
        Measurement.of(name, *key, accuracy(outputs[name][key], sets[key][1])) for name in predictors for key in sets
    ]


def beside_recorded(run: Run, measured: list[Measurement]) -> pd.DataFrame:
    """Put measurements beside the recorded ones, a row for each form and protocol.

    The column ``equal`` is true if every cell of the confusion matrix is the recorded one.
    """
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


def save(network: Network, corpus: Corpus, measured: list[Measurement], folder: Path) -> None:
    """Write ``evaluation.json`` after `require_equal`: measurements, network, corpus and provenance."""
    run = record_of(network)
    found = Evaluation(
        run=run.run,
        size=run.size,
        tflite_sha256=network.sha256,
        corpus=ClipsUsed(corpus.name, corpus.manifest["hash"], measured[0].clips),
        measurements=measured,
        equal=True,
        provenance=provenance(),
    )
    evaluation_record.write(found, folder)


def check(model: Path | str, run: str = "") -> tuple[Network, str]:
    """Check what an evaluation is asked for; return the network and the name of the results folder.

    Parameters
    ----------
    model : Path or str
        As for `open_released`.
    run : str
        Name of the results folder; ``released-`` and the name of the network's folder if empty.

    Raises
    ------
    KwsError
        If the network is not the recorded one, or the name cannot be a folder's or is a trained run's.
    """
    network = open_released(model)
    name = run or f"released-{network.path.parent.name}"
    if not RUN_NAME.fullmatch(name):
        raise InputError(f"'{name}' cannot name a run: use letters, digits, '.', '_' and '-'")
    if (results_dir() / name / METRICS).exists():
        raise InputError(f"{results_dir() / name} is the folder of a trained run: choose another name with --run")
    return network, name


def evaluate(model: Path | str, data: str = "", run: str = "", stream: TextIO | None = None) -> Path:
    """Evaluate a released network and deploy it on GAP8, with the book's notebooks; whole or not at all.

    Parameters
    ----------
    model : Path or str
        Folder of the network, or the .tflite in it.
    data : str
        Parent folder of the official test archive; ``KWS_DATA`` if empty.
    run : str
        Name of the results folder; made from the network's folder if empty.
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
    network, name = check(model, run)
    folder = str(open_test(data).folder)
    file, base = str(network.path), results_dir().absolute()
    work = base / execution.PARTIAL / name
    todo = {TEMPLATE: {"model": file, "data": folder, "run": name}}
    if (book_dir() / deployments.TEMPLATE).exists():
        todo[deployments.TEMPLATE] = {"model": file, "data": folder, "corpus": release.CORPUS}
    with claim(base / name):
        with execution.writing(base / name):
            shutil.rmtree(work, ignore_errors=True)
            (work / name).mkdir(parents=True)
            for template, given in todo.items():
                known = declared(template)
                notebook.execute_or_set_aside(
                    template,
                    work / name / template,
                    {key: value for key, value in given.items() if value != known[key].default},
                    results=work,
                    log=work / execution.KERNEL_LOG,
                    title=name,
                    failed=execution.failed_notebook(base, name),
                    failure=f"{name} failed",
                    stream=stream,
                )
            deployed = work / f"model-{network.path.stem}" / GAP8
            if deployed.exists():
                deployed.rename(work / name / GAP8)
            shutil.rmtree(base / name, ignore_errors=True)
            (work / name).rename(base / name)
        shutil.rmtree(work, ignore_errors=True)
    return base / name


def text(folder: Path, model: Path | str) -> str:
    """An evaluation beside the record of its network, for a terminal."""
    run, found = record_of(open_released(model)), evaluation_record.read(folder)
    lines = [f"── {folder.name}: run {run.run}, {run.size}, nothing trained"]
    for row in beside_recorded(run, [one for one in found.measurements if one.network == "tflite"]).to_dict("records"):
        lines.append(
            f"   test accuracy, 8-bit, {row['silence']}: {100 * row['accuracy']:.2f} % ({row['correct']} of "
            f"{row['clips']}); recorded {row['recorded correct']} of {row['recorded clips']}: "
            f"{'equal in every cell of the confusion matrix' if row['equal'] else 'DIFFERENT'}"
        )
    if (folder / GAP8 / deployment_record.DEPLOYMENT).exists():
        deployed = deployment_record.load(folder / GAP8)
        checked = f"every layer right on {deployed.clips_checked} clips ({deployed.platform})"
        lines.append(f"   on GAP8: {deployed.cycles} cycles; {checked}")
    return "\n".join([*lines, f"   in {folder}"])
