"""The building blocks of a page beside its pictures: tables with downloads, notes, labels, links.

Everything here shows itself in a notebook cell. The downloads of a table are part of the page. MyST's
``download`` role links the files of a run, so that the book's build copies them.
"""

import base64
import functools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined, Template

from kwslib.paths import atomic_write_text, book_dir

DASH = "–"
"""What a table shows where a value is missing."""
NO_BREAK = "\N{NO-BREAK SPACE}"
SHARES = ("accuracy", "low", "high", "recall", "precision", "same winner")
"""Columns that hold shares (0 … 1) and are shown as percent; a protocol may follow the name after a comma."""
LONGEST_WORD = 28
"""Characters; a longer word, such as a hash or a path, may break anywhere."""


@dataclass(frozen=True)
class Html:
    """A piece of a page in HTML."""

    text: str

    def _repr_html_(self) -> str:
        return self.text

    def __html__(self) -> str:
        """Tell Jinja that this is HTML already and needs no escaping."""
        return self.text


@dataclass(frozen=True)
class Markdown:
    """A piece of a page in MyST Markdown, roles included."""

    text: str

    def _repr_markdown_(self) -> str:
        return self.text


@functools.cache
def _template(text: str) -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(text)


def fill(template: str, **values: Any) -> Html:
    """Fill a Jinja template of HTML; every value is escaped, except for `Html`.

    Examples
    --------
    >>> fill("<b>{{ name }}</b>", name="<i>").text
    '<b>&lt;i&gt;</b>'
    """
    return Html(_template(template).render(**values))


def note(state: str, head: str, text: str | Html, label: str = "") -> Html:
    """Return a framed note: a bold head, perhaps a label, and a text.

    Parameters
    ----------
    state : str
        ``fresh`` or ``recorded``, which decides the colour of the frame.
    head : str
    text : str or Html
        Text is escaped.
    label : str
        Shown in a frame of its own, e.g. the corpus.
    """
    return fill(
        '<div class="kws-note {{ state }}"><p><strong>{{ head }}</strong> '
        '{% if label %}<span class="kws-label">{{ label }}</span> {% endif %}{{ text }}</p></div>',
        state=state,
        head=head,
        text=text,
        label=label,
    )


def labels(entries: Iterable[tuple[str, str]]) -> Html:
    """Return a line of labels, each given as its state (``fresh`` or ``recorded``) and its text."""
    return fill(
        '<p class="kws-badges">{% for state, text in entries %}{{ " " if not loop.first }}'
        '<span class="kws-label {{ state }}">{{ text }}</span>{% endfor %}</p>',
        entries=list(entries),
    )


def bold(text: str) -> Html:
    """Return a paragraph in bold."""
    return fill("<p><strong>{{ text }}</strong></p>", text=text)


def join(pieces: Iterable[Html]) -> Html:
    """Return pieces of a page as one, one below the other."""
    return Html("".join(piece.text for piece in pieces))


@dataclass(frozen=True)
class Column:
    """A column as a page shows it.

    Attributes
    ----------
    head : str
    texts : list of str
        A text for each row.
    numeric : bool
        Whether it is set like numbers, to the right.
    """

    head: str
    texts: list[str]
    numeric: bool

    def css_class(self, text: str) -> str:
        """Class of a cell: a number, a long word that may break anywhere, a name that stays on one line, or none."""
        if self.numeric:
            return "number"
        if max(map(len, text.split()), default=0) > LONGEST_WORD:
            return "long"
        return "" if " " in text else "name"


@dataclass(frozen=True)
class Pair:
    """Two columns of a frame that a page shows as one: where `first` stands, and under `head`."""

    first: str
    between: str
    second: str
    head: str


PAIRS = (Pair("correct", " of ", "clips", "correct"), Pair("low", "–", "high", "95 % interval"))

TABLE = """
{%- macro class(name) %}{% if name %} class="{{ name }}"{% endif %}{% endmacro -%}
<div class="kws-table{{ ' dense' if dense }}" id="table-{{ name }}">
{%- if caption %}<p class="kws-caption">{{ caption }}</p> {% endif -%}
<div class="kws-scroll"><table class="table" aria-label="{{ caption }}"><thead><tr>
{%- for column in columns %}<th scope="col"{{ class('number' if column.numeric) }}>{{ column.head }}</th> {% endfor -%}
</tr></thead><tbody>
{%- for row in rows %}<tr>
  {%- for text in row %}<td{{ class(columns[loop.index0].css_class(text)) }}>{{ text }}</td> {% endfor -%}
</tr>{% endfor -%}
</tbody></table></div><p class="kws-links">This table: {{ csv }} · {{ json }} ·
 <a href="#table-{{ name }}">link</a></p></div>"""
"""The spaces between cells keep their words apart for the book's search, which strips the tags."""


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
        Column -> function from a value to text. Without one, shares, counts and the rest have forms of their own.
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
        columns = self.columns()
        return fill(
            TABLE,
            name=self.name,
            caption=self.caption,
            dense=self.dense,
            columns=columns,
            rows=list(zip(*(column.texts for column in columns), strict=True)),
            csv=_download(f"{self.name}.csv", "text/csv", self.csv),
            json=_download(f"{self.name}.json", "application/json", self.json),
        ).text

    def columns(self) -> list[Column]:
        """Return what the page shows, column by column; the two columns of a `Pair` are one."""
        frame = self.frame if self.shown is None else self.shown
        pairs = {pair.first: pair for pair in PAIRS if pair.first in frame and pair.second in frame}
        hidden = {pair.second for pair in pairs.values()}
        return [self._column(frame, name, pairs.get(name)) for name in map(str, frame) if name not in hidden]

    def _column(self, frame: pd.DataFrame, name: str, pair: Pair | None) -> Column:
        texts = self._texts(frame, name)
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        if pair is None:
            return Column(name, texts, numeric)
        firsts = [text.removesuffix(" %") for text in texts]
        seconds = self._texts(frame, pair.second)
        both = [f"{first}{pair.between}{second}" for first, second in zip(firsts, seconds, strict=True)]
        return Column(pair.head, both, numeric)

    def _texts(self, frame: pd.DataFrame, name: str) -> list[str]:
        form = self.formats.get(name) or _form(name, frame[name])
        return [form(value) for value in frame[name]]

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


def _download(name: str, kind: str, text: str) -> Html:
    return fill(
        '<a download="{{ name }}" href="data:{{ kind }};base64,{{ data }}">{{ label }}</a>',
        name=name,
        kind=kind,
        data=base64.b64encode(text.encode()).decode(),
        label=Path(name).suffix.removeprefix(".").upper(),
    )


def _form(column: str, values: pd.Series) -> Callable[[Any], str]:
    """How the values of a column look where the table has no format for it."""
    if column.split(",")[0] in SHARES:
        return or_dash(lambda value: f"{100 * value:.2f} %")
    if pd.api.types.is_numeric_dtype(values):
        known = values.dropna()
        if (known == known.round()).all():
            return or_dash(count)
        return or_dash("{:g}".format)
    return lambda value: "–" if value is None or value != value else str(value)


def or_dash(show: Callable[[Any], str]) -> Callable[[Any], str]:
    """Let a column's form show a dash where a value is missing."""
    return lambda value: DASH if pd.isna(value) else show(value)


def count(value: float) -> str:
    """Return a whole number with its thousands apart.

    Examples
    --------
    >>> count(2656768).replace("\N{NARROW NO-BREAK SPACE}", "_")
    '2_656_768'
    """
    return f"{int(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def short_names(names: Iterable[str]) -> str:
    """Return ``S1 + S2`` for the layers of a step."""
    return " + ".join(name.split("_")[0] for name in names)


def millions(value: float) -> str:
    """Return a count in millions with three digits."""
    return f"{value / 1e6:.3g} M"


def unbroken(text: str) -> str:
    """Return a text that stays on one line, as a date should."""
    return text.replace("-", "\N{NON-BREAKING HYPHEN}").replace(" ", "\N{NO-BREAK SPACE}")


def links(folder: Path, files: Mapping[str, str]) -> Markdown:
    """Return links to the files of a folder that exist, a line each; `files` maps a name to what the file is."""
    shown = os.path.relpath(folder.resolve(), book_dir().resolve())
    lines = [
        f"* {{download}}`{text} <{Path(shown, name).as_posix()}>`"
        for name, text in files.items()
        if (folder / name).exists()
    ]
    return Markdown("\n".join(lines))
