"""Two runs side by side."""

import json
from typing import Any

from kwslib import terminal
from kwslib.runs import records
from kwslib.runs.run_record import Run

Key = tuple[str, str, str]


def compare(one: Run, other: Run) -> str:
    """Describe two runs: what they were made from, every measurement with its difference, and whether they are equal.

    Returns
    -------
    str
        Text for a terminal.
    """
    lines = [f"A: {_title(one)}", f"B: {_title(other)}", ""]
    if one.corpus.hash != other.corpus.hash:
        lines += ["The two were measured on different clips: the differences mean little.", ""]
    head = ("network", "split", "silence", "A", "B", "B - A")
    lines.append(terminal.table(_rows(one, other), head, left=3))
    differences = differing(one, other)
    lines += ["", "equal in everything but dates, durations and host" if not differences else "not equal in:"]
    return "\n".join(lines + [f"  {name}: {a} | {b}" for name, (a, b) in differences.items()])


def differing(one: Run, other: Run) -> dict[str, tuple[str, str]]:
    """What differs between two runs in `records.comparable`, by its path: both values as short text."""
    found: dict[str, tuple[str, str]] = {}
    _differ("", records.comparable(one), records.comparable(other), found)
    return found


def _differ(path: str, a: Any, b: Any, found: dict[str, tuple[str, str]]) -> None:
    if a == b:
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            _differ(f"{path}.{name}" if path else name, a.get(name, "absent"), b.get(name, "absent"), found)
    elif path == "measurements":
        rows = {_key(row): row for row in a}, {_key(row): row for row in b}
        for key in dict.fromkeys([*rows[0], *rows[1]]):
            ours, theirs = (side.get(key) for side in rows)
            if ours != theirs:
                found[f"{path} of {' '.join(key)}"] = (_correct(ours), _correct(theirs))
    else:
        found[path] = (_short(a), _short(b))


def _key(row: dict[str, Any]) -> Key:
    return row["network"], row["split"], row["silence"]


def _correct(row: dict[str, Any] | None) -> str:
    return f"{row['correct']} of {row['clips']}" if row else "absent"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _title(run: Run) -> str:
    recorded = ", recorded" if run.recorded else ""
    words = "" if run.same_network else " changed"
    words += f", words {', '.join(run.training.words)}" if run.training.words else ""
    return (
        f"{run.run} ({run.size}{words}, profile {run.profile}, seed {run.seed}, front end {run.front_end}, "
        f"corpus {run.corpus.name}{recorded}, {run.provenance.date})"
    )


def _rows(one: Run, other: Run) -> list[tuple[str, ...]]:
    tables = [{(m.network, m.split, m.silence): m for m in run.measurements} for run in (one, other)]
    rows = []
    for key in dict.fromkeys([*tables[0], *tables[1]]):
        a, b = (table.get(key) for table in tables)
        cells = [f"{100 * m.accuracy:.2f} %" if m else "-" for m in (a, b)]
        change = f"{100 * (b.accuracy - a.accuracy):+.2f} points" if a and b else "-"
        rows.append((*key, *cells, change))
    return rows
