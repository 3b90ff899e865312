"""What a page of the book shows beside its pictures: tables with downloads, labels, sound, files.

Everything here shows itself in a notebook cell. Downloads of tables are part of the page; files of a run are linked
by MyST's ``download`` role, so that the book's build copies them.
"""

import base64
import html
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kwslib.config.baselines import SILENCE as BASELINE_SILENCE
from kwslib.config.baselines import BaselineNetwork, baseline_network
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.paths import atomic_write_text, book_dir, models_dir
from kwslib.report import tables
from kwslib.report.figures import picture
from kwslib.runs import records
from kwslib.runs.records import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

FILES = {
    "model.tflite": "the 8-bit network (.tflite)",
    "metrics.json": "all results (JSON)",
    "accuracy.csv": "accuracies (CSV)",
    "history.csv": "training history (CSV)",
    "mistakes/mistakes.csv": "clips got wrong (CSV)",
    "mistakes/mistakes.json": "clips got wrong (JSON)",
}
CORPUS_NOTES = {
    "synthetic": "All its speech is synthetic, spoken by espeak-ng: its accuracies say nothing about recorded speech "
    "and do not compare with figures made on Speech Commands.",
    "speech_commands": "Its speech is Google's Speech Commands v0.02, as much of it as the counts of clips say.",
}
LONGEST_WORD = 28
MERGED = {"clips": ("correct", " of ", "correct"), "high": ("low", "–", "95 % interval")}
"""Column that is shown behind another one: the other one, what stands between, the head of both together."""


@dataclass(frozen=True)
class Html:
    """A piece of a page."""

    text: str

    def _repr_html_(self) -> str:
        return self.text


@dataclass(frozen=True)
class Markdown:
    """A piece of a page in MyST Markdown, roles included."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text


@dataclass(frozen=True)
class Table:
    """A table with links to itself as CSV and JSON, numbers in full precision.

    Attributes
    ----------
    frame : DataFrame
    name : str
        Stem of the file names.
    caption : str
    formats : dict
        Column -> function from a value to text; shares, counts and the rest have a form of their own without it.
    shown : DataFrame, optional
        What the page shows in place of `frame`.
    dense : bool
        Whether it has so many columns that they must be set tighter.
    """

    frame: pd.DataFrame
    name: str
    caption: str = ""
    formats: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    shown: pd.DataFrame | None = None
    dense: bool = False

    def _repr_html_(self) -> str:
        columns = self._columns()
        head = "".join(f'<th scope="col"{_right(number)}>{html.escape(name)}</th>' for name, number, _ in columns)
        rows = []
        for row in zip(*(texts for _, _, texts in columns), strict=True):
            cells = zip(columns, row, strict=True)
            inner = "".join(
                f"<td{_right(number) or _breaks(text)}>{html.escape(text)}</td>" for (_, number, _), text in cells
            )
            rows.append(f"<tr>{inner}</tr>")
        caption = html.escape(self.caption)
        above = f'<p class="kws-caption">{caption}</p>' if caption else ""
        kind = "kws-table dense" if self.dense else "kws-table"
        return (
            f'<div class="{kind}">{above}<div class="kws-scroll"><table class="table" aria-label="{caption}">'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>{self._links()}</div>"
        )

    def _columns(self) -> list[tuple[str, bool, list[str]]]:
        """What is shown: name, whether it is a number, texts. Counts and intervals become one column each."""
        columns = []
        frame = self.frame if self.shown is None else self.shown
        for name in frame:
            values = frame[name]
            if name in MERGED and MERGED[name][0] in frame:
                continue
            form = self.formats.get(name) or _form(str(name), values)
            texts = [form(value) for value in values]
            for second, (first, between, head) in MERGED.items():
                if name == first and second in frame:
                    other = _form(second, frame[second])
                    firsts = [text.removesuffix(" %") for text in texts]
                    texts = [f"{a}{between}{other(b)}" for a, b in zip(firsts, frame[second], strict=True)]
                    name = head
            columns.append((str(name), pd.api.types.is_numeric_dtype(values), texts))
        return columns

    @property
    def csv(self) -> str:
        """The whole table as CSV."""
        return self.frame.to_csv(index=False, lineterminator="\n")

    @property
    def json(self) -> str:
        """The whole table as JSON, an object a row."""
        return self.frame.to_json(orient="records", indent=1, double_precision=15) + "\n"

    def save(self, folder: Path, name: str) -> None:
        """Write the table as ``NAME.csv`` and ``NAME.json``."""
        atomic_write_text(folder / f"{name}.csv", self.csv)
        atomic_write_text(folder / f"{name}.json", self.json)

    def _links(self) -> str:
        return (
            f'<p class="kws-links">This table: {_link(f"{self.name}.csv", "text/csv", self.csv)} · '
            f"{_link(f'{self.name}.json', 'application/json', self.json)}</p>"
        )


def _right(numeric: bool) -> str:
    return ' class="number"' if numeric else ""


def _breaks(text: str) -> str:
    """Let a name stay on one line, and what has no space for a line break, as a hash or a path, break anywhere."""
    if max(map(len, text.split()), default=0) > LONGEST_WORD:
        return ' class="long"'
    return "" if " " in text else ' class="name"'


def _link(name: str, kind: str, text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    label = Path(name).suffix.removeprefix(".").upper()
    return f'<a download="{html.escape(name)}" href="data:{kind};base64,{data}">{label}</a>'


def _form(column: str, values: pd.Series) -> Callable[[Any], str]:
    if column.split(",")[0] in tables.SHARES:
        return lambda value: "–" if pd.isna(value) else f"{100 * value:.2f} %"
    if pd.api.types.is_numeric_dtype(values):
        whole = values.dropna()
        if (whole == whole.round()).all():
            return lambda value: "–" if pd.isna(value) else count(value)
        return lambda value: "–" if pd.isna(value) else f"{value:g}"
    return lambda value: "–" if value is None or value != value else str(value)


def count(value: float) -> str:
    """A whole number, its thousands apart."""
    return f"{int(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def millions(value: float) -> str:
    """A count in millions with three digits."""
    return f"{value / 1e6:.3g} M"


def unbroken(text: str) -> str:
    """A text that stays on one line, as a date should."""
    return text.replace("-", "\N{NON-BREAKING HYPHEN}").replace(" ", "\N{NO-BREAK SPACE}")


def headline(runs: list[Run], caption: str) -> Table:
    """Test accuracy of the 8-bit networks under both protocols beside the baseline's, with cost: a row a network."""
    frame = tables.headline(runs)
    rows: dict[str, dict[str, Any]] = {}
    for row in frame.to_dict("records"):
        shown = rows.setdefault(
            row["network"],
            {"network": row["network"], "data": row["data"]} | dict.fromkeys(SILENCE_PROTOCOLS),
        )
        interval = f"{100 * row['low']:.2f}\N{WORD JOINER}–\N{WORD JOINER}{100 * row['high']:.2f}"
        shown[row["silence"]] = f"{100 * row['accuracy']:.2f}\N{NO-BREAK SPACE}% ({interval})"
        shown |= {"MACs": row["MACs"], "parameters": row["parameters"], "bytes": row["bytes"]}
    return Table(frame, "headline", caption, {"MACs": millions}, pd.DataFrame(rows.values()))


def note(run: Run) -> Html:
    """Say whether a run is fresh or recorded, on which speech it was made, when and from which commit."""
    if run.recorded:
        head = "Recorded results"
        text = "computed earlier and kept with the project, not by this build"
    else:
        head = "Fresh results"
        text = "computed by the run that this book was built from"
    commit = run.provenance.short_commit + (", with changes" if run.provenance.dirty else "")
    corpus = html.escape(tables.corpus_name(run))
    return Html(
        f'<div class="kws-note {tables.state(run)}"><p><strong>{head}</strong> <span class="kws-label">{corpus}</span> '
        f"Run <code>{html.escape(run.run)}</code>, {text}: {html.escape(run.provenance.date)}, "
        f"commit {html.escape(commit)}. {CORPUS_NOTES.get(run.corpus.name, '')}</p></div>"
    )


def card(run: Run) -> Markdown:
    """The card of a recorded network, ``models/NAME.md``, below its heading; empty for a fresh run or without one.

    A fresh run of the same name was trained on whatever speech there was here, of which the card knows nothing.
    """
    path = models_dir() / f"{run.run}.md"
    if not run.recorded or not path.exists():
        return Markdown("")
    return Markdown(path.read_text().split("\n", 1)[1].strip())


def badges(runs: list[Run]) -> Html:
    """One line: for each run a label that says whether it is fresh or recorded, and on which speech."""
    labels = (
        f'<span class="kws-label {tables.state(run)}">{html.escape(run.run)}: {tables.state(run)}, '
        f"{html.escape(tables.corpus_name(run))}</span>"
        for run in runs
    )
    return Html(f'<p class="kws-badges">{" ".join(labels)}</p>')


def accuracy_points(run: Run, split: str = "test") -> list[picture.Point]:
    """The accuracies of a run's four forms on one split, a series a silence protocol."""
    points = []
    for silence in SILENCE_PROTOCOLS:
        for network in records.NETWORKS:
            found = run.measurement(network, split, silence)
            name = tables.NETWORK_NAMES[network]
            points.append(picture.Point(name, silence, found.accuracy, found.low, found.high))
    return points


def cost_points(runs: list[Run], cost: str, split: str = "test") -> list[picture.Point]:
    """Accuracy of TFLite by size with a cost out of ``Run.network``, a series a silence protocol."""
    points = []
    for silence in SILENCE_PROTOCOLS:
        for run in runs:
            found = run.measurement("tflite", split, silence)
            units = float(getattr(run.network, cost))
            points.append(picture.Point(run.size, silence, found.accuracy, found.low, found.high, units))
    return points


def matrix(run: Run, silence: str, split: str = "test") -> picture.Picture:
    """The confusion matrix of TFLite, in counts."""
    return picture.confusion(records.confusion(run, "tflite", split, silence), LABELS)


def matrix_shares(run: Run, silence: str, split: str = "test") -> picture.Picture:
    """The confusion matrix of TFLite, each row in percent of its clips."""
    return picture.confusion(records.confusion(run, "tflite", split, silence), LABELS, normalised=True)


def baseline_matrix(size: str, normalised: bool = False, split: str = "test") -> picture.Picture:
    """The baseline's confusion matrix."""
    return picture.confusion(baseline_network(size).accuracy[split].confusion, LABELS, normalised=normalised)


def matrix_difference(run: Run, split: str = "test") -> picture.Picture:
    """The row-normalised matrix of TFLite minus the baseline's, both with digital silence."""
    seeds = baseline_network(run.size).accuracy[split].confusion
    return picture.confusion_difference(records.confusion(run, "tflite", split, BASELINE_SILENCE), seeds, LABELS)


def difference_note(run: Run, split: str = "test") -> Markdown:
    """Say what a difference from the baseline's matrix means: the clips may be others."""
    ours = records.confusion(run, "tflite", split, BASELINE_SILENCE).sum(axis=1)
    seeds = baseline_network(run.size).accuracy[split].confusion.sum(axis=1)
    if run.corpus.name != "speech_commands":
        return Markdown(
            f"The two matrices were made on **different data** ({tables.corpus_name(run)} here, Speech Commands in the "
            "seed): only row-normalised shares can be set side by side, and their difference says how the two tasks "
            "differ at least as much as how the two networks do."
        )
    if (ours == seeds).all():
        return Markdown(
            "Both matrices count the same number of clips of every class. By the official split the keywords' clips "
            "are the same ones; which clips of other words stood for `_unknown_` the baseline does not say."
        )
    return Markdown(
        "Both matrices were made on Speech Commands, but not on the same clips: only shares of each row are compared."
    )


def matrix_tables(run: Run, split: str = "test") -> list[Table]:
    """The confusion matrices of TFLite under both protocols, and the baseline's, as tables."""
    made = [
        Table(
            tables.confusion(records.confusion(run, "tflite", split, silence)),
            f"{run.run}-confusion-{split}-{silence}",
            f"{run.run}, {tables.corpus_name(run)}, {split}, {silence}: counts",
        )
        for silence in SILENCE_PROTOCOLS
    ]
    seed: BaselineNetwork = baseline_network(run.size)
    caption = f"The baseline's {run.size}, Speech Commands, {split}, {BASELINE_SILENCE}: counts"
    name = f"baseline-{run.size}-confusion-{split}"
    return [*made, Table(tables.confusion(seed.accuracy[split].confusion), name, caption)]


def mistakes(run: Run) -> Html:
    """The clips most confidently got wrong, each with a player.

    Raises
    ------
    DataError
        If a clip that ``mistakes.json`` lists is missing.
    """
    folder = Path(run.folder) / "mistakes"
    try:
        rows = json.loads((folder / "mistakes.json").read_text())
        sounds = [base64.b64encode((folder / row["file"]).read_bytes()).decode() for row in rows]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder} is not whole ({error}); run {run.run} again") from error
    if not rows:
        return Html("<p>No clip of the test split was got wrong.</p>")
    items = (
        f'<li><audio controls preload="none" src="data:audio/wav;base64,{sound}" '
        f'aria-label="{html.escape(row["label"])} taken for {html.escape(row["winner"])}"></audio> '
        f"<span><strong>{html.escape(row['label'])}</strong> taken for <strong>{html.escape(row['winner'])}</strong>, "
        f"probability {row['probability']:.2f} <code>{html.escape(row['name'])}</code></span></li>"
        for row, sound in zip(rows, sounds, strict=True)
    )
    return Html(f'<ol class="kws-clips">{"".join(items)}</ol>')


def downloads(run: Run) -> Markdown:
    """Links to the files of a run."""
    return links(Path(run.folder), FILES)


def links(folder: Path, files: Mapping[str, str]) -> Markdown:
    """Links to those files of a folder that are there, by name and with what they are."""
    shown = os.path.relpath(folder.resolve(), book_dir().resolve())
    lines = [
        f"* {{download}}`{text} <{Path(shown, name).as_posix()}>`"
        for name, text in files.items()
        if (folder / name).exists()
    ]
    return Markdown("\n".join(lines))
