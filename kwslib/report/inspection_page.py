"""The page of an inspected folder: what was found, with players. One file that needs nothing else."""

import base64
from pathlib import Path
from typing import Any

from kwslib.files import read_regular
from kwslib.paths import atomic_write_text
from kwslib.report.elements import fill
from kwslib.speech.corpus import SPLITS
from kwslib.speech.inspection import KINDS, Finding, Inspection

MOST_PLAYERS = 300
MOST_BYTES = 400_000
"""Clips that are larger are named without a player, so that a page stays small."""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inspection of {{ name }}</title><style>
:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
padding: 0 1rem } table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem;
border-bottom: 1px solid #8886; vertical-align: top } td.number { text-align: right }
audio { height: 2rem; width: 15rem } code { overflow-wrap: anywhere } h2 { margin-top: 2rem }
</style></head><body><main><h1>Inspection of {{ name }}</h1>
<p><code>{{ folder }}</code>: {{ clips }} clips of {{ counts | length }} words. Split: {{ rule }}.</p>
{% if not kinds %}<p>Nothing was found.</p>{% else %}<ul>
{% for kind, number in kinds.items() %}<li><a href="#{{ kind | replace(' ', '-') }}">{{ kind }}</a>: {{ number }}
 – {{ meanings[kind] }}</li>
{% endfor %}</ul>{% endif %}
<h2>Clips by word and split</h2><table aria-label="Clips by word and split"><thead><tr><th scope="col">word</th>
{% for split in splits %}<th scope="col">{{ split }}</th>{% endfor %}</tr></thead><tbody>
{% for word, own in counts.items() %}<tr><th scope="row">{{ word }}</th>
{% for split in splits %}<td class="number">{{ own.get(split, 0) }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% for kind, rows in groups.items() %}<h2 id="{{ kind | replace(' ', '-') }}">{{ kind }}</h2><p>{{ meanings[kind] }}</p>
<table aria-label="{{ kind }}"><thead><tr><th scope="col">word</th><th scope="col">clip</th><th scope="col">what</th>
<th scope="col">sound</th></tr></thead><tbody>
{% for row, sounds in rows %}<tr><td>{{ row.word }}</td><td><code>{{ row.path }}</code></td><td>{{ row.text }}</td><td>
{% for path, sound in sounds %}<audio controls preload="none" aria-label="{{ path }}"
 src="data:audio/wav;base64,{{ sound }}"></audio>{% endfor %}</td></tr>
{% endfor %}</tbody></table>
{% endfor %}{% if left_out %}<p>{{ left_out }} clips are named without a player, to keep this page small.</p>{% endif %}
</main></body></html>
"""


def html(inspection: Inspection) -> str:
    """Return the page of an inspection."""
    groups: dict[str, list[tuple[Finding, list[tuple[str, str]]]]] = {}
    players = left_out = 0
    for one in inspection.findings:
        sounds: list[tuple[str, str]] = []
        for path in filter(None, (one.path, one.other)):
            sound = _sound(inspection.folder / path) if players < MOST_PLAYERS and one.kind != "unreadable" else ""
            players, left_out = players + bool(sound), left_out + (not sound)
            sounds += [(path, sound)] if sound else []
        groups.setdefault(one.kind, []).append((one, sounds))
    values: dict[str, Any] = {
        "name": inspection.folder.name,
        "folder": str(inspection.folder),
        "clips": sum(sum(own.values()) for own in inspection.counts.values()),
        "counts": inspection.counts,
        "rule": inspection.rule,
        "kinds": inspection.by_kind,
        "meanings": KINDS,
        "splits": SPLITS,
        "groups": groups,
        "left_out": left_out,
    }
    return fill(PAGE, **values).text


def _sound(path: Path) -> str:
    """A clip in base 64; empty if it is no file, cannot be read or is too large."""
    try:
        return base64.b64encode(read_regular(path, MOST_BYTES)).decode()
    except OSError:
        return ""


def write(inspection: Inspection, path: Path) -> None:
    """Write the page of an inspection to a file."""
    atomic_write_text(path, html(inspection))
