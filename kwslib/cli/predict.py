"""``kws predict``: what a network says of sound files."""

from pathlib import Path

import click

from kwslib.cli.options import AT, NETWORK, split_labels
from kwslib.errors import DataError, InputError


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="SOUND|FOLDER...", type=click.Path(path_type=Path))
@AT
@NETWORK
def predict(
    clips: tuple[Path, ...],
    at_s: float | None,
    model: Path | None,
    run: str | None,
    size: str | None,
    front_end: str | None,
    labels: str | None,
) -> None:
    """Classify sound files of any kind, or all in a folder: the winner and all probabilities.

    WAV, FLAC, OGG, MP3, AIFF and others are converted to 16 kHz mono. Windows of a second slide over a longer file.

    Without an option, the released small network is used, which was trained on recorded speech.
    """
    from kwslib.runs import networks, prediction
    from kwslib.speech.sound_files import find_sounds

    network = networks.choose(model, run, size, front_end, split_labels(labels))
    paths = find_sounds(clips, click.echo)
    click.echo(network.describe())
    padded = failed = 0
    for path in paths:
        try:
            one = prediction.predict_one(path, network, at_s)
        except (DataError, InputError) as error:
            if len(paths) == 1 or network.front_end is None:
                raise
            click.echo(f"error: {error}", err=True)
            failed += 1
            continue
        click.echo(str(one))
        padded += one.padded
    if padded:
        click.echo(
            f"{padded} of {len(paths)} clips {'is' if padded == 1 else 'are'} shorter than a second: zeros follow"
        )
    if failed:
        raise DataError(f"{failed} of {len(paths)} sound files could not be classified, see above")
