"""``kws data`` and ``kws samples``: the speech, and its fingerprints as pictures."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli.options import AT, DATA, SOME_CLIPS
from kwslib.files import keep_apart

if TYPE_CHECKING:
    from kwslib.speech.inspection import Inspection

SHOWN = 10
"""Findings of a kind that the terminal shows; the page has all."""
WORDS = click.option("--words", default="", metavar="A,B,...", help="The keywords; the ten of Speech Commands.")


@click.group()
def data() -> None:
    """Speech Commands, or a folder of your own words: fetch it, describe it, inspect it."""


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
@click.option("--corpus", help="synthetic, speech_commands or folder; by default what the data folder holds.")
@WORDS
def manifest(data: str, corpus: str | None, words: str) -> None:
    """Print what a corpus holds, as JSON: clips by split and word, and the hash."""
    from kwslib.config.words import KEYWORDS, checked_words
    from kwslib.paths import speech_dir
    from kwslib.speech import corpus_in, open_corpus

    folder = speech_dir(data)
    chosen = checked_words(words.split(",")) if words else KEYWORDS
    found = open_corpus(corpus or corpus_in(folder), folder, chosen)
    click.echo(json.dumps(found.manifest, indent=1))


@data.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--words", default="", metavar="A,B,...", help="The keywords, for their split; by default every word.")
@click.option("--model", type=click.Path(path_type=Path), help="A .tflite trained on these words: it doubts labels.")
@click.option("--run", metavar="NAME", help="A run trained on these words, in place of a .tflite.")
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), help="The page with players; in the results by default."
)
def inspect(folder: Path, words: str, model: Path | None, run: str | None, page: Path | None) -> None:
    """Find what spoils trainings in a folder of words, before you train on it.

    Wrong rates, empty, silent, clipped and cut-off clips, the same recording in two splits, classes that are too small,
    and, with a trained network, labels that it does not believe.
    """
    from kwslib.config.words import checked_words
    from kwslib.paths import results_dir
    from kwslib.report import inspection_page
    from kwslib.runs import doubts, networks
    from kwslib.speech import inspection
    from kwslib.speech.folder import list_sounds

    folder = folder.absolute()
    page = page or results_dir() / "inspections" / f"{folder.name}.html"
    network = networks.choose(model, run) if model or run else None
    clips = [("the clip", folder / path) for paths in list_sounds(folder).values() for path in paths]
    keep_apart([*clips, ("the network", network.path if network else None)], [("--page", page)])
    found = inspection.inspect(folder, checked_words(words.split(",")) if words else ())
    if network is not None:
        found = found.with_findings(doubts.find(found, network))
    inspection_page.write(found, page)
    _show(found)
    click.echo(f"with players: {page}")


def _show(found: "Inspection") -> None:
    from kwslib.speech.corpus import SPLITS
    from kwslib.speech.inspection import KINDS
    from kwslib.terminal import table

    rows = [(word, *(own.get(split, 0) for split in SPLITS)) for word, own in found.counts.items()]
    click.echo(table(rows, ("word", *SPLITS)))
    click.echo(f"split: {found.rule}")
    for kind, number in found.by_kind.items():
        click.echo(f"\n{kind}, {number}: {KINDS[kind]}")
        shown = [one for one in found.findings if one.kind == kind][:SHOWN]
        click.echo(table([(_printable(one.path or one.word), _printable(one.text)) for one in shown], left=2))
        if number > SHOWN:
            click.echo(f"and {number - SHOWN} more")
    if not found.findings:
        click.echo("\nnothing was found")


def _printable(text: str) -> str:
    """A file name may hold anything, escape sequences for the terminal too."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


@click.command()
@click.argument("clips", nargs=-1, metavar="[SOUND|FOLDER]...", type=click.Path(path_type=Path))
@AT
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the pictures.")
@click.option("--size", default="small", show_default=True, help="Whose fingerprints.")
@click.option("--front-end", default="magnitude", show_default=True, help="magnitude, power or integer.")
@click.option("--corpus", default="synthetic", show_default=True, help="Where clips are from if none is named.")
@DATA
@click.option("--per-label", type=SOME_CLIPS, default=1, show_default=True, help="Clips of each label.")
@click.option("--split", default="test", show_default=True)
def samples(clips: tuple[Path, ...], at_s: float | None, out: Path, size: str, front_end: str, **options: Any) -> None:
    """Write 8-bit fingerprint pictures (PGM) of sound files, or of the first test clips of a corpus.

    A file of more than a second gives a picture of every window, named after the second where it begins.
    """
    from kwslib.cli.attempts import Attempts
    from kwslib.config.front_end import KINDS
    from kwslib.config.presets import size_named
    from kwslib.errors import InputError, check_name
    from kwslib.speech import open_corpus
    from kwslib.speech.samples import write_recordings, write_samples
    from kwslib.speech.sound_files import find_sounds

    chosen = size_named(size).front_end(check_name("front end", front_end, KINDS))
    paths = find_sounds(clips, click.echo) if clips else []
    attempts = Attempts(len(paths), "read")
    if paths:
        made = write_recordings(paths, chosen, out, at_s, click.echo, attempts.one)
    elif at_s is None:
        corpus = open_corpus(options["corpus"], options["data"] or None)
        made = write_samples(corpus, chosen, out, options["per_label"], options["split"])
    else:
        raise InputError(f"--at {at_s:g} says which second of a sound is meant: name a sound file")
    for path in made:
        click.echo(path)
    attempts.end()
