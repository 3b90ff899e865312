"""One run of a program, with everything that it prints checked against the integer reference."""

from pathlib import Path

import numpy as np

from kwslib.errors import ToolError
from kwslib.gap8.measure import layer_profile
from kwslib.gap8.measure.layer_profile import Profile
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.planning.stages import stages
from kwslib.gap8.platforms.platform import Platform, RunResult
from kwslib.integer.graph import Graph


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
