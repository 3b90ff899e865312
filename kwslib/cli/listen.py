"""``kws listen``: the words in recordings, or in what a microphone hears."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from kwslib.cli.options import NETWORK, PAUSES, PERIODS, split_labels
from kwslib.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from kwslib.runs.listening import WordSpotter

Number = TypeVar("Number", int, float)
PIECE_S = 10
"""Seconds of a recording that are heard at a time."""


def by_word(values: tuple[str, ...], kind: Callable[[str], Number], option: str) -> tuple[Number | None, dict]:
    """Split values such as ``0.8`` and ``stop=0.7`` into the one for all words and those of single words.

    Raises
    ------
    InputError
        If one is no number, or two are for all words.
    """
    common, own = None, {}
    for value in values:
        word, equals, text = value.rpartition("=")
        try:
            number = kind(text)
        except ValueError as error:
            raise InputError(f"{option} is '{value}': give a number, or WORD=NUMBER") from error
        if equals:
            own[word] = number
        elif common is not None:
            raise InputError(f"{option} is given twice without a word: give one of them as WORD=NUMBER")
        else:
            common = number
    return common, own


@click.command()
@click.argument("sounds", nargs=-1, metavar="[FILE|FOLDER]...", type=click.Path(path_type=Path))
@NETWORK
@click.option("--threshold", "thresholds", multiple=True, metavar="[WORD=]P", help="Least average probability.")
@click.option("--smoothing", type=PERIODS, metavar="HOPS", help="Decisions that are averaged.")
@click.option("--refractory", multiple=True, metavar="[WORD=]MS", help="A word's pause after it was reported.")
@click.option("--suppression", type=PAUSES, metavar="MS", help="Pause of all words after one was reported.")
@click.option("--hop", type=PERIODS, metavar="MS", help="From one decision to the next.")
@click.option("--microphone", is_flag=True, help="Listen to a microphone, until Ctrl-C (package sounddevice).")
@click.option("--device", metavar="NAME", help="Which microphone: its number, or part of its name.")
def listen(
    sounds: tuple[Path, ...],
    model: Path | None,
    run: str | None,
    size: str | None,
    front_end: str | None,
    labels: str | None,
    thresholds: tuple[str, ...],
    smoothing: int | None,
    refractory: tuple[str, ...],
    suppression: int | None,
    hop: int | None,
    microphone: bool,
    device: str | None,
) -> None:
    """Print the words in recordings of any length, each with the second of sound in which it was found.

    The device's own C computes them, with the network that the options name; by default the released small one.
    """
    from kwslib.config.events import EventParameters
    from kwslib.runs import listening, networks
    from kwslib.speech.sound_files import find_sounds

    if microphone == bool(sounds):
        raise InputError("name files or folders of sound, or give --microphone" + (", not both" if sounds else ""))
    threshold, own_thresholds = by_word(thresholds, float, "--threshold")
    pause, own_pauses = by_word(refractory, int, "--refractory")
    given = {
        "threshold": threshold,
        "smoothing_hops": smoothing,
        "refractory_ms": pause,
        "suppression_ms": suppression,
        "hop_ms": hop,
    }
    parameters = EventParameters(
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
        thresholds=own_thresholds,
        refractories_ms=own_pauses,
    )
    files = find_sounds(sounds, click.echo) if sounds else []
    network = networks.choose(model, run, size, front_end, split_labels(labels))
    click.echo(network.describe())
    spotter = listening.WordSpotter(network, parameters)
    click.echo(spotter.describe())
    if microphone:
        _listen_live(spotter, device)
    for file in files:
        _listen_to(spotter, file)


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
