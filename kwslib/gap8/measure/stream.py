"""A network that listens to a recording on a platform, checked hop by hop, and its figures written."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kwslib.config.events import EventParameters
from kwslib.errors import InputError
from kwslib.gap8.measure.checked_stream import run_and_check
from kwslib.gap8.measure.deployment_record import OUTPUT, StageRow
from kwslib.gap8.measure.layer_profile import Profile
from kwslib.gap8.measure.stream_record import STREAM, EventRow, Stream, save
from kwslib.gap8.platforms.platform import open_platform, that_count_cycles
from kwslib.gap8.program import compilation
from kwslib.gap8.program.expected_stream import expected_stream
from kwslib.gap8.program.listening import listening
from kwslib.integer.events import LEVELS
from kwslib.integer.graph import Graph
from kwslib.provenance import Provenance


def measure(
    graph: Graph,
    samples: np.ndarray,
    folder: Path,
    parameters: EventParameters,
    classes: Sequence[str] | None,
    recording: str,
    platform: str = "simulator",
    timeout_s: float = 600.0,
    provenance: Provenance | None = None,
    home: Path | None = None,
) -> Stream:
    """Build the program that listens, let it hear a recording, check every hop, and write the figures.

    Parameters
    ----------
    graph : Graph
        With a front end.
    samples : ndarray, int16 (samples,)
    folder : Path
        Gets `STREAM`, the program's output and log, and what `kwslib.gap8.program.compilation.build` leaves.
    parameters : EventParameters
    classes : sequence of str or None
        Names of the classes, which a network that listens must have.
    recording : str
        What it is, for the record.
    platform : str
        Name of a platform that counts cycles and runs programs for GAP8.
    timeout_s : float
        Seconds of the host for the run.
    provenance : Provenance, optional
    home : Path, optional
        Where the platform is installed.

    Raises
    ------
    kwslib.errors.KwsError
        If the network cannot listen, does not fit, there is no compiler or platform, the run fails, or anything differs
        from the reference.
    """
    machine = open_platform(platform, home)
    if not machine.counts_cycles or machine.target != "gap8":
        able = " and ".join(name for name in that_count_cycles() if name != "pulp-open")
        raise InputError(f"the platform '{platform}' does not hear a stream: {able} do; 'kws listen' hears it here")
    if not len(samples):
        raise InputError(f"{recording} holds no samples: nothing can be heard in it")
    listens = listening(graph, parameters, classes)
    built = compilation.build_listener(graph, folder, classes or (), listens, samples)
    for name in (STREAM, OUTPUT):
        (folder / name).unlink(missing_ok=True)
    expected = expected_stream(graph, listens, samples)
    done, profile, hops = run_and_check(machine, graph, listens, built.elf, len(samples), expected, timeout_s, folder)
    whole = LEVELS * listens.rules.smoothing
    found = Stream(
        network=graph.name,
        platform=platform,
        platform_version=machine.version(),
        recording=recording,
        samples=len(samples),
        parameters=parameters,
        hop_frames=listens.frames,
        fingerprint_frames=graph.front_end.frames if graph.front_end else 0,
        hops=hops,
        front_end=_stage_rows(profile),
        events=[EventRow(event.hop, event.label, event.total / whole) for event in expected.events],
        elf_digest=compilation.digest(built.elf),
        run_s=round(done.wall_s, 2),
        provenance=provenance,
    )
    save(found, folder)
    return found


def _stage_rows(profile: Profile) -> list[StageRow]:
    last = profile.warm_front_end or profile.front_end
    pairs = zip(profile.front_end, last, strict=True)
    return [StageRow(first.name, first.cycles, row.cycles, first.operations) for first, row in pairs]
