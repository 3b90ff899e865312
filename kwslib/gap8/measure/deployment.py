"""A network built for GAP8, run on a platform and checked bit for bit: its figures, measured and stored."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib import subproc
from kwslib.artifacts import Scalar, read_record, stored_if_set, write_record
from kwslib.errors import DataError, InputError, ToolError
from kwslib.gap8.measure import layer_profile, layer_stalls
from kwslib.gap8.measure.layer_profile import Profile
from kwslib.gap8.measure.layer_stalls import StallRow
from kwslib.gap8.measure.portable import portable_text
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.stages import stages
from kwslib.gap8.platforms.platform import Platform, RunResult, StallProfile, open_platform, that_count_cycles
from kwslib.gap8.program import compilation
from kwslib.gap8.program.compilation import Build
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_write_text, scratch
from kwslib.provenance import Provenance

SCHEMA = 3
DEPLOYMENT, OUTPUT, LOG = "deployment.json", "program.txt", "program.log"
"""Figures; what the first run printed; the same with the command line and the platform's own messages."""
MEMORY_COLUMNS = ("l1_peak_bytes", "l2_peak_bytes", "dma_in_bytes", "dma_out_bytes")
"""Figures of a plan's step that become columns of a `LayerRow`."""


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


def measure(
    graph: Graph,
    clips: np.ndarray,
    folder: Path,
    platform: str = "simulator",
    timeout_s: float = 600.0,
    classes: Sequence[str] | None = None,
    provenance: Provenance | None = None,
    home: Path | None = None,
) -> Deployment:
    """Build a network, run it on some clips, compare every layer with the reference, and write the figures.

    Parameters
    ----------
    graph : Graph
    clips : ndarray (clips, ...)
        Input codes in the network's type, or samples, int16 (clips, 16000), for a graph with a front end; the first one
        gives the cycles.
    folder : Path
        Gets `DEPLOYMENT`, `OUTPUT`, `LOG`, and what `kwslib.gap8.program.compilation.build` leaves.
    platform : str
        Name of a platform that counts cycles.
    timeout_s : float
        Seconds of the host for each program run.
    classes : sequence of str, optional
        Names of the classes.
    provenance : Provenance, optional
        Stored with the figures.
    home : Path, optional
        Where the platform is installed.

    Raises
    ------
    kwslib.errors.KwsError
        If it does not fit, there is no compiler or platform, a run fails, or anything differs from the reference.
    """
    machine = open_platform(platform, home)
    if not machine.counts_cycles:
        raise InputError(f"the platform '{platform}' counts no cycles: choose one of {', '.join(that_count_cycles())}")
    if len(clips) == 0:
        raise DataError("no clip to run the network on")
    start_s = time.monotonic()
    built = compilation.build(graph, folder, classes, clips[0], machine.target)
    build_s = time.monotonic() - start_s
    forget(folder)
    measured = _measure_clips(machine, graph, built, clips, folder, timeout_s)
    deployment = Deployment(
        network=graph.name,
        platform=platform,
        platform_version=machine.version(),
        strategy=built.plan.strategy,
        rows=_rows(graph, built.plan, measured.profile),
        front_end=_stage_rows(measured.profile),
        steps=[StepRow(step.layers, step.predicted_cycles, step.portable) for step in built.plan.record().steps],
        clips_checked=len(clips),
        elf_digest=compilation.digest(built.elf),
        build_s=round(build_s, 2),
        run_s=round(measured.run_s, 2),
        weights_l2_bytes=len(built.plan.l2_image),
        weights_flash_bytes=len(built.plan.flash_image),
        stalls=measured.stalls.functions,
        provenance=provenance,
        layer_stalls=layer_stalls.of_sections(measured.stalls.sections),
    )
    write_record(folder / DEPLOYMENT, deployment, SCHEMA)
    return deployment


@dataclass(frozen=True)
class _Measured:
    """What the first clip's runs gave: its layer profile, seconds of the host, stalls."""

    profile: Profile
    run_s: float
    stalls: StallProfile


def _measure_clips(
    machine: Platform, graph: Graph, built: Build, clips: np.ndarray, folder: Path, timeout_s: float
) -> _Measured:
    """Run every clip and check its outputs; the first one also gives the figures."""
    with scratch("deploy") as work:
        elf = compilation.with_input(built, clips[0], work / compilation.PROGRAM, warm_runs=1)
        done, profile = run_and_check(machine, graph, elf, clips[0], timeout_s, folder / LOG)
        atomic_write_text(folder / OUTPUT, done.stdout)
        _check_clips(machine, graph, built, clips[1:], work, timeout_s)
        compilation.with_input(built, clips[0], elf, warm_runs=0, check=False)
        stalls = machine.stall_profile(elf, timeout_s, layer_stalls.sections(elf, len(built.plan.steps)))
        return _Measured(profile, done.wall_s, stalls or StallProfile([], []))


def _check_clips(
    machine: Platform, graph: Graph, built: Build, clips: np.ndarray, work: Path, timeout_s: float
) -> None:
    """Run clips and check their outputs, one on each core of this machine at a time."""

    def check(number: int) -> None:
        elf = compilation.with_input(built, clips[number], work / f"{number}.elf", warm_runs=0)
        run_and_check(machine, graph, elf, clips[number], timeout_s)
        elf.unlink()

    subproc.for_each(check, range(len(clips)))


def _rows(graph: Graph, plan: Plan, profile: Profile) -> list[LayerRow]:
    steps = plan.record().steps
    step_of = {layer: index for index, step in enumerate(plan.steps) for layer in step.layers}
    return [
        LayerRow(
            name=layer.name,
            kind=layer.kind,
            cycles=profile.layers[index].cycles,
            warm_cycles=profile.warm[index].cycles,
            operations=layer.operations,
            macs=layer.macs,
            step=step_of[index],
            fused=len(plan.steps[step_of[index]].layers) > 1,
            **{name: getattr(steps[step_of[index]], name) for name in MEMORY_COLUMNS},
        )
        for index, layer in enumerate(graph.layers)
    ]


def _stage_rows(profile: Profile) -> list[StageRow]:
    pairs = zip(profile.front_end, profile.warm_front_end, strict=True)
    return [StageRow(cold.name, cold.cycles, warm.cycles, cold.operations) for cold, warm in pairs]


def run_and_check(
    machine: Platform,
    graph: Graph,
    elf: Path,
    codes: np.ndarray,
    timeout_s: float,
    log: Path | None = None,
) -> tuple[RunResult, Profile]:
    """Run a program once and check everything that it prints.

    Parameters
    ----------
    machine : Platform
    graph : Graph
        What it was built from.
    elf : Path
        The program; its input image asks for checksums.
    codes : ndarray
        The clip in its image: codes of the network's input type, or samples for a graph with a front end.
    timeout_s : float
        Seconds of the host after which it is killed.
    log : Path, optional
        File that gets the command line and everything that was printed, whatever happens.

    Raises
    ------
    kwslib.errors.ToolError
        If it crashes, does not end in time, or ends with another status than 0; if what it prints is not the complete
        profile of the network; or if any layer differs from the reference.
    """
    done = machine.run(elf, timeout_s, log=log)
    where = "" if log is None else f"; whole log: {log}"
    if done.exit_status != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        last = f"; its last line: {said[-1].strip()!r}" if said else "; it printed nothing"
        raise ToolError(f"the program ended with status {done.exit_status} on {machine.name}{last}{where}")
    try:
        expected = [(layer.name, layer.operations) for layer in graph.layers] if machine.counts_cycles else None
        front_end = [(stage.name, stage.operations) for stage in stages(graph.front_end)] if expected else None
        found = layer_profile.parse(done.stdout, expected, machine.counts_cycles, front_end)
        layer_profile.check_outputs(found, graph, codes)
    except ProfileError as error:
        raise ProfileError(f"on {machine.name}: {error}{where}") from error
    return done, found


def forget(folder: Path) -> None:
    """Remove what was found of the program that lay in `folder` before."""
    for name in (DEPLOYMENT, OUTPUT):
        (folder / name).unlink(missing_ok=True)


def load(folder: Path) -> Deployment:
    """Read what `measure` wrote.

    Raises
    ------
    DataError
        If it is missing, damaged or of another version.
    """
    return read_record(
        folder / DEPLOYMENT, Deployment, SCHEMA, missing="this network was not deployed", again="run it again"
    )
