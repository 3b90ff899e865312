"""The command ``kws gap8 foreign``: other people's networks, recorded beside ours."""

from pathlib import Path

import click

from kwslib.errors import InputError, KwsError


@click.command(name="foreign")
@click.argument("files", nargs=-1, required=True, metavar="FOLDER|FILE.tflite ...", type=click.Path(path_type=Path))
@click.option("--inputs", default=3, show_default=True, help="Random inputs on which every layer is checked.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the records (models/foreign).")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True, help="Seconds of the host a run.")
def record_foreign(files: tuple[Path, ...], inputs: int, out: Path | None, timeout_s: float) -> None:
    """Measure networks that other people made, and keep a record of each for the book.

    The record names the file by its hash; the file itself is not kept. A file that is refused is named, and the others
    are measured all the same.
    """
    from kwslib.runs import foreign

    if inputs < 1:
        raise InputError(f"--inputs is {inputs}: give at least 1")
    if not timeout_s > 0:
        raise InputError(f"--timeout must be positive, not {timeout_s:g}")
    found = foreign.files_of(files)
    refused: list[str] = []
    for file in found:
        try:
            record = foreign.measure(file, inputs, timeout_s)
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
        if record.portable:
            click.echo(f"{record.name}: {record.portable}")
        if record.origin is None:
            click.echo(f"{record.name}: where it is from is not known (kwslib/config/data/foreign_networks.json)")
    if refused:
        raise KwsError(f"{len(refused)} of {len(found)} files were refused: {', '.join(refused)}")
