"""Robustness of an 8-bit network: accuracy in noise, shifted in time and at other levels; false accepts on noise alone.

`kwslib.studies.robustness_records` keeps the results.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.words import SILENCE
from kwslib.errors import DataError, InputError, ModelError
from kwslib.network.evaluation import TFLITE_KERNELS
from kwslib.paths import models_dir, results_dir
from kwslib.provenance import provenance
from kwslib.runs import networks, records
from kwslib.runs.run_record import Run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import Corpus
from kwslib.studies import conditions
from kwslib.studies.robustness_records import CorpusName, Found, Robustness, save


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


def noise_in_training(run: Run, corpus: str) -> str:
    """Say how much of a corpus' background recordings the training of a run used."""
    augmentation = run.training.augmentation
    if run.corpus.name != corpus or not augmentation["noise_probability"]:
        return "none of these recordings"
    # Older runs lack this entry: they drew from whole recordings.
    if augmentation.get("hold_out_noise", False):
        return "the first four fifths alone"
    return "whole recordings, the held-out fifth too"


def measure(
    run: Run,
    corpus: Corpus,
    *,
    clips: int = 0,
    seed: int = 0,
    thresholds: Sequence[float] = conditions.THRESHOLDS,
    say: Callable[[str], None] = print,
) -> Robustness:
    """Measure the network of a run on the test clips and the held-out noise of a corpus.

    Words are disturbed as they are. A clip of ``_silence_`` has no signal that a ratio could refer to. For ``snr`` it
    is the noise alone, as loud as beside a word of the median active power (clean: zeros). A word that is digital
    silence is treated the same way and keeps its label. For ``shift`` a clip of ``_silence_`` stays where it is; for
    ``level`` it changes like all others, and no room changes it.

    Parameters
    ----------
    run : Run
    corpus : Corpus
    clips : int
        Test clips used, drawn from every label in proportion; 0 for all.
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
    conditions.check_thresholds(thresholds)
    if corpus.labels != run.labels:
        raise InputError(
            f"run {run.run} knows the words {', '.join(run.labels[2:])}; "
            f"the clips are of {', '.join(corpus.labels[2:])}"
        )
    path = Path(run.folder) / networks.MODEL
    if not path.exists():
        raise DataError(f"{path} does not exist; run {run.run} again")
    network = networks.of_file(path)
    data = network.path.read_bytes()
    if network.front_end is None:
        raise ModelError(
            f"{path} reads an input of {network.graph.input.shape}, which is no fingerprint of this project"
        )
    study = conditions.prepare(conditions.listener(network, data), corpus, clips, seed, say)
    accepts = conditions.measure_false_accepts(study, thresholds)
    points = [
        *conditions.measure_shifts(study),
        *conditions.measure_levels(study),
        *conditions.measure_rooms(study),
    ]
    words = conditions.words_of(study)
    points += conditions.measure_noise(study, words)
    return Robustness(
        run=Path(run.folder).name,
        size=run.size,
        tflite_sha256=hashlib.sha256(data).hexdigest(),
        corpus=CorpusName(corpus.name, corpus.manifest["hash"]),
        noise_in_training=noise_in_training(run, corpus.name),
        seed=seed,
        clips=len(study.clips),
        without_signal=int(np.sum(words.without_signal & (study.labels != SILENCE))),
        reference_power=words.reference_power,
        hop_s=conditions.HOP_S,
        points=points,
        false_accepts=accepts,
        provenance=provenance(front_end=network.front_end.key, kernels=TFLITE_KERNELS),
    )


def measure_run(
    name: str, data: str = "", corpus: str = "speech_commands", clips: int = 0, seed: int = 0, **more: Any
) -> Found:
    """Measure the run of this name or folder, and keep the result with those of the run in `paths.results_dir`.

    Raises
    ------
    KwsError
        If there is no such run, or as for `measure`.
    """
    run = choose(name)
    found = measure(run, open_corpus(corpus, data or None, run.labels[2:]), clips=clips, seed=seed, **more)
    folder = results_dir() / found.run / records.ROBUSTNESS
    save(found, folder)
    return Found(found, folder, recorded=False)
