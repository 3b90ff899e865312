"""``kws robustness`` and ``kws ablation``: studies over networks."""

from typing import Any

import click

from kwslib.cli.options import DATA


@click.command()
@click.argument("run", metavar="RUN_OR_MODEL_FOLDER")
@DATA
@click.option("--corpus", default="speech_commands", show_default=True, help="synthetic or speech_commands.")
@click.option(
    "--clips", type=int, default=0, show_default=True, help="Test clips, of every label in proportion; 0: all."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Draws those clips and the seconds of noise.")
@click.option("--threshold", "thresholds", type=float, multiple=True, help="Least probability of a false accept.")
def robustness(run: str, thresholds: tuple[float, ...], **options: Any) -> None:
    """Measure a network in noise, shifted, louder and softer, and on noise alone; `kws record` then keeps it."""
    from kwslib.studies.robustness import measure_run

    if thresholds:
        options["thresholds"] = thresholds
    click.echo(f"in {measure_run(run, **options, say=click.echo).folder}")


@click.command("ablation")
@DATA
@click.option("--only", multiple=True, metavar="VARIANT", help="This variant; repeatable. By default all.")
@click.option("--seed", "seeds", type=int, multiple=True, help="This seed; repeatable. By default 1, 2 and 3.")
@click.option("--steps", type=int, default=0, help="Steps of each training; by default 4,000.")
@click.option("--threads", type=int, default=0, help="Processor threads for TensorFlow; 0: all.")
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
        click.echo(f"recorded in {ablation.record()}")
