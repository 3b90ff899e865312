"""``kws run``, ``sweep``, ``compare``, ``record``: trainings and what they leave behind."""

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli.options import Parameterised
from kwslib.errors import InputError

if TYPE_CHECKING:
    from kwslib.runs.records import Run


@click.command(cls=Parameterised)
@click.option("--all", "every", is_flag=True, help="Run all three sizes.")
@click.option("--force", is_flag=True, help="Start from the beginning, even if the run exists or is half done.")
@click.option("--model", hidden=True)
def run(every: bool, force: bool, model: str | None, **values: Any) -> None:
    """Train one size or all, convert, measure, run the network on GAP8, and keep the notebooks."""
    if model is not None:
        raise InputError(f"--model is now a command of its own: kws evaluate {model}")
    from kwslib.config.presets import SIZES
    from kwslib.runs import execution, timings
    from kwslib.runs.parameters import check_all, positive

    given = {name: positive(name, value) for name, value in values.items() if value is not None}
    if every and given.keys() & {"size", "run"}:
        raise InputError("--all runs every size: leave --size and --run out")
    todo = [{**given, "size": name} for name in SIZES] if every else [given]
    chosen = check_all(todo)
    stages_s: dict[str, float] = {}
    start_s = time.monotonic()
    corpus = execution.corpus_hash(chosen[0].corpus, chosen[0].data)
    stages_s["corpus"] = time.monotonic() - start_s
    for parameters, one in zip(todo, chosen, strict=True):
        click.echo(f"── {one.run}: {one.size.name}, {one.corpus}, {one.schedule.steps} steps")
        kept = not force and execution.up_to_date(one, corpus, one.folder) is not None
        start_s = time.monotonic()
        made = execution.make_run(parameters, force=force, stream=sys.stdout)
        stages_s |= timings.of_run(one.run, time.monotonic() - start_s, {} if kept else made.durations_s)
        _show(made, kept)
    click.echo(timings.table(timings.note(stages_s, start_over=every)))


def _show(made: "Run", kept: bool) -> None:
    from kwslib.runs import deployments
    from kwslib.speech.corpus import SILENCE_PROTOCOLS

    if kept:
        click.echo("   it exists already, made from the same inputs")
    for silence in SILENCE_PROTOCOLS:
        found = made.measurement("tflite", "test", silence)
        click.echo(
            f"   test accuracy, 8-bit, {silence}: {100 * found.accuracy:.2f} % "
            f"({100 * found.low:.2f} to {100 * found.high:.2f}) on {made.corpus.name}"
        )
    click.echo(f"   {deployments.line(made)}")
    click.echo(f"   in {made.folder}")


@click.command()
@click.option("--grid", "grid", multiple=True, metavar="NAME=VALUE,... ...", help="Parameters and their values.")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE,...]...")
@click.option("--scheduler", metavar="ADDRESS", help="Send the runs to the Dask cluster at this address.")
@click.option("--workers", type=int, help="Processes of this machine; by default one for every two cores.")
@click.option("--keep-going", is_flag=True, help="Go on after a run that failed.")
@click.option("--force", is_flag=True, help="Run also what exists already, made from the same inputs.")
def sweep(grid: tuple[str, ...], more: tuple[str, ...], **options: Any) -> None:
    """Run every combination of parameters; ranked by validation alone.

    Example: kws sweep --grid size=small,medium seed=1,2,3
    """
    from kwslib.paths import results_dir
    from kwslib.runs import ranking
    from kwslib.runs.sweep import SUMMARY, read_grid, require_success, run_grid

    outcomes = run_grid(read_grid([*grid, *more]), say=click.echo, **options)
    click.echo(ranking.table(outcomes))
    click.echo(f"written to {results_dir() / SUMMARY}")
    require_success(outcomes)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
def record(names: tuple[str, ...]) -> None:
    """Keep fresh runs in models/, where the book shows them as recorded."""
    from kwslib.release import card
    from kwslib.runs import archive

    for name in names:
        folder = archive.record(name)
        card.refresh(folder)
        click.echo(f"recorded in {folder}")


@click.command()
@click.argument("one", metavar="RUN")
@click.argument("other", metavar="RUN")
def compare(one: str, other: str) -> None:
    """Show two runs side by side, and whether they are equal."""
    from kwslib.runs import comparison, records

    click.echo(comparison.compare(records.find(one), records.find(other)))
