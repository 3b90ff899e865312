"""``kws book``: the static book."""

import time
from pathlib import Path

import click


@click.command()
@click.option("--build-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder for html/ (_build).")
def book(build_dir: Path | None) -> None:
    """Build the static book from the results that are there, fresh or recorded."""
    from kwslib.report.book import build
    from kwslib.runs import timings

    start_s = time.monotonic()
    index = build(build_dir, click.echo)
    click.echo(timings.table(timings.note({timings.LAST: time.monotonic() - start_s})))
    click.echo(f"the book: {index}")
