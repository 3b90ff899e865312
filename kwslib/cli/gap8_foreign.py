"""The command ``kws gap8 foreign``: other people's networks, recorded beside ours."""

from pathlib import Path

import click

from kwslib.cli.options import SOME_CLIPS
from kwslib.errors import InputError, KwsError
from kwslib.paths import speech_dir


@click.command(name="foreign")
@click.argument("files", nargs=-1, required=True, metavar="FOLDER|FILE.tflite ...", type=click.Path(path_type=Path))
@click.option(
    "--inputs",
    type=SOME_CLIPS,
    default=3,
    show_default=True,
    help="Random inputs on which every layer is checked.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the records (models/foreign).")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True, help="Seconds of the host a run.")
@click.option("--data", help="Folder of Speech Commands, for the accuracy on its test clips; KWS_DATA by default.")
def record_foreign(files: tuple[Path, ...], inputs: int, out: Path | None, timeout_s: float, data: str | None) -> None:
    """Measure networks that other people made, and keep a record of each for the book.

    The record names the file by its hash; the file itself is not kept. A file that is refused is named, and the others
    are measured all the same.
    """
    from kwslib.runs import foreign

    if inputs < 1:
        raise InputError(f"--inputs is {inputs}: give at least 1")
    if not timeout_s > 0:
        raise InputError(f"--timeout must be positive, not {timeout_s:g}")
    found, speech = foreign.files_of(files), speech_dir(data or "")
    refused: list[str] = []
    for file in found:
        try:
            record = foreign.measure(file, inputs, timeout_s, speech)
        except KwsError as error:
            if len(found) == 1:
                raise
            refused.append(file.name)
            click.echo(f"refused: {error}", err=True)
            continue
        path = foreign.save(record, out or foreign.folder())
        click.echo(
            f"{record.name}: {record.cycles} cycles, {record.macs / record.cycles:.2f} MAC/cycle, predicted "
            f"{record.predicted_cycles}; every layer equals the integer reference on {inputs} inputs; written to {path}"
        )
        for one in record.accuracies:
            click.echo(f"{record.name}: {one.correct} of {one.clips} test clips right ({one.silence})")
        if not record.accuracies:
            why = "KWS_DATA names no recorded speech" if speech is None else "its front end is not known"
            click.echo(f"{record.name}: accuracy not measured, since {why}")
        if record.portable:
            click.echo(f"{record.name}: {record.portable}")
        if record.origin is None:
            click.echo(f"{record.name}: where it is from is not known (kwslib/config/data/foreign_networks.json)")
    if refused:
        raise KwsError(f"{len(refused)} of {len(found)} files were refused: {', '.join(refused)}")
