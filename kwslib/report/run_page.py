"""What the book shows of a run: where it is from, its accuracies and matrices beside the baseline's, its files."""

import base64
from collections.abc import Sequence

from kwslib.config import baselines
from kwslib.config.words import LABELS
from kwslib.errors import DataError
from kwslib.paths import models_dir
from kwslib.release import seeds
from kwslib.release.card import CARD, NOTE
from kwslib.report import elements, overview, tables
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures import confusion
from kwslib.report.figures.accuracy import Point
from kwslib.report.figures.picture import Picture
from kwslib.runs import description, run_record
from kwslib.runs.mistakes import FOLDER, MOST_CONFIDENT, read
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

FILES = {
    "model.tflite": "the 8-bit network (.tflite)",
    "metrics.json": "all results (JSON)",
    "accuracy.csv": "accuracies (CSV)",
    "history.csv": "training history (CSV)",
    "mistakes/mistakes.csv": "clips got wrong (CSV)",
    "mistakes/mistakes.json": "clips got wrong (JSON)",
    CARD: "the model card (Markdown)",
    seeds.FILE: "accuracies of the seeds (JSON)",
    NOTE: "note on the data (JSON)",
    "gap8/deployment.json": "figures on GAP8 (JSON)",
}
CORPUS_NOTES = {
    "synthetic": "All its speech is synthetic, spoken by espeak-ng: its accuracies say nothing about recorded speech "
    "and do not compare with figures made on Speech Commands.",
    "speech_commands": "Its speech is Google's Speech Commands v0.02, as much of it as the counts of clips say.",
    "phrases": "Its phrases are spoken by espeak-ng: how right it is on synthetic voices says little about people, and "
    "does not compare with figures made on Speech Commands.",
    "folder": "Its speech is a folder of somebody's own recordings: its accuracies do not compare with figures made on "
    "Speech Commands.",
}
MISTAKES = """{% macro players(clips) %}<ol class="kws-clips">
{%- for row, sound in clips -%}
<li><audio controls preload="none" src="data:audio/{{ row.file.rpartition('.')[2] }};base64,{{ sound }}"
 aria-label="{{ row.label }} taken for {{ row.winner }}"></audio>
 <span><strong>{{ row.label }}</strong> taken for <strong>{{ row.winner }}</strong>,
 probability {{ '%.2f' % row.probability }} <code>{{ row.name }}</code></span></li>
{%- endfor -%}
</ol>{% endmacro %}
{{- players(first) -}}
{%- if more %}<details><summary>One clip of each further pair, the most frequent pairs first</summary>
{{ players(more) }}</details>{% endif -%}"""


def note(run: Run) -> Html:
    """Say whether a run is fresh or recorded, on which speech it was made, when and from which commit."""
    if run.recorded:
        head, text = "Recorded results", "computed earlier and kept with the project, not by this build"
    else:
        head, text = "Fresh results", "computed by the run that this book was built from"
    body = elements.fill(
        "Run <code>{{ run }}</code>, {{ text }}: {{ date }}, commit {{ commit }}. {{ corpus_note }}",
        run=run.run,
        text=text,
        date=run.provenance.date,
        commit=run.provenance.short_commit + (", with changes" if run.provenance.dirty else ""),
        corpus_note=CORPUS_NOTES.get(run.corpus.name, ""),
    )
    return elements.note(description.state(run), head, body, description.corpus_name(run))


def badges(runs: Sequence[Run]) -> Html:
    """Return a line with a label for each run: whether it is fresh or recorded, and on which speech it was made."""
    states = [(run, description.state(run)) for run in runs]
    return elements.labels((state, f"{run.run}: {state}, {description.corpus_name(run)}") for run, state in states)


def card(run: Run) -> Markdown:
    """Return the card of a recorded network, ``models/NAME.md``, without its heading; empty where there is none.

    It is empty for a fresh run too: that was trained on the speech of this machine, which the card does not describe.

    Raises
    ------
    DataError
        If it is no text.
    """
    path = models_dir() / f"{run.run}.md"
    if not run.recorded or not path.exists():
        return Markdown("")
    try:
        text = path.read_text()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is damaged ({error}); restore it") from error
    return Markdown(text.partition("\n")[2].strip())


def headline(runs: Sequence[Run], caption: str) -> Table:
    """Test accuracy of the 8-bit networks under both protocols beside the baseline's, with cost: a row a network."""
    frame = overview.headline(runs)
    shown = overview.side_by_side(frame, ["data"], ["MACs", "parameters", "bytes"])
    return Table(frame, "headline", caption, {"MACs": elements.millions}, shown)


def accuracy_points(run: Run, split: str = "test") -> list[Point]:
    """Return the accuracies of a run's four forms on one split, a series a silence protocol."""
    points = []
    for silence in SILENCE_PROTOCOLS:
        for form, name in description.FORM_NAMES.items():
            found = run.measurement(form, split, silence)
            points.append(Point(name, silence, found.accuracy, found.low, found.high))
    return points


def cost_points(runs: Sequence[Run], cost: str, split: str = "test") -> list[Point]:
    """Return the accuracy of TFLite by size, a series a silence protocol, against a cost.

    Parameters
    ----------
    runs : sequence of Run
    cost : str
        A field of `kwslib.runs.records.NetworkFigures`.
    split : str
    """
    points = []
    for silence in SILENCE_PROTOCOLS:
        for run in runs:
            found = run.measurement("tflite", split, silence)
            units = float(getattr(run.network, cost))
            points.append(Point(run.title, silence, found.accuracy, found.low, found.high, units))
    return points


def matrix(run: Run, silence: str, split: str = "test") -> Picture:
    """Show the confusion matrix of TFLite in counts."""
    return confusion.matrix(run_record.confusion(run, "tflite", split, silence), run.labels)


def matrix_shares(run: Run, silence: str, split: str = "test") -> Picture:
    """Show the confusion matrix of TFLite, each row in percent of its clips."""
    return confusion.matrix(run_record.confusion(run, "tflite", split, silence), run.labels, normalised=True)


def baseline_matrix(size: str, normalised: bool = False, split: str = "test") -> Picture:
    """Show the baseline's confusion matrix."""
    return confusion.matrix(baselines.baseline_network(size).accuracy[split].confusion, LABELS, normalised=normalised)


def matrix_difference(run: Run, split: str = "test") -> Picture:
    """Show the row-normalised matrix of TFLite minus the baseline's, both with digital silence."""
    baseline = baselines.baseline_network(run.size).accuracy[split].confusion
    return confusion.difference(run_record.confusion(run, "tflite", split, baselines.SILENCE), baseline, LABELS)


def difference_note(run: Run, split: str = "test") -> Markdown:
    """Say what a difference from the baseline's matrix means: the clips may be others."""
    own = run_record.confusion(run, "tflite", split, baselines.SILENCE).sum(axis=1)
    baseline = baselines.baseline_network(run.size).accuracy[split].confusion.sum(axis=1)
    if run.corpus.name != "speech_commands":
        return Markdown(
            f"The two matrices were made on **different data** ({description.corpus_name(run)} here, Speech Commands "
            "for the baseline). Only the shares of each row can be compared, and their difference says at least as "
            "much about the two tasks as about the two networks."
        )
    if (own == baseline).all():
        return Markdown(
            "Both matrices count the same number of clips of every class. By the official split, the keyword clips "
            "are the same ones. The baseline does not say which clips of other words stood for `_unknown_`."
        )
    return Markdown(
        "Both matrices were made on Speech Commands, but not on the same clips: only shares of each row are compared."
    )


def matrix_tables(run: Run, split: str = "test") -> list[Table]:
    """Return the confusion matrices of TFLite under both protocols, and the baseline's, as tables."""
    made = [
        Table(
            tables.confusion(run_record.confusion(run, "tflite", split, silence), run.labels),
            f"{run.run}-confusion-{split}-{silence}",
            f"{run.run}, {description.corpus_name(run)}, {split}, {silence}: counts",
        )
        for silence in SILENCE_PROTOCOLS
    ]
    if not run.accuracy_compares:
        return made
    baseline = baselines.baseline_network(run.size).accuracy[split].confusion
    caption = f"The baseline's {run.size}, Speech Commands, {split}, {baselines.SILENCE}: counts"
    return [*made, Table(tables.confusion(baseline, LABELS), f"baseline-{run.size}-confusion-{split}", caption)]


def mistakes(run: Run) -> Html:
    """Show the clips most confidently got wrong, each with a player; those of further pairs behind a fold.

    Raises
    ------
    DataError
        If ``mistakes.json`` or a clip that it lists is missing or damaged.
    """
    folder = run.folder / FOLDER
    try:
        rows = read(folder)
        sounds = [base64.b64encode((folder / row.file).read_bytes()).decode() for row in rows]
    except (OSError, DataError) as error:
        raise DataError(f"{folder} is not whole ({error}); run {run.run} again") from error
    if not rows:
        return Html("<p>No clip of the test split was got wrong.</p>")
    clips = list(zip(rows, sounds, strict=True))
    return elements.fill(MISTAKES, first=clips[:MOST_CONFIDENT], more=clips[MOST_CONFIDENT:])


def downloads(run: Run) -> Markdown:
    """Return links to the files of a run."""
    return elements.links(run.folder, FILES)
