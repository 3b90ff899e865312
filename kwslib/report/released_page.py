"""What the book shows of the released networks: the headline table, and a part for each size."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.config import baselines
from kwslib.config.presets import SIZES
from kwslib.errors import DataError
from kwslib.files import read_regular
from kwslib.release import card, release, seeds
from kwslib.report import elements, overview, run_page, tables
from kwslib.report.elements import Markdown, Table
from kwslib.report.figures.training import training_curves
from kwslib.runs import deployments
from kwslib.runs.records import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

CAPTION = (
    "Speech Commands, the official test clips: test accuracy of the 8-bit networks, with Wilson's 95 % intervals in "
    "brackets; cycles of one inference on GAP8"
)
FILES = run_page.FILES | {
    seeds.FILE: "accuracies of the seeds (JSON)",
    card.NOTE: "note on the data (JSON)",
    "gap8/deployment.json": "figures on GAP8 (JSON)",
}


def frame(sizes: Iterable[str] = SIZES) -> pd.DataFrame:
    """Return the test accuracy of the released, the vendor's and the baseline's networks: a row a measurement."""
    rows: list[dict[str, Any]] = []
    for size in sizes:
        run = release.released(size)
        if run:
            cost = {"bytes": run.network.tflite_bytes, "cycles": _cycles(run)}
            for silence in SILENCE_PROTOCOLS:
                figures = tables.measured(run.measurement("tflite", "test", silence))
                rows.append({"network": f"{size}, released", "silence": silence, **figures, **cost})
        for silence in SILENCE_PROTOCOLS:
            figures = {**baselines.vendor_accuracy(size, silence), "bytes": None, "cycles": None}
            rows.append({"network": f"{size}, the vendor's last", "silence": silence, **figures})
        figures = {**tables.baseline_measured(size), "bytes": None, "cycles": baselines.baseline_network(size).cycles}
        rows.append({"network": f"{size}, the baseline", "silence": baselines.SILENCE, **figures})
    return pd.DataFrame(rows)


def _cycles(run: Run) -> int | None:
    try:
        return deployments.of_run(run).deployment.cycles
    except DataError:
        return None


def table(name: str = "released") -> Table:
    """Show the headline: a row a network, both protocols side by side."""
    whole = frame()
    return Table(whole, name, CAPTION, shown=overview.side_by_side(whole, [], ["bytes", "cycles"]))


def note() -> Markdown:
    """Say which sizes have no released network yet, and where the vendor's figures are from."""
    lacking = [size for size in SIZES if release.released(size) is None]
    text = f"No network is released yet for: {', '.join(lacking)}. " if lacking else ""
    return Markdown(f"{text}The vendor's figures: {baselines.vendor_source()}")


def part(size: str) -> list[Any]:
    """Return what the page shows of the released network of one size, in order; a sentence where there is none."""
    run = release.released(size)
    if run is None:
        return [Markdown(f"No network is released yet for the size *{size}*.")]
    items: list[Any] = [run_page.note(run), card_section(run.folder)]
    items += [elements.bold("Training"), training_curves(tables.history(run))]
    for silence in SILENCE_PROTOCOLS:
        items += [elements.bold(f"Confusion matrix, {silence}, counts"), run_page.matrix(run, silence)]
    return [*items, elements.bold("Files"), elements.links(run.folder, FILES)]


def card_section(folder: Path) -> Markdown:
    """Return the card of a release as a part of a page: without its heading, and with the others as bold lines.

    Raises
    ------
    DataError
        If the release has no card.
    """
    try:
        text = read_regular(folder / card.CARD).decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read the card of {folder} ({reason}); release the run again") from error
    if text != card.card(folder):
        raise DataError(f"{folder / card.CARD} is not the card of the files beside it; release the run again")
    return Markdown(re.sub(r"^#+ (.*)$", r"**\1**", text.split("\n", 1)[1].strip(), flags=re.M))
