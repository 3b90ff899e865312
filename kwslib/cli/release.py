"""``kws release`` and ``kws evaluate``: released networks."""

import sys
from pathlib import Path

import click

from kwslib.cli.options import DATA
from kwslib.errors import InputError
from kwslib.files import read_regular


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--seeds", multiple=True, metavar="RUN", help="A run of the same recipe with another seed; repeatable.")
@click.option("--note", default="", help="What the card says of the data beside the counts.")
@click.option(
    "--note-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The same, from a file."
)
def release(name: str, seeds: tuple[str, ...], note: str, note_file: Path | None) -> None:
    """Put a finished run on Speech Commands into models/SIZE, with a card made from its figures."""
    from kwslib.release.release import publish

    if note and note_file:
        raise InputError("--note and --note-file both give the note: give one")
    if note_file:
        try:
            note = read_regular(note_file).decode()
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {note_file}: {getattr(error, 'strerror', None) or error}") from error
    click.echo(f"released in {publish(name, seeds, note)}")


@click.command()
@click.argument("model", metavar="MODEL")
@DATA
@click.option("--run", default="", metavar="NAME", help="Name of the results folder; by default made from MODEL.")
def evaluate(model: str, data: str, run: str) -> None:
    """Measure a released network again: MODEL is its folder (models/small) or the .tflite in it.

    Nothing is trained. The official test clips are enough: kws data fetch --test-only.
    """
    from kwslib.release import evaluation

    folder = evaluation.evaluate(model, data, run, stream=sys.stdout)
    click.echo(evaluation.text(folder, model))


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="By default _build/release.")
def archive(folder: Path | None) -> None:
    """Write this commit as a release archive, with checksums and a bill of materials; the same bytes every time."""
    from kwslib.paths import project_root
    from kwslib.release import bundle

    for path in bundle.write(folder or project_root() / "_build" / "release", project_root()):
        click.echo(path)
