"""``kws verify``: whether what is published is what was computed."""

from pathlib import Path

import click

from kwslib.errors import KwsError


@click.command()
@click.option("--build-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder with html/ (_build).")
def verify(build_dir: Path | None) -> None:
    """Verify released files, records and the pages of the built book; exit with an error if anything differs.

    Files are compared with their hashes, records with their networks and commits. Every page's code runs again: its
    tables and the numbers in its text must be those that the records give.
    """
    from kwslib.paths import project_root
    from kwslib.report import verification

    found = verification.verify((build_dir or project_root() / "_build") / "html", click.echo)
    for fault in found.faults:
        click.echo(f"fault: {fault}")
    click.echo(found.describe())
    if found.faults:
        raise KwsError("what is published is not what was computed; the faults are above")
