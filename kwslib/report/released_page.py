"""What the book shows of the released networks: the headline, and what a page has of a release alone."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.config import baselines
from kwslib.config.presets import BASELINE_SIZES, SIZES
from kwslib.errors import DataError
from kwslib.files import read_regular
from kwslib.gap8.measure.timing import latency_ms
from kwslib.release import card, release, seeds
from kwslib.release.front_matter import without
from kwslib.report import elements, overview, tables
from kwslib.report.elements import Html, Markdown, Table
from kwslib.runs import deployments, description
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

CAPTION = (
    "Speech Commands, the official test clips: test accuracy of the 8-bit networks, with Wilson's 95 % intervals in "
    "brackets, or the standard deviation over seeds behind ±; cycles of one inference on GAP8"
)
SILENCE = "noise-silence"
"""Protocol of the accuracy in large print: the harder one, Google's."""
NUMBERS_CLOCK_MHZ = 100
NUMBERS = """<ul class="kws-numbers">
{%- for number, meaning, link in entries -%}
<li><a href="{{ link }}"><strong>{{ number }}</strong></a><span>{{ meaning }}</span></li>
{%- endfor -%}
</ul>"""


def frame(sizes: Iterable[str] = SIZES) -> pd.DataFrame:
    """Return the test accuracy of the released, the vendor's and the baseline's networks: a row a measurement.

    A mean over seeds has their standard deviation, ``deviation``, in place of an interval.
    """
    rows: list[dict[str, Any]] = []
    for size in sizes:
        run = release.released(size)
        if run:
            cost = {"bytes": run.network.tflite_bytes, "cycles": _cycles(run)}
            for silence in SILENCE_PROTOCOLS:
                figures = tables.measured(run.measurement("tflite", "test", silence))
                rows.append({"network": f"{size}, released", "silence": silence, **figures, **cost})
            rows += _seed_rows(size, run)
        if size not in BASELINE_SIZES:
            continue
        for silence in SILENCE_PROTOCOLS:
            figures = {**baselines.vendor_accuracy(size, silence), "bytes": None, "cycles": None}
            rows.append({"network": f"{size}, the vendor's last", "silence": silence, **figures})
        figures = {**tables.baseline_measured(size), "bytes": None, "cycles": baselines.baseline_network(size).cycles}
        rows.append({"network": f"{size}, the baseline", "silence": baselines.SILENCE, **figures})
    return pd.DataFrame(rows)


def _seed_rows(size: str, run: Run) -> list[dict[str, Any]]:
    """The mean over the seeds that a release was chosen from; no row where there is one seed alone."""
    found, rows = seeds.read(run.folder), []
    if found is None:
        return []
    for silence in SILENCE_PROTOCOLS:
        mean, deviation = found.spread(f"test, {silence}")
        what = {"network": f"{size}, mean of {len(found.runs)} seeds", "silence": silence}
        rows.append({**what, "accuracy": mean, "deviation": deviation, "bytes": None, "cycles": None})
    return rows


def _cycles(run: Run) -> int | None:
    try:
        return deployments.of_run(run).deployment.cycles
    except DataError:
        return None


def table(name: str = "released", sizes: Iterable[str] = SIZES) -> Table:
    """Show the headline: a row a network, both protocols side by side."""
    whole = frame(sizes)
    return Table(whole, name, CAPTION, shown=overview.side_by_side(whole, [], ["bytes", "cycles"]))


def note() -> Markdown:
    """Say which sizes have no released network yet, and where the vendor's figures are from."""
    lacking = [size for size in BASELINE_SIZES if release.released(size) is None]
    text = f"No network is released yet for: {', '.join(lacking)}. " if lacking else ""
    return Markdown(f"{text}The vendor's figures: {baselines.vendor_source()}")


def numbers(runs: Sequence[Run]) -> Html:
    """Show three figures in large print: the best accuracy, the fewest cycles, and the share of a second they take.

    Parameters
    ----------
    runs : sequence of Run
        With a deployment each; the pages of their sizes are linked.
    """
    best = max(runs, key=lambda run: run.measurement("tflite", "test", SILENCE).accuracy)
    found = {run.size: deployments.of_run(run).deployment for run in runs}
    least = min(runs, key=lambda run: found[run.size].cycles)
    cycles = found[least.size].sound_to_label_cycles
    entries = [
        (
            f"{100 * best.measurement('tflite', 'test', SILENCE).accuracy:.1f} %",
            f"of the test clips right: {best.size}, {description.corpus_name(best)}, {SILENCE}",
            f"{best.size}.html",
        ),
        (
            elements.count(found[least.size].cycles),
            f"cycles an inference on GAP8: {least.size}, every layer equal to the integer reference",
            f"gap8_{least.size}.html",
        ),
        (
            f"{latency_ms(cycles, NUMBERS_CLOCK_MHZ):.1f} ms",
            f"from a second of sound to its label at {NUMBERS_CLOCK_MHZ} MHz: {least.size}, with the front end",
            "on_gap8.html",
        ),
    ]
    return elements.fill(NUMBERS, entries=entries)


def card_of(run: Run) -> list[Markdown]:
    """Return the model card of a released run; a sentence for another one."""
    found = release.released(run.size)
    if found is None or found.run != run.run:
        return [Markdown(f"Run `{run.run}` is not released: it has no model card.")]
    return [card_section(run.folder)]


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
    return Markdown(re.sub(r"^#+ (.*)$", r"**\1**", without(text).split("\n", 1)[1].strip(), flags=re.M))
