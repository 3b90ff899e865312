"""The pictures of a deployment on GAP8, some beside the baseline's."""

from collections.abc import Sequence

from kwslib.config import baselines
from kwslib.gap8.hardware import L1_BYTES, L2_BYTES
from kwslib.gap8.measure.deployment import Deployment, LayerRow
from kwslib.report.figures import gap8
from kwslib.report.figures.accuracy import Point
from kwslib.report.figures.gap8 import LayerCycles, MemoryUse, RooflinePoint
from kwslib.report.figures.picture import Picture
from kwslib.report.gap8_estimates import CEILINGS, DMA_BYTES_PER_CYCLE
from kwslib.report.gap8_page import STALL_NAMES, short_names, stalls
from kwslib.runs import deployments
from kwslib.runs.deployments import Found
from kwslib.runs.description import CORPUS_NAMES, corpus_name
from kwslib.runs.records import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

BASELINE = "the baseline"


def cycles_picture(deployment: Deployment, size: str = "") -> Picture:
    """Show the cycles of each layer, beside the baseline's if `size` names one of its networks."""
    baseline = {layer.name: layer.cycles for layer in baselines.baseline_network(size).layers} if size else {}
    rows = [LayerCycles(row.name, row.cycles, baseline[row.name] if baseline else 0) for row in deployment.rows]
    return gap8.layer_cycles(rows, "this book", BASELINE)


def roofline(deployment: Deployment) -> Picture:
    """Show what each step with weights reaches; fused layers are one step."""
    points = []
    for index in sorted({row.step for row in deployment.rows}):
        rows = [row for row in deployment.rows if row.step == index]
        macs, moved = sum(row.macs for row in rows), rows[0].dma_in_bytes + rows[0].dma_out_bytes
        if macs and moved:
            cycles = sum(row.cycles for row in rows)
            name = short_names(row.name for row in rows)
            points.append(RooflinePoint(name, _kind(rows), macs / moved, macs / cycles))
    return gap8.roofline(points, CEILINGS, DMA_BYTES_PER_CYCLE)


def _kind(rows: Sequence[LayerRow]) -> str:
    return " + ".join(dict.fromkeys(row.kind.replace("_", " ") for row in rows))


def memory_picture(found: Found) -> Picture:
    """Show the peak use of both memories, step by step."""
    uses = [
        MemoryUse(
            f"{short_names(step.layers)} {step.kind}",
            {"L1": step.l1_peak_bytes, "L2": step.l2_peak_bytes},
        )
        for step in found.plan.steps
    ]
    return gap8.memory_bars(uses, {"L1": L1_BYTES, "L2": L2_BYTES})


def stall_picture(deployment: Deployment) -> Picture | None:
    """Show what the cores did in the first inference, as shares of their cycles; None where no stalls were counted."""
    frame = stalls(deployment, most=len(deployment.stalls))
    if frame.empty:
        return None
    names = ["instructions", *STALL_NAMES.values(), "asleep"]
    sums = {name: float(frame[name].sum()) for name in names}
    whole = sum(sums.values())
    return gap8.shares({name: value / whole for name, value in sums.items()}, "share of the eight cores' cycles")


def accuracy_points(runs: Sequence[Run], split: str = "validation") -> list[Point]:
    """Return the accuracy of the 8-bit networks with their cycles as cost, and the baseline's with its own."""
    points = []
    for silence in SILENCE_PROTOCOLS:
        for run in runs:
            found = run.measurement("tflite", split, silence)
            series = f"{silence}, {corpus_name(run)}"
            cycles = float(deployments.of_run(run).deployment.cycles)
            points.append(Point(run.title, series, found.accuracy, found.low, found.high, cycles))
    for run in (one for one in runs if one.same_task):
        baseline = baselines.baseline_network(run.size)
        accuracy = baseline.accuracy[split]
        low, high = accuracy.interval
        series = f"{BASELINE}: {baselines.SILENCE}, {CORPUS_NAMES[baselines.CORPUS]}"
        points.append(Point(run.size, series, accuracy.share, low, high, float(baseline.cycles)))
    return points
