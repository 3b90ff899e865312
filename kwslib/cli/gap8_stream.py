"""``kws gap8 run --stream``: a program for GAP8 that listens to a recording."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwslib.terminal import table

if TYPE_CHECKING:
    from kwslib.config.events import EventParameters
    from kwslib.gap8.measure.stream_record import Stream
    from kwslib.runs.known_network import Network


def run_stream(
    chosen: "Network",
    file: Path,
    parameters: "EventParameters",
    platform: str,
    folder: Path,
    timeout_s: float,
    home: Path | None,
) -> None:
    """Build the program that listens, run it on a sound file, check every hop, and print what it found and costs.

    Parameters
    ----------
    chosen : Network
        As its program takes it.
    file : Path
        Any sound file.
    parameters : EventParameters
    platform : str
    folder : Path
        Gets the program, what it printed, and the record.
    timeout_s : float
    home : Path, optional
        Where the platform is installed.

    Raises
    ------
    kwslib.errors.KwsError
        If the file cannot be read, the network cannot listen, or anything differs from the specification.
    """
    from kwslib.gap8.measure import deployment_record, stream, stream_record
    from kwslib.integer.events import Event
    from kwslib.runs.clips import program_note
    from kwslib.runs.listening import heard_of
    from kwslib.speech.recording import read_recording

    read = read_recording(file)
    found = stream.measure(
        chosen.graph, read.samples, folder, parameters, chosen.labels, str(file), platform, timeout_s, home=home
    )
    click.echo(f"{chosen.describe()}\n{program_note(chosen)}")
    for event in found.events:
        fired = Event(event.hop, event.label, 0, event.share)
        heard = heard_of(fired, chosen.labels or (), parameters, read.seconds)
        click.echo(f"{file}: {heard}")
    words = len(found.events)
    click.echo(f"{file}: {words} word{'s' if words != 1 else ''} in {read.seconds:.1f} s")
    if read.note:
        click.echo(read.note)
    click.echo(f"\n{cost_text(found)}\n")
    click.echo(f"fingerprint, logits and output of all {len(found.hops)} hops equal the integer reference, bit for bit")
    click.echo(f"platform: {found.platform}, {found.platform_version}")
    click.echo(f"every hop, and cycles by layer in the first and the last one: {folder / deployment_record.OUTPUT}")
    click.echo(f"written to {folder / stream_record.STREAM}")


def cost_text(found: "Stream") -> str:
    """Say what a hop costs: cycles by part, first and steady; duty cycle and energy at some clocks.

    Parameters
    ----------
    found : Stream
    """
    from kwslib.gap8.measure.timing import CLOCKS_MHZ, latency_ms
    from kwslib.runs.energy import DAY_FORMULA, ENERGY_FORMULA, energy_a_day_j

    first, steady, hop_ms = found.first, found.steady, found.parameters.hop_ms
    rows = [(stage.name, stage.cycles, stage.warm_cycles) for stage in found.front_end]
    rows += [
        (
            f"front end, {found.hop_frames} of {found.fingerprint_frames} frames",
            first.front_end_cycles,
            steady.front_end_cycles,
        ),
        ("network", first.network_cycles, steady.network_cycles),
        ("a hop, from its last sample to the decision", first.cycles, steady.cycles),
    ]
    costs = [
        (
            f"{clock} MHz",
            f"{latency_ms(steady.cycles, clock):.2f} ms",
            f"{100 * found.duty(clock):.2f} %",
            f"{energy_a_day_j(steady.cycles, hop_ms, clock):.1f} J",
        )
        for clock in CLOCKS_MHZ
    ]
    return "\n".join(
        [
            table(rows, head=("cycles", "first hop", "steady")),
            "(stages: the first and the last hop; steady: the median of the later hops)\n",
            table(costs, head=(f"a hop every {hop_ms} ms", "works for", "duty cycle", "energy a day")),
            f"energy of a hop: {ENERGY_FORMULA}",
            DAY_FORMULA,
        ]
    )
