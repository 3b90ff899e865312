"""Tables for a terminal."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 1000
"""Columns that a table may take: its rows are never wrapped, so that a pipe or a log can be searched by line."""


def table(rows: Iterable[Sequence[Any]], head: Sequence[str] = (), left: int = 1) -> str:
    """Return rows as aligned text.

    Parameters
    ----------
    rows : iterable of sequence
        Cells are shown by ``str``; None is an empty cell.
    head : sequence of str
        Names of the columns; without them there is no first line.
    left : int
        How many columns, from the first, are texts and stand left; the others are numbers and stand right.

    Examples
    --------
    >>> print(table([("small", 179524), ("large", 11841431)], head=("network", "cycles")))
    network    cycles
    small      179524
    large    11841431
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    columns = len(head) or max((len(row) for row in cells), default=0)
    made = Table(box=box.SIMPLE, show_header=bool(head), show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.box = None
    for index in range(columns):
        name = head[index] if head else ""
        made.add_column(Text(name), justify="left" if index < left else "right", no_wrap=True)
    for row in cells:
        made.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, highlight=False, legacy_windows=False)
    console.print(made)
    return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip("\n").split("\n"))  # type: ignore[attr-defined]
