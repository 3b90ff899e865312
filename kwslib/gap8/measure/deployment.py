"""A network built for GAP8, run on a platform and checked bit for bit, and its figures written."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib import subproc
from kwslib.errors import DataError, InputError
from kwslib.gap8.measure import layer_stalls
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.measure.deployment_record import LOG, OUTPUT, Deployment, LayerRow, StageRow, StepRow, forget, save
from kwslib.gap8.measure.layer_profile import Profile
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.platforms.platform import Platform, StallProfile, open_platform, that_count_cycles
from kwslib.gap8.program import compilation
from kwslib.gap8.program.compilation import Build
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_write_text, scratch
from kwslib.provenance import Provenance

MEMORY_COLUMNS = ("l1_peak_bytes", "l2_peak_bytes", "dma_in_bytes", "dma_out_bytes")
"""Figures of a plan's step that become columns of a `LayerRow`."""


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
        Gets the files of `deployment_record`, and what `kwslib.gap8.program.compilation.build` leaves.
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
    save(deployment, folder)
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
