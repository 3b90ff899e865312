"""``kws words`` and ``kws words-study``: a network from nothing but words, and what synthetic voices are worth."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from kwslib.cli.options import CLIPS, DATA, SEEDS, STEPS, THREADS
from kwslib.cli.run import CONFIG


@click.command()
@click.argument("phrases", nargs=-1, metavar="PHRASE...")
@click.option("--language", default="en", show_default=True, help="One of espeak-ng's, such as de, fr-ch or German.")
@click.option("--name", default="", help="Of the run; made from the phrases by default.")
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Your own recordings: a folder of sound files for each phrase, other sounds in others.",
)
@click.option("--size", help="tiny, small, medium or large; small by default.")
@click.option("--steps", type=STEPS, help="Training steps; the profile's by default.")
@click.option("--profile", help="quick by default.")
@click.option("--seed", type=SEEDS, help="Everything that is drawn follows from it; 1 by default.")
@click.option("--voices", type=CLIPS, default=0, help="Voices in all; 0, the default: as many as there are, up to 480.")
@click.option("--threads", type=THREADS, help="Processor threads for TensorFlow; 0: all.")
@click.option("--workers", type=THREADS, help="Processes for voices and streams; one for each core by default.")
@click.option("--force", is_flag=True, help="Train from the beginning, even if the run exists or is half done.")
@click.option("--check", is_flag=True, help="Only say what would be done.")
@CONFIG
def words(
    phrases: tuple[str, ...],
    language: str,
    name: str,
    recordings: Path | None,
    voices: int,
    workers: int | None,
    force: bool,
    check: bool,
    config: Path | None,
    **values: Any,
) -> None:
    """Train a network for your own words, spoken by hundreds of synthetic voices, and build it for GAP8.

    Words near in sound, halves and joins of the phrases are made as negatives. Voices are held out for the test; false
    accepts an hour are counted on streams. Synthetic voices say little about people: recordings of your own, of people
    who will use it, are mixed in with --recordings and reported apart.

    An interrupted command goes on where it was.

    \b
    Examples: kws words "lights on" "lights off"
              kws words "licht an" "licht aus" --language de --recordings FOLDER
    """  # noqa: D301
    from kwslib.cli.attempts import Attempts
    from kwslib.runs import configuration
    from kwslib.runs.parameters import positive
    from kwslib.speech.own_recordings import read_own
    from kwslib.studies import own_words_plan

    given = configuration.read(config) if config else {}
    given |= {key: positive(key, value) for key, value in values.items() if value is not None}
    attempts = Attempts(None, "read")
    read = partial(read_own, attempt=attempts.one, end=attempts.end)
    plan = own_words_plan.plan(phrases, language, name, recordings, voices, read, **given)
    for line in plan.describe():
        click.echo(line)
    if check:
        return
    # TensorFlow takes its time to load: not before everything is checked
    from kwslib.report import own_words_page
    from kwslib.speech.phrase_corpus import Phrases
    from kwslib.studies import own_words

    made = own_words.make(plan, workers, click.echo, force)
    folder = plan.chosen.folder
    own_words_page.write(made, folder, Phrases(Path(plan.chosen.data)))
    click.echo(own_words_page.text(made, folder))


@click.command("words-study")
@DATA
@click.option("--only", multiple=True, metavar="ROW", help="This row; repeatable. By default all.")
@click.option("--seed", "seeds", type=SEEDS, multiple=True, help="This seed; repeatable. By default 1.")
@click.option("--steps", type=STEPS, default=0, help="Steps of each training; by default those of kws words.")
@click.option("--voices", type=CLIPS, default=0, help="Synthetic voices in all; 0, the default: up to 480.")
@click.option("--threads", type=THREADS, default=0, help="Processor threads for TensorFlow; 0: all.")
@click.option("--workers", type=THREADS, help="Processes that speak; one for each core by default.")
@click.option("--record", is_flag=True, help="Keep all finished rows in models/, where the book shows them.")
def words_study(data: str, threads: int, record: bool, **options: Any) -> None:
    """Measure what synthetic voices are worth: ten keywords trained on them, tested on recordings of people.

    A row is trained on voices alone, on voices and 10, 50 or 200 recordings a word, or on those recordings alone.
    Validation chooses the step, and the test split is measured once a row. What is there already is not trained again.
    """
    from kwslib.network import backend
    from kwslib.studies import voices_study

    backend.limit_threads(threads)
    for result in voices_study.run_all(data, **options, say=click.echo):
        tests = ", ".join(f"{100 * count.share:.2f} % ({silence})" for silence, count in result.test.items())
        click.echo(f"{result.row}, seed {result.seed}: test {tests}; validation {100 * result.validation.share:.2f} %")
    if record:
        click.echo(f"recorded in {voices_study.KEPT.record()}")
