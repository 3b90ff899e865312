"""The card of a released network: Markdown made from the files of its folder alone, no number typed.

A card is made again from its folder at any time, so that a test can hold it against what lies there.
"""

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kwslib.artifacts import to_plain
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.gap8.measure import deployment
from kwslib.gap8.measure.timing import CLOCKS_MHZ, latency_ms
from kwslib.runs import description, records
from kwslib.runs.records import GAP8, Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS, SPLITS

CARD, SEEDS, NOTE = "README.md", "seeds.json", "card.json"
SCHEMA = 1
FORMS = ("float", "tflite")
DATA = "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz"


def card(folder: Path) -> str:
    """The card of the network in a folder.

    Raises
    ------
    DataError
        If a file that it is made from is missing or damaged.
    """
    run = records.load(folder)
    parts = [_head(run), _data(run, folder), _recipe(run), _accuracy(run), _seeds(folder), _classes(run)]
    parts += [_cost(run, folder), _limits(run), _use(run)]
    return "\n\n".join(part for part in parts if part) + "\n"


def read_optional(path: Path) -> dict[str, Any]:
    """A JSON file of a release, empty where it is not there.

    Raises
    ------
    DataError
        If it is damaged or of another version.
    """
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text())
        if value["schema"] == SCHEMA:
            return value
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged ({error}); release the run again") from error
    raise DataError(f"{path} was written by another version of this program; release the run again")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def percent(value: float | None) -> str:
    """A share in percent, two decimals."""
    return "–" if value is None else f"{100 * value:.2f} %"


def _head(run: Run) -> str:
    return (
        f"# {run.size}: an 8-bit keyword spotter\n\nA DS-CNN that hears ten English words ({', '.join(LABELS[2:])}), "
        f"other speech and silence in one second of sound. Run `{run.run}`, {run.provenance.date[:10]}, kwslib "
        f"{run.provenance.kwslib}, commit `{run.provenance.short_commit}`"
        f"{' with changes' if run.provenance.dirty else ''}. This card is made from the files beside it."
    )


def _data(run: Run, folder: Path) -> str:
    splits = run.corpus.splits
    rows = []
    for split in SPLITS:
        counts = splits.get(split, {})
        silence = counts.get(LABELS[0], 0)
        keywords = sum(counts.get(word, 0) for word in LABELS[2:])
        rows.append((split, sum(counts.values()), keywords, sum(counts.values()) - keywords - silence, silence))
    text = (
        f"## Data\n\n{description.corpus_name(run)} v0.02 by Google ({DATA}), CC BY 4.0, in the official split. "
        f"SHA-256 of the manifest of what was used: `{run.corpus.hash}`.\n\n"
        + table(("split", "clips", "keywords", "other words", "silence"), rows)
    )
    note = read_optional(folder / NOTE).get("data_note")
    return f"{text}\n\n**Data note.** {note}" if note else text


def _recipe(run: Run) -> str:
    rows = [(name, value) for name, value in description.flat(to_plain(run.training))]
    machines = [f"{seconds:.0f} s on {name}" for name, seconds in run.provenance.trained_on_s.items()]
    took = f" Training took {', then '.join(machines)}." if machines else ""
    return (
        "## Recipe\n\nFloating point first, then batch normalisation folded and the rest trained fake-quantised; the "
        f"step that is best on validation was kept. Profile `{run.profile}`, front end `{run.front_end}`, "
        f"{description.steps(run)} steps.{took}\n\n" + table(("what", "value"), rows)
    )


def _accuracy(run: Run) -> str:
    rows = []
    for split in ("validation", "test"):
        for silence in SILENCE_PROTOCOLS:
            for form in FORMS:
                found = run.measurement(form, split, silence)
                interval = f"{100 * found.low:.2f}–{percent(found.high)}"
                where = f"{split}, {silence}, {description.FORM_NAMES[form]}"
                rows.append((where, f"{found.correct} of {found.clips}", percent(found.accuracy), interval))
    costs = []
    for silence in SILENCE_PROTOCOLS:
        before, after = (run.measurement(form, "test", silence).accuracy for form in FORMS)
        costs.append(f"{100 * (before - after):+.2f} points under {silence}")
    return (
        "## Accuracy\n\nUnder *digital-silence* the silence clips are zeros; under *noise-silence*, as in the official "
        "test archive, they are noise. Intervals are Wilson's, 95 %.\n\n"
        + table(("split, silence, form", "correct", "accuracy", "interval"), rows)
        + f"\n\nQuantisation costs {' and '.join(costs)} on the test clips (float minus "
        "8-bit); negative is a gain, for the float network is the one that the quantised training began with."
    )


def _seeds(folder: Path) -> str:
    found = read_optional(folder / SEEDS)
    runs = found.get("runs", [])
    if not runs:
        return "## Seeds\n\nOne seed was trained: how far the accuracy varies between seeds is not known."
    keys = [f"{split}, {silence}" for split in ("validation", "test") for silence in SILENCE_PROTOCOLS]
    rows = [(f"{row['run']} (seed {row['seed']})", *(percent(row[key]["accuracy"]) for key in keys)) for row in runs]
    spread = []
    for key in keys:
        values = [row[key]["accuracy"] for row in runs]
        spread.append(f"{100 * statistics.mean(values):.2f} ± {100 * statistics.stdev(values):.2f} %")
    return (
        f"## Seeds\n\n{len(runs)} seeds were trained; the released one comes first in the table, and none has more "
        f"validation clips right under {found['chosen_by']}. The last row is mean ± standard deviation.\n\n"
        + table(("run", *keys), [*rows, ("all", *spread)])
    )


def _classes(run: Run) -> str:
    found = [run.measurement("tflite", "test", silence) for silence in SILENCE_PROTOCOLS]
    rows = [(f"`{label}`", *(percent(one.recall[index]) for one in found)) for index, label in enumerate(LABELS)]
    return "## Recall by class\n\nThe 8-bit network on the test clips.\n\n" + table(("class", *SILENCE_PROTOCOLS), rows)


def _cost(run: Run, folder: Path) -> str:
    network = run.network
    rows: list[tuple[str, Any]] = [
        ("bytes of model.tflite", network.tflite_bytes),
        ("SHA-256 of model.tflite", f"`{network.tflite_sha256}`"),
        ("multiply-accumulates", network.macs),
        ("parameters, batch normalisation folded", network.parameters),
    ]
    if not (folder / GAP8 / deployment.DEPLOYMENT).exists():
        return "## Cost\n\n" + table(("what", "value"), rows) + "\n\nIt was not deployed on GAP8."
    found = deployment.load(folder / GAP8)
    if found.provenance.get("tflite_sha256") != network.tflite_sha256:
        raise DataError(f"{folder / GAP8} is the deployment of another network; deploy this one again")
    rows += [
        (f"cycles on GAP8, first inference ({found.platform})", found.cycles),
        ("cycles on GAP8, second inference", found.warm_cycles),
        *((f"milliseconds at {clock} MHz", f"{latency_ms(found.cycles, clock):.2f}") for clock in CLOCKS_MHZ),
        ("peak bytes of L1", max(row.l1_peak_bytes for row in found.rows)),
        ("peak bytes of L2", max(row.l2_peak_bytes for row in found.rows)),
        ("clips on which every layer equals the integer reference", found.clips_checked),
    ]
    tail = "\n\nCycles and milliseconds are the network's; the front end, which makes the fingerprint, is not in them."
    return "## Cost\n\n" + table(("what", "value"), rows) + tail


def _limits(run: Run) -> str:
    return (
        "## Intended use and limits\n\nFor study, comparison and demonstration of keyword spotting on small "
        "microcontrollers. English words, spoken one at a time, in one second at sixteen kilohertz; other languages, "
        "running speech and children's voices were not measured. Background noise lowers the accuracy. It is no basis "
        "for anything that safety depends on.\n\n"
        "## Licence\n\nThe network is Apache-2.0, as the project. Speech Commands is by Google (Pete Warden), CC BY "
        "4.0; the WAV files under `mistakes/` are clips of it."
    )


def _use(run: Run) -> str:
    seed = f" --seed {run.seed}" if run.seed != 1 else ""
    return (
        f"## Use\n\n```\nkws data fetch --test-only --data FOLDER\nkws run --model models/{run.size} --data FOLDER\n"
        f"kws predict --model models/{run.size}/model.tflite clip.wav\n```\n\nTo train it again:\n\n"
        f"```\nkws run --size {run.size} --profile {run.profile} --corpus speech_commands{seed} "
        f"--run {run.run} --data FOLDER\n```"
    )
