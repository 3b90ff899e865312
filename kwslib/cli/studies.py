"""``kws robustness``, ``kws streaming`` and ``kws ablation``: studies over networks."""

from pathlib import Path
from typing import Any

import click

from kwslib.cli.options import CLIPS, DATA, HOURS, SEEDS, SHARES, STEPS, THREADS


@click.command()
@click.argument("run", metavar="RUN_OR_MODEL_FOLDER")
@DATA
@click.option("--corpus", default="speech_commands", show_default=True, help="synthetic or speech_commands.")
@click.option(
    "--clips",
    type=CLIPS,
    default=0,
    show_default=True,
    help="Test clips, of every label in proportion; 0: all.",
)
@click.option("--seed", type=SEEDS, default=0, show_default=True, help="Draws those clips and the seconds of noise.")
@click.option("--threshold", "thresholds", type=SHARES, multiple=True, help="Least probability of a false accept.")
def robustness(run: str, thresholds: tuple[float, ...], **options: Any) -> None:
    """Measure a network in noise, shifted, louder and softer, and on noise alone; `kws record` then keeps it."""
    from kwslib.studies.robustness import measure_run

    if thresholds:
        options["thresholds"] = thresholds
    click.echo(f"in {measure_run(run, **options, say=click.echo).folder}")


@click.command()
@click.argument("run", metavar="RUN_OR_MODEL_FOLDER")
@DATA
@click.option("--corpus", default="speech_commands", show_default=True, help="synthetic or speech_commands.")
@click.option("--hours", type=HOURS, default=30.0, show_default=True, help="Of sound without keywords, in each part.")
@click.option("--clips", type=CLIPS, default=0, show_default=True, help="Clips of each keyword; 0: all.")
@click.option("--seed", type=SEEDS, default=0, show_default=True, help="Everything that is drawn follows from it.")
@click.option("--ambient", type=click.Path(path_type=Path), metavar="FOLDER", help="Your own recordings, no keywords.")
@click.option("--workers", type=THREADS, help="Processes; one for each core by default, 0: this one alone.")
def streaming(
    run: str,
    data: str,
    corpus: str,
    hours: float,
    clips: int,
    seed: int,
    ambient: Path | None,
    workers: int | None,
) -> None:
    """Measure false accepts an hour and missed keywords of a network that listens; `kws record` then keeps it.

    The streams are made while they are scored. What is scored stays in the cache, so that an interrupted study goes on.
    """
    from kwslib.config.streams import StreamStudy
    from kwslib.studies.streaming import measure_run

    study = StreamStudy(hours=hours, clips=clips, seed=seed)
    found = measure_run(run, data, corpus, study, ambient, workers, click.echo)

    def target(per_hour: float | None) -> str:
        return "default threshold" if per_hour is None else f"at {per_hour:g} an hour on validation"

    for point in found.streaming.points:
        if point.word == "all":
            click.echo(
                f"{target(point.target_per_hour)} (threshold {point.threshold:.3f}): "
                f"{point.per_hour:.2f} an hour ({point.low:.2f} to {point.high:.2f}), missed "
                + ", ".join(f"{100 * lost / point.words:.1f} % {name}" for name, lost in point.missed.items())
            )
    for row in found.streaming.ambient:
        click.echo(
            f"{row.name}: {row.accepts} in {row.hours:.2f} h, {row.per_hour:.2f} an hour "
            f"({row.low:.2f} to {row.high:.2f}), {target(row.target_per_hour)}"
        )
    click.echo(f"in {found.folder}")


@click.command("ablation")
@DATA
@click.option("--only", multiple=True, metavar="VARIANT", help="This variant; repeatable. By default all.")
@click.option("--seed", "seeds", type=SEEDS, multiple=True, help="This seed; repeatable. By default 1, 2 and 3.")
@click.option("--steps", type=STEPS, default=0, help="Steps of each training; by default 4,000.")
@click.option("--threads", type=THREADS, default=0, help="Processor threads for TensorFlow; 0: all.")
@click.option("--record", is_flag=True, help="Keep all finished trainings in models/, where the book shows them.")
def ablation_command(data: str, threads: int, record: bool, **options: Any) -> None:
    """Train small with each ingredient of the recipe changed; what is there already is not trained again."""
    from kwslib.network import backend
    from kwslib.studies import ablation

    backend.limit_threads(threads)
    for trial in ablation.run_all(data, **options, say=click.echo):
        click.echo(
            f"{trial.variant}, seed {trial.seed}: validation {100 * trial.validation_quantised:.2f} % quantised, "
            f"{100 * trial.validation_float:.2f} % float"
        )
    if record:
        click.echo(f"recorded in {ablation.KEPT.record()}")
