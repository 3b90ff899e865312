"""What the book says of a network on GAP8: tables and pictures of a deployment, beside the baseline's.

Cycles and bytes are measured by `kwslib.gap8`; what else is known of the chip stands here, each with its source.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from kwslib.config.baselines import CORPUS as BASELINE_CORPUS
from kwslib.config.baselines import SILENCE as BASELINE_SILENCE
from kwslib.config.baselines import BaselineLayer, baseline_network
from kwslib.errors import DataError
from kwslib.gap8.hardware import L1_BYTES, L2_BYTES
from kwslib.gap8.measure.deployment import Deployment, LayerRow
from kwslib.report import tables
from kwslib.report.elements import Html, Markdown, Table, count, links
from kwslib.report.figures import gap8, picture
from kwslib.report.figures.gap8 import Ceiling, LayerCycles, MemoryUse, RooflinePoint
from kwslib.report.figures.picture import Picture
from kwslib.runs import deployments
from kwslib.runs.deployments import Found
from kwslib.runs.records import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

BASELINE = "the baseline"
NO_BREAK = "\N{NO-BREAK SPACE}"
FILES = {
    "deployment.json": "all figures (JSON)",
    "plan.json": "the plan: steps, memory regions, kernels (JSON)",
    "program.txt": "what the program printed",
    "layers.csv": "layers (CSV)",
    "layers.json": "layers (JSON)",
    "stalls.csv": "stalls by function (CSV)",
    "stalls.json": "stalls by function (JSON)",
}
CLOCKS_MHZ = (50, 100, 175)
POWER_MW, POWER_CLOCK_MHZ, POWER_SUPPLY_V = 75.0, 90.0, 1.0
"""Worst-case power envelope of GAP8 in CNN inference, its accelerator included; the abstract of `POWER_SOURCE`."""
POWER_SOURCE = (
    "E. Flamand, D. Rossi, F. Conti, I. Loi, A. Pullini, F. Rotenberg, L. Benini, “GAP-8: A RISC-V SoC for AI at the "
    "Edge of the IoT”, ASAP 2018, doi:10.1109/ASAP.2018.8445101"
)
SUPPLIES_V = ((1.0, 90.0), (1.2, 175.0))
"""Core supply, and the fastest cluster clock in MHz that it allows; from `SUPPLY_SOURCE`."""
SUPPLY_SOURCE = "GreenWaves Technologies, gap_sdk, benchmarks/gap8/cnn/README.md"
MEASURED_PJ_PER_MAC = 63.0
"""What others measured on the chip, a MobileNet in 8 bits, end to end: for comparison; the abstract of `DORY`."""
DORY = (
    "A. Burrello, A. Garofalo, N. Bruschi, G. Tagliavini, D. Rossi, F. Conti, “DORY: Automatic End-to-End Deployment "
    "of Real-World DNNs on Low-Cost IoT MCUs”, IEEE Transactions on Computers, 2021, arXiv:2008.07127"
)
ENERGY_FORMULA = (
    f"E = {POWER_MW:g} mW · cycles / {POWER_CLOCK_MHZ:g} MHz · (V / {POWER_SUPPLY_V:.1f} V)², an upper estimate: "
    f"{POWER_MW:g} mW is the chip's published worst case at {POWER_CLOCK_MHZ:g} MHz and {POWER_SUPPLY_V:.1f} V "
    "(ASAP 2018)"
)

BLOCKED_MACS, BLOCKED_INSTRUCTIONS = 80, 29
"""Of the pointwise inner loop on one core: 9 loads and 20 dot products."""
CEILINGS = (
    Ceiling("instruction set, 8 cores × 4 MAC", 32.0),
    Ceiling("inner loop of 4 channels × 5 positions", round(8 * BLOCKED_MACS / BLOCKED_INSTRUCTIONS, 2)),
    Ceiling("PULP-NN's published peak", 15.5),
)
PULP_NN = (
    "A. Garofalo, M. Rusci, F. Conti, D. Rossi, L. Benini, “PULP-NN: accelerating quantized neural networks on "
    "parallel ultra-low-power RISC-V processors”, Philosophical Transactions of the Royal Society A 378 (2020) 20190155"
)
DMA_BYTES_PER_CYCLE = 8.0
"""What the cluster's DMA moves between L2 and L1; measured on GVSOC's model of GAP8."""

SOURCES = (POWER_SOURCE, SUPPLY_SOURCE, DORY, PULP_NN)

STALLS = {
    "dependency": "result awaited",
    "branch": "branches",
    "tcdm": "L1 conflicts",
    "memory": "L2 and devices",
    "fetch": "instruction fetch",
    "multicycle": "long instructions",
}
START_UP = ("_start", "cluster_stacks_end", "cluster_main", "load_tables")
"""Functions that run before the first inference and belong to none."""


# --- tables -------------------------------------------------------------------------------------------------------


def _decimals(places: int) -> Callable[[float], str]:
    return lambda value: "–" if pd.isna(value) else f"{value:.{places}f}"


def _whole(value: float) -> str:
    return count(round(value))


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _baseline_layers(size: str) -> dict[str, BaselineLayer]:
    return {layer.name: layer for layer in baseline_network(size).layers} if size else {}


def _figures(name: str, cycles: int, warm: int, operations: int, macs: int, total: int) -> dict[str, Any]:
    return {
        "layer": name,
        "cycles": cycles,
        "warm cycles": warm,
        "operations": operations,
        "operations/cycle": operations / cycles,
        "MAC": macs,
        "MAC/cycle": macs / cycles if macs else None,
        "share": cycles / total,
    }


def layers(deployment: Deployment, size: str = "") -> pd.DataFrame:
    """A row a layer and the total; beside the baseline's if `size` names one of its networks."""
    rows = []
    for row in deployment.rows:
        figures_ = _figures(row.name, row.cycles, row.warm_cycles, row.operations, row.macs, deployment.cycles)
        rows.append(figures_ | {"fused": row.fused})
    whole = deployment
    total = _figures("Total", whole.cycles, whole.warm_cycles, whole.operations, whole.macs, whole.cycles)
    rows.append(total | {"fused": False})
    if size:
        seeds = _baseline_layers(size)
        seeds["Total"] = BaselineLayer("Total", baseline_network(size).cycles, baseline_network(size).operations)
        for row in rows:
            seed = seeds[row["layer"]]
            row["baseline's cycles"] = seed.cycles
            row["baseline's operations/cycle"] = seed.operations / seed.cycles
            row["baseline's / ours"] = seed.cycles / row["cycles"]
    return pd.DataFrame(rows)


HEADS = {
    "warm cycles": "warm",
    "operations/cycle": "op./\N{ZERO WIDTH SPACE}cycle",
    "MAC/cycle": "MAC/\N{ZERO WIDTH SPACE}cycle",
    "baseline's operations/cycle": "its op./\N{ZERO WIDTH SPACE}cycle",
    "baseline's / ours": "baseline's/\N{ZERO WIDTH SPACE}ours",
}
"""Short heads, and where they may break."""


def layer_table(deployment: Deployment, size: str = "", name: str = "network") -> Table:
    """What the program printed, layer by layer, beside the baseline's."""
    frame = layers(deployment, size)
    frame_layers = [f"{row['layer']}{NO_BREAK + '†' if row['fused'] else ''}" for row in frame.to_dict("records")]
    shown = frame.assign(layer=[layer.replace("_Relu", "") for layer in frame_layers]).drop(columns=["fused", "MAC"])
    shown = shown.rename(columns=HEADS)
    rates = [HEADS.get(column, column) for column in frame if "/" in column]
    formats = {**dict.fromkeys(rates, _decimals(2)), "share": _percent}
    caption = f"{name}: cycles by layer, first inference (cold) and second (warm)"
    caption += ", beside the baseline's" if size else ""
    caption += "; † fused: computed together, their cycles shared out by measurement" if frame["fused"].any() else ""
    return Table(frame, f"{name}-gap8-layers", caption, formats, shown, dense=True)


def latency_ms(cycles: int, clock_mhz: float) -> float:
    """Milliseconds of some cycles."""
    return cycles / clock_mhz / 1000


def supply_v(clock_mhz: float) -> float:
    """The lower of the chip's two supplies that allows a cluster clock."""
    return next(volts for volts, fastest_mhz in SUPPLIES_V if clock_mhz <= fastest_mhz)


def energy_uj(cycles: int, clock_mhz: float = POWER_CLOCK_MHZ) -> float:
    """Estimated microjoules of some cycles: the published power over the time, by the square of the supply."""
    return POWER_MW * latency_ms(cycles, POWER_CLOCK_MHZ) * (supply_v(clock_mhz) / POWER_SUPPLY_V) ** 2


def speeds(deployment: Deployment, name: str = "network") -> Table:
    """Latency and estimated energy by clock."""
    frame = pd.DataFrame(
        {
            "cluster clock, MHz": clock,
            "core supply, V": supply_v(clock),
            "latency, ms": latency_ms(deployment.cycles, clock),
            "warm latency, ms": latency_ms(deployment.warm_cycles, clock),
            "estimated energy, µJ": energy_uj(deployment.cycles, clock),
            "estimated pJ/MAC": 1e6 * energy_uj(deployment.cycles, clock) / deployment.macs,
        }
        for clock in CLOCKS_MHZ
    )
    formats = {
        "core supply, V": _decimals(1),
        **dict.fromkeys(("latency, ms", "warm latency, ms"), _decimals(2)),
        **dict.fromkeys(("estimated energy, µJ", "estimated pJ/MAC"), _whole),
    }
    caption = f"{name}: one inference by clock, without the front end; the energy is an estimate, nothing was measured"
    return Table(frame, f"{name}-gap8-speeds", caption, formats)


def totals(runs: Iterable[Run]) -> pd.DataFrame:
    """A row a network: cycles beside the baseline's, latency by clock, estimated energy, and where it is from."""
    rows = []
    for run in runs:
        found = deployments.of_run(run)
        whole, seeds = found.deployment, baseline_network(run.size).cycles
        row = {
            "network": run.size,
            "cycles": whole.cycles,
            "warm cycles": whole.warm_cycles,
            "baseline's cycles": seeds,
            "baseline's / ours": seeds / whole.cycles,
            "MAC/cycle": whole.macs / whole.cycles,
        }
        row |= {f"ms at {clock} MHz": latency_ms(whole.cycles, clock) for clock in CLOCKS_MHZ}
        row |= {"estimated µJ": energy_uj(whole.cycles), "clips checked": whole.clips_checked}
        rows.append(row | {"platform": whole.platform, "version": whole.platform_version, "state": found.state})
    return pd.DataFrame(rows)


def totals_table(runs: Iterable[Run], name: str = "gap8-totals") -> Table:
    """One inference of each network beside the baseline's."""
    frame = totals(runs)
    left_out = ["warm cycles", "ms at 50 MHz", "ms at 175 MHz", "platform", "version"]
    shown = frame.drop(columns=left_out).rename(columns=HEADS)
    rates = [column for column in shown if "/" in column or "ms" in column.split()]
    formats = {**dict.fromkeys(rates, _decimals(2)), "estimated µJ": _whole}
    caption = "One inference on GAP8 beside the baseline's, without the front end; the energy is an estimate"
    return Table(frame, name, caption, formats, shown)


def steps(found: Found) -> pd.DataFrame:
    """A row a step of the plan: its layers, how they are computed, memory and what is moved."""
    return pd.DataFrame(
        {
            "layers": _short(step["layers"]).replace(" ", NO_BREAK),
            "how": step["description"].replace("_", " "),
            "L1 peak bytes": step["l1_peak_bytes"],
            "L2 peak bytes": step["l2_peak_bytes"],
            "to L1, bytes": step["dma_in_bytes"],
            "to L2, bytes": step["dma_out_bytes"],
            "from flash, bytes": step["flash_bytes"],
        }
        for step in found.plan["steps"]
    )


def step_table(found: Found, name: str = "network") -> Table:
    """The plan, a row a step."""
    caption = f"{name}: the plan, {found.deployment.strategy}; peaks include stacks and code"
    return Table(steps(found), f"{name}-gap8-plan", caption)


def _short(names: Iterable[str]) -> str:
    """``S1 + S2`` of the layers of a step."""
    return " + ".join(name.split("_")[0] for name in names)


def stalls(deployment: Deployment, most: int = 12) -> pd.DataFrame:
    """Cycles of the first inference by function, added up over the eight cores; empty where the platform is silent."""
    columns = ["instructions", "cycles", *(f"{kind}_cycles" for kind in STALLS), "sleep_cycles"]
    frame = pd.DataFrame(deployment.stalls, columns=["core", "function", *columns])
    frame = frame[frame["core"].str.startswith("pe") & ~frame["function"].isin(START_UP)]
    summed = frame.groupby("function")[columns].sum().sort_values("cycles", ascending=False).head(most)
    summed = summed.rename(columns={f"{kind}_cycles": text for kind, text in STALLS.items()})
    return summed.rename(columns={"sleep_cycles": "asleep"}).reset_index()


def stall_table(deployment: Deployment, name: str = "network") -> Table:
    """Where the cores' cycles went, by function."""
    caption = f"{name}: core cycles by function over eight cores, awake and of these lost to each kind of stall; asleep"
    return Table(stalls(deployment), f"{name}-gap8-stalls", caption)


def status(runs: Iterable[Run]) -> pd.DataFrame:
    """Every run that was deployed: by which platform, on how many clips, when and from which commit."""
    rows = []
    for run in runs:
        try:
            found = deployments.of_run(run)
        except DataError:
            continue
        made = found.deployment.provenance
        rows.append(
            {
                "run": run.run,
                "state": found.state,
                "cycles": found.deployment.cycles,
                "clips checked": found.deployment.clips_checked,
                "platform": found.deployment.platform,
                "version": found.deployment.platform_version,
                "date": made["date"][:16].replace("T", " "),
                "commit": made["commit"][:10] + (" (changed)" if made["dirty"] else ""),
            }
        )
    return pd.DataFrame(rows)


# --- pictures and labels ------------------------------------------------------------------------------------------


def cycles_picture(deployment: Deployment, size: str = "") -> Picture:
    """Cycles of each layer, beside the baseline's if `size` names one of its networks."""
    seeds = _baseline_layers(size)
    rows = [LayerCycles(row.name, row.cycles, seeds[row.name].cycles if seeds else 0) for row in deployment.rows]
    return gap8.layer_cycles(rows, "this book", BASELINE)


def roofline(deployment: Deployment) -> Picture:
    """What each step with weights reaches; fused layers are one step."""
    points = []
    for index in sorted({row.step for row in deployment.rows}):
        rows = [row for row in deployment.rows if row.step == index]
        macs, moved = sum(row.macs for row in rows), rows[0].dma_in_bytes + rows[0].dma_out_bytes
        if macs and moved:
            cycles = sum(row.cycles for row in rows)
            points.append(RooflinePoint(_short(row.name for row in rows), _kind(rows), macs / moved, macs / cycles))
    return gap8.roofline(points, CEILINGS, DMA_BYTES_PER_CYCLE)


def _kind(rows: list[LayerRow]) -> str:
    return " + ".join(dict.fromkeys(row.kind.replace("_", " ") for row in rows))


def memory_picture(found: Found) -> Picture:
    """Peak use of both memories, step by step."""
    uses = [
        MemoryUse(
            f"{_short(step['layers'])} {step['kind']}", {"L1": step["l1_peak_bytes"], "L2": step["l2_peak_bytes"]}
        )
        for step in found.plan["steps"]
    ]
    return gap8.memory_bars(uses, {"L1": L1_BYTES, "L2": L2_BYTES})


def stall_picture(deployment: Deployment) -> Picture | None:
    """What the cores did in the first inference, as parts of their cycles; None where the platform does not tell."""
    frame = stalls(deployment, most=len(deployment.stalls))
    if frame.empty:
        return None
    names = {"instructions": "instructions"} | {text: text for text in STALLS.values()} | {"asleep": "asleep"}
    sums = {shown: float(frame[column].sum()) for column, shown in names.items()}
    whole = sum(sums.values())
    return gap8.shares({name: value / whole for name, value in sums.items()}, "share of the eight cores' cycles")


def accuracy_points(runs: Iterable[Run], split: str = "validation") -> list[picture.Point]:
    """Accuracy of the 8-bit networks with their cycles as cost, and the baseline's with its own."""
    runs = list(runs)
    points = []
    for silence in SILENCE_PROTOCOLS:
        for run in runs:
            found = run.measurement("tflite", split, silence)
            series = f"{silence}, {tables.corpus_name(run)}"
            cycles = float(deployments.of_run(run).deployment.cycles)
            points.append(picture.Point(run.size, series, found.accuracy, found.low, found.high, cycles))
    for run in runs:
        seeds = baseline_network(run.size)
        accuracy = seeds.accuracy[split]
        low, high = accuracy.interval
        series = f"{BASELINE}: {BASELINE_SILENCE}, {tables.CORPUS_NAMES[BASELINE_CORPUS]}"
        points.append(picture.Point(run.size, series, accuracy.share, low, high, float(seeds.cycles)))
    return points


def badge(found: Found) -> Html:
    """Labels: that every layer was right and on how many clips, by which platform, fresh or recorded."""
    whole = found.deployment
    texts = (
        f"bit-exact: every layer equals the integer reference on {count(whole.clips_checked)} test clips",
        f"{found.state}: {whole.platform}, version {whole.platform_version}",
        f"program {whole.elf_digest}",
    )
    labels = " ".join(f'<span class="kws-label {found.state}">{text}</span>' for text in texts)
    return Html(f'<p class="kws-badges">{labels}</p>')


def save_tables(found: Found, size: str = "") -> None:
    """Write the tables of a deployment beside it, as CSV and JSON."""
    layer_table(found.deployment, size).save(found.folder, "layers")
    stall_table(found.deployment).save(found.folder, "stalls")


def downloads(found: Found) -> Markdown:
    """Links to the files of a deployment."""
    return links(found.folder, FILES)


def sources() -> Markdown:
    """What is known of the chip by others' word: a list."""
    return Markdown("\n".join(f"* {source}" for source in SOURCES))
