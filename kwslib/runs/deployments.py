"""A trained network on GAP8, as the notebook ``gap8.ipynb`` builds, runs and checks it.

What a deployment leaves lies in the folder ``gap8`` of its run: ``deployment.json``, ``plan.json`` and ``program.txt``
(what the program printed). It belongs to the network whose hash it names, and to no other.
"""

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from kwslib import gap8, subproc
from kwslib.config.baselines import baseline_network
from kwslib.config.events import EventParameters
from kwslib.config.presets import BASELINE_SIZES
from kwslib.config.words import KEYWORDS, LABELS
from kwslib.errors import DataError, InputError
from kwslib.gap8.measure import deployment, deployment_record, stream, stream_record
from kwslib.gap8.measure.deployment_record import Deployment
from kwslib.gap8.planning import record
from kwslib.gap8.planning.record import PlanRecord
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation
from kwslib.gap8.program.listening import obstacle
from kwslib.integer.graph import Graph, Tensor
from kwslib.paths import atomic_path, results_dir, scratch, speech_dir
from kwslib.provenance import Provenance, provenance
from kwslib.runs import networks, records
from kwslib.runs.clips import DEFAULT_CLIP, codes_for, for_device
from kwslib.runs.known_network import CORPUS_TEXTS, Network
from kwslib.runs.run_record import Run
from kwslib.speech import corpus_in, open_corpus
from kwslib.speech.recording import read_recording

TEMPLATE = "gap8.ipynb"
SPLIT, SILENCE = "test", "noise-silence"
RECORDED = ("speech_commands", "folder", "phrases")
"""Corpora that have to be at hand. Synthetic speech is made on the spot, so it stands in for them."""
STREAM_HOPS_MS = (EventParameters().hop_ms, 500)
"""Hops of the streams of a deployment, or the nearest that the front end allows: the default, and half a second."""
SOURCE_SUFFIXES = (".py", ".c", ".h", ".S", ".ld", ".j2")
"""What a program for GAP8 and the reference that checks it are made from."""


@dataclass(frozen=True)
class Found:
    """A deployment, and where it is from.

    Attributes
    ----------
    deployment : Deployment
    folder : Path
    recorded : bool
        Whether it was made earlier and is kept with the project.
    """

    deployment: Deployment
    folder: Path
    recorded: bool

    @property
    def state(self) -> str:
        """``fresh`` or ``recorded``."""
        return "recorded" if self.recorded else "fresh"

    @property
    def plan(self) -> PlanRecord:
        """The plan.

        Raises
        ------
        DataError
            If it is missing or damaged.
        """
        return record.load(self.folder / compilation.PLAN)


def of_run(run: Run) -> Found:
    """Return the deployment of a run's network: the fresh one if there is one, else the recorded one.

    Raises
    ------
    DataError
        If there is none, or what is there is another network's.
    """
    own = Path(run.folder) / records.GAP8
    for folder in dict.fromkeys((results_dir() / run.run / records.GAP8, own)):
        if (folder / deployment_record.DEPLOYMENT).exists():
            found = deployment_record.load(folder)
            if found.provenance and found.provenance.tflite_sha256 == run.network.tflite_sha256:
                return Found(found, folder, run.recorded and folder == own)
    raise DataError(
        f"the network of run {run.run} was not deployed on GAP8: run it again, or execute gap8.ipynb with run {run.run}"
    )


def line(run: Run) -> str:
    """One line about the deployment of a run's network, for a terminal."""
    try:
        found = of_run(run).deployment
    except DataError:
        return "not deployed on GAP8"
    beside = ""
    if run.cost_compares:
        beside = f", {baseline_network(run.size).cycles / found.cycles:.2f} times fewer than the baseline's"
    return (
        f"on GAP8: {found.cycles} cycles{beside}; every layer right on {found.clips_checked} clips ({found.platform})"
    )


@dataclass(frozen=True)
class Task:
    """What the notebook will do, everything resolved.

    Attributes
    ----------
    name : str
        Of the results folder: the run's name, or that of a ``.tflite`` file.
    size : str
        Size whose layers the network has; empty for another network.
    network : Network
    platform : str
    clips : int
    timeout_s : float
    corpus, data : str
        Where the clips are from; `corpus` is empty if the network reads no fingerprint, and gets codes drawn at random.
    run : str
        Empty for a ``.tflite`` file.
    tflite_sha256 : str
    """

    name: str
    size: str
    network: Network
    platform: str
    clips: int
    timeout_s: float
    corpus: str
    data: str
    run: str
    tflite_sha256: str

    @property
    def folder(self) -> Path:
        """Where the figures go."""
        return results_dir() / self.name / records.GAP8

    @property
    def clip_text(self) -> str:
        """Say which clips are used, and why where they are not of the corpus that the network was trained on."""
        if not self.corpus:
            return f"{self.clips} inputs of codes drawn at random"
        other = self.network.corpus in RECORDED and self.corpus == "synthetic"
        why = " (KWS_DATA names no recorded speech)" if other else ""
        return f"{self.clips} clips of {CORPUS_TEXTS[self.corpus]}{why}"

    @property
    def key(self) -> str:
        """What decides the figures, as a hash."""
        return key(self.tflite_sha256, self.platform, self.clips)


def choose(
    size: str, platform: str, model: str, run: str, corpus: str, data: str, clips: int, timeout_s: float
) -> Task:
    """Check the notebook's parameters and resolve what they leave open.

    Raises
    ------
    kwslib.errors.KwsError
        If there is no such network, or a parameter is wrong.
    """
    if clips < 1:
        raise InputError(f"clips is {clips}: give at least 1")
    subproc.check_wait(timeout_s)
    if model and run:
        raise InputError("model and run both name a network: give one")
    open_platform(platform)  # an unknown one, or one that is not installed, is refused before anything is built
    network = networks.choose(Path(model) if model else None, run or None, None if model or run else size)
    network = for_device(network, [])
    trained = None if model else network.run
    folder = speech_dir(data)
    if network.front_end is None:
        corpus = ""
    elif not corpus:
        corpus = (network.corpus or "speech_commands") if folder else "synthetic"
        if corpus in ("folder", "phrases") and corpus_in(folder) != corpus:
            corpus = "synthetic"
    return Task(
        name=trained.run if trained else f"model-{Path(model).stem}",
        size=baseline_like(network.graph),
        network=network,
        platform=platform,
        clips=clips,
        timeout_s=float(timeout_s),
        corpus=corpus,
        data=str(folder or ""),
        run=trained.run if trained else "",
        tflite_sha256=network.sha256,
    )


def key(tflite_sha256: str, platform: str, clips: int) -> str:
    """Hash of what decides a deployment: network, platform, number of clips, and every source of the GAP8 build."""
    return hashlib.sha256(f"{tflite_sha256} {platform} {clips} {sources_digest()}".encode()).hexdigest()


def baseline_like(graph: Graph) -> str:
    """Return the size of the baseline's network with the same layers; empty where there is none.

    Operations are compared too: a layer's name does not tell its stride.
    """
    own = [(layer.name, layer.operations) for layer in graph.layers]
    for size in BASELINE_SIZES:
        if own == [(layer.name, layer.operations) for layer in baseline_network(size).layers]:
            return size
    return ""


@cache
def sources_digest() -> str:
    """SHA-256 of everything that a plan and a program are made from, hexadecimal."""
    library = Path(gap8.__file__).parent.parent
    digest = hashlib.sha256()
    for room in ("gap8", "integer"):
        for path in sorted((library / room).rglob("*")):
            built = "build" in path.relative_to(library).parts  # what `make` leaves in the firmware folder
            if path.suffix in SOURCE_SUFFIXES and not built:
                digest.update(f"{path.relative_to(library).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def up_to_date(run: Run, platform: str, clips: int) -> bool:
    """Whether the deployment in the run's own folder is what the notebook would make again."""
    try:
        found = deployment_record.load(Path(run.folder) / records.GAP8)
    except DataError:
        return False
    return found.provenance is not None and found.provenance.key == key(run.network.tflite_sha256, platform, clips)


def input_codes(task: Task) -> np.ndarray:
    """Return the first test clips of every label in turn: samples, or input codes where the program begins with them.

    Codes are drawn at random if the network reads no fingerprint.

    Raises
    ------
    DataError
        If the corpus is missing.
    """
    if not task.corpus:
        return drawn_codes(task.network.graph.input, task.clips)
    labels = task.network.labels or LABELS
    own = labels[:2] == LABELS[:2] and task.corpus in RECORDED
    found = open_corpus(task.corpus, task.data or None, labels[2:] if own else KEYWORDS).clips(SPLIT, SILENCE)
    seen: Counter[int] = Counter()
    order = []
    for index, label in enumerate(found.labels):
        order.append((seen[label], index))
        seen[label] += 1
    chosen = [index for _, index in sorted(order)[: task.clips]]
    audio = np.asarray(found.audio[chosen])
    return audio if task.network.graph.front_end else codes_for(task.network, audio)


def drawn_codes(tensor: Tensor, count: int) -> np.ndarray:
    """Draw input codes at random, always the same ones: (count, rows, columns, channels), of the file's type."""
    return tensor.from_core(np.random.default_rng(0).integers(-128, 128, (count, *tensor.shape)).astype(np.int8))


def run_task(task: Task) -> Found:
    """Build the network, run it, hold every layer against the reference, and keep the figures, whole or not at all.

    Raises
    ------
    kwslib.errors.KwsError
        If anything fails or differs.
    """
    codes = input_codes(task)
    made = provenance(run=task.run, corpus=task.corpus, tflite_sha256=task.tflite_sha256, key=task.key)
    with atomic_path(task.folder) as temporary:
        found = deployment.measure(
            task.network.graph, codes, temporary, task.platform, task.timeout_s, task.network.labels, made
        )
        _hear_streams(task, temporary, made)
        again = compilation.PROJECT, compilation.PROGRAM, deployment_record.LOG  # can be made from the .tflite
        for built in again:
            path = temporary / built
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return Found(found, task.folder, recorded=False)


def _hear_streams(task: Task, folder: Path, made: Provenance) -> None:
    """Let the network listen to `clips.DEFAULT_CLIP` with the hops `STREAM_HOPS_MS`, if it can."""
    graph, labels, front_end = task.network.graph, task.network.labels, task.network.graph.front_end
    if front_end is None or obstacle(graph, labels) or open_platform(task.platform).target != "gap8":
        return
    samples = read_recording(DEFAULT_CLIP).samples
    with scratch("stream") as work:

        def hear(wanted_ms: int) -> stream_record.Stream:
            hop_ms = front_end.stride_ms * max(1, round(wanted_ms / front_end.stride_ms))
            parameters, name, place = EventParameters(hop_ms=hop_ms), DEFAULT_CLIP.name, work / str(hop_ms)
            return stream.measure(graph, samples, place, parameters, labels, name, task.platform, task.timeout_s, made)

        stream_record.save_all(subproc.for_each(hear, STREAM_HOPS_MS), folder)
