"""What a network costs on GAP8: cycles, time, energy and memory, before it is trained or as it was measured.

Before a training, the planner's cost model says it of the network's outline, without a build. The cycles are those of
the network in the first inference, without the front end; the memories hold the front end, too.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from kwslib.artifacts import read_record, write_record
from kwslib.config.architecture import Architecture
from kwslib.config.front_end import FrontEnd
from kwslib.errors import DataError, ModelError
from kwslib.gap8.hardware import CORES
from kwslib.gap8.measure.timing import latency_ms
from kwslib.gap8.planning import planner
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.record import PlanRecord
from kwslib.paths import cache_dir
from kwslib.runs import deployments, outline
from kwslib.runs.deployments import Found
from kwslib.runs.energy import MLPERF_CLOCK_MHZ, energy_uj

BIAS_BYTES = 4
MACS_A_CYCLE = 4 * CORES
"""The instruction set's: a dot product of four codes on each core."""
SCHEMA = 1
FORECASTS = "forecasts"
"""Folder of the cache."""


@dataclass(frozen=True)
class Quantity:
    """One kind of cost: what it is called, for people, with its unit."""

    title: str
    unit: str


QUANTITIES: dict[str, Quantity] = {
    "cycles": Quantity("cycles of the network", "cycles"),
    "ms": Quantity(f"milliseconds at {MLPERF_CLOCK_MHZ:g} MHz", "ms"),
    "energy_uj": Quantity(f"estimated energy at {MLPERF_CLOCK_MHZ:g} MHz", "µJ"),
    "bytes": Quantity("weights and biases", "bytes"),
    "l1": Quantity("most of L1 in use", "bytes"),
    "l2": Quantity("most of L2 in use, the code included", "bytes"),
}
"""The kinds of cost, by the name of a field or property of `Cost`."""


@dataclass(frozen=True)
class Cost:
    """What a network costs on GAP8.

    Attributes
    ----------
    cycles : int
        Of the network in the first inference after the start, without the front end.
    bytes : int
        Of its weights (8 bits) and biases (32 bits).
    l1, l2 : int or None
        Largest use of the memories in any step, in bytes; None where no plan is kept.
    """

    cycles: int
    bytes: int
    l1: int | None = None
    l2: int | None = None

    @property
    def ms(self) -> float:
        """Milliseconds at the fastest clock."""
        return latency_ms(self.cycles, MLPERF_CLOCK_MHZ)

    @property
    def energy_uj(self) -> float:
        """Estimated energy in microjoules at the fastest clock: `kwslib.runs.energy`."""
        return energy_uj(self.cycles, MLPERF_CLOCK_MHZ)


def weight_bytes(size: Architecture) -> int:
    """Return the bytes of weights and biases.

    Examples
    --------
    >>> from kwslib.config.presets import SIZES
    >>> weight_bytes(SIZES["small"]) - SIZES["small"].parameters  # three bytes more for each of 588 biases
    1764
    """
    biases = sum(row.output_shape[2] for row in size.layers if row.parameters)
    return size.parameters + (BIAS_BYTES - 1) * biases


def least_cycles(size: Architecture) -> int:
    """Return the cycles that no program can undercut: eight cores multiply four codes a cycle."""
    return size.macs // MACS_A_CYCLE


def of_plan(size: Architecture, plan: Plan) -> Cost:
    """Return what a plan says that a network costs."""
    return Cost(
        sum(step.predicted_cycles for step in plan.steps if step.layers),
        weight_bytes(size),
        *(max(plan.peak_bytes(memory, step) for step in range(len(plan.steps))) for memory in ("L1", "L2")),
    )


def of_deployment(size: Architecture, found: Found) -> Cost:
    """Return what a network costs by measurement; the memories by the plan that its program was built from."""
    try:
        kept: PlanRecord | None = found.plan
    except DataError:
        kept = None
    steps = kept.steps if kept else []
    return Cost(
        found.deployment.cycles,
        weight_bytes(size),
        max((step.l1_peak_bytes for step in steps), default=None),
        max((step.l2_peak_bytes for step in steps), default=None),
    )


@dataclass(frozen=True)
class _Forecast:
    """What the planner said: a cost, or why there is no plan."""

    cost: Cost | None
    refusal: str


def forecast(size: Architecture, front_end: FrontEnd) -> Cost:
    """Return what a network will cost, by the planner: nothing is built or trained.

    What was found is kept in the cache folder until the planner's sources change.

    Parameters
    ----------
    size : Architecture
    front_end : FrontEnd
        Of the training.

    Raises
    ------
    ModelError
        If it does not fit; with the layer, the memory and the bytes that it lacks.
    """
    inputs = {"size": asdict(size) | {"name": ""}, "front_end": front_end.key, "sources": deployments.sources_digest()}
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    path = cache_dir() / FORECASTS / f"{key[:32]}.json"
    try:
        found = read_record(path, _Forecast, SCHEMA, missing="", again="")
    except DataError:
        found = _planned(size, front_end)
        write_record(path, found, SCHEMA)
    if found.cost is None:
        raise ModelError(found.refusal)
    return found.cost


def _planned(size: Architecture, front_end: FrontEnd) -> _Forecast:
    try:
        return _Forecast(of_plan(size, planner.plan(outline.outline(size, front_end))), "")
    except ModelError as error:
        return _Forecast(None, str(error))
