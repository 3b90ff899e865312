"""What is kept of a plan: everything that people and pictures need of it; the contents of the memories are left out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.artifacts import read_record, write_record
from kwslib.gap8.planning.memory import Region

SCHEMA = 2


@dataclass(frozen=True)
class StepRecord:
    """A step of a plan.

    Attributes
    ----------
    kind : str
        Name of the C structure in ``firmware/network.h``: ``front``, ``pointwise`` and so on.
    layers : list of str
        Names of the layers that it computes.
    description : str
        For people: tiles, chunks, kernels.
    predicted_cycles : int
        By the cost model, of the first inference.
    portable : str
        Why portable C computes it; empty where assembly kernels do.
    l1_peak_bytes, l2_peak_bytes : int
        In use in this step, the runtime's own memory and the stacks included.
    dma_in_bytes, dma_out_bytes, flash_bytes : int
        Moved to L1, to L2, and from the external flash.
    """

    kind: str
    layers: list[str]
    description: str
    predicted_cycles: int
    portable: str
    l1_peak_bytes: int
    l2_peak_bytes: int
    dma_in_bytes: int
    dma_out_bytes: int
    flash_bytes: int


@dataclass(frozen=True)
class PlanRecord:
    """A plan: `kernels` has the generator and the parameters of each assembly kernel by its symbol."""

    network: str
    strategy: str
    l1_bytes: int
    l2_bytes: int
    runtime_l1_bytes: int
    code_l2_bytes: int
    weights_l2_bytes: int
    weights_flash_bytes: int
    kernels: dict[str, dict[str, Any]]
    steps: list[StepRecord]
    regions: list[Region]


def save(record: PlanRecord, path: Path) -> None:
    """Write a plan as JSON."""
    write_record(path, record, SCHEMA)


def load(path: Path) -> PlanRecord:
    """Read what `save` wrote.

    Raises
    ------
    DataError
        If it is missing or damaged.
    """
    again = "deploy the network again"
    return read_record(path, PlanRecord, SCHEMA, missing=again, again=again)
