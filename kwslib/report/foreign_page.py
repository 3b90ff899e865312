"""What the book shows of networks that other people made: on GAP8 beside the released ones, and where they are from."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kwslib.config.presets import SIZES
from kwslib.errors import DataError
from kwslib.release import release
from kwslib.report.elements import Markdown, Table, count, or_dash
from kwslib.report.gap8_page import ENERGY, HEADS, RATE, mlperf_units
from kwslib.runs import deployments, foreign
from kwslib.runs.foreign import ForeignRecord
from kwslib.runs.run_record import Run

PROTOCOLS = ("digital-silence", "noise-silence")
"""Test protocols of the accuracies, in the order in which they are shown."""
OWN_FRONT_END = "needs its own front end"
PRINTED = "cycles its authors printed"
ACCURACY = "test accuracy"


def frame() -> pd.DataFrame:
    """Return a row a network: the released ones, then the recorded ones of other people."""
    rows = []
    for size in SIZES:
        run = release.released(size)
        row = _released(run, size) if run else None
        if row:
            rows.append(row)
    return pd.DataFrame([*rows, *(_foreign(record) for record in foreign.load_all())])


def _released(run: Run, size: str) -> dict[str, Any] | None:
    try:
        found = deployments.of_run(run).deployment
    except DataError:
        return None
    accuracy = _accuracy(
        [(one.correct, one.clips) for one in (run.measurement("tflite", "test", p) for p in PROTOCOLS)]
    )
    return _row(f"{size}, released", found.macs, found.cycles, found.predicted_cycles) | {
        PRINTED: None,
        ACCURACY: accuracy,
    }


def _foreign(record: ForeignRecord) -> dict[str, Any]:
    origin = record.origin
    measured = {one.silence: (one.correct, one.clips) for one in record.accuracies}
    accuracy = _accuracy([measured[name] for name in PROTOCOLS]) if measured else OWN_FRONT_END
    if origin and origin.printed_accuracy:
        accuracy += f"; its authors print {100 * origin.printed_accuracy:.1f} %"
    return _row(record.title, record.macs, record.cycles, record.predicted_cycles) | {
        PRINTED: origin.printed_cycles if origin else None,
        ACCURACY: accuracy,
    }


def _accuracy(counts: Sequence[tuple[int, int]]) -> str:
    """Return ``94.40 / 94.23 % of 4,890 clips`` for correct clips and clips under each protocol."""
    shares = " / ".join(f"{100 * correct / clips:.2f}" for correct, clips in counts)
    return f"{shares} % of {count(counts[0][1])} clips"


def _row(name: str, macs: int, cycles: int, predicted_cycles: int) -> dict[str, Any]:
    return {
        "network": name,
        "MAC": macs,
        "cycles": cycles,
        "MAC/cycle": macs / cycles,
        "predicted / measured": predicted_cycles / cycles,
        **mlperf_units(cycles),
    }


def table(name: str = "gap8-foreign") -> Table | Markdown:
    """Show the networks of other people beside the released ones; nothing where there are none of either."""
    whole = frame()
    if whole.empty:
        return Markdown("")
    formats = {
        HEADS["MAC/cycle"]: lambda value: f"{value:.2f}",
        "predicted / measured": lambda value: f"{100 * value:.1f} %",
        **dict.fromkeys((HEADS[RATE], ENERGY), lambda value: count(round(value))),
        PRINTED: or_dash(count),
    }
    caption = (
        "One inference on GAP8, the first after the start, without the front end; the energy is an estimate. "
        f"Accuracies under {' and '.join(PROTOCOLS)}"
    )
    return Table(whole, name, caption, formats, whole.rename(columns=HEADS), dense=True)


def sources(name: str = "gap8-foreign-sources") -> Table | Markdown:
    """Show where the files are from, by hash, and what is special about them; a sentence where none is recorded."""
    records = foreign.load_all()
    if not records:
        return Markdown(f"No network of other people is recorded yet: `{foreign.COMMAND}` measures one.")
    whole = pd.DataFrame(
        {
            "network": record.title,
            "from": f"{record.origin.repository}: {record.origin.path}" if record.origin else f"{record.file}, unknown",
            "licence": (record.origin.licence if record.origin else "") or "not named",
            "sha256": record.sha256,
            "scales": record.scales,
            "in portable C": record.portable.removeprefix("portable C computes ") or "nothing",
            "inputs checked": record.inputs_checked,
        }
        for record in records
    )
    caption = "Where they are from; every layer was equal to the integer reference on every input"
    return Table(whole, name, caption, dense=True)


def note() -> Markdown:
    """Say by which platform and from which commit the records were made."""
    made = sorted(
        {
            f"{record.platform}, version {record.platform_version}, commit {record.provenance.short_commit}"
            for record in foreign.load_all()
        }
    )
    return Markdown(f"Recorded: {'; '.join(made)}." if made else "")
