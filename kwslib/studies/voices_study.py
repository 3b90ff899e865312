"""What synthetic voices are worth: ten keywords trained on them, with and without recordings, tested on recordings.

Each row of the study has a folder ``voices-study/<row>-s<seed>`` in the results, with its checkpoints, and ends in a
``row.json``; an interrupted study goes on where it was. Validation chooses the step; the test split is measured once a
row, when its training has ended. `KEPT` keeps all finished rows with the project.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kwslib.artifacts import to_plain, write_record
from kwslib.config.own_words import TRAINING
from kwslib.config.presets import SIZES
from kwslib.config.profiles import Profile, profile_named
from kwslib.config.words import KEYWORDS
from kwslib.errors import InputError, check_name
from kwslib.provenance import Provenance, provenance
from kwslib.speech.corpus import SILENCE_PROTOCOLS
from kwslib.speech.languages import ENGLISH, language_named
from kwslib.speech.phrase_corpus import Order, Phrases
from kwslib.speech.phrases import check_phrases
from kwslib.studies.own_words_records import Count
from kwslib.studies.trials import Trials
from kwslib.studies.voices_rows import ROWS, Mixture

if TYPE_CHECKING:
    from kwslib.speech.wav_corpus import WavCorpus

SIZE = "small"
SEEDS = (1,)
CORPUS_SEED = 1
"""Of the voices: every row and seed has the same ones."""


@dataclass(frozen=True)
class Result:
    """One training of the study, measured.

    Attributes
    ----------
    row : str
        A name of `ROWS`.
    seed, steps : int
    train_clips, train_recordings : int
        Clips of the training set, and different recordings among them.
    validation : Count
        On what the row's user has: voices, or recordings, or both.
    test : dict
        On Speech Commands' test split, by silence protocol.
    trained_s : float
    made_from : dict
        Everything else that decides the result.
    """

    row: str
    seed: int
    steps: int
    train_clips: int
    train_recordings: int
    validation: Count
    test: dict[str, Count]
    trained_s: float
    made_from: dict[str, Any]
    provenance: Provenance


@dataclass(frozen=True)
class Recorded:
    """The results that travel with the project."""

    results: list[Result]


def _order(result: Result) -> tuple[int, int]:
    return list(ROWS).index(result.row), result.seed


KEPT = Trials("voices-study", "row.json", Result, Recorded, _order, "kws words-study --data FOLDER")


def run_all(
    data: str,
    only: Sequence[str] = (),
    seeds: Sequence[int] = (),
    steps: int = 0,
    voices: int = 0,
    workers: int | None = None,
    say: Callable[[str], None] = print,
) -> Iterator[Result]:
    """Yield the results of all rows, one seed after the other; train those that are missing.

    Parameters
    ----------
    data : str
        Parent folder of ``speech_commands_v0.02``.
    only : sequence of str
        Names of rows; all if empty.
    seeds : sequence of int
        `SEEDS` if empty.
    steps : int
        Of each training; the profile's if 0.
    voices : int
        Synthetic voices in all; 0 for as many as there are.
    workers : int, optional
        Processes that speak; one for each core by default.
    say : callable
        Gets one line a validation.

    Raises
    ------
    InputError
        For an unknown row, a negative seed or number of steps; before anything is spoken.
    DataError
        If the recordings are missing.
    """
    for name in only:
        check_name("row", name, ROWS)
    if steps < 0 or min(seeds, default=0) < 0:
        raise InputError(f"steps is {steps} and the seeds are {list(seeds)}: none may be negative")
    profile_of(steps)
    from kwslib.speech.phrase_studio import open_phrases
    from kwslib.speech.speech_commands import open_speech_commands

    recordings = open_speech_commands(Path(data) if data else None)
    english = language_named(ENGLISH)
    order = Order(tuple(check_phrases(KEYWORDS, english)), english, CORPUS_SEED, voices)
    spoken = open_phrases(order, workers, say)
    for seed in seeds or SEEDS:
        for name in only or ROWS:
            say(f"── {name}, seed {seed}: {ROWS[name].meaning}")
            yield run_row(name, seed, recordings, spoken, steps, say)


def profile_of(steps: int) -> Profile:
    """Return the profile of ``kws words``, squeezed to some steps; 0 for its own.

    Raises
    ------
    InputError
        If they are too few for its schedule.
    """
    profile = profile_named(TRAINING["profile"])
    schedule = profile.schedules[SIZE]
    squeezed = schedule.scaled(steps) if steps else schedule
    augmentation = replace(profile.augmentation, hold_out_noise=TRAINING["hold_out_noise"])
    return replace(profile, schedules={SIZE: squeezed}, augmentation=augmentation)


def run_row(
    name: str,
    seed: int,
    recordings: "WavCorpus",
    spoken: Phrases,
    steps: int = 0,
    say: Callable[[str], None] = print,
) -> Result:
    """Train one row with one seed and measure it on the test split, or read its result if it is there already.

    Raises
    ------
    DataError
        If there are too few recordings.
    """
    # Imported here because TensorFlow takes seconds to load, and the pages read recorded results without it.
    from kwslib.runs.claim import claim
    from kwslib.runs.experiment import Experiment
    from kwslib.speech.dataset import evaluation_codes

    profile, size = profile_of(steps), SIZES[SIZE]
    corpus = Mixture(ROWS[name], spoken, recordings, seed)
    schedule = profile.schedules[SIZE]
    front_end = size.front_end(TRAINING["front_end"], profile.input_scale)
    made_from = {
        **described(profile),
        "mixture": corpus.manifest["hash"],
        "recordings": recordings.manifest["hash"],
    }
    folder = KEPT.place(f"{name}-s{seed}")
    found = KEPT.read(folder)
    if found and (found.row, found.seed, found.made_from) == (name, seed, made_from):
        return found
    experiment = Experiment(
        size=size,
        schedule=schedule,
        front_end=front_end,
        augmentation=profile.augmentation,
        recipe=profile.recipe(SIZE),
        copies=profile.copies[SIZE],
        validate_every_steps=max(1, schedule.steps // 10),
        seed=seed,
        folder=folder,
        config=made_from,
    )
    sets = {"validation": evaluation_codes(corpus, "validation", "noise-silence", front_end)}
    with claim(folder):
        trained = experiment.train(corpus, sets["validation"], say)
        sets |= {silence: evaluation_codes(recordings, "test", silence, front_end) for silence in SILENCE_PROTOCOLS}
        counts = _counts(size, trained.quantised, sets)
        result = Result(
            row=name,
            seed=seed,
            steps=schedule.steps,
            train_clips=len(corpus.clips("train")),
            train_recordings=sum(corpus.manifest["splits"]["train"].values()),
            validation=counts.pop("validation"),
            test=counts,
            trained_s=round(trained.progress.trained_s, 1),
            made_from=made_from,
            provenance=provenance(),
        )
        write_record(folder / KEPT.file, result, None)
    return result


def described(profile: Profile) -> dict[str, Any]:
    """What of a profile decides a row, as JSON holds it."""
    return to_plain(
        {
            "front_end": SIZES[SIZE].front_end(TRAINING["front_end"], profile.input_scale).key,
            "schedule": asdict(profile.schedules[SIZE]),
            "augmentation": profile.augmentation.key,
        }
    )


def _counts(size: Any, network: Any, sets: dict[str, Any]) -> dict[str, Count]:
    """What the 8-bit form of a network gets right."""
    from kwslib.network import conversion, evaluation

    predict = evaluation.tflite_predictor(conversion.to_tflite(size, network))
    counts = {}
    for name, (codes, labels) in sets.items():
        found = evaluation.accuracy(predict(codes), labels)
        counts[name] = Count(found.clips, found.correct)
    return counts
