"""The decisions of a network on every stream of the study: computed once, kept as codes, resumed where they broke off.

A stream is made, scored and forgotten. What stays is a code for each class and hop: thresholds can be swept later.
The device's own C computes them.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from kwslib import seals, subproc
from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.config.streams import NEGATIVES, SIMILAR, SIMILAR_SHARE, SNR_DB, StreamStudy
from kwslib.errors import DataError
from kwslib.files import open_regular
from kwslib.paths import atomic_path, cache_dir, sweep
from kwslib.runs import networks
from kwslib.runs.known_network import Network
from kwslib.runs.listening import Listener, device_form
from kwslib.speech.corpus import Corpus
from kwslib.studies.streaming_changes import Change
from kwslib.studies.streaming_sounds import SPLITS, Placed, Sounds, Stream

VERSION = 1
"""Raised whenever the same study would make other streams or codes."""
PADDING_S = 1
"""Silence behind a stream."""


@dataclass(frozen=True)
class Task:
    """One stream to score.

    Attributes
    ----------
    part : str
        ``choice`` or ``report``.
    kind : str
        One of `NEGATIVES`, `SIMILAR`, ``positive``, ``level`` or ``benchmark``.
    number : int
        Of the stream in its kind.
    snr_db : float or None
        Of a stream of keywords; None is clean.
    change : Change or None
        What is done to the stream, for ``level``.
    """

    part: str
    kind: str
    number: int
    snr_db: float | None = None
    change: Change | None = None

    @property
    def name(self) -> str:
        """File name of its decisions."""
        ratio = "" if self.kind != "positive" else "-clean" if self.snr_db is None else f"-{self.snr_db:g}dB"
        change = f"-{self.change.name}" if self.change else ""
        return f"{self.part}-{self.kind.replace(' ', '_')}{ratio}{change}-{self.number:04}.npz"


@dataclass(frozen=True, eq=False)
class Scored:
    """The decisions on one stream.

    Attributes
    ----------
    codes : ndarray of int8, shape (hops, classes)
    seconds : float
    words : tuple of Placed
    """

    codes: np.ndarray
    seconds: float
    words: tuple[Placed, ...]


@dataclass(frozen=True)
class Material:
    """What a worker needs to make and score streams; it can be sent to another process."""

    corpus: Corpus
    model: Path
    front_end: str | None
    study: StreamStudy
    folder: Path


def material_of(corpus: Corpus, network: Network, front_end: str | None, study: StreamStudy) -> Material:
    """Say what is scored, and in which folder of the cache its decisions are kept."""
    lasting = asdict(replace(study, hours=0.0))  # more hours are more streams, the first ones the same
    key = {"version": VERSION, "corpus": corpus.manifest["hash"], "network": network.sha256, "study": lasting}
    key["front_end"] = device_form(network.front_end).key if network.front_end else ""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:20]
    return Material(corpus, network.path, front_end, study, cache_dir() / "streaming" / digest)


def tasks(study: StreamStudy, words: dict[str, int], changes: Sequence[Change]) -> list[Task]:
    """Return every stream of a study; `words` has the number of keyword clips of each part."""
    every = []
    for part in SPLITS:
        for kind, share in {**NEGATIVES, SIMILAR: SIMILAR_SHARE}.items():
            streams = max(1, round(study.hours * share * 3600 / study.shard_s))
            every += [Task(part, kind, number) for number in range(streams)]
        for snr_db in (None, *SNR_DB):
            shards = -(-words[part] // study.words_a_shard)
            every += [Task(part, "positive", number, snr_db) for number in range(shards)]
    every.append(Task("report", "benchmark", 0))
    return every + [Task("report", "level", 0, change=change) for change in changes]


def make(sounds: Sounds, task: Task, study: StreamStudy) -> Stream:
    """Make one stream."""
    if task.kind == "positive":
        first = task.number * study.words_a_shard
        words = sounds.keywords(study.clips)[first : first + study.words_a_shard]
        return sounds.positive(words, task.number, task.snr_db, study.spacing_s)
    if task.kind == "level":
        assert task.change is not None
        words = sounds.keywords(study.level_clips)
        stream = sounds.positive(words, 1_000_000, max(SNR_DB), study.spacing_s)
        return Stream(task.change.apply(stream.samples), stream.words)
    if task.kind == "benchmark":
        return sounds.benchmark(study.benchmark_s, study.benchmark_words)
    return sounds.negative(task.kind, task.number, study.shard_s)


def score(listener: Listener, samples: np.ndarray) -> np.ndarray:
    """Return the decisions on a stream and the second of silence behind it."""
    listener.restart()
    return listener.hear(np.concatenate([samples, np.zeros(PADDING_S * CLIP_SAMPLES, np.int16)]))


@dataclass(frozen=True, eq=False)
class Bench:
    """What a process has made of a material, and uses for all its streams."""

    sounds: dict[str, Sounds]
    listener: Listener


_BENCHES: dict[Path, Bench] = {}
"""By the folder of the decisions, whose name has a hash of all that matters; one at a time."""


def bench_of(material: Material) -> Bench:
    """Open the corpus and the network of a material in this process, once."""
    if material.folder not in _BENCHES:
        _BENCHES.clear()
        _BENCHES[material.folder] = _bench(material)
    return _BENCHES[material.folder]


def _bench(material: Material) -> Bench:
    network = networks.of_file(material.model, material.front_end)
    listener = Listener(network, material.study.hop_ms)
    return Bench({part: Sounds(material.corpus, part, material.study.seed) for part in SPLITS}, listener)


def work(material: Material, task: Task) -> str:
    """Make and score one stream, and keep its decisions; runs in a process of its own."""
    bench = bench_of(material)
    stream = make(bench.sounds[task.part], task, material.study)
    words = np.array([(word.label, word.begin, word.end) for word in stream.words], np.int64).reshape(-1, 3)
    codes = score(bench.listener, stream.samples)
    with atomic_path(material.folder / task.name) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, codes=codes, seconds=len(stream.samples) / SAMPLE_RATE_HZ, words=words)
    return task.name


def read(material: Material, task: Task) -> Scored | None:
    """Return the decisions that were kept; None if there are none, or the file is damaged."""
    path = material.folder / task.name
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as kept:
            words = tuple(Placed(*map(int, row)) for row in kept["words"])
            return Scored(kept["codes"], float(kept["seconds"]), words)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        seals.spoiled(path)  # each part of the archive has a checksum of its own
        return None


def score_all(material: Material, every: Sequence[Task], workers: int, say: Callable[[str], None]) -> None:
    """Score what is missing, with a progress bar; what was scored stays if this is interrupted.

    Parameters
    ----------
    workers : int
        Processes; 0 works in this one.

    Raises
    ------
    kwslib.errors.KwsError
        As a stream raises it.
    """
    from tqdm import tqdm

    missing = [task for task in every if not (material.folder / task.name).exists()]
    if len(missing) < len(every):
        say(f"{len(every) - len(missing)} of {len(every)} streams were scored before")
    with tqdm(total=len(missing), unit="stream", desc="streams", disable=None) as bar:

        def tell(done: int) -> None:
            bar.update()
            if bar.disable and (done == len(missing) or done % max(1, len(missing) // 10) == 0):
                say(f"{done} of {len(missing)} streams")

        if workers == 0:
            for done, task in enumerate(missing, 1):
                work(material, task)
                tell(done)
            return
        # spawned: TensorFlow's threads do not survive a fork
        with ProcessPoolExecutor(workers, get_context("spawn"), subproc.end_with_parent) as pool:
            futures = [pool.submit(work, material, task) for task in missing]
            try:
                for done, future in enumerate(as_completed(futures), 1):
                    future.result()
                    tell(done)
            except Exception:
                pool.shutdown(cancel_futures=True)  # what is begun is finished, and stays
                raise
            except BaseException:
                subproc.kill_children()
                sweep(material.folder)
                pool.shutdown(cancel_futures=True)
                raise


def collect(material: Material, every: Sequence[Task]) -> dict[Task, Scored]:
    """Return the decisions on every stream.

    Raises
    ------
    DataError
        If one is missing or damaged.
    """
    found = {}
    for task in every:
        kept = read(material, task)
        if kept is None:
            raise DataError(f"{material.folder / task.name} is damaged; remove it and measure again")
        found[task] = kept
    return found


def processes(wanted: int | None) -> int:
    """How many workers: those that are wanted, or one for each core."""
    return os.cpu_count() or 1 if wanted is None else wanted
