"""What the book shows of the released networks: the headline table, and a part for each size, released yet or not."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.config.baselines import SILENCE as BASELINE_SILENCE
from kwslib.config.baselines import baseline_network, vendor_accuracy, vendor_source
from kwslib.config.presets import SIZES
from kwslib.errors import DataError
from kwslib.release import card, release, seeds
from kwslib.report import elements, tables
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures import picture
from kwslib.runs import deployments
from kwslib.runs.records import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

CAPTION = (
    "Speech Commands, the official test clips: test accuracy of the 8-bit networks, with Wilson's 95 % intervals in "
    "brackets; cycles of one inference on GAP8"
)
FILES = elements.FILES | {
    seeds.FILE: "accuracies of the seeds (JSON)",
    card.NOTE: "note on the data (JSON)",
    "gap8/deployment.json": "figures on GAP8 (JSON)",
}


def frame(sizes: Iterable[str] = SIZES) -> pd.DataFrame:
    """Test accuracy of the released networks, of the vendor's and of the baseline's, a row a network and protocol."""
    rows: list[dict[str, Any]] = []
    for size in sizes:
        run = release.released(size)
        if run:
            for silence in SILENCE_PROTOCOLS:
                found = run.measurement("tflite", "test", silence)
                measured = {name: getattr(found, name) for name in ("clips", "correct", "accuracy", "low", "high")}
                cost = {"bytes": run.network.tflite_bytes, "cycles": _cycles(run)}
                rows.append({"network": f"{size}, released", "silence": silence, **measured, **cost})
        none = {"bytes": None, "cycles": None}
        for silence in SILENCE_PROTOCOLS:
            rows.append(
                {"network": f"{size}, the vendor's last", "silence": silence, **vendor_accuracy(size, silence), **none}
            )
        seed = baseline_network(size)
        accuracy = seed.accuracy["test"]
        low, high = accuracy.interval
        measured = {"clips": accuracy.clips, "correct": accuracy.correct, "accuracy": accuracy.share}
        cost = {"low": low, "high": high, "bytes": None, "cycles": seed.cycles}
        rows.append({"network": f"{size}, the baseline", "silence": BASELINE_SILENCE, **measured, **cost})
    return pd.DataFrame(rows)


def _cycles(run: Run) -> int | None:
    try:
        return deployments.of_run(run).deployment.cycles
    except DataError:
        return None


def table(name: str = "released") -> Table:
    """The headline: a row a network, both protocols side by side."""
    whole = frame()
    rows: dict[str, dict[str, Any]] = {}
    for row in whole.to_dict("records"):
        empty = {"network": row["network"], **dict.fromkeys(SILENCE_PROTOCOLS)}
        shown = rows.setdefault(row["network"], empty)
        interval = f"{100 * row['low']:.2f}\N{WORD JOINER}–\N{WORD JOINER}{100 * row['high']:.2f}"
        shown[row["silence"]] = f"{100 * row['accuracy']:.2f}\N{NO-BREAK SPACE}% ({interval})"
        shown |= {"bytes": row["bytes"], "cycles": row["cycles"]}
    return Table(whole, name, CAPTION, shown=pd.DataFrame(rows.values()))


def note() -> Markdown:
    """Which sizes have no released network yet, and where the vendor's figures are from."""
    lacking = [size for size in SIZES if release.released(size) is None]
    text = f"No network is released yet for: {', '.join(lacking)}. " if lacking else ""
    return Markdown(f"{text}The vendor's figures: {vendor_source()}")


def part(size: str) -> list[Any]:
    """What the page shows of the released network of one size, in order; a sentence where there is none."""
    run = release.released(size)
    if run is None:
        return [Markdown(f"No network is released yet for the size *{size}*.")]
    items: list[Any] = [elements.note(run), card_section(Path(run.folder))]
    items += [_bold("Training"), picture.training_curves(tables.history(run))]
    for silence in SILENCE_PROTOCOLS:
        items += [_bold(f"Confusion matrix, {silence}, counts"), elements.matrix(run, silence)]
    return [*items, _bold("Files"), elements.links(Path(run.folder), FILES)]


def card_section(folder: Path) -> Markdown:
    """The card of a release within a page: its heading left out, the others as bold lines.

    Raises
    ------
    DataError
        If the release has no card.
    """
    try:
        text = (folder / card.CARD).read_text()
    except OSError as error:
        raise DataError(f"cannot read the card of {folder} ({error.strerror}); release the run again") from error
    return Markdown(re.sub(r"^#+ (.*)$", r"**\1**", text.split("\n", 1)[1].strip(), flags=re.M))


def _bold(text: str) -> Html:
    return Html(f"<p><strong>{text}</strong></p>")
