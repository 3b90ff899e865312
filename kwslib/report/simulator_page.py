"""The chapter on the simulator: its figures beside GVSOC's recorded ones, program by program and line by line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from kwslib.errors import DataError, ToolError
from kwslib.gap8.measure import recordings
from kwslib.gap8.measure.recordings import Agreement, Figure, Recording, Reference
from kwslib.gap8.platforms.platform import open_platform
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table, count, unbroken

SHOWN_LINE_BY_LINE = ("smoke", "timing")
"""The programs whose every line the chapter shows."""


@dataclass(frozen=True)
class Comparison:
    """The recorded programs, run on the simulator.

    Attributes
    ----------
    reference : Reference
        Which GVSOC they were recorded with.
    agreements : list of Agreement
        A program each, in the order of the index.
    simulator : str
        Version of the simulator.
    """

    reference: Reference
    agreements: list[Agreement]
    simulator: str

    @property
    def recordings(self) -> list[Recording]:
        """The recorded programs."""
        return [agreement.recording for agreement in self.agreements]


def compare() -> Comparison:
    """Run every recorded program on the simulator.

    Raises
    ------
    kwslib.errors.DataError
        If a recording is missing or damaged, or the simulator prints another text.
    kwslib.errors.ToolError
        If the simulator cannot be compiled, or a run fails.
    """
    reference, listed = recordings.load()
    simulator = open_platform("simulator")
    return Comparison(reference, [recordings.check(one, simulator) for one in listed], simulator.version())


def texts(comparison: Comparison) -> dict[str, str]:
    """Figures of the chapter's prose, by the name under which it glues them."""
    frame = program_frame(comparison.agreements)
    return {
        "programs": count(len(frame)),
        "lines": count(frame["lines"].sum()),
        "equal_lines": count(frame["equal lines"].sum()),
        "figures": count(frame["figures"].sum()),
        "equal": count(frame["equal"].sum()),
        "close": count(frame["close"].sum()),
        "largest": count(frame["largest difference"].max()),
        "relative": f"{100 * recordings.RELATIVE:g} %",
        "absolute": str(recordings.ABSOLUTE),
    }


def badges(comparison: Comparison) -> Html:
    """Say when and with which GVSOC the recorded figures were made, and which simulator made the fresh ones."""
    reference = comparison.reference
    dates = " and ".join(unbroken(date) for date in sorted({one.recorded for one in comparison.recordings}))
    recorded = elements.fill(
        "GVSOC’s figures were recorded on {{ dates }} and printed again, all of them the same, on {{ repeated }} by "
        'the folder <code>{{ source.folder }}</code> of <a href="{{ source.repository }}">gap_sdk</a>, target '
        "{{ source.target }}, commit <code>{{ source.commit[:12] }}</code> of {{ commit_date }}.",
        dates=dates,
        repeated=unbroken(reference.repeated),
        source=reference,
        commit_date=unbroken(reference.commit_date),
    )
    fresh = elements.fill(
        "The simulator’s figures were computed by the build of this page; its sources have the hash "
        "<code>{{ version }}</code>.",
        version=comparison.simulator,
    )
    return elements.join([elements.note("recorded", "Recorded", recorded), elements.note("fresh", "Fresh", fresh)])


def program_table(comparison: Comparison) -> Table:
    """How many lines and figures of each program agree."""
    frame = program_frame(comparison.agreements)
    caption = "The simulator against GVSOC's recorded output, program by program"
    return Table(frame, "cycles-programs", caption, shown=frame.drop(columns="recorded"))


def start_table(comparison: Comparison) -> Table:
    """The lines that the state of the chip or of a cache at the start decides."""
    frame = start_frame(comparison.agreements)
    shown = frame[["decided by", "GVSOC, recorded", "simulator", "largest difference"]]
    return Table(frame, "cycles-start", "Lines decided by a start", shown=shown)


def line_table(comparison: Comparison) -> Table:
    """Every line of the programs in `SHOWN_LINE_BY_LINE`; its downloads hold every figure."""
    chosen = [one for one in comparison.agreements if one.recording.name in SHOWN_LINE_BY_LINE]
    columns = ["program", "line", "GVSOC, recorded", "simulator", "equal", "figures", "largest difference"]
    caption = "The two reference programs, line by line"
    return Table(figure_frame(chosen), "cycles-figures", caption, shown=line_frame(chosen)[columns])


def gvsoc_note(listed: Sequence[Recording]) -> Markdown:
    """Say how many recorded figures GVSOC prints again, if it is installed here."""
    try:
        gvsoc = open_platform("gvsoc")
        frame = program_frame(recordings.check(one, gvsoc) for one in listed)
    except DataError as error:
        return Markdown(
            f"This page was built beside GVSOC, {gvsoc.version()}, which does not print what was recorded: {error}."
        )
    except ToolError as error:
        reason = str(error).splitlines()[0]
        return Markdown(f"This page was built without GVSOC (*{reason}*), from the recorded figures alone.")
    return Markdown(
        f"This page was built beside GVSOC, {gvsoc.version()}: of {count(frame['figures'].sum())} recorded figures it "
        f"printed {count(frame['equal'].sum())} again."
    )


def program_frame(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """One row for each program: how many of its lines and figures agree."""
    return pd.DataFrame(
        {
            "program": a.recording.name,
            "what it measures": a.recording.measures,
            "lines": len(a.lines),
            "equal lines": sum(line.reference == line.own for line in a.lines),
            **_summary(a.figures),
            "recorded": a.recording.recorded,
        }
        for a in agreements
    )


def line_frame(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """One row for each line that programs print."""
    return pd.DataFrame(
        {"program": a.recording.name, "line": line.number, "GVSOC, recorded": line.reference, "simulator": line.own}
        | _summary(line.figures)
        for a in agreements
        for line in a.lines
    )


def start_frame(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """One row for each line that the state of the chip or of a cache at the start decides, and what decides it."""
    return pd.DataFrame(
        {
            "program": a.recording.name,
            "decided by": a.recording.start_lines[line.number],
            "GVSOC, recorded": line.reference,
            "simulator": line.own,
            **_summary(line.figures),
        }
        for a in agreements
        for line in a.lines
        if line.number in a.recording.start_lines
    )


def figure_frame(agreements: Iterable[Agreement]) -> pd.DataFrame:
    """One row for each figure that programs print; ``position`` counts the numbers of a row of numbers from 0."""
    return pd.DataFrame(
        {
            "program": a.recording.name,
            "line": line.number,
            "figure": figure.name,
            "position": figure.position,
            "GVSOC, recorded": figure.reference,
            "simulator": figure.own,
            "difference": figure.difference,
        }
        for a in agreements
        for line in a.lines
        for figure in line.figures
    )


def _summary(figures: list[Figure]) -> dict[str, int]:
    return {
        "figures": len(figures),
        "equal": sum(figure.difference == 0 for figure in figures),
        "close": sum(figure.within(recordings.RELATIVE, recordings.ABSOLUTE) for figure in figures),
        "largest difference": max((abs(figure.difference) for figure in figures), default=0),
    }
