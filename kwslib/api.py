"""The public API: a dozen functions that cover the way from speech to a program for GAP8.

Each is one call into the room that does the work. They import that room when they are called, so that
``import kwslib`` is quick and needs no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kwslib.gap8.measure.deployment_record import Deployment
    from kwslib.gap8.planning.plan import Plan
    from kwslib.integer.graph import Graph
    from kwslib.integer.reference import Outputs
    from kwslib.runs.known_network import Network
    from kwslib.runs.prediction import Prediction
    from kwslib.runs.ranking import Outcome
    from kwslib.runs.run_record import Measurement, Run
    from kwslib.speech.corpus import Corpus

__all__ = [
    "build",
    "evaluate",
    "find_network",
    "fingerprints",
    "load_graph",
    "open_corpus",
    "plan",
    "predict",
    "run_on_gap8",
    "run_reference",
    "sweep",
    "train",
]


def open_corpus(name: str = "synthetic", data: Path | str | None = None, words: Sequence[str] | None = None) -> Corpus:
    """Open a corpus: ``synthetic``, which is generated on first use, ``speech_commands``, ``folder``, or ``phrases``.

    Parameters
    ----------
    name : str
    data : Path, optional
        Parent folder of Speech Commands, any folder with a folder of WAV files a word, or the one that ``kws words``
        made; ``$KWS_DATA`` by default.
    words : sequence of str, optional
        The keywords; Google's ten by default.

    Raises
    ------
    kwslib.errors.KwsError
        If there is no such corpus, or it lacks something.

    Examples
    --------
    >>> corpus = open_corpus("speech_commands")  # doctest: +KWS_DATA
    >>> corpus.clips("test").audio.shape[1]  # doctest: +KWS_DATA
    16000
    """
    from kwslib import speech

    return speech.open_corpus(name, data) if words is None else speech.open_corpus(name, data, words)


def fingerprints(audio: np.ndarray, size: str = "small", front_end: str = "power") -> np.ndarray:
    """Compute the MFCC fingerprints of one-second clips.

    Parameters
    ----------
    audio : ndarray of int16 or float32, shape (clips, 16000)
    size : str
        The preset whose window, stride and coefficients are used.
    front_end : str
        ``power``, ``magnitude`` or ``integer``.

    Returns
    -------
    ndarray of float32, shape (clips, frames, coefficients)

    Raises
    ------
    kwslib.errors.InputError
        For an unknown name, or audio of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> silence = fingerprints(np.zeros((1, 16000), np.int16))
    >>> silence.shape
    (1, 49, 10)
    >>> print(f"{silence[0, 0, 0]:.2f}")
    -123.57
    """
    from kwslib.config.presets import size_named
    from kwslib.speech import fingerprint

    return fingerprint.fingerprints(audio, size_named(size).front_end(front_end))


def train(size: str = "small", profile: str = "quick", **parameters: Any) -> Run:
    """Train one network with quantisation-aware training, convert it to 8-bit TFLite and measure it.

    Parameters
    ----------
    size : str
        ``small``, ``medium`` or ``large``.
    profile : str
        ``quick``, ``baseline`` or ``best``.
    **parameters
        The other parameters of ``book/train.ipynb``, such as `words`, `data`, `channels`, `steps` and `seed`.

    Returns
    -------
    Run
        The record; the files are in its `folder`.

    Raises
    ------
    kwslib.errors.KwsError
        If a parameter is wrong, or the corpus is missing.

    Examples
    --------
    >>> run = train(steps=12, run="example")  # doctest: +SLOW
    >>> run.network.parameters  # doctest: +SLOW
    22604
    """
    from kwslib.runs import pipeline
    from kwslib.runs.parameters import check

    return pipeline.run(check(size=size, profile=profile, **parameters))


def sweep(grid: Sequence[str], **options: Any) -> list[Outcome]:
    """Train every combination of parameters, on this machine or on a Dask cluster.

    Parameters
    ----------
    grid : sequence of str
        ``NAME=VALUE,VALUE`` for each parameter.
    **options
        `front_seeds`, `scheduler`, `workers`, `keep_going`, `force` and `limits` of `kwslib.runs.sweep`.

    Returns
    -------
    list of Outcome
        In the order of the grid; `kwslib.runs.ranking.ranked` orders them by validation accuracy.

    Raises
    ------
    kwslib.errors.KwsError
        If a parameter is wrong, or a corpus is missing.

    Examples
    --------
    >>> outcomes = sweep(["seed=1,2", "steps=12"])  # doctest: +SLOW
    >>> [outcome.state for outcome in outcomes]  # doctest: +SLOW
    ['done', 'done']
    """
    from kwslib.runs.grid import read_grid
    from kwslib.runs.sweep import run_grid

    return run_grid(read_grid(grid), **options)


def find_network(
    model: Path | str | None = None,
    *,
    run: str | None = None,
    size: str | None = None,
    front_end: str | None = None,
    labels: Sequence[str] | None = None,
) -> Network:
    """Find a network: a file, a run, or the released network of a size; the released small one by default.

    Raises
    ------
    kwslib.errors.KwsError
        If there is none, or it is damaged.

    Examples
    --------
    >>> network = find_network()
    >>> network.labels[2:5]
    ('yes', 'no', 'up')
    >>> network.corpus
    'speech_commands'
    """
    from kwslib.runs import networks

    return networks.choose(Path(model) if model else None, run, size, front_end, labels)


def predict(clips: Sequence[Path | str], network: Network | None = None, at_s: float | None = None) -> list[Prediction]:
    """Classify sound files of any kind with the integer reference, which is what the device computes.

    Parameters
    ----------
    clips : sequence of Path
        Sound files, or folders of them. They are converted to 16 kHz mono; a prediction's `note` says what was
        converted. Windows of a second slide over a longer file, and `windows` holds what the network says of each.
    network : Network, optional
        The released small network by default.
    at_s : float, optional
        Classify only the second that begins here.

    Raises
    ------
    kwslib.errors.KwsError
        If a clip cannot be read.

    Examples
    --------
    >>> from kwslib.runs.clips import DEFAULT_CLIP
    >>> predict([DEFAULT_CLIP])[0].winner
    'yes'
    """
    from kwslib.runs import prediction

    return prediction.predict([Path(clip) for clip in clips], network or find_network(), at_s)


def evaluate(network: Network | None = None, data: Path | str = "") -> list[Measurement]:
    """Measure a network on the official test clips under both silence protocols, with TFLite and the integer reference.

    Parameters
    ----------
    network : Network, optional
        The released small network by default.
    data : Path, optional
        Parent folder of ``speech_commands_test_set_v0.02``; ``$KWS_DATA`` by default.

    Raises
    ------
    kwslib.errors.KwsError
        If the test clips are missing, or the two give another winner for any clip.

    Examples
    --------
    >>> found = evaluate()  # doctest: +KWS_DATA
    >>> found[0].clips  # doctest: +KWS_DATA
    4890
    """
    from kwslib.release import evaluation

    return evaluation.measure(network or find_network(), evaluation.open_test(str(data)))


def load_graph(model: Path | str) -> Graph:
    """Read the integer graph of an 8-bit ``.tflite`` file.

    Raises
    ------
    kwslib.errors.KwsError
        If it cannot be read, is damaged, or is no DS-CNN.

    Examples
    --------
    >>> graph = load_graph(find_network(size="large").path)
    >>> graph.macs
    218291712
    """
    from kwslib.integer import network_file

    return network_file.load(model)


def run_reference(graph: Graph, codes: np.ndarray) -> Outputs:
    """Run a network in exact integer arithmetic.

    Parameters
    ----------
    graph : Graph
    codes : ndarray of uint8 or int8, shape (clips, frames, coefficients)
        Fingerprints in the type and scale of the network's input.

    Raises
    ------
    kwslib.errors.InputError
        If type or shape are not the network's.

    Examples
    --------
    >>> import numpy as np
    >>> graph = load_graph(find_network().path)
    >>> outputs = run_reference(graph, np.zeros((2, 49, 10), np.uint8))
    >>> outputs.logits.shape
    (2, 12)
    """
    from kwslib.integer import reference

    return reference.run(graph, codes)


def plan(graph: Graph) -> Plan:
    """Plan how a network runs in GAP8's memories.

    Raises
    ------
    kwslib.errors.ModelError
        If it does not fit; with the layer and the bytes that are missing.

    Examples
    --------
    >>> plan(load_graph(find_network().path)).strategy
    'maps in L1, weights of 2 steps at once'
    """
    from kwslib.gap8.planning import planner

    return planner.plan(graph)


def build(
    network: Network | None = None,
    folder: Path | str = "_build/gap8/api",
    clip: Path | str | None = None,
    at_s: float | None = None,
) -> Path:
    """Build a program for GAP8.

    Parameters
    ----------
    network : Network, optional
        The released small network by default.
    folder : Path
        Gets the ELF file, ``plan.json`` and the C sources.
    clip : Path, optional
        The sound or PGM file that the program classifies; a synthetic "yes" by default. Of a sound of more than a
        second, the best window.
    at_s : float, optional
        Take the second of the sound that begins here.

    Returns
    -------
    Path
        The ELF file.

    Raises
    ------
    kwslib.errors.KwsError
        If the network does not fit, or there is no compiler.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build(folder=folder).name
    'network.elf'
    """
    from kwslib.gap8.program import compilation
    from kwslib.runs.clips import for_device, read_clip

    chosen = for_device(network or find_network(), [Path(clip)] if clip else [])
    codes, _ = read_clip(chosen, Path(clip) if clip else None, at_s)
    return compilation.build(chosen.graph, Path(folder), chosen.labels, codes).elf


def run_on_gap8(
    network: Network | None = None,
    clip: Path | str | None = None,
    *,
    at_s: float | None = None,
    platform: str = "simulator",
    folder: Path | str | None = None,
    timeout_s: float = 600.0,
) -> Deployment:
    """Build a network for GAP8, run it, and compare every layer with the integer reference.

    Parameters
    ----------
    network : Network, optional
        The released small network by default.
    clip : Path, optional
        The sound or PGM file that it classifies; a synthetic "yes" by default. Of a sound of more than a second, the
        best window.
    at_s : float, optional
        Take the second of the sound that begins here.
    platform : str
        ``simulator``, or ``gvsoc`` where it is installed.
    folder : Path, optional
        Keeps the program, its output and the figures; a temporary folder by default.
    timeout_s : float
        Seconds that the platform may take.

    Returns
    -------
    Deployment
        Cycles, operations and memory of every layer.

    Raises
    ------
    kwslib.errors.KwsError
        If the network does not fit, the run fails, or any layer differs from the reference.

    Examples
    --------
    >>> deployment = run_on_gap8()
    >>> deployment.cycles
    166750
    """
    import tempfile

    from kwslib.gap8.measure import deployment
    from kwslib.runs.clips import for_device, read_clip

    chosen = for_device(network or find_network(), [Path(clip)] if clip else [])
    codes, _ = read_clip(chosen, Path(clip) if clip else None, at_s)
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(folder or temporary)
        return deployment.measure(chosen.graph, codes[None], target, platform, timeout_s, chosen.labels)
