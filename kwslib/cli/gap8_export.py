"""``kws gap8 export``: a network as a C project of its own."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli import event_options
from kwslib.cli.event_options import EVENTS
from kwslib.cli.options import AT, FILES, NETWORK, chosen_network
from kwslib.errors import InputError
from kwslib.files import keep_apart
from kwslib.gap8.measure.portable import portable_text

if TYPE_CHECKING:
    import numpy as np

    from kwslib.gap8.program.listening import Listening
    from kwslib.runs.known_network import Network

LONGEST_VECTOR_S = 60
"""Seconds of a recording that become a test vector of an exported project."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@FILES
@AT
@NETWORK
@EVENTS
@click.option("--force", is_flag=True, help="Replace an exported project that is there.")
def export(folder: Path, files: tuple[Path, ...], at_s: float | None, force: bool, **named: Any) -> None:
    """Write a self-contained C project into FOLDER: sources, weights, kernels, test vectors, Makefile.

    Every clip becomes a test vector with the outputs that the integer reference computes. A network that begins with
    sound also listens to streams, as 'kws listen' does; its clips are recordings for that, too.
    """
    from kwslib.gap8.program.export import export_project
    from kwslib.runs.clips import read_clip

    events = event_options.take(named)
    chosen, clips = chosen_network(files, **named)
    keep_apart([("the network", chosen.path), *(("CLIP", clip) for clip in clips)], [("FOLDER", folder)])
    vectors, said = [], []
    for clip in clips or (None,):
        codes, heard = read_clip(chosen, clip, at_s)
        vectors.append((_vector_name(clip), codes))
        said.append(f"clip: {heard}")
    listens, why = _listening(chosen, events)
    recordings = [_recording(clip, said) for clip in clips or (None,)] if listens else []
    plan = export_project(chosen.graph, folder, vectors, chosen.labels, force, listens, recordings)
    click.echo("\n".join([chosen.describe(), f"plan: {plan.strategy}", *said, why]))
    if portable := portable_text(plan.record().steps):
        click.echo(portable)
    click.echo(f"exported to {folder} with {len(vectors)} test vector(s); try: make -C {folder} all test")


def _listening(chosen: "Network", events: dict[str, Any]) -> tuple["Listening | None", str]:
    """Return how an exported network listens, or None, and say it; an error if options ask for what cannot be."""
    from kwslib.gap8.program.listening import listening

    parameters = event_options.parameters(events)
    try:
        found = listening(chosen.graph, parameters, chosen.labels)
    except InputError as error:
        if event_options.were_given(events):
            raise
        return None, f"the project hears no streams: {error}"
    return found, f"the project listens: a decision every {found.hop_ms} ms, {found.frames} new frames for each"


def _recording(clip: Path | None, said: list[str]) -> tuple[str, "np.ndarray"]:
    """The sound of a clip, for a test vector; what is left out of a long one is added to `said`."""
    from kwslib.config.front_end import SAMPLE_RATE_HZ
    from kwslib.runs.clips import DEFAULT_CLIP
    from kwslib.speech.recording import read_recording

    read = read_recording(clip or DEFAULT_CLIP)
    if read.seconds > LONGEST_VECTOR_S:
        said.append(f"recording: the first {LONGEST_VECTOR_S} s of the {read.seconds:.1f} s of {clip}")
    return _vector_name(clip), read.samples[: LONGEST_VECTOR_S * SAMPLE_RATE_HZ]


def _vector_name(clip: Path | None) -> str:
    return "default" if clip is None else re.sub(r"[^A-Za-z0-9_+-]", "-", clip.stem)[:200]
