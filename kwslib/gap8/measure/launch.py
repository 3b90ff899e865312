"""A built network on a platform: run, read, held against the integer reference, bit for bit."""

from pathlib import Path

import numpy as np

from kwslib.errors import ToolError
from kwslib.gap8.measure import layer_profile as profiles
from kwslib.gap8.measure.layer_profile import Profile, ProfileError
from kwslib.gap8.platforms.platform import Platform, RunResult
from kwslib.integer.graph import Graph


def launch(
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
        The program, with checksums asked for.
    codes : ndarray
        The input in its image, of the network's input type.
    timeout_s : float
        Seconds of the host after which it is killed.
    log : Path, optional
        File that gets the command line and everything that was printed, whatever happens.

    Raises
    ------
    kwslib.errors.ToolError
        If it crashes, does not end in time or with another status than 0; prints nothing, or anything that is not the
        network's whole profile; or any layer is not the reference's.
    """
    done = machine.run(elf, timeout_s, log=log)
    where = "" if log is None else f"; whole log: {log}"
    if done.exit_status != 0:
        said = (done.stdout + done.stderr).strip().splitlines()
        last = f"; its last line: {said[-1].strip()!r}" if said else "; it printed nothing"
        raise ToolError(f"the program ended with status {done.exit_status} on {machine.name}{last}{where}")
    try:
        expected = [(layer.name, layer.operations) for layer in graph.layers] if machine.counts_cycles else None
        found = profiles.parse(done.stdout, expected, table=machine.counts_cycles)
        profiles.check_outputs(found, graph, codes)
    except ProfileError as error:
        raise ProfileError(f"on {machine.name}: {error}{where}") from error
    return done, found
