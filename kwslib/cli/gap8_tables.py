"""Tables of a deployment for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kwslib.terminal import table

if TYPE_CHECKING:
    from kwslib.gap8.measure.deployment_record import Deployment
    from kwslib.gap8.measure.profile_table import LayerProfile


def layer_table(layers: Sequence["LayerProfile"]) -> str:
    """The baseline's table of some layers, with its total."""
    from kwslib.gap8.measure.profile_table import TOTAL, LayerProfile

    total = LayerProfile(TOTAL, sum(row.cycles for row in layers), sum(row.operations for row in layers))
    return "\n".join(
        f"{row.name:>45}: Cycles: {row.cycles:10}, Operations: {row.operations:10}, "
        f"Operations/Cycle: {row.operations_per_cycle:.6f}"
        for row in (*layers, total)
    )


def speed_line(cycles: int, front_end_cycles: int = 0) -> str:
    """Cycles of an inference in MLPerf's units, at the fastest clock; with the front end, if its cycles are known."""
    from kwslib.report.gap8_estimates import inferences_per_s
    from kwslib.runs.energy import MLPERF_CLOCK_MHZ, energy_uj

    what = "from sound to label" if front_end_cycles else "without the front end"
    cycles += front_end_cycles
    rate, energy = inferences_per_s(cycles, MLPERF_CLOCK_MHZ), energy_uj(cycles, MLPERF_CLOCK_MHZ)
    return (
        f"at {MLPERF_CLOCK_MHZ:g} MHz, {what}: {rate:.0f} inferences a second, "
        f"{energy:.0f} uJ an inference (an estimate from the chip's published power)"
    )


def _stage_rows(found: "Deployment") -> list[tuple[Any, ...]]:
    """The front end's rows, and their total."""
    rows: list[tuple[Any, ...]] = [
        (row.name, row.cycles, row.warm_cycles, None, row.operations, f"{row.operations / row.cycles:.3f}", *[None] * 5)
        for row in found.front_end
    ]
    if rows:
        sums = (found.front_end_cycles, sum(stage.warm_cycles for stage in found.front_end), None)
        operations = sum(stage.operations for stage in found.front_end)
        rows.append(("front end", *sums, operations, f"{operations / found.front_end_cycles:.3f}", *[None] * 5))
    return rows


def deployment_table(found: "Deployment") -> str:
    """A deployment as text: a row a layer; fused ones are marked, share their step's cycles and one prediction."""
    predicted = {step.layers[0]: step.predicted_cycles for step in found.steps if step.layers}
    rows: list[tuple[Any, ...]] = _stage_rows(found) + [
        (
            row.name + (" (fused)" if row.fused else ""),
            row.cycles,
            row.warm_cycles,
            predicted.get(row.name),
            row.operations,
            f"{row.operations / row.cycles:.3f}",
            f"{row.macs / row.cycles:.3f}",
            row.l1_peak_bytes,
            row.l2_peak_bytes,
            row.dma_in_bytes,
            row.dma_out_bytes,
        )
        for row in found.rows
    ]
    rates = (f"{found.operations / found.cycles:.3f}", f"{found.macs / found.cycles:.3f}")
    total = (found.cycles, found.warm_cycles, found.predicted_cycles, found.operations)
    rows.append(("total", *total, *rates, None, None, None, None))
    if found.front_end:
        warm = sum(stage.warm_cycles for stage in found.front_end) + found.warm_cycles
        rows.append(("sound to label", found.sound_to_label_cycles, warm, *[None] * 8))
    columns = ("cycles", "warm", "predicted", "operations", "op/cycle", "MAC/cycle")
    return table(rows, head=("layer", *columns, "L1 bytes", "L2 bytes", "DMA in", "DMA out"))


def stall_table(found: "Deployment") -> str:
    """Stalls by layer as text, in percent of the eight cores' cycles; empty where none were counted."""
    from kwslib.report import gap8_stalls

    frame = gap8_stalls.shares(found)
    kinds = list(frame.columns[2:])
    rows = [
        (row["layers"], row["core cycles"], *(f"{100 * row[kind]:.1f}" for kind in kinds))
        for row in frame.to_dict("records")
    ]
    return table(rows, head=("layers, % of cycles", "core cycles", *kinds)) if rows else ""
