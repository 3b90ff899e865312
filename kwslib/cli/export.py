"""``kws export``: a network as something that others can use without this package."""

from pathlib import Path
from typing import Any

import click

from kwslib.cli.options import NETWORK, split_labels
from kwslib.errors import InputError
from kwslib.files import keep_apart


@click.command()
@click.argument("clips", nargs=-1, metavar="[CLIP]...", type=click.Path(path_type=Path))
@click.option(
    "--web", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Write a page that listens."
)
@NETWORK
@click.option("--force", is_flag=True, help="Replace a page that is there.")
def export(clips: tuple[Path, ...], web: Path | None, labels: str | None, force: bool, **named: Any) -> None:
    """Write a web page that listens, with the network that the options name; by default the released small one.

    The page runs the device's own C in the browser: nothing leaves it. Any static host will do, and it opens from disk.
    Each CLIP, a sound file, travels with it as a test, with the logits of the integer reference; some of Google's test
    clips by default. A C project for the device is `kws gap8 export`.
    """
    from kwslib.report import web_page
    from kwslib.runs import networks

    if web is None:
        raise InputError("say what to write: --web FOLDER, a page that listens (kws gap8 export FOLDER: a C project)")
    network = networks.choose(**named, labels=split_labels(labels))
    keep_apart([("the network", network.path), *(("CLIP", clip) for clip in clips)], [("--web", web)])
    sizes = web_page.export_page(network, web, web_page.read_clips(clips) if clips else None, force)
    click.echo(network.describe())
    for name, size in sizes.items():
        click.echo(f"{size / 1000:8.1f} KB  {name}")
    click.echo(f"{sum(sizes.values()) / 1000:8.1f} KB  in all; open {web / web_page.INDEX}")
