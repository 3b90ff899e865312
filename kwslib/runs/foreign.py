"""Networks of other people on GAP8: measured, checked layer by layer, and kept as records beside ours.

A record names the file by its hash and says where it is from. The file itself is not kept: a reader downloads it and
makes the same record again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.artifacts import read_record, stored_if_set, write_record
from kwslib.config import foreign
from kwslib.config.foreign import ForeignInput, ForeignNetwork
from kwslib.config.words import LABELS
from kwslib.errors import InputError
from kwslib.gap8.measure import deployment
from kwslib.integer import reference
from kwslib.integer.graph import UINT8_SHIFT, Graph
from kwslib.paths import models_dir, scratch
from kwslib.provenance import Provenance, provenance
from kwslib.runs import networks
from kwslib.runs.deployments import drawn_codes, key
from kwslib.runs.known_network import Network
from kwslib.speech import open_corpus
from kwslib.speech.fingerprint import fingerprints, quantise, to_peak

FOLDER = "foreign"
SCHEMA = 1
PLATFORM = "simulator"
SILENCES = ("digital-silence", "noise-silence")
"""Test protocols: both, always."""
COMMAND = "kws gap8 foreign FILE.tflite"


@dataclass(frozen=True)
class ForeignAccuracy:
    """How often a network is right on test clips of Speech Commands, by the integer reference."""

    silence: str
    correct: int
    clips: int


@dataclass(frozen=True)
class ForeignRecord:
    """Somebody's network on GAP8.

    Attributes
    ----------
    name : str
    file, sha256 : str
        Name and hash of the ``.tflite`` file.
    origin : ForeignNetwork or None
        None for a file that the project does not know.
    accuracies : list of ForeignAccuracy
        One for each test protocol; empty where the network's front end, or the speech, is missing.
    tflite_bytes, macs : int
    scales : str
        Form of its scales, for people.
    strategy : str
        How the maps are laid out, from the plan.
    cycles, warm_cycles, predicted_cycles : int
        Of the first inference, of the second one, and of the first one by the cost model.
    portable : str
        What portable C computes, and its share of the cycles; empty if it computes nothing.
    inputs_checked : int
        Inputs on which every layer equals the integer reference; a difference is an error, and leaves no record.
    platform, platform_version : str
    provenance : Provenance
    """

    name: str
    file: str
    sha256: str
    tflite_bytes: int
    macs: int
    scales: str
    strategy: str
    cycles: int
    warm_cycles: int
    predicted_cycles: int
    portable: str
    inputs_checked: int
    platform: str
    platform_version: str
    provenance: Provenance
    origin: ForeignNetwork | None = stored_if_set(None)
    accuracies: list[ForeignAccuracy] = stored_if_set(default_factory=list)

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.origin.title if self.origin else self.name


def form_of_scales(graph: Graph) -> str:
    """Say of which type a network's codes are and how it scales them: ``int8, per channel, unsnapped``."""
    weighted = [layer for layer in graph.layers if layer.weights is not None]
    parts = [weighted[0].output.dtype if weighted else graph.input.dtype]
    forms = [layer.requantisation for layer in weighted if layer.requantisation is not None]
    varied = any(len(np.unique(form.multiplier)) > 1 or len(np.unique(form.shift)) > 1 for form in forms)
    parts.append("per channel" if varied else "per tensor")
    parts.append("snapped" if graph.snapped else "unsnapped")
    if any(layer.weight_zero_point for layer in weighted):
        parts.append("weights with zero points")
    return ", ".join(parts)


def files_of(named: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and the ``.tflite`` files of folders that are named.

    Raises
    ------
    InputError
        If a folder has none.
    """
    found: list[Path] = []
    for path in named:
        files = sorted(path.glob("*.tflite")) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{path} has no .tflite file")
        found += files
    return found


def measure(path: Path, inputs: int, timeout_s: float, data: Path | None = None) -> ForeignRecord:
    """Build a file, run it on the simulator on inputs drawn at random, and check every layer.

    Parameters
    ----------
    path : Path
    inputs : int
    timeout_s : float
        Seconds of the host for a run.
    data : Path, optional
        Folder of Speech Commands: the network's accuracy on its test clips is measured too, if its front end is known.

    Raises
    ------
    kwslib.errors.KwsError
        If it cannot be read, does not fit, or any layer differs from the integer reference.
    """
    network = networks.of_file(path)
    graph, origin = network.graph, foreign.known(network.sha256)
    codes = drawn_codes(graph.input, inputs)
    with scratch("foreign") as work:
        found = deployment.measure(graph, codes, work, PLATFORM, timeout_s, network.labels)
    return ForeignRecord(
        name=origin.name if origin else re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem),
        file=Path(origin.path).name if origin else path.name,
        sha256=network.sha256,
        tflite_bytes=path.stat().st_size,
        macs=graph.macs,
        scales=form_of_scales(graph),
        strategy=found.strategy,
        cycles=found.cycles,
        warm_cycles=found.warm_cycles,
        predicted_cycles=found.predicted_cycles,
        portable=found.portable,
        inputs_checked=found.clips_checked,
        platform=found.platform,
        platform_version=found.platform_version,
        provenance=provenance(tflite_sha256=network.sha256, key=key(network.sha256, PLATFORM, inputs)),
        origin=origin,
        accuracies=_accuracies(network, origin.input, data) if origin and origin.input and data else [],
    )


def _accuracies(network: Network, made: ForeignInput, data: Path) -> list[ForeignAccuracy]:
    corpus, tensor = open_corpus("speech_commands", data), network.graph.input
    number = np.array([made.labels.index(label) for label in LABELS])
    found = []
    for silence in SILENCES:
        clips = corpus.clips("test", silence)
        audio = to_peak(clips.audio) if made.normalised else clips.audio
        codes = quantise(fingerprints(audio, made.front_end), tensor.scale, tensor.zero_point + UINT8_SHIFT)
        core = (codes ^ np.uint8(UINT8_SHIFT)).view(np.int8)
        winners = reference.run(network.graph, tensor.from_core(core).reshape(-1, *tensor.shape)).winner
        found.append(ForeignAccuracy(silence, int((winners == number[clips.labels]).sum()), len(winners)))
    return found


def folder() -> Path:
    """Return where the records lie."""
    return models_dir() / FOLDER


def save(record: ForeignRecord, target: Path) -> Path:
    """Write a record into a folder; return its file."""
    path = target / f"{record.name}.json"
    write_record(path, record, SCHEMA)
    return path


def load_all(source: Path | None = None) -> list[ForeignRecord]:
    """Read the records of a folder, the known networks first, in the order of their table.

    Raises
    ------
    DataError
        If one is damaged or of another version.
    """
    order = [network.name for network in foreign.foreign_networks()]
    again = f"measure the network again: {COMMAND}"
    records = [
        read_record(path, ForeignRecord, SCHEMA, missing=again, again=again)
        for path in sorted((source or folder()).glob("*.json"))
    ]
    return sorted(records, key=lambda record: order.index(record.name) if record.name in order else len(order))
