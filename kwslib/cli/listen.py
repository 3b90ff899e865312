"""``kws listen``: the words in recordings, or in what a microphone hears."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli import event_options
from kwslib.cli.event_options import EVENTS
from kwslib.cli.options import NETWORK, split_labels
from kwslib.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from kwslib.runs.listening import WordSpotter

PIECE_S = 10
"""Seconds of a recording that are heard at a time."""


@click.command()
@click.argument("sounds", nargs=-1, metavar="[FILE|FOLDER]...", type=click.Path(path_type=Path))
@NETWORK
@EVENTS
@click.option("--microphone", is_flag=True, help="Listen to a microphone, until Ctrl-C (package sounddevice).")
@click.option("--device", metavar="NAME", help="Which microphone: its number, or part of its name.")
def listen(
    sounds: tuple[Path, ...],
    model: Path | None,
    run: str | None,
    size: str | None,
    front_end: str | None,
    labels: str | None,
    microphone: bool,
    device: str | None,
    **events: Any,
) -> None:
    """Print the words in recordings of any length, each with the second of sound in which it was found.

    The device's own C computes them, with the network that the options name; by default the released small one.
    """
    from kwslib.cli.attempts import Attempts
    from kwslib.runs import listening, networks
    from kwslib.speech.sound_files import find_sounds

    if microphone == bool(sounds):
        raise InputError("name files or folders of sound, or give --microphone" + (", not both" if sounds else ""))
    parameters = event_options.parameters(events)
    files = find_sounds(sounds, click.echo) if sounds else []
    network = networks.choose(model, run, size, front_end, split_labels(labels))
    click.echo(network.describe())
    spotter = listening.WordSpotter(network, parameters)
    click.echo(spotter.describe())
    if microphone:
        _listen_live(spotter, device)
    attempts = Attempts(len(files), "heard to the end")
    for file in files:
        with attempts.one():
            _listen_to(spotter, file)
    attempts.end()


def _listen_to(spotter: "WordSpotter", file: Path) -> None:
    from tqdm import tqdm

    from kwslib.config.front_end import SAMPLE_RATE_HZ
    from kwslib.speech.recording import open_recording

    words, samples = 0, 0
    with open_recording(file) as recording, tqdm(unit="s", leave=False, disable=None, delay=2) as bar:
        bar.total = None if recording.facts.seconds is None else round(recording.facts.seconds)

        def pieces() -> "Iterator[np.ndarray]":
            nonlocal samples
            for piece in recording.pieces(PIECE_S * SAMPLE_RATE_HZ):
                yield piece
                samples += len(piece)
                bar.update(len(piece) / SAMPLE_RATE_HZ)

        for heard in spotter.spot(pieces()):
            tqdm.write(f"{file}: {heard}")
            words += 1
    if recording.note:
        click.echo(recording.note)
    click.echo(f"{file}: {words} word{'s' if words != 1 else ''} in {samples / SAMPLE_RATE_HZ:.1f} s")


def _listen_live(spotter: "WordSpotter", device: str | None) -> None:
    from kwslib.config.front_end import SAMPLE_RATE_HZ
    from kwslib.speech import microphone

    pieces = microphone.pieces(spotter.parameters.hop_ms * SAMPLE_RATE_HZ // 1000, device)
    click.echo("Ctrl-C ends it")
    try:
        for piece in pieces:
            for heard in spotter.hear(piece):
                click.echo(str(heard))
    except KeyboardInterrupt:
        click.echo("ended")
