"""``kws``: a thin face, one function call a command."""

import importlib
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from kwslib import __version__
from kwslib.errors import InputError, KwsError

LAZY = {"gap8": "kwslib.cli.gap8:gap8"}
"""Command groups of other parts, imported when they are called."""


class Kws(click.Group):
    """The command group; mounts the lazy groups whose module exists, and prints what a user can mend in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *(name for name in LAZY if _exists(name))])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in LAZY and _exists(name):
            module, attribute = LAZY[name].split(":")
            return getattr(importlib.import_module(module), attribute)
        return super().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KwsError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)


def _exists(name: str) -> bool:
    return importlib.util.find_spec(LAZY[name].split(":")[0]) is not None


class Parameterised(click.Command):
    """A command whose options are the parameters of the notebook: name, type and help come from its cell."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from kwslib.runs.parameters import TYPES, declared

        try:
            known = declared()
        except KwsError as error:
            raise click.ClickException(str(error)) from error
        options = [
            click.Option([f"--{name.replace('_', '-')}", name], type=TYPES[entry.type][0], help=entry.help)
            for name, entry in known.items()
        ]
        return [*options, *super().get_params(ctx)]


@click.group(cls=Kws)
@click.version_option(__version__, prog_name="kws")
def main() -> None:
    """Train, quantise, measure and publish keyword spotters for GAP8."""
    # Piped output is then written line by line too, so that a long run can be followed in a log.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)


@main.command("run", cls=Parameterised)
@click.option("--all", "every", is_flag=True, help="Run all three sizes.")
@click.option("--force", is_flag=True, help="Begin anew even if the run is there or half done.")
@click.option("--model", help="Evaluate a released network (folder or .tflite) on the test clips; nothing is trained.")
def run_command(every: bool, force: bool, model: str | None, **values: Any) -> None:
    """Train one size or all, convert, measure, run the network on GAP8, and keep the notebooks."""
    if model is not None:
        _evaluate(model, {name: value for name, value in values.items() if value is not None}, every)
        return
    from kwslib.config.presets import SIZES
    from kwslib.runs import deployments, execution, timings
    from kwslib.runs.parameters import check_all
    from kwslib.runs.sweep import positive

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
        kept = not force and execution.up_to_date(one, corpus, one.folder)
        start_s = time.monotonic()
        run = execution.make_run(parameters, force=force, stream=sys.stdout)
        stages_s |= timings.of_run(one.run, time.monotonic() - start_s, {} if kept else run.durations_s)
        if kept:
            click.echo("   there already, made from the same inputs")
        for silence in ("digital-silence", "noise-silence"):
            found = run.measurement("tflite", "test", silence)
            click.echo(
                f"   test accuracy, 8-bit, {silence}: {100 * found.accuracy:.2f} % "
                f"({100 * found.low:.2f} to {100 * found.high:.2f}) on {run.corpus.name}"
            )
        click.echo(f"   {deployments.line(run)}")
        click.echo(f"   in {run.folder}")
    click.echo(timings.table(timings.note(stages_s, anew=every)))


def _evaluate(model: str, given: dict[str, Any], every: bool) -> None:
    from kwslib.release import evaluation

    if every:
        raise InputError("--model names one network, --all every size: give one")
    folder = evaluation.execute(model, given, stream=sys.stdout)
    click.echo(evaluation.text(folder, evaluation.open_released(model).run))


@main.command("release")
@click.argument("name", metavar="RUN")
@click.option("--seeds", multiple=True, metavar="RUN", help="A run of the same recipe with another seed; repeatable.")
@click.option("--note", default="", help="What the card says of the data beside the counts.")
@click.option(
    "--note-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The same, from a file."
)
def release_command(name: str, seeds: tuple[str, ...], note: str, note_file: Path | None) -> None:
    """Put a finished run on Speech Commands into models/SIZE, with a card made from its figures."""
    from kwslib.release import release

    if note and note_file:
        raise InputError("--note and --note-file both give the note: give one")
    click.echo(f"released in {release.publish(name, seeds, note_file.read_text() if note_file else note)}")


@main.command()
@click.option("--grid", "grid", multiple=True, metavar="NAME=VALUE,... ...", help="Parameters and their values.")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE,...]...")
@click.option("--scheduler", metavar="ADDRESS", help="Send the runs to the Dask cluster at this address.")
@click.option("--workers", type=int, help="Processes of this machine; by default one for every two cores.")
@click.option("--keep-going", is_flag=True, help="Go on after a run that failed.")
@click.option("--force", is_flag=True, help="Execute also what is there with the same inputs.")
def sweep(grid: tuple[str, ...], more: tuple[str, ...], **options: Any) -> None:
    """Run every combination of parameters; ranked by validation alone.

    Example: kws sweep --grid size=small,medium seed=1,2,3
    """
    from kwslib.paths import results_dir
    from kwslib.runs import ranking
    from kwslib.runs import sweep as sweeps

    outcomes = sweeps.sweep(sweeps.read_grid([*grid, *more]), say=click.echo, **options)
    click.echo(ranking.table(outcomes))
    click.echo(f"written to {results_dir() / sweeps.SUMMARY}")
    sweeps.require_success(outcomes)


@main.command()
@click.option("--build-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder for html/ (_build).")
def book(build_dir: Path | None) -> None:
    """Build the static book from the results that are there."""
    from kwslib.report import book
    from kwslib.runs import timings

    start_s = time.monotonic()
    index = book.build(build_dir)
    click.echo(timings.table(timings.note({timings.LAST: time.monotonic() - start_s})))
    click.echo(f"the book: {index}")


@main.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP.wav...", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), help="An 8-bit .tflite file.")
@click.option("--run", metavar="NAME", help="The network of this run; by default that of the small size.")
@click.option("--front-end", help="Front end of --model: magnitude or power.")
def predict(clips: tuple[Path, ...], model: Path | None, run: str | None, front_end: str | None) -> None:
    """Say what a network hears in WAV clips (16 kHz, mono, 16-bit): the winner and all probabilities."""
    from kwslib.config.front_end import KINDS
    from kwslib.errors import check_name
    from kwslib.runs import prediction as predicting

    if model and run:
        raise InputError("--model and --run both name a network: give one")
    if front_end and not model:
        raise InputError("--front-end goes with --model: a run knows its own")
    if front_end:
        check_name("front end", front_end, KINDS)
    network = predicting.of_file(model, front_end) if model else predicting.of_run(run)
    for prediction in predicting.predict(clips, network):
        click.echo(predicting.table(prediction))
    click.echo(f"network: {network.source}; front end {network.front_end.key}")


@main.command()
@click.argument("clips", nargs=-1, metavar="[CLIP.wav]...", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the pictures.")
@click.option("--size", default="small", show_default=True, help="Whose fingerprints.")
@click.option("--front-end", default="magnitude", show_default=True, help="magnitude or power.")
@click.option("--corpus", default="synthetic", show_default=True, help="Where clips are from if none is named.")
@click.option("--data", default="", help="Folder that holds speech_commands_v0.02; KWS_DATA by default.")
@click.option("--per-label", type=int, default=1, show_default=True, help="Clips of each label.")
@click.option("--split", default="test", show_default=True)
def samples(clips: tuple[Path, ...], out: Path, size: str, front_end: str, **options: Any) -> None:
    """Write 8-bit fingerprint pictures (PGM) of clips, or of the first test clips of a corpus."""
    from kwslib.config.front_end import KINDS
    from kwslib.config.presets import size_named
    from kwslib.errors import check_name
    from kwslib.speech import open_corpus
    from kwslib.speech.samples import write_samples

    chosen = size_named(size).front_end(check_name("front end", front_end, KINDS))
    source = clips or open_corpus(options["corpus"], options["data"] or None)
    for path in write_samples(source, chosen, out, options["per_label"], options["split"]):
        click.echo(path)


@main.group()
def data() -> None:
    """Speech Commands: fetch it, describe it."""


DATA = click.option("--data", "folder", type=click.Path(path_type=Path), help="Parent folder; KWS_DATA by default.")


@data.command()
@DATA
@click.option("--test-only", is_flag=True, help="Only the official test archive.")
def fetch(folder: Path | None, test_only: bool) -> None:
    """Download and unpack Google's archives; a download that broke off goes on."""
    from kwslib.paths import cache_dir
    from kwslib.speech import speech_commands

    named = folder or os.environ.get("KWS_DATA")
    folder = (Path(named).expanduser() if named else cache_dir() / "speech_commands").absolute()
    speech_commands.fetch(folder, test_only)
    click.echo(f"Speech Commands lies in {folder}; use it with: export KWS_DATA={folder}")


@data.command()
@DATA
@click.option("--corpus", help="synthetic or speech_commands; by default the latter if a folder is named.")
def manifest(folder: Path | None, corpus: str | None) -> None:
    """Print what a corpus holds, as JSON: clips by split and word, and the hash."""
    from kwslib.speech import open_corpus

    named = folder or os.environ.get("KWS_DATA")
    found = open_corpus(corpus or ("speech_commands" if named else "synthetic"), named)
    click.echo(json.dumps(found.manifest, indent=1))


@main.command()
def doctor() -> None:
    """Show what is installed, where the caches are, what is missing and what to do about it."""
    from kwslib.runs import installation as examination

    findings = examination.examine()
    click.echo(examination.table(findings))
    examination.require_healthy(findings)


@main.command()
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
def record(names: tuple[str, ...]) -> None:
    """Keep fresh runs in models/, where the book shows them as recorded."""
    from kwslib.runs import records

    for name in names:
        click.echo(f"recorded in {records.record(name)}")


@main.command()
@click.argument("run", metavar="RUN_OR_MODEL_FOLDER")
@click.option("--data", default="", help="Folder that holds speech_commands_v0.02; KWS_DATA by default.")
@click.option("--corpus", default="speech_commands", show_default=True, help="synthetic or speech_commands.")
@click.option(
    "--clips", type=int, default=0, show_default=True, help="Test clips, of every label in proportion; 0: all."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Draws those clips and the seconds of noise.")
@click.option("--threshold", "thresholds", type=float, multiple=True, help="Least probability of a false accept.")
def robustness(run: str, thresholds: tuple[float, ...], **options: Any) -> None:
    """Measure a network in noise, shifted, louder and softer, and on noise alone; `kws record` then keeps it."""
    from kwslib.studies import robustness as measuring

    more = {"thresholds": thresholds} if thresholds else {}
    found = measuring.measure_run(run, **options, **more, say=click.echo)
    click.echo(f"in {found.folder}")


@main.command()
@click.option("--data", default="", help="Folder that holds speech_commands_v0.02; KWS_DATA by default.")
@click.option("--only", multiple=True, metavar="VARIANT", help="This variant; repeatable. By default all.")
@click.option("--seed", "seeds", type=int, multiple=True, help="This seed; repeatable. By default 1, 2 and 3.")
@click.option("--steps", type=int, default=0, help="Steps of each training; by default 4,000.")
@click.option("--threads", type=int, default=0, help="Processor threads for TensorFlow; 0: all.")
@click.option("--record", is_flag=True, help="Keep all finished trainings in models/, where the book shows them.")
def ablation(data: str, threads: int, record: bool, **options: Any) -> None:
    """Train small with each ingredient of the recipe changed; what is there already is not trained again."""
    from kwslib.network import training
    from kwslib.studies import ablation as ablating

    training.limit_threads(threads)
    for trial in ablating.run_all(data, **options, say=click.echo):
        click.echo(
            f"{trial.variant}, seed {trial.seed}: validation {100 * trial.validation_quantised:.2f} % quantised, "
            f"{100 * trial.validation_float:.2f} % float"
        )
    if record:
        click.echo(f"recorded in {ablating.record()}")


@main.command()
@click.argument("one", metavar="RUN")
@click.argument("other", metavar="RUN")
def compare(one: str, other: str) -> None:
    """Show two runs side by side, and whether they are equal."""
    from kwslib.runs import records
    from kwslib.runs.comparison import compare as compared

    click.echo(compared(records.find(one), records.find(other)))


if __name__ == "__main__":
    main()
