"""What the book shows of a network on GAP8: tables of a deployment, beside the baseline's, labels and files.

`gap8_figures` has the pictures, `gap8_stalls` says where the cores wait, `gap8_estimates` what is known of the chip by
others' word, `kwslib.runs.energy` the estimate of its energy.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from kwslib.config.baselines import BaselineLayer, baseline_network
from kwslib.errors import DataError
from kwslib.gap8.measure.deployment_record import Deployment, LayerRow
from kwslib.gap8.measure.timing import CLOCKS_MHZ, latency_ms
from kwslib.report import gap8_stalls
from kwslib.report.elements import NO_BREAK, Html, Markdown, Table, count, labels, links, or_dash, short_names
from kwslib.report.gap8_estimates import inferences_per_s
from kwslib.runs import deployments
from kwslib.runs.deployments import Found
from kwslib.runs.energy import MLPERF_CLOCK_MHZ, energy_uj, supply_v
from kwslib.runs.run_record import Run

FILES = {
    "deployment.json": "all figures (JSON)",
    "plan.json": "the plan: steps, memory regions, kernels (JSON)",
    "program.txt": "what the program printed",
    "streams.json": "streams that it heard (JSON)",
    "layers.csv": "layers (CSV)",
    "layers.json": "layers (JSON)",
    "stalls.csv": "stalls by function (CSV)",
    "stalls.json": "stalls by function (JSON)",
    "layer_stalls.csv": "stalls by layer (CSV)",
    "layer_stalls.json": "stalls by layer (JSON)",
}

RATE, ENERGY = f"inferences/s at {MLPERF_CLOCK_MHZ:g} MHz", f"estimated µJ at {MLPERF_CLOCK_MHZ:g} MHz"
"""MLPerf's units as columns (`mlperf_units`)."""
HEADS = {
    RATE: RATE.replace("/", "/\N{ZERO WIDTH SPACE}"),
    "warm cycles": "warm",
    "operations/cycle": "op./\N{ZERO WIDTH SPACE}cycle",
    "MAC/cycle": "MAC/\N{ZERO WIDTH SPACE}cycle",
    "baseline's operations/cycle": "its op./\N{ZERO WIDTH SPACE}cycle",
    "baseline's / ours": "baseline's/\N{ZERO WIDTH SPACE}ours",
}
"""Short heads of columns, which may break at the zero-width spaces."""


def _decimals(places: int) -> Callable[[float], str]:
    return or_dash(f"{{:.{places}f}}".format)


def _whole(value: float) -> str:
    return count(round(value))


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _columns(name: str, part: LayerRow | Deployment, whole: Deployment) -> dict[str, Any]:
    return {
        "layer": name,
        "cycles": part.cycles,
        "warm cycles": part.warm_cycles,
        "operations": part.operations,
        "operations/cycle": part.operations / part.cycles,
        "MAC": part.macs,
        "MAC/cycle": part.macs / part.cycles if part.macs else None,
        "share": part.cycles / whole.cycles,
    }


def layers(deployment: Deployment, size: str = "") -> pd.DataFrame:
    """Return a row a layer and the total, beside the baseline's if `size` names one of its networks."""
    rows = [{**_columns(row.name, row, deployment), "fused": row.fused} for row in deployment.rows]
    rows.append({**_columns("Total", deployment, deployment), "fused": False})
    if size:
        baseline = baseline_network(size)
        printed = {layer.name: layer for layer in baseline.layers}
        printed["Total"] = BaselineLayer("Total", baseline.cycles, baseline.operations)
        for row in rows:
            theirs = printed[row["layer"]]
            row["baseline's cycles"] = theirs.cycles
            row["baseline's operations/cycle"] = theirs.operations / theirs.cycles
            row["baseline's / ours"] = theirs.cycles / row["cycles"]
    return pd.DataFrame(rows)


def layer_table(deployment: Deployment, size: str = "", name: str = "network") -> Table:
    """Show cycles and operations layer by layer, beside the baseline's if `size` names one of its networks."""
    frame = layers(deployment, size)
    names = [f"{row['layer']}{NO_BREAK + '†' if row['fused'] else ''}" for row in frame.to_dict("records")]
    shown = frame.assign(layer=[layer.replace("_Relu", "") for layer in names]).drop(columns=["fused", "MAC"])
    shown = shown.rename(columns=HEADS)
    rates = [HEADS.get(column, column) for column in map(str, frame) if "/" in column]
    formats = {**dict.fromkeys(rates, _decimals(2)), "share": _percent}
    caption = f"{name}: cycles by layer, first inference (cold) and second (warm)"
    caption += ", beside the baseline's" if size else ""
    caption += "; † fused: computed together, their cycles shared out by measurement" if frame["fused"].any() else ""
    return Table(frame, f"{name}-gap8-layers", caption, formats, shown, dense=True)


def speeds(deployment: Deployment, name: str = "network") -> Table:
    """Show latency, inferences a second and estimated energy by clock."""
    frame = pd.DataFrame(
        {
            "cluster clock, MHz": clock,
            "core supply, V": supply_v(clock),
            "latency, ms": latency_ms(deployment.cycles, clock),
            "warm latency, ms": latency_ms(deployment.warm_cycles, clock),
            "sound to label, ms": latency_ms(deployment.sound_to_label_cycles, clock) if deployment.front_end else None,
            "inferences a second": inferences_per_s(deployment.cycles, clock),
            "estimated energy, µJ": energy_uj(deployment.cycles, clock),
            "estimated pJ/MAC": 1e6 * energy_uj(deployment.cycles, clock) / deployment.macs,
        }
        for clock in CLOCKS_MHZ
    )
    formats = {
        "core supply, V": _decimals(1),
        **dict.fromkeys(("latency, ms", "warm latency, ms", "sound to label, ms"), _decimals(2)),
        **dict.fromkeys(("inferences a second", "estimated energy, µJ", "estimated pJ/MAC"), _whole),
    }
    caption = (
        f"{name}: one inference by clock, without the front end but for the column that says so; the energy is an "
        "estimate, nothing was measured"
    )
    return Table(frame, f"{name}-gap8-speeds", caption, formats)


def mlperf_units(cycles: int) -> dict[str, float]:
    """Return what MLPerf Tiny states, as columns: inferences a second, and estimated energy of one."""
    return {RATE: inferences_per_s(cycles, MLPERF_CLOCK_MHZ), ENERGY: energy_uj(cycles, MLPERF_CLOCK_MHZ)}


def predictions(deployment: Deployment) -> pd.DataFrame:
    """Return a row a step and the total: cycles of the first inference, predicted by the cost model and measured."""
    steps = [(at, step) for at, step in enumerate(deployment.steps) if step.layers]
    frame = pd.DataFrame(
        {
            "layers": [*(short_names(step.layers) for _, step in steps), "Total"],
            "predicted": [*(step.predicted_cycles for _, step in steps), deployment.predicted_cycles],
            "measured": [*(deployment.step_cycles(at) for at, _ in steps), deployment.cycles],
        }
    )
    return frame.assign(**{"predicted / measured": frame["predicted"] / frame["measured"]})


def prediction_table(deployment: Deployment, name: str = "network") -> Table:
    """Show what the planner expected beside what was measured; fused layers share one prediction."""
    frame = predictions(deployment)
    shown = frame.assign(layers=[text.replace(" ", NO_BREAK) for text in frame["layers"]])
    caption = f"{name}: cycles of each step in the first inference, predicted and measured"
    return Table(frame, f"{name}-gap8-predictions", caption, {"predicted / measured": _percent}, shown)


def portable_note(deployment: Deployment) -> Markdown | None:
    """Say what portable C computes, why, and its share of the cycles; None where it computes nothing."""
    text = deployment.portable.replace("_", r"\_")
    return Markdown(f"{text[0].upper()}{text[1:]}.") if text else None


def totals(runs: Iterable[Run]) -> pd.DataFrame:
    """Return a row a network: cycles beside the baseline's, latency by clock, MLPerf's units, platform, state."""
    rows = []
    for run in runs:
        found = deployments.of_run(run)
        whole, baseline = found.deployment, baseline_network(run.size) if run.cost_compares else None
        row = {
            "network": run.title,
            "cycles": whole.cycles,
            "warm cycles": whole.warm_cycles,
            "sound to label": whole.sound_to_label_cycles if whole.front_end else None,
            "baseline's cycles": baseline.cycles if baseline else None,
            "baseline's / ours": baseline.cycles / whole.cycles if baseline else None,
            "MAC/cycle": whole.macs / whole.cycles,
        }
        row |= {f"ms at {clock} MHz": latency_ms(whole.cycles, clock) for clock in CLOCKS_MHZ}
        row |= {**mlperf_units(whole.cycles), "clips checked": whole.clips_checked}
        rows.append(row | {"platform": whole.platform, "version": whole.platform_version, "state": found.state})
    return pd.DataFrame(rows)


def totals_table(runs: Iterable[Run], name: str = "gap8-totals") -> Table:
    """Show one inference of each network beside the baseline's."""
    frame = totals(runs)
    left_out = ["warm cycles", "ms at 50 MHz", "ms at 175 MHz", "platform", "version"]  # the sizes' pages have them
    shown = frame.drop(columns=left_out).rename(columns=HEADS)
    rates = [column for column in map(str, shown) if "/" in column or "ms" in column.split()]
    formats = {**dict.fromkeys(rates, _decimals(2)), **dict.fromkeys((HEADS[RATE], ENERGY), _whole)}
    formats["sound to label"] = or_dash(lambda cycles: count(round(cycles)))
    caption = (
        "One inference on GAP8 beside the baseline's; without the front end, but for the cycles from sound to label; "
        "the energy is an estimate"
    )
    return Table(frame, name, caption, formats, shown, dense=True)


def steps(found: Found) -> pd.DataFrame:
    """Return a row a step of the plan: its layers, how they are computed, peak memory, bytes moved."""
    return pd.DataFrame(
        {
            "layers": short_names(step.layers).replace(" ", NO_BREAK) or "front end",
            "how": step.description.replace("_", " "),
            "L1 peak bytes": step.l1_peak_bytes,
            "L2 peak bytes": step.l2_peak_bytes,
            "to L1, bytes": step.dma_in_bytes,
            "to L2, bytes": step.dma_out_bytes,
            "from flash, bytes": step.flash_bytes,
        }
        for step in found.plan.steps
    )


def step_table(found: Found, name: str = "network") -> Table:
    """Show the plan, a row a step."""
    caption = f"{name}: the plan, {found.deployment.strategy}; peaks include stacks and code"
    return Table(steps(found), f"{name}-gap8-plan", caption)


def status(runs: Iterable[Run]) -> pd.DataFrame:
    """Return every run that was deployed: by which platform, on how many clips, when and from which commit."""
    rows = []
    for run in runs:
        try:
            found = deployments.of_run(run)
        except DataError:
            continue
        made = found.deployment.provenance
        assert made is not None  # `of_run` found the deployment by it
        rows.append(
            {
                "run": run.run,
                "state": found.state,
                "cycles": found.deployment.cycles,
                "clips checked": found.deployment.clips_checked,
                "platform": found.deployment.platform,
                "version": found.deployment.platform_version,
                "date": made.date[:16].replace("T", " "),
                "commit": made.short_commit + (" (changed)" if made.dirty else ""),
            }
        )
    return pd.DataFrame(rows)


def badge(found: Found) -> Html:
    """Say in labels that every layer was right and on how many clips, by which platform, fresh or recorded."""
    whole = found.deployment
    texts = (
        f"bit-exact: every layer equals the integer reference on {count(whole.clips_checked)} test clips",
        f"{found.state}: {whole.platform}, version {whole.platform_version}",
        f"program {whole.elf_digest}",
    )
    return labels((found.state, text) for text in texts)


def save_tables(found: Found, size: str = "") -> None:
    """Write the tables of a deployment beside it, as CSV and JSON."""
    layer_table(found.deployment, size).save(found.folder, "layers")
    gap8_stalls.function_table(found.deployment).save(found.folder, "stalls")
    by_layer = gap8_stalls.layer_table(found.deployment)
    if by_layer:
        by_layer.save(found.folder, "layer_stalls")


def downloads(found: Found) -> Markdown:
    """Return links to the files of a deployment."""
    return links(found.folder, FILES)
