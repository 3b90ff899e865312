"""What the book shows of the front end on GAP8: its stages, and the way from sound to label beside the vendor's."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from kwslib.gap8.measure.deployment_record import Deployment
from kwslib.gap8.measure.timing import latency_ms
from kwslib.report.elements import Markdown, Table, count, or_dash
from kwslib.runs import deployments
from kwslib.runs.run_record import Run

VENDOR_SOURCE = "GreenWaves-Technologies/keyword_spotting, README.md, commit 0b8386a"
VENDOR_CLOCK_MHZ = 175.0
"""Cluster clock of the vendor's figures."""
VENDOR_FLOAT_ACCURACY = 93.45
"""Per cent, the vendor's small network behind TensorFlow's floating-point MFCC; from `VENDOR_SOURCE`."""


@dataclass(frozen=True)
class VendorFrontEnd:
    """A front end of the vendor's, as its authors printed it: measured on the chip, over a second of sound.

    Attributes
    ----------
    name : str
    time_ms : float
        At `VENDOR_CLOCK_MHZ`.
    accuracy : float
        Per cent, of its small network.
    """

    name: str
    time_ms: float
    accuracy: float

    @property
    def cycles(self) -> int:
        """Of the cluster."""
        return round(1000 * self.time_ms * VENDOR_CLOCK_MHZ)


VENDOR = (
    VendorFrontEnd("the vendor's MFCC, int16", 6.8, 92.86),
    VendorFrontEnd("the vendor's MFCC, int32", 18.5, 93.50),
)
"""From `VENDOR_SOURCE`."""


def stages(deployment: Deployment) -> pd.DataFrame:
    """Return a row a stage, the front end, the network, and both: cycles, warm cycles, operations, share."""
    frame = pd.DataFrame(
        [(row.name, row.cycles, row.warm_cycles, row.operations) for row in deployment.front_end],
        columns=["stage", "cycles", "warm cycles", "operations"],
    ).set_index("stage")
    frame.loc["Front end"] = frame.sum()
    frame.loc["Network"] = [deployment.cycles, deployment.warm_cycles, deployment.operations]
    frame.loc["Sound to label"] = frame.loc["Front end"] + frame.loc["Network"]
    frame = frame.reset_index()
    return frame.assign(**{"operations/cycle": frame["operations"] / frame["cycles"]}).assign(
        share=frame["cycles"] / deployment.sound_to_label_cycles
    )


def stage_table(deployment: Deployment, name: str = "network") -> Table | Markdown:
    """Show the way from sound to label; a sentence where the program begins with the fingerprint."""
    if not deployment.front_end:
        return Markdown("This program begins with the fingerprint: its front end has no integer form.")
    formats = {"operations/cycle": lambda value: f"{value:.2f}", "share": lambda value: f"{100 * value:.1f} %"}
    caption = f"{name}: from a second of sound to the label, first inference (cold) and second (warm)"
    return Table(stages(deployment), f"{name}-gap8-sound", caption, formats)


def beside_vendor(runs: Iterable[Run]) -> pd.DataFrame:
    """Return a row a front end, those of the deployments first: cycles over a second of sound, and milliseconds."""
    rows: list[tuple[str, int, int | None]] = []
    for run in runs:
        found = deployments.of_run(run).deployment
        if found.front_end:
            rows.append((f"ours, {run.size}", found.front_end_cycles, found.sound_to_label_cycles))
    rows += [(one.name, one.cycles, None) for one in VENDOR]
    frame = pd.DataFrame(rows, columns=["front end", "cycles", "sound to label, cycles"])
    least = frame["cycles"].iloc[0]
    frame[f"ms at {VENDOR_CLOCK_MHZ:g} MHz"] = [latency_ms(cycles, VENDOR_CLOCK_MHZ) for cycles in frame["cycles"]]
    frame["times the first"] = frame["cycles"] / least
    return frame


def beside_vendor_table(runs: Iterable[Run], name: str = "gap8-front-ends") -> Table:
    """Show front ends over a second of sound beside the vendor's."""
    frame = beside_vendor(runs)
    whole = {"sound to label, cycles": or_dash(lambda cycles: count(round(cycles)))}
    places = {column: lambda value: f"{value:.2f}" for column in map(str, frame) if "ms" in column or "times" in column}
    return Table(frame, name, "Front ends on GAP8, a second of sound", whole | places)


def vendor_note() -> Markdown:
    """Say where the vendor's figures are from, and what its front ends cost in accuracy."""
    lost = [f"{one.accuracy - VENDOR_FLOAT_ACCURACY:+.2f} points with {one.name.split(', ')[1]}" for one in VENDOR]
    return Markdown(
        f"The vendor's figures are from {VENDOR_SOURCE}: times on the chip at {VENDOR_CLOCK_MHZ:g} MHz, converted to "
        f"cycles here. Against TensorFlow's floating-point MFCC its small network's accuracy changes by "
        f"{' and '.join(lost)}."
    )
