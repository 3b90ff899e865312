"""How well an 8-bit network holds in noise, moved in time, at other levels, and how often noise alone sets it off.

What is found is kept as `kwslib.studies.robustness_records` says.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.accuracy import poisson_interval, wilson_interval
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.config.words import LABELS, SILENCE, UNKNOWN
from kwslib.errors import DataError, InputError
from kwslib.network.evaluation import TFLITE_KERNELS, tflite_predictor
from kwslib.paths import models_dir, results_dir
from kwslib.provenance import provenance
from kwslib.runs import networks, records
from kwslib.runs.clips import codes_for
from kwslib.runs.records import Run
from kwslib.speech import open_corpus
from kwslib.speech.cache import CHUNK_CLIPS
from kwslib.speech.corpus import Corpus
from kwslib.speech.disturbance import active_power, change_level, mix, move, noise_segment, stream
from kwslib.speech.noise import held_out_part
from kwslib.studies.robustness_records import ALL, CorpusName, FalseAccepts, Found, Point, Robustness, save

SNR_DB = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)
SHIFTS_MS = tuple(float(shift) for shift in range(-400, 401, 100))
GAINS_DB = tuple(float(gain) for gain in range(-30, 21, 5))
THRESHOLDS = (0.0, 0.5, 0.7, 0.9)
"""Least probability of a keyword that is taken for heard; at 0 the winner is."""
HOP_S = 0.5


def choose(name: str) -> Run:
    """Return the run of this name, or in this folder.

    Raises
    ------
    DataError
        If there is none.
    """
    folder = Path(name)
    if (folder / records.METRICS).exists():
        return records.load(folder.resolve(), recorded=folder.resolve().parent == models_dir().resolve())
    if len(folder.parts) > 1:
        raise DataError(f"{folder} is not the folder of a run: it has no {records.METRICS}")
    return records.find(name)


def stratified(labels: np.ndarray, clips: int, seed: int) -> np.ndarray:
    """Return the indices, sorted, of so many clips, drawn from every label in proportion; 0 are all.

    Raises
    ------
    InputError
        If there are fewer clips, or fewer are asked for than there are labels.
    """
    if clips == 0:
        return np.arange(len(labels))
    if not len(LABELS) <= clips <= len(labels):
        raise InputError(f"clips is {clips}: give {len(LABELS)} to {len(labels)}, or 0 for all of them")
    generator = np.random.Generator(np.random.PCG64([seed, clips]))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        place[generator.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    return np.sort(np.argsort(place, kind="stable")[:clips])


def noise_in_training(run: Run, corpus: str) -> str:
    """Say how much of a corpus' background recordings the training of a run had heard."""
    augmentation = run.training.augmentation
    if run.corpus.name != corpus or not augmentation["noise_probability"]:
        return "none of these recordings"
    # Runs from before there was a choice do not name it: they drew from whole recordings.
    if augmentation.get("hold_out_noise", False):
        return "the first four fifths alone"
    return "whole recordings, the held-out fifth too"


Listener = Callable[[Iterable[np.ndarray]], np.ndarray]
"""Pieces of int16 (n, 16000) -> probabilities (all, 12)."""


def listener(network: networks.Network, data: bytes) -> Listener:
    """Return what computes the probabilities of clips: TFLite's kernels, the integer reference's equal."""
    predictor, output = tflite_predictor(data), network.graph.output

    def listen(pieces: Iterable[np.ndarray]) -> np.ndarray:
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy's transforms let other threads run
            codes = pool.map(lambda audio: codes_for(network, audio), pieces)
            found = np.concatenate([predictor(piece) for piece in codes])
        return (found.astype(np.float64) - output.file_zero_point) * output.scale

    return listen


def _pieces(audio: np.ndarray) -> Iterator[np.ndarray]:
    return (audio[start : start + CHUNK_CLIPS] for start in range(0, len(audio), CHUNK_CLIPS))


def _point(kind: str, noise: str, value: float | None, labels: np.ndarray, shares: np.ndarray, limited: int) -> Point:
    right = shares.argmax(axis=1) == labels
    groups = (labels > UNKNOWN, labels == UNKNOWN, labels == SILENCE)
    counted = [int(number) for group in groups for number in (group.sum(), right[group].sum())]
    low, high = wilson_interval(int(right.sum()), len(right))
    return Point(kind, noise, value, len(right), int(right.sum()), float(right.mean()), low, high, *counted, limited)


def false_accepts(noise: str, shares: np.ndarray, hours: float, thresholds: Sequence[float]) -> list[FalseAccepts]:
    """Count the keywords among a listener's decisions, probabilities (decisions, 12), for each threshold.

    Raises
    ------
    InputError
        If a threshold is not between 0 and 1.
    """
    _check_thresholds(thresholds)
    rows = []
    winners, top = shares.argmax(axis=1), shares.max(axis=1)
    for threshold in thresholds:
        count = int(np.sum((winners > UNKNOWN) & (top >= threshold)))
        low, high = poisson_interval(count)
        rows.append(FalseAccepts(noise, threshold, len(shares), count, hours, count / hours, low / hours, high / hours))
    return rows


def _check_thresholds(thresholds: Iterable[float]) -> None:
    for threshold in thresholds:
        if not 0 <= threshold <= 1:
            raise InputError(f"threshold is {threshold:g}: give a probability from 0 to 1")


def measure(
    run: Run,
    corpus: Corpus,
    *,
    clips: int = 0,
    seed: int = 0,
    thresholds: Sequence[float] = THRESHOLDS,
    say: Callable[[str], None] = print,
) -> Robustness:
    """Measure the network of a run on the test clips and the held-out noise of a corpus.

    Words are disturbed as they are. A clip of ``_silence_`` has no signal to set a ratio by: for ``snr`` it is the
    noise alone, as loud as beside a word of the median active power (clean: zeros), and so is a word that is digital
    silence, with its label kept; for ``shift`` it stays where it is; for ``level`` it changes as all others do.

    Parameters
    ----------
    run : Run
    corpus : Corpus
    clips : int
        Test clips used, drawn from every label in proportion; 0 are all.
    seed : int
        Decides that draw and, with the numbers of clip and recording, each second of noise.
    thresholds : sequence of float
        Least probabilities for a false accept.
    say : callable
        Gets a line for each part that is done.

    Raises
    ------
    KwsError
        If the network, the clips or the noise recordings are missing or do not fit.
    """
    if seed < 0:
        raise InputError(f"seed {seed} is negative; give an integer of at least 0")
    _check_thresholds(thresholds)
    path = Path(run.folder) / networks.MODEL
    if not path.exists():
        raise DataError(f"{path} does not exist; run {run.run} again")
    data = path.read_bytes()
    network = networks.of_file(path, run.front_end)
    listen = listener(network, data)
    held_out = {
        name: held_out_part(recording) for name, recording in zip(corpus.noise_names(), corpus.noise(), strict=True)
    }
    found = corpus.clips("test", "noise-silence")
    chosen = stratified(found.labels, clips, seed)
    labels, audio = np.asarray(found.labels[chosen]), np.asarray(found.audio[chosen])

    accepts, heard = [], []
    for name, recording in held_out.items():
        heard.append((listen(_pieces(stream(recording, HOP_S))), len(recording) / SAMPLE_RATE_HZ / 3600))
        accepts += false_accepts(name, *heard[-1], thresholds)
    accepts += false_accepts(
        ALL, np.concatenate([shares for shares, _ in heard]), sum(hours for _, hours in heard), thresholds
    )
    say(f"false accepts: {len(held_out)} recordings")

    points = []
    for shift_ms in SHIFTS_MS:
        moved = np.where((labels == SILENCE)[:, None], audio, move(audio, shift_ms))
        points.append(_point("shift", "", shift_ms, labels, listen(_pieces(moved)), 0))
    say(f"time shift: {len(SHIFTS_MS)} of them")
    for gain_db in GAINS_DB:
        changed, clipped = change_level(audio, gain_db)
        points.append(_point("level", "", gain_db, labels, listen(_pieces(changed)), int(clipped.sum())))
    say(f"level: {len(GAINS_DB)} of them")

    words = audio.copy()
    words[labels == SILENCE] = 0
    power = np.concatenate([active_power(piece) for piece in _pieces(words)])
    reference = float(np.median(power[power > 0]))
    without = power == 0
    power[without] = reference
    points.append(_point("snr", "", None, labels, listen(_pieces(words)), 0))
    for number, (name, recording) in enumerate(held_out.items()):
        noise = np.stack([noise_segment(recording, (seed, int(clip), number)) for clip in chosen])
        for snr_db in SNR_DB:
            limited: list[int] = []
            shares = listen(_mixtures(words, power, noise, snr_db, limited))
            points.append(_point("snr", name, snr_db, labels, shares, sum(limited)))
        say(f"noise: {name}")
    return Robustness(
        run=Path(run.folder).name,
        size=run.size,
        tflite_sha256=hashlib.sha256(data).hexdigest(),
        corpus=CorpusName(corpus.name, corpus.manifest["hash"]),
        noise_in_training=noise_in_training(run, corpus.name),
        seed=seed,
        clips=len(chosen),
        without_signal=int(np.sum(without & (labels != SILENCE))),
        reference_power=reference,
        hop_s=HOP_S,
        points=points,
        false_accepts=accepts,
        provenance=provenance(front_end=network.front_end.key, kernels=TFLITE_KERNELS),
    )


def _mixtures(
    words: np.ndarray, power: np.ndarray, noise: np.ndarray, snr_db: float, limited: list[int]
) -> Iterator[np.ndarray]:
    for words_, power_, noise_ in zip(_pieces(words), _pieces(power), _pieces(noise), strict=True):
        mixed, turned_down = mix(words_, power_, noise_, snr_db)
        limited.append(int(turned_down.sum()))
        yield mixed


def measure_run(
    name: str, data: str = "", corpus: str = "speech_commands", clips: int = 0, seed: int = 0, **more: Any
) -> Found:
    """Measure the run of this name or folder, and keep what was found with its results in `paths.results_dir`.

    Raises
    ------
    KwsError
        If there is no such run, or as for `measure`.
    """
    run = choose(name)
    found = measure(run, open_corpus(corpus, data or None), clips=clips, seed=seed, **more)
    folder = results_dir() / found.run / records.ROBUSTNESS
    save(found, folder)
    return Found(found, folder, recorded=False)
