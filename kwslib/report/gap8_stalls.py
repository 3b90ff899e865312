"""Where the cores of GAP8 wait: cycles of the first inference by function and by layer, and the kinds of stall."""

import pandas as pd

from kwslib.gap8.measure.deployment_record import Deployment, LayerRow
from kwslib.gap8.measure.layer_stalls import COUNTS, OUTSIDE, StallRow
from kwslib.report.elements import NO_BREAK, Table, short_names
from kwslib.report.figures.picture import percent

STALL_NAMES = {
    "dependency": "result awaited",
    "branch": "branches",
    "tcdm": "L1 conflicts",
    "memory": "L2 and devices",
    "fetch": "instruction fetch",
    "multicycle": "long instructions",
}
HEADS = {**{f"{kind}_cycles": text for kind, text in STALL_NAMES.items()}, "sleep_cycles": "asleep"}
"""Counts of a record and what tables call them; the others keep their names."""
MOST_KINDS = 3
"""Kinds of stall that a layer's text names."""
START_UP = ("_start", "vectors", "cluster_stacks_end", "cluster_main", "load_tables")
"""Functions that run before the first inference and belong to none. Older records call the vectors by the name of the
symbol below them, ``cluster_stacks_end``."""


def by_function(deployment: Deployment, most: int = 12) -> pd.DataFrame:
    """Return the cycles of the first inference by function, summed over the eight cores.

    Parameters
    ----------
    deployment : Deployment
    most : int
        Functions to return at most, those with the most cycles.

    Returns
    -------
    DataFrame
        Without rows where the platform counts no stalls.
    """
    columns = list(COUNTS)
    frame = pd.DataFrame(deployment.stalls, columns=["core", "function", *columns])
    frame = frame[frame["core"].str.startswith("pe") & ~frame["function"].isin(START_UP)]
    summed = frame.groupby("function")[columns].sum().sort_values("cycles", ascending=False).head(most)
    return summed.rename(columns=HEADS).reset_index()


def function_table(deployment: Deployment, name: str = "network") -> Table:
    """Show on what the cores spent their cycles, by function."""
    caption = f"{name}: core cycles by function over eight cores, awake and of these lost to each kind of stall; asleep"
    return Table(by_function(deployment), f"{name}-gap8-stalls", caption)


def by_layer(deployment: Deployment) -> pd.DataFrame:
    """Return the same by layer, a row for each step of the plan, and one for what lies outside of the first inference.

    Returns
    -------
    DataFrame
        Without rows where the platform counts no stalls, and of older records.
    """
    rows = [
        {"layers": _name(deployment, row), **{HEADS.get(name, name): getattr(row, name) for name in COUNTS}}
        for row in deployment.layer_stalls
    ]
    return pd.DataFrame(rows, columns=["layers", *(HEADS.get(name, name) for name in COUNTS)])


def _name(deployment: Deployment, row: StallRow) -> str:
    if row.step == OUTSIDE:
        return "outside"
    return short_names(deployment.steps[row.step].layers) or "front end"


def shares(deployment: Deployment) -> pd.DataFrame:
    """Return each layer's core cycles, and the part of them that was lost to each kind of stall, or asleep, 0 … 1.

    Parameters
    ----------
    deployment : Deployment

    Returns
    -------
    DataFrame
        Columns ``layers``, ``core cycles``, the kinds of stall, ``asleep``; rows as `by_layer`.
    """
    frame = by_layer(deployment)
    whole = frame["cycles"] + frame["asleep"]
    lost = frame[[*STALL_NAMES.values(), "asleep"]].div(whole, axis=0)
    return pd.concat([frame["layers"], whole.rename("core cycles"), lost], axis=1)


def layer_table(deployment: Deployment, name: str = "network") -> Table | None:
    """Show what share of the core cycles was lost to what, by layer; None where no stalls were counted by layer."""
    shown = shares(deployment)
    if shown.empty:
        return None
    caption = (
        f"{name}: core cycles by layer over eight cores in the first inference, the share lost to each kind of stall, "
        "and asleep; the last row is the program's start and end"
    )
    formats = dict.fromkeys([*STALL_NAMES.values(), "asleep"], percent)
    shown["layers"] = shown["layers"].str.replace(" ", NO_BREAK)
    return Table(by_layer(deployment), f"{name}-gap8-layer-stalls", caption, formats, shown, dense=True)


def layer_text(deployment: Deployment, layer: LayerRow) -> str:
    """Say what share of a layer's core cycles was lost, and to what most of all, in whole percent.

    Fused layers share the figures of their step. What rounds to nothing is left out. Empty where no stalls were
    counted.
    """
    row = next((row for row in deployment.layer_stalls if row.step == layer.step), None)
    if row is None:
        return ""
    whole = row.core_cycles
    kinds = {STALL_NAMES[kind]: round(100 * cycles / whole) for kind, cycles in row.lost.items()}
    largest = sorted((name for name in kinds if kinds[name]), key=lambda name: -kinds[name])
    listed = ", ".join([f"{name} {kinds[name]}" for name in largest[:MOST_KINDS]] + ["…"] * (len(largest) > MOST_KINDS))
    asleep = round(100 * row.sleep_cycles / whole)
    text = f"stalls{f' of {_name(deployment, row)}' if layer.fused else ''}: "
    text += f"{round(100 * sum(row.lost.values()) / whole)} % of core cycles"
    return text + (f" ({listed})" if listed else "") + (f"; asleep {asleep} %" if asleep else "")
