"""What is kept of a network on GAP8: its figures by layer, stage and step, and the files of its folder."""

from dataclasses import dataclass
from pathlib import Path

from kwslib.artifacts import Scalar, read_record, stored_if_set, write_record
from kwslib.gap8.measure.layer_stalls import StallRow
from kwslib.gap8.measure.portable import portable_text
from kwslib.provenance import Provenance

SCHEMA = 3
DEPLOYMENT, OUTPUT, LOG = "deployment.json", "program.txt", "program.log"
"""Figures; what the first run printed; the same with the command line and the platform's own messages."""


@dataclass(frozen=True)
class LayerRow:
    """One layer's figures.

    Attributes
    ----------
    name, kind : str
    cycles, warm_cycles : int
        Of the first inference after the start, and of the second one. The cycles of a step with several layers are
        divided among them as the cores' own cycles were.
    operations, macs : int
        The baseline's count, and multiply-accumulates.
    step : int
        Index of the plan's step.
    fused : bool
        Whether the step has other layers too.
    l1_peak_bytes, l2_peak_bytes, dma_in_bytes, dma_out_bytes : int
        Of the whole step.
    """

    name: str
    kind: str
    cycles: int
    warm_cycles: int
    operations: int
    macs: int
    step: int
    fused: bool
    l1_peak_bytes: int
    l2_peak_bytes: int
    dma_in_bytes: int
    dma_out_bytes: int


@dataclass(frozen=True)
class StageRow:
    """One stage of the front end.

    Attributes
    ----------
    name : str
    cycles, warm_cycles : int
        Of the first inference and of the second one: those of the whole front end, divided as the cores' own cycles
        were.
    operations : int
        `kwslib.gap8.planning.stages.stages` says how they are counted.
    """

    name: str
    cycles: int
    warm_cycles: int
    operations: int


@dataclass(frozen=True)
class StepRow:
    """What the plan said of a step, to stand beside what was measured.

    Attributes
    ----------
    layers : list of str
        Names of the layers that it computes; none: it is the front end.
    predicted_cycles : int
        Of the first inference, by the cost model; fused layers share it.
    portable : str
        Why portable C computes it; empty where assembly kernels do.
    """

    layers: list[str]
    predicted_cycles: int
    portable: str


@dataclass(frozen=True)
class Deployment:
    """A network on GAP8.

    Attributes
    ----------
    network : str
    platform, platform_version : str
    strategy : str
        How the maps are laid out, from the plan.
    rows : list of LayerRow
    front_end : list of StageRow
        Empty where the program's input is a fingerprint.
    steps : list of StepRow
        `LayerRow.step` is an index of it.
    clips_checked : int
        Clips whose every layer equals the integer reference; a difference is an error, not a number.
    elf_digest : str
    build_s, run_s : float
        Seconds of the host: from `.tflite` to ELF, and for one run of the program.
    weights_l2_bytes, weights_flash_bytes : int
    stalls : list of dict
        Cycles by core, function and kind of stall; empty if the platform cannot count them.
    provenance : Provenance or None
    layer_stalls : list of StallRow
        Cycles by step and kind of stall, and last of what lies outside of the steps. Empty if the platform cannot count
        them, and in older records.
    """

    network: str
    platform: str
    platform_version: str
    strategy: str
    rows: list[LayerRow]
    front_end: list[StageRow]
    steps: list[StepRow]
    clips_checked: int
    elf_digest: str
    build_s: float
    run_s: float
    weights_l2_bytes: int
    weights_flash_bytes: int
    stalls: list[dict[str, Scalar]]
    provenance: Provenance | None = None
    layer_stalls: list[StallRow] = stored_if_set(default_factory=list)

    @property
    def front_end_cycles(self) -> int:
        """Of the front end in the first inference."""
        return sum(stage.cycles for stage in self.front_end)

    @property
    def sound_to_label_cycles(self) -> int:
        """Of front end and network in the first inference."""
        return self.front_end_cycles + self.cycles

    @property
    def cycles(self) -> int:
        """Of the network in the whole first inference."""
        return sum(row.cycles for row in self.rows)

    @property
    def warm_cycles(self) -> int:
        """Of the whole second inference."""
        return sum(row.warm_cycles for row in self.rows)

    @property
    def predicted_cycles(self) -> int:
        """Of the network in the whole first inference, by the cost model."""
        return sum(step.predicted_cycles for step in self.steps if step.layers)

    def step_cycles(self, step: int) -> int:
        """Return the measured cycles of a step in the first inference."""
        return sum(row.cycles for row in self.rows if row.step == step)

    @property
    def portable(self) -> str:
        """One line: what portable C computes, why, and its share of the cycles; empty if it computes nothing."""
        return portable_text(self.steps, {row.name: row.cycles for row in self.rows})

    @property
    def operations(self) -> int:
        """The baseline's count."""
        return sum(row.operations for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return sum(row.macs for row in self.rows)


def save(deployment: Deployment, folder: Path) -> None:
    """Write the figures into a folder."""
    write_record(folder / DEPLOYMENT, deployment, SCHEMA)


def forget(folder: Path) -> None:
    """Remove what was found of the program that lay in `folder` before."""
    for name in (DEPLOYMENT, OUTPUT):
        (folder / name).unlink(missing_ok=True)


def load(folder: Path) -> Deployment:
    """Read what `save` wrote.

    Raises
    ------
    DataError
        If it is missing, damaged or of another version.
    """
    return read_record(
        folder / DEPLOYMENT, Deployment, SCHEMA, missing="this network was not deployed", again="run it again"
    )
