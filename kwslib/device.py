"""What the book says of a network on GAP8: the tables and pictures of a deployment, beside the seed's."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from kwslib import figures
from kwslib.errors import DataError
from kwslib.figures import Picture, Theme
from kwslib.gap8 import deploy
from kwslib.gap8.deploy import Deployment
from kwslib.gap8.plan import L1_BYTES, L2_BYTES
from kwslib.paths import cache_dir
from kwslib.predict import codes_for, of_file, of_run
from kwslib.results import Run
from kwslib.seed import seed_size
from kwslib.speech import open_corpus
from kwslib.speech.corpus import LABELS

FOLDER = "gap8"
CLOCKS_MHZ = (50, 100, 175)
POWER_MW, POWER_CLOCK_MHZ = 75, 90
"""Worst-case power envelope of GAP8 computing a CNN at 90 MHz and 1.0 V: E. Flamand et al., "GAP-8: A RISC-V SoC for AI
at the Edge of the IoT", ASAP 2018. Nothing was measured here: energies made with it are estimates."""
LIMITS = {
    "instruction set: 8 cores × 4 MAC": 32.0,
    "inner loop, 4 channels × 5 positions": 22.07,
    "PULP-NN, published peak": 15.5,
}
"""MAC/cycle: four int8 products a dot-product instruction; 80 MAC in 29 instructions on each of eight cores; and the
published peak of PULP-NN (A. Garofalo et al., 2020)."""
DMA_BYTES_PER_CYCLE = 8  # mchan's width, measured on GVSOC's model
STALLS = ("dependency", "branch", "tcdm", "memory", "fetch", "multicycle")


def _two(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"


FORMATS = {
    **dict.fromkeys(("operations/cycle", "MAC/cycle", "seed's / ours", *(f"ms at {c} MHz" for c in CLOCKS_MHZ)), _two),
    "share": lambda value: f"{100 * value:.1f} %",
    "estimated µJ": lambda value: f"{value:.0f}",
}
"""How the columns of these tables are written."""


def deployment_of(run: Run) -> Deployment:
    """Return the deployment in a run's folder.

    Raises
    ------
    DataError
        If there is none.
    """
    return deploy.load(Path(run.folder) / FOLDER)


def input_codes(name: str, clips: int, model: str = "", corpus: str = "synthetic", data: str = "") -> tuple[Any, Any]:
    """The graph of a run (or of a ``.tflite`` file) and the input codes of the first test clips of every label in turn.

    Raises
    ------
    kwslib.errors.KwsError
        If there is no such network or corpus, or `clips` is not positive.
    """
    if clips < 1:
        raise DataError(f"clips must be at least 1, not {clips}")
    network = of_file(Path(model)) if model else of_run(name)
    found = open_corpus(corpus, data or None).clips("test", "noise-silence")
    # one of each label, then the second of each, ...
    seen: Counter[str] = Counter()
    order = []
    for index, label in enumerate(found.labels):
        order.append((seen[label], index))
        seen[label] += 1
    chosen = [index for _, index in sorted(order)[:clips]]
    return network.graph, codes_for(network, found.audio[chosen])


def deploy_run(
    run: str,
    clips: int,
    platform: str,
    timeout_s: float,
    folder: Path | None,
    provenance: dict[str, Any],
    model: str = "",
    corpus: str = "synthetic",
    data: str = "",
) -> Deployment:
    """Build and run a network on GAP8 and keep the figures in `folder`; what can be built again goes to the cache."""
    network, codes = input_codes(run, clips, model, corpus, data)
    target = folder or cache_dir() / "deployments" / network.name
    return deploy.deploy(network, codes, target, platform, timeout_s, LABELS, provenance)


def layers(deployment: Deployment, size: str | None = None) -> pd.DataFrame:
    """A row a layer and the total: cycles, the seed's operations, MAC, and the seed's cycles if `size` is given."""
    seeds = {layer.name: layer.cycles for layer in seed_size(size).layers} if size else {}
    rows = [_row(r.name, r.cycles, r.warm_cycles, r.operations, r.macs, deployment.cycles) for r in deployment.rows]
    rows.append(
        _row(
            "Total",
            deployment.cycles,
            deployment.warm_cycles,
            deployment.operations,
            deployment.macs,
            deployment.cycles,
        )
    )
    if seeds:
        seeds["Total"] = seed_size(size).cycles
        for row in rows:
            cycles = _seed_cycles(seeds, row["layer"])
            row |= {"seed's cycles": cycles, "seed's / ours": cycles / row["cycles"] if cycles else None}
    return pd.DataFrame(rows)


def _seed_cycles(seeds: dict[str, int], name: str) -> int | None:
    # the seed's names differ in details of the last layers: the number in front decides
    if name in seeds:
        return seeds[name]
    stem = name.split("_")[0] + "_"
    return next((cycles for layer, cycles in seeds.items() if layer.startswith(stem)), None)


def _row(name: str, cycles: int, warm: int, operations: int, macs: int, total: int) -> dict[str, Any]:
    return {
        "layer": name,
        "cycles": cycles,
        "warm cycles": warm,
        "operations": operations,
        "operations/cycle": operations / cycles,
        "MAC/cycle": macs / cycles if macs else None,
        "share": cycles / total,
    }


def latency_ms(cycles: int, clock_mhz: float) -> float:
    """Milliseconds of some cycles."""
    return cycles / clock_mhz / 1000


def energy_uj(cycles: int) -> float:
    """Estimated microjoules: `POWER_MW` for as long as it takes at `POWER_CLOCK_MHZ`."""
    return POWER_MW * latency_ms(cycles, POWER_CLOCK_MHZ)


def totals(runs: Iterable[Run]) -> pd.DataFrame:
    """A row a network: cycles beside the seed's, latency by clock, estimated energy."""
    rows = []
    for run in runs:
        found = deployment_of(run)
        seeds = seed_size(run.size).cycles
        row = {
            "network": run.size,
            "cycles": found.cycles,
            "warm cycles": found.warm_cycles,
            "seed's cycles": seeds,
            "seed's / ours": seeds / found.cycles,
            "MAC/cycle": found.macs / found.cycles,
        }
        row |= {f"ms at {clock} MHz": latency_ms(found.cycles, clock) for clock in CLOCKS_MHZ}
        rows.append(row | {"estimated µJ": energy_uj(found.cycles), "clips equal": found.clips_checked})
    return pd.DataFrame(rows)


def memory(deployment: Deployment) -> pd.DataFrame:
    """A row a layer: peak bytes of L1 and L2, and bytes moved by DMA in its step (fused layers share them)."""
    return pd.DataFrame(
        {
            "layer": row.name,
            "L1 peak bytes": row.l1_peak_bytes,
            "L2 peak bytes": row.l2_peak_bytes,
            "DMA in bytes": row.dma_in_bytes,
            "DMA out bytes": row.dma_out_bytes,
        }
        for row in deployment.rows
    )


def stalls(deployment: Deployment, most: int = 10) -> pd.DataFrame:
    """Cycles by function, added up over the eight cores: all, and what was lost by kind of stall; the largest first."""
    if not deployment.stalls:
        return pd.DataFrame(columns=["function", "instructions", "cycles", *STALLS, "sleep"])
    frame = pd.DataFrame(deployment.stalls)
    frame = frame[frame["core"] != "fc"]
    columns = ["instructions", "cycles", *(f"{kind}_cycles" for kind in STALLS), "sleep_cycles"]
    summed = frame.groupby("function")[columns].sum().sort_values("cycles", ascending=False).head(most)
    return summed.rename(columns=lambda name: name.removesuffix("_cycles")).reset_index()


def cycles_picture(deployment: Deployment, size: str) -> Picture:
    """Cycles of each layer beside the seed's, on a logarithmic axis."""
    frame = layers(deployment, size).iloc[:-1]

    def draw(theme: Theme) -> Figure:
        figure, axes = figures._figure(6.4, 0.42 * len(frame) + 1.2)
        places = np.arange(len(frame))
        axes.barh(places + 0.2, frame["seed's cycles"].astype(float), 0.4, color=theme.series[1], label="the seed")
        axes.barh(places - 0.2, frame["cycles"], 0.4, color=theme.series[0], label="this book")
        axes.set_yticks(places, frame["layer"])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlabel("cycles of the first inference")
        axes.legend(loc="lower right")
        return figure

    slowest = frame.loc[frame["cycles"].idxmax()]
    return Picture(
        draw,
        f"Cycles by layer, {size}: the whole takes {deployment.cycles} cycles, the seed's {seed_size(size).cycles}; "
        f"the costliest layer is {slowest['layer']} with {slowest['cycles']}.",
        wide=True,
    )


def roofline(deployment: Deployment) -> Picture:
    """MAC/cycle of each step with weights against its MACs for a byte moved by DMA, under the limits of `LIMITS`."""
    steps: dict[int, dict[str, Any]] = {}
    for row in deployment.rows:
        step = steps.setdefault(row.step, {"macs": 0, "cycles": 0, "kinds": [], "bytes": 0})
        step["macs"] += row.macs
        step["cycles"] += row.cycles
        step["kinds"].append(row.kind)
        step["bytes"] = row.dma_in_bytes + row.dma_out_bytes
    points = [
        (" + ".join(step["kinds"]), step["macs"] / max(step["bytes"], 1), step["macs"] / step["cycles"])
        for step in steps.values()
        if step["macs"]
    ]
    kinds = list(dict.fromkeys(kind for kind, _, _ in points))

    def draw(theme: Theme) -> Figure:
        figure, axes = figures._figure(6.4, 4.6)
        low, high = min(x for _, x, _ in points) / 3, max(x for _, x, _ in points) * 3
        grid = np.geomspace(low, high, 200)
        for number, (name, limit) in enumerate(LIMITS.items()):
            axes.plot(
                grid,
                np.minimum(limit, DMA_BYTES_PER_CYCLE * grid),
                color=theme.ink,
                linestyle=("-", "--", ":")[number],
                linewidth=1,
                label=f"{name}: {limit:g}",
            )
        for number, kind in enumerate(kinds):
            chosen = [(x, y) for name, x, y in points if name == kind]
            axes.scatter(
                *zip(*chosen, strict=True),
                color=theme.series[number % len(theme.series)],
                marker=figures.MARKERS[number % len(figures.MARKERS)],
                label=kind,
                zorder=3,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("MAC for each byte moved by DMA")
        axes.set_ylabel("MAC/cycle, eight cores")
        axes.legend(fontsize=8)
        return figure

    best = max(points, key=lambda point: point[2])
    return Picture(
        draw,
        f"Roofline of {len(points)} steps: the fastest is a {best[0]} step with {best[2]:.1f} MAC/cycle.",
        wide=True,
    )


def memory_picture(deployment: Deployment) -> Picture:
    """Peak bytes of L1 and L2 in each layer, as a share of the memory."""
    frame = memory(deployment)

    def draw(theme: Theme) -> Figure:
        figure, axes = figures._figure(6.4, 0.42 * len(frame) + 1.2)
        places = np.arange(len(frame))
        for number, (name, size) in enumerate((("L1", L1_BYTES), ("L2", L2_BYTES))):
            values = frame[f"{name} peak bytes"]
            label = f"{name}, of {size // 1024} KB"
            axes.barh(places + 0.4 * number - 0.2, 100 * values / size, 0.4, color=theme.series[number], label=label)
        axes.set_yticks(places, frame["layer"])
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.xaxis.set_major_formatter(EngFormatter(unit="%", sep=""))
        axes.set_xlabel("peak use, stacks and code included")
        axes.legend(loc="lower right")
        return figure

    l1, l2 = frame["L1 peak bytes"].max(), frame["L2 peak bytes"].max()
    return Picture(
        draw, f"Memory by layer: at most {l1} of {L1_BYTES} bytes of L1 and {l2} of {L2_BYTES} bytes of L2.", wide=True
    )


def cost_points(runs: Iterable[Run], split: str = "validation") -> list[figures.Point]:
    """Accuracy of the 8-bit networks with their cycles as cost, a series a silence protocol."""
    points = []
    for run in runs:
        cycles = deployment_of(run).cycles
        for silence in ("digital-silence", "noise-silence"):
            found = run.measurement("tflite", split, silence)
            points.append(figures.Point(run.size, silence, found.accuracy, found.low, found.high, float(cycles)))
    return sorted(points, key=lambda point: point.series)


def badge(deployment: Deployment) -> str:
    """One sentence: on which platform, and that every layer was right."""
    return (
        f"Bit-exact: every layer's output equals the integer reference on {deployment.clips_checked} clips. "
        f"Cycles by the platform '{deployment.platform}', version {deployment.platform_version}; "
        f"{deployment.strategy}; program {deployment.elf_digest}."
    )
