"""What is shown of networks for somebody's own phrases: in the terminal, on a page of its own, and in the chapter."""

import base64
import io
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kwslib.accuracy import poisson_interval
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.config.own_words import STUDY, VALUE_OF_VOICES, WANTED_PER_HOUR
from kwslib.paths import atomic_write_text
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.speech.near_misses import KINDS
from kwslib.speech.phrase_corpus import Phrases
from kwslib.speech.phrase_script import MOST_VOICES, QUOTAS
from kwslib.studies.own_words_records import PAGE, PROGRAM, Count, OwnWords, every
from kwslib.studies.voices_rows import ROWS, VALIDATION_SHARE

NOTHING = Markdown('No network of this kind is there yet: `kws words "lights on" "lights off"` makes one.')
LABEL = "own phrases, synthetic voices"
PLAYERS = 2
"""Clips of each phrase, and of each kind of negative, that the page plays."""
PAGE_TEXT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><style>
:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto;
padding: 0 1rem } table { border-collapse: collapse } th, td { text-align: left; padding: .3rem .8rem;
border-bottom: 1px solid #8886; vertical-align: top } td.number { text-align: right }
audio { height: 2rem; width: 15rem } code { overflow-wrap: anywhere } h2 { margin-top: 2rem }
</style></head><body><main><h1>{{ title }}</h1><p><strong>Synthetic voices.</strong> {{ value }}</p>
<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
{% for head, rows in tables %}<h2>{{ head }}</h2><table aria-label="{{ head }}"><thead><tr><th scope="col">what</th>
<th scope="col">clips</th><th scope="col">right</th><th scope="col">95 % interval</th></tr></thead><tbody>
{% for row in rows %}<tr><th scope="row">{{ row.what }}</th><td class="number">{{ row.clips }}</td>
<td class="number">{{ row.right }}</td><td class="number">{{ row.interval }}</td></tr>
{% endfor %}</tbody></table>
{% endfor %}{% if clips %}<h2>What it was tested with</h2><table aria-label="Test clips"><tbody>
{% for name, sound in clips %}<tr><th scope="row">{{ name }}</th><td><audio controls preload="none"
 aria-label="{{ name }}" src="data:audio/wav;base64,{{ sound }}"></audio></td></tr>
{% endfor %}</tbody></table>{% endif %}
<h2>Files</h2><ul>{% for file, what in files.items() %}<li><a href="{{ file }}">{{ what }}</a></li>{% endfor %}</ul>
<p>Run <code>{{ run }}</code>, {{ date }}, commit {{ commit }}.</p></main></body></html>
"""
FILES = {
    PROGRAM: "program for GAP8 (ELF)",
    "model.tflite": "the 8-bit network (.tflite)",
    "own_words/own_words.json": "this page's figures (JSON)",
    "train.ipynb": "executed notebook of the training",
    "gap8.ipynb": "executed notebook of the deployment",
}


def texts() -> dict[str, str]:
    """Numbers of the method, for prose."""
    return {
        "voices": str(sum(MOST_VOICES.values())),
        "hours": f"{STUDY.hours:g}",
        "wanted": f"{WANTED_PER_HOUR:g}",
        "share": str(VALIDATION_SHARE),
        "recordings": ", ".join(map(str, sorted({row.recordings for row in ROWS.values() if row.recordings}))),
    }


def kinds() -> Table:
    """Show what is made so that it is not taken for a phrase."""
    rows = [{"kind": kind.strip("_"), "what": what, "clips": QUOTAS[kind]} for kind, what in KINDS.items()]
    total = sum(QUOTAS.values())
    frame = pd.DataFrame(rows).rename(columns={"clips": f"of {total} clips"})
    return Table(frame, "own-words-negatives", "Sounds that must not be taken for a phrase")


def facts(made: OwnWords) -> list[str]:
    """What is to be said of a network for somebody's phrases, a line a fact."""
    point, (low, high) = made.point, made.held_out.interval
    least, most = (value for value in poisson_interval(point.accepts))
    missed = ", ".join(f"{100 * lost / point.words:.1f} % {name}" for name, lost in point.missed.items())
    lines = [
        f"held-out voices: {100 * made.held_out.share:.2f} % right ({100 * low:.2f} to {100 * high:.2f}) "
        f"of {made.held_out.clips} clips, near misses and silence included",
        f"false accepts: {point.per_hour:.2f} an hour ({least / made.stream_hours:.2f} to "
        f"{most / made.stream_hours:.2f}) in {made.stream_hours:.1f} hours of synthetic sound without a phrase, at "
        f"threshold {point.threshold:.3f}, chosen on validation voices for at most {point.target_per_hour:g}",
        f"missed phrases at that threshold: {missed}",
    ]
    for name, count in made.own.items():
        low, high = count.interval
        lines.append(
            f"own recordings, {name}: {count.correct} of {count.clips} right ({100 * low:.0f} to {100 * high:.0f} %)"
        )
    if not made.own:
        lines.append("own recordings: none, so nothing is known of people; --recordings FOLDER adds some")
    lines.append(
        f"voices: {', '.join(f'{count} {split}' for split, count in made.voices.items())} "
        f"({made.language_name}); clips: {', '.join(f'{count} {split}' for split, count in made.clips.items())}"
    )
    if made.left_out:
        lines.append(f"spoken phrases left out because they did not fit in a second, or were silent: {made.left_out}")
    if made.cycles is not None:
        lines.append(f"on GAP8: {made.cycles:,} cycles from a second of sound to a label")
    lines.append(
        f"time: {sum(made.wall_s.values()) / 60:.1f} minutes, {sum(made.processor_s.values()) / 60:.1f} minutes of "
        "processor: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in made.wall_s.items())
    )
    return lines


def text(made: OwnWords, folder: Path) -> str:
    """What the command line says at the end."""
    return "\n".join([*facts(made), VALUE_OF_VOICES, f"program: {folder / PROGRAM}", f"page: {folder / PAGE}"])


def _rows(counts: dict[str, Count]) -> list[dict[str, Any]]:
    rows = []
    for name, count in counts.items():
        low, high = count.interval
        what = KINDS.get(name, name)
        interval = f"{100 * low:.1f}–{100 * high:.1f} %"
        rows.append({"what": what, "clips": count.clips, "right": f"{100 * count.share:.1f} %", "interval": interval})
    return rows


def html(made: OwnWords, corpus: Phrases | None = None) -> str:
    """Return the page of one network; with players if the speech is at hand."""
    tables = [("Held-out voices", _rows(made.by_kind))]
    tables += [("Own recordings", _rows(made.own))] if made.own else []
    values: dict[str, Any] = {
        "title": ", ".join(phrase.text for phrase in made.phrases),
        "value": VALUE_OF_VOICES,
        "lines": facts(made),
        "tables": tables,
        "clips": _players(corpus) if corpus else [],
        "files": FILES,
        "run": made.run,
        "date": made.provenance.date,
        "commit": made.provenance.short_commit,
    }
    return elements.fill(PAGE_TEXT, **values).text


def write(made: OwnWords, folder: Path, corpus: Phrases | None = None) -> Path:
    """Write the page into the folder of a run; return its path."""
    atomic_write_text(folder / PAGE, html(made, corpus))
    return folder / PAGE


def _players(corpus: Phrases) -> list[tuple[str, str]]:
    clips, seen, found = corpus.clips("test", "noise-silence"), dict[str, int](), []
    for name, audio in zip(clips.names, clips.audio, strict=True):
        kind = name.partition("/")[0]
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= PLAYERS:
            found.append((KINDS.get(kind, kind), _wav(audio)))
    return found


def _wav(samples: np.ndarray) -> str:
    """A clip as WAV in base 64."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.asarray(samples, "<i2").tobytes())
    return base64.b64encode(data.getvalue()).decode()


Every = Sequence[tuple[OwnWords, Path, bool]]


def all_made() -> Every:
    """Every network for somebody's phrases, fresh or recorded."""
    return every()


def badges(made: Every) -> Html | Markdown:
    """Say of every network whether it is fresh or recorded, when and where it was made."""
    if not made:
        return NOTHING
    return elements.join(
        elements.note(
            "recorded" if recorded else "fresh",
            "Recorded results" if recorded else "Fresh results",
            elements.fill(
                "Run <code>{{ run }}</code>, phrases {{ phrases }}: {{ date }}, commit {{ commit }}.",
                run=one.run,
                phrases=", ".join(f"“{phrase.text}”" for phrase in one.phrases),
                date=one.provenance.date,
                commit=one.provenance.short_commit + (", with changes" if one.provenance.dirty else ""),
            ),
            LABEL,
        )
        for one, _, recorded in made
    )


def table(made: Every) -> Table | Markdown:
    """Show accuracy on held-out voices, false accepts, own recordings, cost and time: a row a network."""
    if not made:
        return NOTHING
    full, shown = [], []
    for one, _, _ in made:
        (low, high), point = one.held_out.interval, one.point
        own = Count(sum(c.clips for c in one.own.values()), sum(c.correct for c in one.own.values()))
        row: dict[str, Any] = {
            "run": one.run,
            "phrases": ", ".join(phrase.text for phrase in one.phrases),
            "language": one.language,
            "clips": one.held_out.clips,
            "accuracy": one.held_out.share,
            "low": low,
            "high": high,
            "false accepts an hour": point.per_hour,
            "hours": one.stream_hours,
            "own clips": own.clips,
            "own right": own.correct,
            "cycles": one.cycles,
            "wall_s": sum(one.wall_s.values()),
            "processor_s": sum(one.processor_s.values()),
        }
        full.append(row)
        shown.append(
            {
                "run": one.run,
                "phrases": row["phrases"],
                "held-out voices right": f"{100 * one.held_out.share:.2f} % ({100 * low:.2f}–{100 * high:.2f})",
                "false accepts an hour": f"{point.per_hour:.2f} ({point.low:.2f}–{point.high:.2f})",
                "missed, clean": f"{100 * point.missed['clean'] / point.words:.1f} %",
                "own recordings right": f"{own.correct} of {own.clips}" if own.clips else "none given",
                "cycles, sound to label": f"{one.cycles:,}" if one.cycles is not None else "–",
                "minutes (of processor)": f"{row['wall_s'] / 60:.1f} ({row['processor_s'] / 60:.1f})",
            }
        )
    caption = "Networks for own phrases, measured on synthetic voices"
    return Table(pd.DataFrame(full), "own-words", caption, shown=pd.DataFrame(shown), dense=True)


def kinds_table(made: Every) -> Table | Markdown:
    """Show what the networks get right of each phrase and each kind of negative."""
    if not made:
        return NOTHING
    rows = [{"run": one.run, **row} for one, _, _ in made for row in _rows(one.by_kind)]
    frame = pd.DataFrame(rows).rename(columns={"interval": "95 % interval"})
    return Table(frame, "own-words-kinds", "Held-out voices by phrase and kind of sound")
