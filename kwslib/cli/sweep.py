"""``kws sweep``: many trainings, within a budget, ranked by validation alone."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli.options import ROWS, SEEDS, WORKERS
from kwslib.errors import InputError

if TYPE_CHECKING:
    from kwslib.runs.grid import Grid


@click.command()
@click.option("--grid", "grid", multiple=True, metavar="NAME=VALUE,... ...", help="Parameters and their values.")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE,...]...")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="YAML file of parameters that all runs share, with entries grid, runs, budget and front_seeds.",
)
@click.option(
    "--budget",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER,...",
    help="The most that a network may cost: cycles, ms, energy_uj, bytes, l1, l2. Others are not trained.",
)
@click.option("--search", "kind", metavar="KIND", help="Draw from the grid: random, tpe or halving.")
@click.option("--trials", type=ROWS, help="Networks that a search trains; 20 by default.")
@click.option("--search-seed", type=SEEDS, help="Decides what a search draws; 0 by default.")
@click.option("--front-seeds", type=ROWS, help="Seeds for the networks on the front of accuracy and cycles.")
@click.option("--record", metavar="NAME", help="Keep the results in models/sweeps/NAME.json, which the book shows.")
@click.option("--dry-run", is_flag=True, help="Only say what each network would cost, and which are refused.")
@click.option("--data", metavar="FOLDER", help="The data folder of every run; KWS_DATA by default.")
@click.option("--scheduler", metavar="ADDRESS", help="Send the runs to the Dask cluster at this address.")
@click.option(
    "--workers",
    type=WORKERS,
    help="Processes of this machine; by default one for every two cores, or for each core where threads is 1.",
)
@click.option("--keep-going", is_flag=True, help="Go on after a run that failed.")
@click.option("--force", is_flag=True, help="Run also what exists already, made from the same inputs.")
def sweep(
    grid: tuple[str, ...],
    more: tuple[str, ...],
    config: Path | None,
    limits: tuple[str, ...],
    data: str | None,
    front_seeds: int | None,
    **options: Any,
) -> None:
    """Train many networks, or those of them that meet a budget; ranked by validation alone.

    The planner says what a network will cost before it is trained, and those that cannot meet the budget are left out.
    A value that has commas in it ends with a semicolon: words="yes,no;up,down".

    \b
    Examples: kws sweep --grid size=small,medium seed=1,2,3
              kws sweep channels=16..96:16 blocks=3,4,5 --budget cycles=150000
              kws sweep channels=16..96:8 blocks=2..6 --search halving --trials 27 --budget cycles=150000,bytes=30k
              kws sweep --config configs/pareto.yaml --data FOLDER
    """  # noqa: D301
    from kwslib.runs.grid import Grid, read_file

    words = [word for text in limits for word in text.split(",")]
    task = read_file(config) if config else Grid()
    _make(task.with_words([*grid, *more], words, front_seeds or 0, {"data": data} if data else {}), **options)


def _make(
    task: "Grid",
    kind: str | None,
    trials: int | None,
    search_seed: int | None,
    record: str | None,
    dry_run: bool,
    **options: Any,
) -> None:
    from kwslib.paths import results_dir
    from kwslib.runs import points, preview, ranking, search
    from kwslib.runs.sweep import SUMMARY, require_success, run_grid

    if kind is None and (trials is not None or search_seed is not None):
        raise InputError("--trials and --search-seed are those of a search: give --search random, tpe or halving")
    if record is not None:
        points.checked_name(record)
    chosen = None
    if kind is not None:
        given = {"trials": trials, "seed": search_seed}
        chosen = search.Search(kind, **{name: value for name, value in given.items() if value is not None})
    if dry_run:
        click.echo(preview.table(task, chosen))
        return
    if chosen:
        outcomes = search.run(task, chosen, say=click.echo, **options)
    else:
        options |= {"limits": task.budget, "front_seeds": task.front_seeds, "say": click.echo}
        outcomes = run_grid(task.combinations(), **options)
    click.echo(ranking.table(outcomes))
    click.echo(f"written to {results_dir() / SUMMARY}")
    require_success(outcomes)
    if record is not None:
        click.echo(f"recorded in {points.record(record, outcomes)}")
