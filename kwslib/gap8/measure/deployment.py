"""A network built for GAP8, run on a platform, checked bit for bit: what the tables of the book are made of."""

import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.errors import DataError, InputError
from kwslib.gap8.measure import layer_profile as profiles
from kwslib.gap8.measure.launch import launch
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation as building
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_write_text, write_json

SCHEMA = 1
DEPLOYMENT, OUTPUT, LOG = "deployment.json", "program.txt", "program.log"
"""Figures; what the first run printed; the same with the command line and the platform's own messages."""


@dataclass(frozen=True)
class LayerRow:
    """One layer's figures. Cycles are of the first inference (cold) and of the second (warm).

    `step` counts the plan's steps; layers that share a step were fused, and their cycles are its cycles shared out as
    the cores' own cycles were. `stalls_cycles` sums over the cores; empty where the platform does not tell.
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
class Deployment:
    """A network on GAP8.

    Attributes
    ----------
    network : str
    platform, platform_version : str
    rows : list of LayerRow
    clips_checked : int
        Clips whose every layer equals the integer reference; another outcome is an error, not a number.
    elf_digest : str
    build_s, run_s : float
        Seconds of the host: `.tflite` to ELF, and one program run.
    strategy : str
        How the maps lie, from the plan.
    stalls : list of dict
        Cycles by core, function and kind of stall, where the platform is the simulator.
    """

    network: str
    platform: str
    platform_version: str
    strategy: str
    rows: list[LayerRow]
    clips_checked: int
    elf_digest: str
    build_s: float
    run_s: float
    weights_l2_bytes: int
    weights_flash_bytes: int
    stalls: list[dict[str, Any]]
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def cycles(self) -> int:
        """Of the whole first inference."""
        return sum(row.cycles for row in self.rows)

    @property
    def warm_cycles(self) -> int:
        """Of the whole second inference."""
        return sum(row.warm_cycles for row in self.rows)

    @property
    def operations(self) -> int:
        """The baseline's count."""
        return sum(row.operations for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return sum(row.macs for row in self.rows)


def deploy(
    graph: Graph,
    clips: np.ndarray,
    folder: Path,
    platform: str = "simulator",
    timeout_s: float = 600.0,
    classes: Sequence[str] | None = None,
    provenance: dict[str, Any] | None = None,
    home: Path | None = None,
) -> Deployment:
    """Build a network, run it on some clips, hold every layer against the reference, and write what was found.

    Parameters
    ----------
    graph : Graph
    clips : ndarray (clips, ...)
        Input codes in the network's type; the first one gives the cycles.
    folder : Path
        Gets `DEPLOYMENT`, `OUTPUT`, `LOG`, and what `kwslib.gap8.program.compilation.build` leaves.
    platform : str
        Name of a platform that counts cycles.
    timeout_s : float
        Seconds of the host for each program run.
    classes : sequence of str, optional
        Names of the classes.
    provenance : dict, optional
        Kept with the figures.
    home : Path, optional
        Where the platform is installed.

    Raises
    ------
    kwslib.errors.KwsError
        If it does not fit, there is no compiler or platform, a run fails, or anything differs from the reference.
    """
    machine = open_platform(platform, home)
    if not machine.counts_cycles:
        raise InputError(f"the platform '{platform}' counts no cycles: choose simulator or gvsoc")
    if len(clips) == 0:
        raise DataError("no clip to run the network on")
    start_s = time.monotonic()
    built = building.build(graph, folder, classes, clips[0], machine.target)
    build_s = time.monotonic() - start_s
    forget(folder)
    first: profiles.Profile | None = None
    run_s = 0.0
    stalls: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="kws-deploy-") as work:
        for number, codes in enumerate(clips):
            elf = building.with_input(built, codes, Path(work) / building.PROGRAM, warm_runs=int(number == 0))
            done, found = launch(machine, graph, elf, codes, timeout_s, None if number else folder / LOG)
            if number == 0:
                atomic_write_text(folder / OUTPUT, done.stdout)
                run_s = done.wall_s
            first = first or found
        if platform == "simulator":
            stalls = _stalls(built, clips[0], Path(work), timeout_s)
    steps = built.plan.to_json()["steps"]
    step_of = {layer: index for index, step in enumerate(built.plan.steps) for layer in step.layers}
    rows = [
        LayerRow(
            name=layer.name,
            kind=layer.kind,
            cycles=first.layers[index].cycles,
            warm_cycles=first.warm[index].cycles,
            operations=layer.operations,
            macs=layer.macs,
            step=step_of[index],
            fused=len(built.plan.steps[step_of[index]].layers) > 1,
            **{name: steps[step_of[index]][name] for name in MEMORY_COLUMNS},
        )
        for index, layer in enumerate(graph.layers)
    ]
    deployment = Deployment(
        network=graph.name,
        platform=platform,
        platform_version=machine.version(),
        strategy=built.plan.strategy,
        rows=rows,
        clips_checked=len(clips),
        elf_digest=building.digest(built.elf),
        build_s=round(build_s, 2),
        run_s=round(run_s, 2),
        weights_l2_bytes=len(built.plan.l2_image),
        weights_flash_bytes=len(built.plan.flash_image),
        stalls=stalls,
        provenance=provenance or {},
    )
    write_json(folder / DEPLOYMENT, {"schema": SCHEMA, **asdict(deployment)})
    return deployment


def forget(folder: Path) -> None:
    """Remove what was found of the program that lay in `folder` before."""
    for name in (DEPLOYMENT, OUTPUT):
        (folder / name).unlink(missing_ok=True)


MEMORY_COLUMNS = ("l1_peak_bytes", "l2_peak_bytes", "dma_in_bytes", "dma_out_bytes")


def _stalls(built: building.Build, codes: np.ndarray, work: Path, timeout_s: float) -> list[dict[str, Any]]:
    from kwslib.gap8.platforms import simulator

    elf = building.with_input(built, codes, work / "profiled.elf", warm_runs=0, check=False)
    return simulator.simulate(elf, timeout_s=timeout_s, profile=True).profile


def load(folder: Path) -> Deployment:
    """Read what `deploy` wrote.

    Raises
    ------
    DataError
        If it is missing, damaged or of another version.
    """
    path = folder / DEPLOYMENT
    try:
        value = json.loads(path.read_text())
        if value.pop("schema") != SCHEMA:
            raise DataError(f"{path} was written by another version of this program; run it again")
        value["rows"] = [LayerRow(**row) for row in value["rows"]]
        return Deployment(**value)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: this network was not deployed") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged ({error}); run it again") from error
