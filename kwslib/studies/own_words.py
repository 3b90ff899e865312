"""From words to a program: phrases spoken by voices of espeak-ng, a network trained, measured, and built for GAP8.

The network is right on synthetic voices that were held out, or it is not; that says little about people, whose voices
differ more (`kwslib.config.own_words.VALUE_OF_VOICES`). Recordings of people, mixed in and reported apart, say more.
Every stage is resumed or skipped if it was done before with the same inputs.
"""

import contextlib
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from kwslib.artifacts import file_sha256
from kwslib.config.own_words import STUDY, WANTED_PER_HOUR
from kwslib.config.words import SILENCE, UNKNOWN
from kwslib.errors import DataError
from kwslib.files import read_regular
from kwslib.gap8.program import compilation
from kwslib.network.evaluation import tflite_predictor
from kwslib.paths import atomic_path, scratch, write_json
from kwslib.provenance import provenance
from kwslib.runs import deployments, execution, networks
from kwslib.runs.clips import codes_for, for_device
from kwslib.runs.known_network import Network
from kwslib.runs.records import STREAMING
from kwslib.runs.run_record import Run
from kwslib.speech import phonemes
from kwslib.speech.near_misses import KINDS
from kwslib.speech.phrase_corpus import NAME, Phrases
from kwslib.speech.phrase_studio import folder_of, open_phrases
from kwslib.studies import own_words_records, streaming, streaming_records
from kwslib.studies.own_words_plan import Plan
from kwslib.studies.own_words_records import PROGRAM, Count, OwnWords, PhraseFacts
from kwslib.studies.streaming_records import ALL, Streaming

OTHERS = "other sounds"
STAGES = ("voices", "training and deployment", "program", "streams")


class Clock:
    """Seconds by stage: of the wall, and of the processor, child processes that ended included.

    A stage that finds its work done takes no time, so of several calls the longest counts. They are kept in a file, so
    that an interrupted command does not lose them.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.wall_s: dict[str, float] = {}
        self.processor_s: dict[str, float] = {}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(read_regular(path).decode())
            self.wall_s = {name: float(kept["wall_s"][name]) for name in STAGES if name in kept["wall_s"]}
            self.processor_s = {name: float(kept["processor_s"][name]) for name in self.wall_s}

    @contextlib.contextmanager
    def stage(self, name: str, say: Callable[[str], None]) -> Iterator[None]:
        """Time a stage, and say that it begins."""
        say(f"── {STAGES.index(name) + 1} of {len(STAGES)}: {name}")
        wall, processor = time.monotonic(), _processor_s()
        yield
        for seconds, now in ((self.wall_s, time.monotonic() - wall), (self.processor_s, _processor_s() - processor)):
            seconds[name] = max(seconds.get(name, 0.0), round(now, 1))
        write_json(self._path, {"wall_s": self.wall_s, "processor_s": self.processor_s})


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def make(made: Plan, workers: int | None = None, say: Callable[[str], None] = print, force: bool = False) -> OwnWords:
    """Speak, train, deploy, build and measure; leave record and program in the folder of the run.

    Parameters
    ----------
    made : Plan
    workers : int, optional
        Processes for voices and streams; one for each core by default.
    say : callable
        Gets the lines of progress.
    force : bool
        Train from the beginning even if the run is there or half done.

    Raises
    ------
    KwsError
        As the stages; what is done stays, and the next call goes on.
    """
    spoken = folder_of(made.order)
    clock = Clock(spoken.with_name(f"{spoken.name}.{made.chosen.run}.json"))
    with clock.stage("voices", say):
        corpus = open_phrases(made.order, workers, say)
    with clock.stage("training and deployment", say):
        run = execution.make_run(made.parameters, force=force, stream=sys.stdout)
    network = networks.of_run(run.run)
    with clock.stage("program", say):
        elf_sha256 = build(network, corpus, run.folder / PROGRAM)
    with clock.stage("streams", say):
        found = _streams(run, corpus, network, workers, say)
    record = _record_of(made, run, network, corpus, found, clock, elf_sha256)
    own_words_records.save(record, run.folder)
    return record


def build(network: Network, corpus: Phrases, elf: Path) -> str:
    """Build the program for GAP8, with the first test clip of a phrase as its sound; return its SHA-256.

    Raises
    ------
    KwsError
        If it cannot be built.
    """
    device = for_device(network, [])
    clips = corpus.clips(deployments.SPLIT, deployments.SILENCE)
    sound = np.asarray(clips.audio[int(np.argmax(clips.labels > UNKNOWN))])
    with scratch("program") as work:
        built = compilation.build(device.graph, work, device.labels, sound)
        with atomic_path(elf) as temporary:
            shutil.copyfile(built.elf, temporary)
    return file_sha256(elf)


def _streams(run: Run, corpus: Phrases, network: Network, workers: int | None, say: Callable[[str], None]) -> Streaming:
    """The study of the streams: the one that is there, if it is of this network and speech, or a new one."""
    folder = run.folder / STREAMING
    with contextlib.suppress(DataError):
        found = streaming_records.load(folder)
        if (found.tflite_sha256, found.corpus.hash, found.study) == (network.sha256, corpus.manifest["hash"], STUDY):
            return found
    return streaming.measure_run(run.run, str(corpus.folder), NAME, STUDY, workers=workers, say=say).streaming


def counts_of(network: Network, corpus: Phrases) -> tuple[dict[str, Count], dict[str, Count]]:
    """Count what the 8-bit network gets right of the test clips by phrase, kind of negative and silence.

    Returns
    -------
    held_out, own : dict
        Of held-out voices, and of the user's own recordings.
    """
    predict = tflite_predictor(network.path.read_bytes())
    held_out = corpus.clips(deployments.SPLIT, deployments.SILENCE)
    own = corpus.own_clips()
    found: list[dict[str, Count]] = []
    for names, labels, audio in ((held_out.names, held_out.labels, held_out.audio), (own.names, own.labels, own.audio)):
        right = np.zeros(0, bool)
        if len(labels):
            right = predict(codes_for(network, np.asarray(audio))).argmax(axis=1) == labels
        groups: dict[str, list[bool]] = {}
        for name, label, hit in zip(names, labels, right, strict=True):
            kind = name.partition("/")[0]
            known = kind if kind in KINDS else corpus.labels[SILENCE] if label == SILENCE else OTHERS
            groups.setdefault(corpus.labels[label] if label > UNKNOWN else known, []).append(bool(hit))
        found.append({group: Count(len(hits), sum(hits)) for group, hits in groups.items()})
    return found[0], found[1]


def _record_of(
    made: Plan, run: Run, network: Network, corpus: Phrases, found: Streaming, clock: Clock, elf_sha256: str
) -> OwnWords:
    by_kind, own = counts_of(network, corpus)
    whole = run.measurement("tflite", deployments.SPLIT, deployments.SILENCE)
    cycles = None
    with contextlib.suppress(DataError):
        cycles = deployments.of_run(run).deployment.sound_to_label_cycles
    manifest, order = corpus.manifest, made.order
    return OwnWords(
        run=run.run,
        language=order.language.code,
        language_name=order.language.name,
        phrases=[
            PhraseFacts(one.text, phonemes.readable(one.words), one.usual_s, *one.rate_wpm) for one in order.phrases
        ],
        voices={split: len(own) for split, own in manifest["voices"].items()},
        clips={split: sum(words.values()) for split, words in manifest["splits"].items()},
        left_out=manifest["left_out"],
        held_out=Count(whole.clips, whole.correct),
        by_kind=by_kind,
        point=found.point(ALL, WANTED_PER_HOUR),
        stream_hours=found.extents["report"].hours,
        cycles=cycles,
        elf_sha256=elf_sha256,
        tflite_sha256=network.sha256,
        wall_s=clock.wall_s,
        processor_s=clock.processor_s,
        provenance=provenance(run=run.run, corpus=manifest["hash"]),
        own=own,
        own_training=len(order.own.splits["train"]) if order.own else 0,
    )
