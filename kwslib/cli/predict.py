"""``kws predict``: what a network says of sound files."""

from pathlib import Path

import click

from kwslib.cli.options import NETWORK, split_labels


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP.wav...", type=click.Path(path_type=Path))
@NETWORK
def predict(
    clips: tuple[Path, ...],
    model: Path | None,
    run: str | None,
    size: str | None,
    front_end: str | None,
    labels: str | None,
) -> None:
    """Classify WAV clips (16 kHz, mono, 16-bit): the winner and all probabilities.

    Without an option, the released small network is used, which was trained on recorded speech.
    """
    from kwslib.runs import networks, prediction

    network = networks.choose(model, run, size, front_end, split_labels(labels))
    click.echo(network.describe())
    for one in prediction.predict(clips, network):
        click.echo(str(one))
