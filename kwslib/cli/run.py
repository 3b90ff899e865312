"""``kws run``, ``compare``, ``record``: trainings and what they leave behind."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli.options import Parameterised
from kwslib.errors import InputError
from kwslib.files import keep_apart

if TYPE_CHECKING:
    from kwslib.runs.parameters import Parameters
    from kwslib.runs.run_record import Run

CONFIG = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="YAML file of parameters, such as those in configs/; options on the command line go before it.",
)

SIDE_BY_SIDE = 2
"""Runs at a time of ``--all``."""


@click.command(cls=Parameterised)
@click.option("--all", "every", is_flag=True, help="Run the baseline's three sizes, side by side.")
@click.option("--force", is_flag=True, help="Start from the beginning, even if the run exists or is half done.")
@CONFIG
@click.option(
    "--write-config",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Only write the parameters, all of them, to a YAML file.",
)
@click.option("--model", hidden=True)
def run(
    every: bool, force: bool, config: Path | None, write_config: Path | None, model: str | None, **values: Any
) -> None:
    """Train one network or the baseline's three, convert, measure, run the network on GAP8, and keep the notebooks.

    \b
    Examples: kws run --size medium --profile baseline
              kws run --words marvin,sheila --data FOLDER
              kws run --model-size-info "4 32 10 4 2 2 32 3 3 1 1 32 3 3 1 1 32 3 3 1 1" --coefficients 13
              kws run --config configs/best-small.yaml --data FOLDER
    """  # noqa: D301
    if model is not None:
        raise InputError(f"--model is now a command of its own: kws evaluate {model}")
    from kwslib.runs import configuration, execution, timings
    from kwslib.runs.parameters import check, positive

    keep_apart([("--config", config)], [("--write-config", write_config)])
    given = configuration.read(config) if config else {}
    given |= {name: positive(name, value) for name, value in values.items() if value is not None}
    if every and given.keys() & {"size", "run"}:
        raise InputError("--all runs the baseline's three sizes: leave --size and --run out")
    if every and write_config:
        raise InputError("--all is three runs, and a file holds one: leave it out")
    if every:
        _run_all(given, force)
        return
    one = check(**given)
    if write_config:
        configuration.write(write_config, one)
        click.echo(f"written to {write_config}; use it with: kws run --config {write_config}")
        return
    start_s = time.monotonic()
    corpus = execution.corpus_hash(*execution.corpus_of(one))
    stages_s = {"corpus": time.monotonic() - start_s}
    click.echo(f"── {_titled(one)}")
    kept = not force and execution.up_to_date(one, corpus, one.folder) is not None
    start_s = time.monotonic()
    made = execution.make_run(given, force=force, stream=sys.stdout)
    stages_s |= timings.of_run(one.run, time.monotonic() - start_s, {} if kept else made.durations_s)
    _show(made, kept)
    timings.note(stages_s)
    click.echo(timings.table(stages_s))


def _run_all(given: dict[str, Any], force: bool) -> None:
    """Make the runs of the baseline's sizes, the largest on all cores beside the others."""
    from kwslib.config.presets import BASELINE_SIZES
    from kwslib.runs import execution, timings
    from kwslib.runs.parameters import check_all
    from kwslib.runs.ranking import KEPT
    from kwslib.runs.sweep import Runner, require_success

    largest, *others = reversed(BASELINE_SIZES)
    half = {"threads": max(1, (os.cpu_count() or 1) // SIDE_BY_SIDE)}
    chosen = check_all([{**given, "size": largest}, *({**half, **given, "size": name} for name in others)])
    start_s = time.monotonic()
    execution.corpus_hash(*execution.corpus_of(chosen[0]))
    stages_s = {"corpus": time.monotonic() - start_s}
    click.echo("\n".join(f"── {_titled(one)}" for one in chosen))
    start_s = time.monotonic()
    with Runner(workers=SIDE_BY_SIDE, force=force, say=click.echo) as runner:
        outcomes = runner.run(chosen)
    stages_s["small, medium and large, side by side"] = time.monotonic() - start_s
    for outcome in reversed(outcomes):
        if outcome.run is not None:
            click.echo(outcome.parameters.run)
            _show(outcome.run, outcome.state == KEPT)
    require_success(outcomes)
    click.echo(timings.table(timings.note(stages_s, start_over=True)))


def _titled(one: "Parameters") -> str:
    threads = f", {one.threads} thread{'s' * (one.threads != 1)}" if one.threads else ""
    return f"{one.run}: {one.size.name}, {one.corpus}, {one.schedule.steps} steps{threads}"


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
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
def record(names: tuple[str, ...]) -> None:
    """Keep fresh runs in models/, where the book shows them as recorded."""
    from kwslib.release import card, crate
    from kwslib.runs import archive

    for name in names:
        folder = archive.record(name)
        card.refresh(folder)
        crate.write(folder)
        click.echo(f"recorded in {folder}")


@click.command()
@click.argument("one", metavar="RUN")
@click.argument("other", metavar="RUN")
def compare(one: str, other: str) -> None:
    """Show two runs side by side, and whether they are equal."""
    from kwslib.runs import comparison, records

    click.echo(comparison.compare(records.find(one), records.find(other)))
