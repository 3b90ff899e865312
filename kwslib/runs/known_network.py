"""A network, and what is known of it: its classes, the front end before it, what it was trained on, whose it is.

Labels and front end are never assumed. They come from the file's own metadata, from the record of its training, or from
the table of other people's networks, by the file's hash; where none of them says anything, the classes are numbered,
and a front end that was chosen is called a choice.
"""

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from kwslib.config import foreign
from kwslib.config.foreign import ForeignNetwork
from kwslib.config.front_end import KINDS, FrontEnd
from kwslib.config.presets import SIZES
from kwslib.errors import InputError, ModelError
from kwslib.integer.graph import Graph
from kwslib.integer.network_file import NetworkFile
from kwslib.runs.run_record import Run

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

    def needed_front_end(self) -> FrontEnd:
        """Return its front end, for what begins with sound.

        Raises
        ------
        InputError
            If its input is no fingerprint.
        """
        if self.front_end is None:
            shape = self.graph.input.shape
            raise InputError(f"{self.source} reads an input of {shape}, which is no fingerprint of sound")
        return self.front_end

    def check_spots_words(self) -> None:
        """Check that the network can find words in a stream.

        Raises
        ------
        InputError
            If its input is no fingerprint, its classes have no names, or its output is no probabilities.
        """
        self.needed_front_end()
        if self.labels is None:
            raise InputError(f"the classes of {self.source} have no names: give them with --labels A,B,...")
        if self.graph.layers[-1].kind != "softmax":
            raise InputError(f"{self.source} has no softmax: events need probabilities")

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


def describe_file(opened: NetworkFile, run: Run | None, source: str) -> Network:
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
        return replace(found, front_end=fitting_front_end(opened.graph, DEFAULT_KIND), front_end_chosen=True)
    if prod(found.front_end.shape) != prod(opened.graph.input.shape):
        raise ModelError(
            f"{opened.path} reads an input of {opened.graph.input.shape}, but the front end that goes with it, "
            f"{found.front_end.key}, makes {found.front_end.shape}"
        )
    return found


def fitting_front_end(graph: Graph, kind: str) -> FrontEnd | None:
    """The front end of a preset whose fingerprint has as many codes as the network reads; None if there is none."""
    for size in SIZES.values():
        front_end = size.front_end(kind, graph.input.scale)
        if prod(front_end.shape) == prod(graph.input.shape):
            return front_end
    return None
