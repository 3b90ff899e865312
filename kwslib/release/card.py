"""The card of a released network: Markdown, made from the files of its folder alone.

No number is typed: a card can be made again from its folder at any time, and a test compares the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.artifacts import read_record, to_plain
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.gap8.measure import deployment_record
from kwslib.gap8.measure.timing import CLOCKS_MHZ, latency_ms
from kwslib.paths import atomic_write_text
from kwslib.release import seeds
from kwslib.release.front_matter import front_matter
from kwslib.runs import records
from kwslib.runs.description import FORM_NAMES, corpus_name, flat, steps
from kwslib.runs.records import GAP8, STREAMING
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS, SPLITS

CARD, NOTE = "README.md", "card.json"
SCHEMA = 1
FORMS = ("float", "tflite")
DATA = "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz"


@dataclass(frozen=True)
class Note:
    """What a person says of the data that a released network was trained on."""

    data_note: str


def card(folder: Path) -> str:
    """Write the card of the network in a folder.

    Raises
    ------
    DataError
        If a file that it is made from is missing or damaged.
    """
    run = records.load(folder)
    parts = [_head(run), _data(run, folder), _recipe(run), _accuracy(run), _seeds(folder), _classes(run)]
    parts += [_cost(run, folder), _limits(run, folder), _use(run)]
    return front_matter(run) + "\n" + "\n\n".join(part for part in parts if part) + "\n"


def refresh(folder: Path) -> None:
    """Write the card of a folder again; do nothing in a folder that has no card.

    Raises
    ------
    DataError
        As `card`.
    """
    if (folder / CARD).exists():
        atomic_write_text(folder / CARD, card(folder))


def read_note(folder: Path) -> str:
    """Read what a person said of the data; empty if there is no ``card.json``.

    Raises
    ------
    DataError
        If it is damaged or of another version.
    """
    path = folder / NOTE
    if not path.exists():
        return ""
    again = "release the run again"
    return read_record(path, Note, SCHEMA, missing=again, again=again).data_note


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Format a Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def percent(value: float | None) -> str:
    """Format a share, 0 … 1, in percent with two decimals; None is a dash."""
    return "–" if value is None else f"{100 * value:.2f} %"


def _head(run: Run) -> str:
    number = "ten English words" if run.labels == LABELS else f"{len(run.labels) - 2} words"
    return (
        f"# {run.title}: an 8-bit keyword spotter\n\n"
        f"A DS-CNN that recognises {number} ({', '.join(run.labels[2:])}), other speech and silence "
        f"in one second of sound. Run `{run.run}`, {run.provenance.date[:10]}, kwslib "
        f"{run.provenance.kwslib}, commit `{run.provenance.short_commit}`"
        f"{' with changes' if run.provenance.dirty else ''}. This card is made from the files beside it."
    )


def _data(run: Run, folder: Path) -> str:
    splits = run.corpus.splits
    rows = []
    for split in SPLITS:
        counts = splits.get(split, {})
        silence = counts.get(LABELS[0], 0)
        keywords = sum(counts.get(word, 0) for word in run.labels[2:])
        rows.append((split, sum(counts.values()), keywords, sum(counts.values()) - keywords - silence, silence))
    source = f"Data: {corpus_name(run)}."
    if run.corpus.name == "speech_commands":
        source = f"{corpus_name(run)} v0.02 by Google ({DATA}), CC BY 4.0, in the official split."
    text = f"## Data\n\n{source} SHA-256 of the manifest of the clips used: `{run.corpus.hash}`.\n\n" + table(
        ("split", "clips", "keywords", "other words", "silence"), rows
    )
    note = read_note(folder)
    return f"{text}\n\n**Data note.** {note}" if note else text


def _recipe(run: Run) -> str:
    rows = flat(to_plain(run.training))
    machines = [f"{seconds:.0f} s on {name}" for name, seconds in run.provenance.trained_on_s.items()]
    took = f" Training took {', then '.join(machines)}." if machines else ""
    return (
        "## Recipe\n\n"
        "The network was first trained in floating point. Then batch normalisation was folded, and training went "
        "on with fake quantisation. The step with the best validation accuracy was kept. "
        f"Profile `{run.profile}`, front end `{run.front_end}`, {steps(run)} steps.{took}{_start(run)}\n\n"
        + table(("what", "value"), rows)
    )


def _start(run: Run) -> str:
    """Whose weights a training began with, which its steps and seconds do not count."""
    recipe = run.training.recipe
    if not recipe.get("start"):
        return ""
    text = f" It began with the weights of `{recipe['start']}`, whose own training is not counted here."
    share, branches = float(recipe.get("start_share", 0)), int(recipe.get("branches", 1))
    if share:
        text += f" Of the weights in floating point, {100 * share:.0f} % stayed those."
    if branches > 1:
        kept = "The rest is" if share else "What is kept is"
        text += f" {kept} the mean of {branches} branches, each from the same start."
    return text


def _accuracy(run: Run) -> str:
    rows = []
    for split in ("validation", "test"):
        for silence in SILENCE_PROTOCOLS:
            for form in FORMS:
                found = run.measurement(form, split, silence)
                interval = f"{100 * found.low:.2f}–{percent(found.high)}"
                where = f"{split}, {silence}, {FORM_NAMES[form]}"
                rows.append((where, f"{found.correct} of {found.clips}", percent(found.accuracy), interval))
    costs = []
    for silence in SILENCE_PROTOCOLS:
        before, after = (run.measurement(form, "test", silence).accuracy for form in FORMS)
        costs.append(f"{100 * (before - after):+.2f} points under {silence}")
    return (
        "## Accuracy\n\nUnder *digital-silence* the silence clips are zeros; under *noise-silence*, as in the official "
        "test archive, they are noise. Intervals are Wilson's, 95 %.\n\n"
        + table(("split, silence, form", "correct", "accuracy", "interval"), rows)
        + "\n\nAccuracy of the float network minus that of the 8-bit network, on the test clips: "
        f"{' and '.join(costs)}. A negative difference means that the 8-bit network is better: its training went on "
        "from the float network."
    )


def _seeds(folder: Path) -> str:
    found = seeds.read(folder)
    if found is None:
        return "## Seeds\n\nOne seed was trained, so the variation of the accuracy between seeds is not known."
    keys = list(found.runs[0].counts)
    rows = [
        (f"{row.run} (seed {row.seed})", *(percent(count.accuracy) for count in row.counts.values()))
        for row in found.runs
    ]
    spread = [f"{100 * mean:.2f} ± {100 * deviation:.2f} %" for mean, deviation in map(found.spread, keys)]
    return (
        f"## Seeds\n\n{len(found.runs)} seeds were trained. The first row is the released one; no other seed has more "
        f"validation clips right under {found.chosen_by}. The last row is mean ± standard deviation.\n\n"
        + table(("run", *keys), [*rows, ("all", *spread)])
    )


def _classes(run: Run) -> str:
    found = [run.measurement("tflite", "test", silence) for silence in SILENCE_PROTOCOLS]
    rows = [(f"`{label}`", *(percent(one.recall[index]) for one in found)) for index, label in enumerate(run.labels)]
    return "## Recall by class\n\nThe 8-bit network on the test clips.\n\n" + table(("class", *SILENCE_PROTOCOLS), rows)


def _cost(run: Run, folder: Path) -> str:
    network = run.network
    rows: list[tuple[str, Any]] = [
        ("bytes of model.tflite", network.tflite_bytes),
        ("SHA-256 of model.tflite", f"`{network.tflite_sha256}`"),
        ("multiply-accumulates", network.macs),
        ("parameters, batch normalisation folded", network.parameters),
    ]
    if not (folder / GAP8 / deployment_record.DEPLOYMENT).exists():
        return "## Cost\n\n" + table(("what", "value"), rows) + "\n\nIt was not deployed on GAP8."
    found = deployment_record.load(folder / GAP8)
    if found.provenance is None or found.provenance.tflite_sha256 != network.tflite_sha256:
        raise DataError(f"{folder / GAP8} is the deployment of another network; deploy this one again")
    rows += [
        (f"cycles on GAP8, first inference ({found.platform})", found.cycles),
        ("cycles on GAP8, second inference", found.warm_cycles),
        *((f"milliseconds at {clock} MHz", f"{latency_ms(found.cycles, clock):.2f}") for clock in CLOCKS_MHZ),
        ("peak bytes of L1", max(row.l1_peak_bytes for row in found.rows)),
        ("peak bytes of L2", max(row.l2_peak_bytes for row in found.rows)),
        ("clips on which every layer equals the integer reference", found.clips_checked),
    ]
    tail = (
        "\n\nCycles and milliseconds are those of the network alone, without the front end that makes the fingerprint."
    )
    return "## Cost\n\n" + table(("what", "value"), rows) + tail


def _limits(run: Run, folder: Path) -> str:
    words, others = ("English words", "other languages, ") if run.labels == LABELS else ("these words", "")
    talk = "conversations that people recorded" if (folder / STREAMING).is_dir() else "running speech"
    speech = "the speech may have terms of its own; the sound files under `mistakes/` are clips of it."
    if run.corpus.name == "speech_commands":
        speech = (
            "Speech Commands is by Google (Pete Warden), under CC BY 4.0; the sound files under `mistakes/` are clips "
            "of it."
        )
    return (
        "## Intended use and limits\n\nFor study, comparison and demonstration of keyword spotting on small "
        f"microcontrollers. It recognises {words}, spoken one at a time, in one second of sound at 16 kHz. It was "
        f"not measured on {others}{talk} or children's voices. Background noise lowers its accuracy. "
        "Do not use it for anything that safety depends on.\n\n"
        f"## Licence\n\nThe network is under Apache-2.0, like the project. {speech[0].upper()}{speech[1:]}"
    )


def _use(run: Run) -> str:
    if not run.same_task:
        return (
            f"## Use\n\n```\nkws predict --run {run.run} clip.wav\nkws gap8 run --run {run.run} clip.wav\n```\n\n"
            "The first cell of `train.ipynb` beside it has the parameters that it was trained with."
        )
    seed = f" --seed {run.seed}" if run.seed != 1 else ""
    threads = f" --threads {run.training.threads}" if run.training.threads else ""
    return (
        f"## Use\n\n```\nkws data fetch --test-only --data FOLDER\nkws evaluate models/{run.size} --data FOLDER\n"
        f"kws predict --model models/{run.size}/model.tflite clip.wav\n```\n\nTo train it again:\n\n"
        f"```\nkws run --size {run.size} --profile {run.profile} --corpus speech_commands{seed}{threads} "
        f"--run {run.run} --data FOLDER\n```"
    )
