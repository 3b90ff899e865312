"""The one door for the question "which network do you mean?": a preset, a run, a released network, or a file.

Labels and front end are never assumed. They come from the caller, from the file's own metadata, from the record beside
the file, or from the table of other people's networks, by the file's hash; where none of them says anything, the
classes are numbered, and a front end that was chosen is called a choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from kwslib.artifacts import file_sha256
from kwslib.config import foreign
from kwslib.config.foreign import ForeignNetwork
from kwslib.config.front_end import KINDS, FrontEnd
from kwslib.config.presets import SIZES, size_named
from kwslib.errors import DataError, InputError, ModelError, check_name
from kwslib.integer import network_file
from kwslib.integer.graph import Graph
from kwslib.integer.network_file import NetworkFile
from kwslib.paths import models_dir, project_root
from kwslib.runs import records
from kwslib.runs.records import METRICS, Run

MODEL = "model.tflite"
DEFAULT_SIZE = "small"
DEFAULT_KIND = "magnitude"
"""Front end of a file that names none: TensorFlow's own operations, which most keyword spotters were trained with."""
CORPUS_TEXTS = {
    "speech_commands": "recorded speech (Speech Commands)",
    "synthetic": "synthetic speech",
    "folder": "recordings of somebody's own folder",
    "phrases": "somebody's own phrases, spoken by synthetic voices",
    "": "unknown data (the file does not say)",
}


@dataclass(frozen=True, eq=False)
class Network:
    """A network, and what is known of it.

    Attributes
    ----------
    graph : Graph
    path : Path
        The ``.tflite`` file.
    sha256 : str
        Of the file, hexadecimal.
    source : str
        For people: where it is from.
    labels : tuple of str or None
        Names of its classes; None where nobody named them.
    front_end : FrontEnd or None
        What makes its input from sound; None where its input is no fingerprint of this project.
    front_end_chosen : bool
        Whether the front end is a choice of this program, not known of the network.
    corpus : str
        What it was trained on; empty where that is not known.
    run : Run or None
        The record of its training.
    trained_behind : FrontEnd or None
        The front end that `front_end` is the integer form of, where it stands in for that.
    origin : ForeignNetwork or None
        Whose network it is, if labels or front end are those of the table of other people's networks.
    """

    graph: Graph
    path: Path
    sha256: str
    source: str
    labels: tuple[str, ...] | None = None
    front_end: FrontEnd | None = None
    front_end_chosen: bool = False
    corpus: str = ""
    run: Run | None = None
    trained_behind: FrontEnd | None = None
    origin: ForeignNetwork | None = None

    def with_integer_front_end(self) -> "Network":
        """Return the network behind the front end that devices compute: the integer form of its own.

        Raises
        ------
        InputError
            If its front end has none, or its input is no fingerprint.
        """
        if self.front_end is None:
            raise InputError(f"{self.source} reads no fingerprint of this project: it has no integer front end")
        if self.front_end.kind == "integer":
            return self
        return replace(self, front_end=self.front_end.integer_form, trained_behind=self.front_end)

    @property
    def normalised(self) -> bool:
        """Whether each clip is scaled to a peak of 1 before its fingerprint, as its authors did."""
        made = self.origin.input if self.origin else None
        return made is not None and made.normalised and self.front_end == made.front_end_at(self.graph.input.scale)

    def label(self, index: int) -> str:
        """Name of a class; ``class 9`` where nobody named it."""
        return self.labels[index] if self.labels else f"class {index}"

    def describe(self) -> str:
        """Say in one line which network this is, what it was trained on, with which front end, and what is unknown."""
        parts = [f"network: {self.source}, trained on {CORPUS_TEXTS.get(self.corpus, self.corpus)}"]
        if self.front_end is None:
            parts.append("its input is no fingerprint of this project")
        elif self.front_end_chosen:
            parts.append(
                f"front end {self.front_end.key} is a choice: the file names none (--front-end {' or '.join(KINDS)})"
            )
        elif self.trained_behind is not None:
            parts.append(
                f"front end {self.front_end.key}, the integer form of {self.trained_behind.key} of its training"
            )
        else:
            parts.append(f"front end {self.front_end.key}")
        if taken := self._from_origin():
            parts.append(taken)
        if self.labels is None:
            parts.append(f"its {self.graph.classes} classes have no names (--labels A,B,... gives them)")
        return "; ".join(parts)

    def _from_origin(self) -> str:
        """What is taken from the table of other people's networks, after the caller's own choices."""
        made = self.origin.input if self.origin else None
        if self.origin is None or made is None:
            return ""
        parts = ["labels"] if self.labels == made.labels else []
        parts += ["front end"] if self.front_end == made.front_end_at(self.graph.input.scale) else []
        scaled = ", which scales each clip to its peak" if self.normalised else ""
        return f"{' and '.join(parts)} of a known file: {self.origin.name}{scaled}" if parts else ""


def choose(
    model: Path | None = None,
    run: str | None = None,
    size: str | None = None,
    front_end: str | None = None,
    labels: Sequence[str] | None = None,
) -> Network:
    """Return the network that a command line or a notebook means.

    Parameters
    ----------
    model : Path, optional
        A ``.tflite`` file, or the folder of a network.
    run : str, optional
        Name of a run, fresh or recorded.
    size : str, optional
        The released network of this size; of `DEFAULT_SIZE` if nothing at all is named.
    front_end : str, optional
        Kind of the front end of a file, ``magnitude`` or ``power``; it overrides what the file says. ``integer``, for
        runs and sizes too: the integer form of what the network was trained behind.
    labels : sequence of str, optional
        Names of the classes, for a file that names none; they override those of the table of known files.

    Raises
    ------
    kwslib.errors.KwsError
        If more than one is named, there is none, it is damaged, or the labels are not as many as its classes.

    Examples
    --------
    >>> choose(size="small").label(2)
    'yes'
    """
    if "" in (run, size):
        raise InputError("the name of the run or size is empty")
    if sum(named is not None for named in (model, run, size)) > 1:
        raise InputError("a .tflite file, --run and --size each name a network: give one")
    if front_end not in (None, "integer") and model is None:
        raise InputError("--front-end goes with a .tflite file: a run knows its own, and takes integer alone")
    if model is not None:
        found = of_file(model / MODEL if model.is_dir() else model, front_end)
    else:
        found = of_run(run) if run is not None else released(size or DEFAULT_SIZE)
        found = found.with_integer_front_end() if front_end == "integer" else found
    if labels is None:
        return found
    if found.labels is not None and found.origin is None:
        raise InputError(f"{found.source} knows its labels: --labels is for a file that names none")
    return replace(found, labels=checked_labels(labels, found.graph.classes, found.source))


def checked_labels(labels: Sequence[str], classes: int, source: str) -> tuple[str, ...]:
    """Return the names of a network's classes.

    Raises
    ------
    InputError
        If they are not as many as its classes, one is empty, or one stands twice.
    """
    if len(labels) != classes:
        raise InputError(f"{len(labels)} labels are given; {source} has {classes} classes")
    for number, label in enumerate(labels, 1):
        if not label:
            raise InputError(f"label {number} is empty: give a name for each of the {classes} classes")
        if labels.index(label) + 1 < number:
            raise InputError(f"label '{label}' is given twice: each class needs a name of its own")
    return tuple(labels)


def released(size: str) -> Network:
    """Return the released network of a size.

    Raises
    ------
    InputError
        For an unknown size, with the nearest one.
    DataError
        If no network of that size is released.
    """
    folder = models_dir() / size_named(size).name
    if not (folder / METRICS).exists():
        raise DataError(f"no network of size {size} is released in {models_dir()}: name a run with --run, or a .tflite")
    return _of_record(records.load(folder, recorded=True))


def of_run(name: str) -> Network:
    """Return the network of a run, fresh or recorded; a released network also goes by its size.

    Raises
    ------
    DataError
        If there is no such run, or it has no network.
    """
    return _of_record(records.find(name))


def of_file(path: Path, front_end: str | None = None) -> Network:
    """Return the network in a ``.tflite`` file.

    Parameters
    ----------
    path : Path
    front_end : str, optional
        Kind of its front end, ``magnitude``, ``power`` or ``integer``; by default what the file or the record beside it
        says. ``integer`` is the integer form of what they say.

    Raises
    ------
    InputError, ModelError
        If the file cannot be read, or is no network of the family.
    DataError
        If the record beside the file is damaged.
    """
    if front_end is not None:
        check_name("front end", front_end, KINDS)
    opened = network_file.open_file(path)
    run = _record_beside(opened)
    if run is not None:
        opened = replace(opened, graph=replace(opened.graph, name=run.run))
    known = _described(opened, run, str(path))
    if front_end is None:
        return known
    if known.front_end is not None and not known.front_end_chosen:
        if front_end == "integer":
            return known.with_integer_front_end()
        return replace(known, front_end=replace(known.front_end, kind=front_end))
    return replace(known, front_end=_fitting(opened.graph, front_end), front_end_chosen=False)


def _of_record(run: Run) -> Network:
    path = run.folder / MODEL
    if not path.exists():
        raise DataError(f"run {run.run} has no {MODEL}; run it again")
    is_release = run.recorded and run.folder.name in SIZES
    source = f"released network {run.folder.name}, run {run.run}" if is_release else f"run {run.run}"
    source += ", recorded" if run.recorded and not is_release else ""
    opened = network_file.open_file(path, run.run)
    if opened.sha256 != run.network.tflite_sha256:
        raise ModelError(f"{path} is not the network that {METRICS} beside it describes; run or fetch it again")
    return _described(opened, run, source)


def _described(opened: NetworkFile, run: Run | None, source: str) -> Network:
    """Put together what the file, the record of its run, or the table of known files says."""
    found = Network(opened.graph, opened.path, opened.sha256, source)
    if opened.description is not None:
        said = opened.description
        found = replace(found, labels=said.labels, front_end=said.front_end, corpus=said.corpus)
    if run is not None:
        known = found.front_end or run.architecture.front_end(run.front_end, opened.graph.input.scale)
        found = replace(found, run=run, corpus=run.corpus.name, front_end=known, labels=found.labels or run.labels)
    origin = foreign.known(opened.sha256)
    if origin is not None and origin.input is not None and found.labels is None:
        own = origin.input.front_end_at(opened.graph.input.scale)
        found = replace(found, labels=origin.input.labels, front_end=found.front_end or own, origin=origin)
    if found.front_end is None:
        return replace(found, front_end=_fitting(opened.graph, DEFAULT_KIND), front_end_chosen=True)
    if prod(found.front_end.shape) != prod(opened.graph.input.shape):
        raise ModelError(
            f"{opened.path} reads an input of {opened.graph.input.shape}, but the front end that goes with it, "
            f"{found.front_end.key}, makes {found.front_end.shape}"
        )
    return found


def _fitting(graph: Graph, kind: str) -> FrontEnd | None:
    """The front end of a preset whose fingerprint has as many codes as the network reads; None if there is none."""
    for size in SIZES.values():
        front_end = size.front_end(kind, graph.input.scale)
        if prod(front_end.shape) == prod(graph.input.shape):
            return front_end
    return None


def _record_beside(opened: NetworkFile) -> Run | None:
    """The record in a file's folder, if it is the record of this very file."""
    if not (opened.path.parent / METRICS).exists():
        return None
    run = records.load(opened.path.parent)
    return run if run.network.tflite_sha256 == opened.sha256 else None


def label_of(path: Path) -> str:
    """How a folder or file is called for people: below the project by its short name."""
    path = path.absolute()
    return str(path.relative_to(project_root())) if path.is_relative_to(project_root()) else str(path)


def released_path(name: str) -> Path:
    """The ``.tflite`` of the released network, or of the recorded run, that a recipe learns from, or starts from.

    Raises
    ------
    InputError
        If no network of that size is released, and no run of that name is recorded.
    """
    path = models_dir() / name / MODEL
    if name and not path.exists() and (run := records.find_recorded(name)):
        path = run.folder / MODEL
    if not name or not path.exists():
        raise InputError(f"the recipe needs the released network '{name}', and there is no {path}")
    return path


def released_sha256(name: str) -> str:
    """SHA-256 of that file, hexadecimal; empty for a recipe that names none."""
    return file_sha256(released_path(name)) if name else ""
