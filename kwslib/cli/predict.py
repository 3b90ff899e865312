"""``kws predict``: what a network says of sound files."""

from pathlib import Path

import click

from kwslib.cli.options import AT, NETWORK, split_labels


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
    from kwslib.cli.attempts import Attempts
    from kwslib.runs import networks, prediction
    from kwslib.runs.clips import front_end_of
    from kwslib.speech.sound_files import find_sounds

    network = networks.choose(model, run, size, front_end, split_labels(labels))
    paths = find_sounds(clips, click.echo)
    click.echo(network.describe())
    front_end_of(network)  # which refuses a network that hears nothing, once and not for each file
    padded, attempts = 0, Attempts(len(paths), "classified")
    for path in paths:
        with attempts.one():
            one = prediction.predict_one(path, network, at_s)
            click.echo(str(one))
            padded += one.padded
    if padded:
        click.echo(
            f"{padded} of {len(paths)} clips {'is' if padded == 1 else 'are'} shorter than a second: zeros follow"
        )
    attempts.end()
