"""``kws data`` and ``kws samples``: the speech, and its fingerprints as pictures."""

import json
from pathlib import Path
from typing import Any

import click

from kwslib.cli.options import AT, DATA


@click.group()
def data() -> None:
    """Speech Commands: fetch it, describe it."""


@data.command()
@DATA
@click.option("--test-only", is_flag=True, help="Only the official test archive.")
def fetch(data: str, test_only: bool) -> None:
    """Download and unpack Google's archives; a download that broke off goes on."""
    from kwslib.paths import cache_dir, speech_dir
    from kwslib.speech import speech_commands

    folder = speech_dir(data) or (cache_dir() / "speech_commands").absolute()
    speech_commands.fetch(folder, test_only)
    click.echo(f"Speech Commands lies in {folder}; use it with: export KWS_DATA={folder}")


@data.command()
@DATA
@click.option("--corpus", help="synthetic or speech_commands; by default the latter if a folder is named.")
def manifest(data: str, corpus: str | None) -> None:
    """Print what a corpus holds, as JSON: clips by split and word, and the hash."""
    from kwslib.paths import speech_dir
    from kwslib.speech import open_corpus

    folder = speech_dir(data)
    found = open_corpus(corpus or ("speech_commands" if folder else "synthetic"), folder)
    click.echo(json.dumps(found.manifest, indent=1))


@click.command()
@click.argument("clips", nargs=-1, metavar="[SOUND|FOLDER]...", type=click.Path(path_type=Path))
@AT
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the pictures.")
@click.option("--size", default="small", show_default=True, help="Whose fingerprints.")
@click.option("--front-end", default="magnitude", show_default=True, help="magnitude, power or integer.")
@click.option("--corpus", default="synthetic", show_default=True, help="Where clips are from if none is named.")
@DATA
@click.option("--per-label", type=int, default=1, show_default=True, help="Clips of each label.")
@click.option("--split", default="test", show_default=True)
def samples(clips: tuple[Path, ...], at_s: float | None, out: Path, size: str, front_end: str, **options: Any) -> None:
    """Write 8-bit fingerprint pictures (PGM) of sound files, or of the first test clips of a corpus.

    A file of more than a second gives a picture of every window, named after the second where it begins.
    """
    from kwslib.config.front_end import KINDS
    from kwslib.config.presets import size_named
    from kwslib.errors import InputError, check_name
    from kwslib.speech import open_corpus
    from kwslib.speech.samples import write_recordings, write_samples
    from kwslib.speech.sound_files import find_sounds

    chosen = size_named(size).front_end(check_name("front end", front_end, KINDS))
    if clips:
        made = write_recordings(find_sounds(clips, click.echo), chosen, out, at_s, click.echo)
    elif at_s is None:
        corpus = open_corpus(options["corpus"], options["data"] or None)
        made = write_samples(corpus, chosen, out, options["per_label"], options["split"])
    else:
        raise InputError(f"--at {at_s:g} says which second of a sound is meant: name a sound file")
    for path in made:
        click.echo(path)
