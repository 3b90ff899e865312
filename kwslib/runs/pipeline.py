"""The training pipeline: open the speech, train, convert, measure, keep.

The notebook ``train.ipynb`` calls the stages one by one and shows the result of each; `run` does them all.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from kwslib.config.streams import SNR_DB
from kwslib.integer import network_file, reference
from kwslib.integer.graph import Graph
from kwslib.integer.metadata import Description
from kwslib.network import backend, conversion, evaluation
from kwslib.network.progress import history_csv
from kwslib.network.training import Trained
from kwslib.paths import atomic_write_bytes
from kwslib.provenance import provenance
from kwslib.runs import mistakes, records
from kwslib.runs.claim import PATIENCE_S, claim
from kwslib.runs.experiment import Experiment
from kwslib.runs.mistakes import Mistake
from kwslib.runs.networks import MODEL
from kwslib.runs.parameters import Parameters
from kwslib.runs.records import stage
from kwslib.runs.run_record import Agreement, CorpusUse, Measurement, NetworkFigures, Run
from kwslib.speech import open_corpus
from kwslib.speech.corpus import Corpus
from kwslib.speech.dataset import Codes, evaluation_codes, noisy_codes

Durations = dict[str, float]
"""Seconds by stage; every stage adds its own."""
SETS = tuple((split, silence) for split in ("validation", "test") for silence in ("noise-silence", "digital-silence"))
"""Split and silence protocol of each set that a network is measured on."""
CHOOSES = ("validation", "noise-silence")
"""The set that chooses the best step of a training."""
SHOWN = ("test", "noise-silence")
"""The set that the forms are compared on clip by clip, and whose mistakes are kept."""
TRAINING = "training"
"""Folder of the checkpoints in a run folder."""


@dataclass(frozen=True)
class Speech:
    """A corpus with the codes and labels of each of `SETS`."""

    corpus: Corpus
    sets: dict[tuple[str, str], Codes]

    def describe(self) -> str:
        """Say in one line which speech this is, and how it was divided into training, validation and test."""
        manifest = self.corpus.manifest
        counts = ", ".join(f"{sum(words.values())} {split}" for split, words in manifest["splits"].items())
        parts = [f"{self.corpus.name}, clips: {counts}"]
        parts += [f"split {manifest['split_rule']}"] if "split_rule" in manifest else []
        parts += [f"background noise: {manifest['noise_source']}"] if "noise_source" in manifest else []
        return "; ".join(parts)

    def examples(self) -> dict[str, np.ndarray]:
        """The first clip of each label in `SHOWN`: label -> codes, uint8 (frames, coefficients)."""
        codes, labels = self.sets[SHOWN]
        names = self.corpus.labels
        return {name: codes[labels == index][0] for index, name in enumerate(names) if (labels == index).any()}


@dataclass(frozen=True)
class Converted:
    """An 8-bit network: the bytes of its ``.tflite`` file, and its integer graph."""

    tflite: bytes
    graph: Graph

    @property
    def sha256(self) -> str:
        """Of the file, hexadecimal."""
        return hashlib.sha256(self.tflite).hexdigest()


@dataclass(frozen=True)
class Measured:
    """How good a network is.

    Attributes
    ----------
    measurements : list of Measurement
        Of every form on every one of `SETS`.
    agreement : Agreement
        Of the forms, clip by clip, on `SHOWN`.
    softmax : ndarray of uint8, shape (clips, classes)
        Output codes of the 8-bit network on `SHOWN`.
    """

    measurements: list[Measurement]
    agreement: Agreement
    softmax: np.ndarray

    def measurement(self, form: str, split: str, silence: str) -> Measurement:
        """Return one of the measurements."""
        return next(one for one in self.measurements if (one.network, one.split, one.silence) == (form, split, silence))


@contextlib.contextmanager
def begin(parameters: Parameters, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Claim the run folder and set the number of threads, before TensorFlow's first operation.

    Raises
    ------
    RunBusy
        If another process is writing the run folder.
    """
    with claim(parameters.folder, patience_s):
        backend.limit_threads(parameters.threads)
        yield


def open_speech(parameters: Parameters, durations_s: Durations) -> Speech:
    """Open the corpus and make the codes of every set that the network is measured on.

    Raises
    ------
    DataError
        If the corpus is missing or lacks something.
    """
    with stage(durations_s, "corpus"):
        corpus = open_corpus(parameters.corpus, parameters.data, parameters.words)
    with stage(durations_s, "fingerprints"):
        sets = {key: evaluation_codes(corpus, *key, parameters.front_end) for key in SETS}
    return Speech(corpus, sets)


def train(
    parameters: Parameters, speech: Speech, durations_s: Durations, say: Callable[[str], None] = print
) -> Trained:
    """Train the network of a run, or go on from its last checkpoint.

    Parameters
    ----------
    parameters : Parameters
    speech : Speech
    durations_s : dict
    say : callable
        Gets one line a validation.

    Raises
    ------
    KwsError
        As `kwslib.network.training.train`, or if the teacher is not released.
    """
    experiment = Experiment(
        size=parameters.size,
        schedule=parameters.schedule,
        front_end=parameters.front_end,
        augmentation=parameters.augmentation,
        recipe=parameters.recipe,
        copies=parameters.copies,
        batch_clips=parameters.batch_clips,
        validate_every_steps=parameters.validate_every_steps,
        seed=parameters.seed,
        folder=parameters.folder / TRAINING,
        config={**parameters.config, "manifest": speech.corpus.manifest["hash"]},
    )
    with stage(durations_s, "fingerprints"):
        validation = choosing(parameters, speech, say)
    with stage(durations_s, "training"):
        return experiment.train(speech.corpus, validation, say)


def choosing(parameters: Parameters, speech: Speech, say: Callable[[str], None] = print) -> Codes:
    """Return what chooses the step: validation, and its words once more in noise where the training hears such.

    Otherwise a network that gave up a little in silence to stand noise would never be the best one.
    """
    plain = speech.sets[CHOOSES]
    if not parameters.augmentation.snr_probability:
        return plain
    noisy = noisy_codes(speech.corpus, "validation", parameters.front_end)
    ratios = ", ".join(f"{ratio:g}" for ratio in SNR_DB)
    say(f"validation: {len(plain[1])} clips, and {len(noisy[1])} words again in noise at {ratios} dB")
    return np.concatenate([plain[0], noisy[0]]), np.concatenate([plain[1], noisy[1]])


def convert(parameters: Parameters, speech: Speech, trained: Trained, durations_s: Durations) -> Converted:
    """Convert the fake-quantised network to 8-bit TFLite, with labels, front end and corpus in the file.

    Raises
    ------
    ModelError
        If the file is not fully 8-bit, or its scales are not the trained ones.
    """
    with stage(durations_s, "conversion"):
        tflite = conversion.to_tflite(parameters.size, trained.quantised)
        said = Description(speech.corpus.labels, parameters.front_end, speech.corpus.name)
        tflite = conversion.describe(tflite, said)
    # The bytes are final here: what is measured, hashed and written is `tflite` as it is now.
    return Converted(tflite, network_file.load(tflite))


def measure(speech: Speech, trained: Trained, converted: Converted, durations_s: Durations) -> Measured:
    """Measure the four forms of a network on every set, and compare them clip by clip.

    Raises
    ------
    ModelError
        If the integer reference and TFLite differ in any logit code.
    """
    predictors: dict[str, evaluation.Predictor] = {
        "float": evaluation.keras_predictor(trained.floating),
        "fake_quantised": evaluation.keras_predictor(trained.quantised),
        "tflite": evaluation.tflite_predictor(converted.tflite),
        "reference": lambda codes: reference.run(converted.graph, codes).logits,
    }
    with stage(durations_s, "evaluation"):
        outputs = {name: evaluation.outputs_of(predictor, speech.sets) for name, predictor in predictors.items()}
        shown = {name: outputs[name][SHOWN] for name in predictors}
        codes, _ = speech.sets[SHOWN]
        shown["tflite_logits"] = evaluation.tflite_predictor(converted.tflite, logits=True)(codes)
        shown["reference_softmax"] = _softmax_codes(converted.graph, shown["reference"])
    agreement = evaluation.agreement(shown)
    evaluation.require_exact(agreement)
    measurements = [
        Measurement.of(name, *key, evaluation.accuracy(outputs[name][key], speech.sets[key][1]))
        for name in predictors
        for key in SETS
    ]
    return Measured(measurements, Agreement(**agreement), shown["tflite"])


def _softmax_codes(network: Graph, logits: np.ndarray) -> np.ndarray:
    """The integer reference's softmax of logit codes (clips, classes), in the codes of the file."""
    softmax = reference.run_layer(network.layers[-1], logits[:, None, None])
    return network.output.from_core(softmax.reshape(-1, network.classes))


def worst_mistakes(speech: Speech, measured: Measured) -> list[Mistake]:
    """The most confident mistakes of the 8-bit network on `SHOWN`."""
    return mistakes.worst(speech.corpus.clips(*SHOWN), measured.softmax)


def keep(
    parameters: Parameters,
    speech: Speech,
    trained: Trained,
    converted: Converted,
    measured: Measured,
    durations_s: Durations,
) -> Run:
    """Write the network, its mistakes and its record into the run folder, and return the record.

    Raises
    ------
    KwsError
        If the folder cannot be written.
    """
    folder, size, corpus = parameters.folder, parameters.size, speech.corpus
    progress = trained.progress
    atomic_write_bytes(folder / MODEL, converted.tflite)
    mistakes.write(corpus.clips(*SHOWN), worst_mistakes(speech, measured), folder / mistakes.FOLDER)
    made = Run(
        run=parameters.run,
        size=size.name,
        profile=parameters.profile.name,
        seed=parameters.seed,
        front_end=parameters.front_end.kind,
        corpus=CorpusUse(corpus.name, corpus.manifest["hash"], corpus.manifest["splits"]),
        training=parameters.training(progress.best_step),
        network=NetworkFigures(
            macs=size.macs,
            parameters=size.parameters,
            operations=size.operations,
            tflite_bytes=len(converted.tflite),
            tflite_sha256=converted.sha256,
        ),
        measurements=measured.measurements,
        agreement=measured.agreement,
        durations_s=durations_s,
        provenance=provenance(trained_on_s=progress.trained_on),
    )
    records.save(made, folder, history_csv(progress.history))
    return records.load(folder)


def run(parameters: Parameters, say: Callable[[str], None] = print) -> Run:
    """Train, convert, measure and keep one network, without a notebook.

    The run folder gets the same files as from ``train.ipynb``, except the notebook.

    Parameters
    ----------
    parameters : Parameters
        From `kwslib.runs.parameters.check`.
    say : callable
        Gets one line a validation.

    Raises
    ------
    KwsError
        As the stages.
    """
    durations_s: Durations = {}
    with begin(parameters):
        speech = open_speech(parameters, durations_s)
        trained = train(parameters, speech, durations_s, say)
        converted = convert(parameters, speech, trained, durations_s)
        measured = measure(speech, trained, converted, durations_s)
        return keep(parameters, speech, trained, converted, measured, durations_s)
