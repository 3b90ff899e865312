"""The command ``kws gap8 foreign``: other people's networks, recorded beside ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwslib.cli.options import SOME_CLIPS, WAITS
from kwslib.errors import KwsError
from kwslib.paths import speech_dir

if TYPE_CHECKING:
    from kwslib.runs.foreign import ForeignRecord


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
@click.option("--timeout", "timeout_s", type=WAITS, default=600.0, show_default=True, help="Seconds of the host a run.")
@click.option("--data", help="Folder of Speech Commands, for the accuracy on its test clips; KWS_DATA by default.")
def record_foreign(files: tuple[Path, ...], inputs: int, out: Path | None, timeout_s: float, data: str | None) -> None:
    """Measure networks that other people made, and keep a record of each for the book.

    The record names the file by its hash; the file itself is not kept. A file that cannot be measured is named, and the
    others are measured all the same.
    """
    from kwslib.cli.attempts import Attempts
    from kwslib.runs import foreign

    found, speech = foreign.files_of(files), speech_dir(data or "")
    attempts = Attempts(len(found), "measured", "files", (KwsError,))
    for file in found:
        with attempts.one():
            record = foreign.measure(file, inputs, timeout_s, speech)
            path = foreign.save(record, out or foreign.folder())
            for line in _lines(record, path, speech is not None):
                click.echo(f"{record.name}: {line}")
    attempts.end()


def _lines(record: "ForeignRecord", path: Path, has_speech: bool) -> Iterator[str]:
    """What the terminal shows of a record."""
    yield (
        f"{record.cycles} cycles, {record.macs / record.cycles:.2f} MAC/cycle, predicted {record.predicted_cycles}; "
        f"every layer equals the integer reference on {record.inputs_checked} inputs; written to {path}"
    )
    for one in record.accuracies:
        yield f"{one.correct} of {one.clips} test clips right ({one.silence})"
    if not record.accuracies:
        why = "its front end is not known" if has_speech else "KWS_DATA names no recorded speech"
        yield f"accuracy not measured, since {why}"
    if record.portable:
        yield record.portable
    if record.origin is None:
        yield "where it is from is not known (kwslib/config/data/foreign_networks.json)"
