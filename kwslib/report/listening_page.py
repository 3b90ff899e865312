"""What the book shows of networks that listen on GAP8: cycles of a hop, duty cycle, energy a day."""

from collections.abc import Iterable, Iterator

import pandas as pd

from kwslib.errors import DataError
from kwslib.gap8.measure import stream_record
from kwslib.gap8.measure.stream_record import Stream
from kwslib.gap8.measure.timing import CLOCKS_MHZ
from kwslib.report.elements import Markdown, Table
from kwslib.runs import deployments
from kwslib.runs.energy import DAY_FORMULA, ENERGY_FORMULA, POWER_CLOCK_MHZ, energy_a_day_j
from kwslib.runs.run_record import Run

NOTHING = Markdown("No stream of these networks was recorded: `kws gap8 run --stream FILE` lets one listen.")
ENERGY_CLOCK_MHZ = min(POWER_CLOCK_MHZ, *CLOCKS_MHZ)
"""Clock of the energy in the table: the slowest, at which the core supply is the lowest."""


def _streams(runs: Iterable[Run]) -> Iterator[tuple[Run, Stream]]:
    for run in runs:
        try:
            found = stream_record.load_all(deployments.of_run(run).folder)
        except DataError:
            continue
        yield from ((run, one) for one in found)


def hops(runs: Iterable[Run]) -> pd.DataFrame:
    """Return a row a network and hop: cycles of the first and of a steady hop, duty cycle, energy a day."""
    energy = f"estimated J a day at {ENERGY_CLOCK_MHZ:g} MHz"
    return pd.DataFrame(
        {
            "network": run.size or run.run,
            "hop, ms": one.parameters.hop_ms,
            "new frames": f"{one.hop_frames} of {one.fingerprint_frames}",
            "front end, first hop": one.first.front_end_cycles,
            "front end, steady": one.steady.front_end_cycles,
            "network, first hop": one.first.network_cycles,
            "network, steady": one.steady.network_cycles,
            "whole hop, steady": one.steady.cycles,
            **{f"duty cycle at {clock} MHz": one.duty(clock) for clock in CLOCKS_MHZ},
            energy: energy_a_day_j(one.steady.cycles, one.parameters.hop_ms, ENERGY_CLOCK_MHZ),
        }
        for run, one in _streams(runs)
    )


def hops_table(runs: Iterable[Run], name: str = "gap8-hops") -> Table | Markdown:
    """Show what listening costs; a sentence where no network was recorded that listens."""
    frame = hops(runs)
    if frame.empty:
        return NOTHING
    columns = list(map(str, frame))
    formats = {column: lambda value: f"{100 * value:.2f} %" for column in columns if column.startswith("duty")}
    formats |= {column: lambda value: f"{value:.1f}" for column in columns if column.startswith("estimated")}
    caption = "Networks that listen on GAP8: cycles of the first hop, and (steady) the median of the later ones"
    return Table(frame, name, caption, formats, dense=True)


def checks(runs: Iterable[Run]) -> Markdown:
    """Say what was heard, that every hop was checked, and how energy is estimated."""
    found = list(_streams(runs))
    if not found:
        return Markdown("")
    recordings = ", ".join(sorted({f"`{one.recording}`" for _, one in found}))
    total = sum(len(one.hops) for _, one in found)
    return Markdown(
        f"The recording is {recordings}. Fingerprint, logits and output of each of the {total} hops equal the "
        f"specification, bit for bit. Energy of a hop: {ENERGY_FORMULA}; {DAY_FORMULA}."
    )
