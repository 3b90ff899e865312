"""The pictures of a deployment on GAP8, some beside the baseline's."""

from collections.abc import Sequence
from dataclasses import replace

from kwslib.config import baselines
from kwslib.config.architecture import Architecture
from kwslib.gap8.hardware import L1_BASE, L1_BYTES, L2_BASE, L2_BYTES
from kwslib.gap8.measure.deployment_record import Deployment, LayerRow
from kwslib.report import gap8_stalls, pareto
from kwslib.report.elements import Html, count, short_names
from kwslib.report.figures import gap8, memory
from kwslib.report.figures.accuracy import Point, accuracy_against_cost
from kwslib.report.figures.gap8 import LayerCycles, RooflinePoint
from kwslib.report.figures.memory import MemoryUse, Tenant
from kwslib.report.figures.network import Box, drawing
from kwslib.report.figures.picture import Picture
from kwslib.report.gap8_estimates import CEILINGS, DMA_BYTES_PER_CYCLE
from kwslib.runs import deployments, front
from kwslib.runs.deployments import Found
from kwslib.runs.description import CORPUS_NAMES, corpus_name
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

BASELINE = "the baseline"
MEMORIES = {"L1": (L1_BASE, L1_BYTES), "L2": (L2_BASE, L2_BYTES)}
"""First address and bytes of each memory."""
TENANTS = {
    "weights": ("weights", "records", "stream", "constants"),
    "maps": ("map", "planes", "private", "tile", "fingerprint", "codes", "samples"),
}
"""Kind of a region -> first words of the regions' names; what has another name is scratch memory."""
CODE = "code, stacks"


def cycles_picture(deployment: Deployment, size: str = "") -> Picture:
    """Show the cycles of each layer, beside the baseline's if `size` names one of its networks."""
    baseline = {layer.name: layer.cycles for layer in baselines.baseline_network(size).layers} if size else {}
    rows = [
        LayerCycles(row.name, row.cycles, baseline[row.name] if baseline else 0, _facts(deployment, row))
        for row in deployment.rows
    ]
    return gap8.layer_cycles(rows, "this book", BASELINE)


def _facts(deployment: Deployment, row: LayerRow) -> str:
    """What else is known of a layer, a line a fact; bytes, memory and stalls of fused layers are of their step."""
    lines = [f"{count(row.operations)} operations, {count(row.macs)} MAC, {row.macs / row.cycles:.1f} MAC/cycle"]
    lines.append(f"{count(row.dma_in_bytes)} bytes in, {count(row.dma_out_bytes)} bytes out, by DMA")
    lines.append(f"L1 {count(row.l1_peak_bytes)}, L2 {count(row.l2_peak_bytes)} bytes at most")
    return "\n".join(filter(None, [*lines, gap8_stalls.layer_text(deployment, row)]))


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
    return memory.memory_bars(uses, {name: size for name, (_, size) in MEMORIES.items()})


def memory_map(found: Found) -> Picture:
    """Show what lives where in both memories, from step to step."""
    plan = found.plan
    last = len(plan.steps) - 1
    tenants = [
        Tenant(CODE, CODE, name, 0, last, 0, size)
        for name, size in (("L1", plan.runtime_l1_bytes), ("L2", plan.code_l2_bytes))
    ]
    for region in plan.regions:
        if region.memory in MEMORIES:
            begin = region.address - MEMORIES[region.memory][0]
            end = begin + region.bytes
            kind = _tenant(region.name)
            tenants.append(Tenant(region.name, kind, region.memory, region.first, min(region.last, last), begin, end))
    steps = [step.kind if not step.layers else short_names(step.layers) for step in plan.steps]
    return memory.memory_map(tenants, steps, {name: size for name, (_, size) in MEMORIES.items()})


def headline(runs: Sequence[Run]) -> Picture:
    """Show test accuracy against cycles: ours, the baseline's, the vendor's, and the front of those that compare.

    Accuracies under ``noise-silence`` compare; the baseline printed none.
    """
    protocol = SILENCE_PROTOCOLS[1]
    points = accuracy_points(runs, "test")
    for network in pareto.vendors():
        low, high = network.low, network.high
        series = f"GreenWaves' later networks, run on GAP8 by this project: {protocol}"
        cycles = float(network.cost.cycles)
        points.append(Point(network.name, series, network.accuracy, low, high, cycles, named=False))
    ranked = [number for number, point in enumerate(points) if protocol in point.series]
    best = front.indices([points[number].cost for number in ranked], [points[number].accuracy for number in ranked])
    chosen = {ranked[number] for number in best}
    shown = [replace(point, front=number in chosen) for number, point in enumerate(points)]
    return accuracy_against_cost(shown, "cycles of one inference on GAP8")


def _tenant(name: str) -> str:
    word = name.split()[0]
    return next((kind for kind, words in TENANTS.items() if word in words), "scratch")


def network_drawing(found: Found, size: Architecture) -> Html:
    """Draw a network's layers: shapes, kernels, and where the plan keeps weights and outputs.

    Parameters
    ----------
    found : Found
        Its deployment.
    size : Architecture
    """
    steps = {name: step for step in found.plan.steps for name in step.layers}
    frames, coefficients = size.input_shape
    boxes = [Box("input", "input", "fingerprint", (frames, coefficients, 1), "", "in L1")]
    for layer in size.layers:
        step, (rows, columns), (down, right) = steps[layer.name], layer.kernel, layer.stride
        stride = f", stride {down} × {right}" if (down, right) != (1, 1) else ""
        window = f" {rows} × {columns}{stride}" if layer.kind not in ("linear", "softmax") else ""
        what = f"{layer.kind.replace('_', ' ')}{window}"
        memory = "flash" if step.flash_bytes else "L2"
        weights = f"{count(layer.parameters)} weights from {memory}" if layer.parameters else ""
        fused = step.layers[-1] != layer.name
        home = "fused with the next" if fused else f"output in {'L2' if step.dma_out_bytes else 'L1'}"
        boxes.append(Box(short_names([layer.name]), layer.kind, what, layer.output_shape, weights, home))
    return drawing(boxes)


def stall_picture(deployment: Deployment) -> Picture | None:
    """Show what the cores did in the first inference, as shares of their cycles; None where no stalls were counted."""
    frame = gap8_stalls.by_function(deployment, most=len(deployment.stalls))
    if frame.empty:
        return None
    names = ["instructions", *gap8_stalls.STALL_NAMES.values(), "asleep"]
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
    for run in (one for one in runs if one.accuracy_compares):
        baseline = baselines.baseline_network(run.size)
        accuracy = baseline.accuracy[split]
        low, high = accuracy.interval
        series = f"{BASELINE}: {baselines.SILENCE}, {CORPUS_NAMES[baselines.CORPUS]}"
        points.append(Point(run.size, series, accuracy.share, low, high, float(baseline.cycles)))
    return points
