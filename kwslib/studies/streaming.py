"""Streams: how often a network hears a keyword that nobody said, and how many it misses, at every threshold.

`kwslib.studies.streaming_sounds` makes the streams, `streaming_scores` keeps the decisions on them, `streaming_curves`
and `streaming_results` count, and `streaming_records` keeps the result. Thresholds and smoothing are chosen on the part
``choice`` alone.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kwslib.accuracy import poisson_interval
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.config.limits import HOURS
from kwslib.config.streams import StreamStudy
from kwslib.config.words import UNKNOWN
from kwslib.errors import DataError, InputError
from kwslib.integer.events import LEVELS
from kwslib.paths import results_dir
from kwslib.provenance import provenance
from kwslib.runs import listening, networks, records
from kwslib.runs.claim import claim
from kwslib.runs.known_network import Network
from kwslib.runs.run_record import Run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import Corpus
from kwslib.speech.recording import open_recording
from kwslib.speech.sound_files import find_sounds
from kwslib.studies import streaming_curves, streaming_results, streaming_scores
from kwslib.studies.robustness import choose
from kwslib.studies.robustness_records import CorpusName
from kwslib.studies.streaming_changes import CHANGES
from kwslib.studies.streaming_curves import Setting
from kwslib.studies.streaming_records import ALL, Ambient, Found, Streaming, save
from kwslib.studies.streaming_scores import Scored
from kwslib.studies.streaming_sounds import SPLITS, Sounds

AMBIENT_PIECE_S = 60
"""Seconds of a recording that are scored at a time."""


def measure(
    run: Run,
    corpus: Corpus,
    study: StreamStudy,
    *,
    ambient: Path | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = print,
) -> Streaming:
    """Measure the network of a run on streams.

    Parameters
    ----------
    run : Run
    corpus : Corpus
        Whose keywords, other words and noise are used.
    study : StreamStudy
    ambient : Path, optional
        A folder of recordings without keywords, which are scored as well.
    workers : int, optional
        Processes; one for each core by default, 0 works in this one.
    say : callable
        Gets a line for each part that is done.

    Raises
    ------
    KwsError
        If the network, the clips or the noise recordings are missing or do not fit.
    """
    began = time.monotonic()
    network = _network(run)
    _check(study)
    material = streaming_scores.material_of(corpus, network, run.front_end, study)
    files = find_sounds([ambient], say) if ambient else []
    words = {part: len(Sounds(corpus, part, study.seed).keywords(study.clips)) for part in SPLITS}
    every = streaming_scores.tasks(study, words, CHANGES)
    streaming_scores.score_all(material, every, streaming_scores.processes(workers), say)
    found = streaming_scores.collect(material, every)
    say("streams are scored; counting")
    heard = {part: streaming_results.Heard.of(found, part, study.hop_ms) for part in SPLITS}
    assert network.labels is not None and network.front_end is not None
    setting, smoothings = streaming_results.choose_smoothing(heard["choice"], network.labels, study.hop_ms)
    points = streaming_results.points_of(heard, setting)
    totals = {p.target_per_hour: round(p.threshold * LEVELS * setting.smoothing) for p in points if p.word == ALL}
    return Streaming(
        run=Path(run.folder).name,
        size=run.size,
        tflite_sha256=network.sha256,
        corpus=CorpusName(corpus.name, corpus.manifest["hash"]),
        labels=list(network.labels),
        study=study,
        smoothing_hops=setting.smoothing,
        refractory_ms=setting.parameters.refractory_ms,
        suppression_ms=setting.parameters.suppression_ms,
        extents={part: one.extent(network.labels) for part, one in heard.items()},
        smoothings=smoothings,
        curves=[streaming_results.curve_of(heard["report"], setting, word) for word in (None, *setting.word_numbers)],
        points=points,
        kinds=[
            streaming_results.kind_of(setting, kind, one, *entry)
            for kind, one in heard["report"].kinds.items()
            for entry in totals.items()
        ],
        places=streaming_results.places_of(heard["report"], study.hop_ms),
        levels=streaming_results.levels_of(found, setting, setting.default_total),
        benchmark=[streaming_results.benchmark_of(found, setting, *entry) for entry in totals.items()],
        ambient=_ambient(network, setting, ambient, files, totals, say) if ambient else [],
        seconds=time.monotonic() - began,
        provenance=provenance(front_end=listening.device_form(network.front_end).key, kernels=listening.KERNELS),
    )


def measure_run(
    name: str,
    data: str = "",
    corpus: str = "speech_commands",
    study: StreamStudy | None = None,
    ambient: Path | None = None,
    workers: int | None = None,
    say: Callable[[str], None] = print,
) -> Found:
    """Measure the network of this name or folder, and keep the result with those of the run in `paths.results_dir`.

    Raises
    ------
    KwsError
        If there is no such run, another process measures it, or as for `measure`.
    """
    run = choose(name)
    folder = results_dir() / Path(run.folder).name / records.STREAMING
    with claim(folder):
        opened = open_corpus(corpus, data or None, run.labels[UNKNOWN + 1 :])
        found = measure(run, opened, study or StreamStudy(), ambient=ambient, workers=workers, say=say)
        save(found, folder)
    return Found(found, folder, recorded=False)


def _network(run: Run) -> Network:
    path = Path(run.folder) / networks.MODEL
    if not path.exists():
        raise DataError(f"{path} does not exist; run {run.run} again")
    network = networks.of_file(path, run.front_end)
    network.check_spots_words()
    return network


def _check(study: StreamStudy) -> None:
    if study.seed < 0:
        raise InputError(f"seed {study.seed} is negative; give an integer of at least 0")
    if not 0 < study.hours <= HOURS:
        raise InputError(f"hours is {study.hours:g}: give a number above 0, up to {HOURS:g}")
    if study.clips < 0:
        raise InputError(f"clips is {study.clips}: give clips of each keyword, or 0 for all")


def _ambient(
    network: Network,
    setting: Setting,
    folder: Path,
    files: Sequence[Path],
    totals: dict[float | None, int],
    say: Callable[[str], None],
) -> list[Ambient]:
    """Score somebody's own recordings, each a stream."""
    listener = listening.Listener(network, setting.parameters.hop_ms)
    streams = []
    for file in files:
        listener.restart()
        seconds, codes = 0.0, []
        with open_recording(file) as recording:
            for piece in recording.pieces(AMBIENT_PIECE_S * SAMPLE_RATE_HZ):
                codes.append(listener.hear(piece))
                seconds += len(piece) / SAMPLE_RATE_HZ
        if recording.note:
            say(recording.note)
        streams.append(Scored(np.concatenate(codes), seconds, ()))
    joined = streaming_curves.join(streams, setting.parameters.hop_ms)
    rows = []
    for target, total in totals.items():
        events = streaming_curves.fired_for(joined, setting, None, total)
        accepts, hours = len(events.times), joined.hours
        low, high = poisson_interval(accepts)
        counts = np.bincount(events.labels, minlength=len(setting.labels))
        by_word = {setting.labels[word]: int(counts[word]) for word in setting.word_numbers}
        rates = (accepts / hours, low / hours, high / hours)
        rows.append(Ambient(folder.name, len(files), hours, target, accepts, *rates, by_word))
    return rows
