"""Options that several commands share."""

from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.config import limits
from kwslib.errors import InputError, KwsError
from kwslib.subproc import LONGEST_S

if TYPE_CHECKING:
    from kwslib.runs.known_network import Network

Decorator = Callable[[Callable], Callable]

DATA = click.option(
    "--data", default="", metavar="FOLDER", help="Folder that holds speech_commands_v0.02; KWS_DATA by default."
)


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, shown in the order given."""

    def add(command: Callable) -> Callable:
        for option in reversed(options):
            command = option(command)
        return command

    return add


NETWORK = together(
    click.option("--model", type=click.Path(path_type=Path), help="An 8-bit .tflite file, or the folder of a network."),
    click.option("--run", metavar="NAME", help="The network of this run, fresh or recorded, such as quick-small."),
    click.option("--size", help="The released network of this size: tiny, small (default), medium or large."),
    click.option(
        "--front-end",
        help="Front end of a file that names none: magnitude or power. integer: what devices compute for power.",
    ),
    click.option("--labels", metavar="A,B,...", help="Names of the classes, for a file that names none."),
)
"""Which network is meant; `kwslib.runs.networks.choose` takes the same names."""


class Amount(click.FloatRange):
    """A number in a range. NaN is in none, though no comparison with a limit says so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number


SEEDS, STEPS = click.IntRange(0, limits.SEED), click.IntRange(0, limits.STEPS)
THREADS, WORKERS = click.IntRange(0, limits.THREADS), click.IntRange(1, limits.THREADS)
CLIPS, SOME_CLIPS = click.IntRange(0, limits.CLIPS), click.IntRange(1, limits.CLIPS)
PAUSES, PERIODS = click.IntRange(0, limits.MILLISECONDS), click.IntRange(1, limits.MILLISECONDS)
CYCLES, ROWS = click.IntRange(1, limits.CYCLES), click.IntRange(1, limits.ROWS)
"""Types of every option that is a whole number: one outside of its range is refused at once."""
WAITS = Amount(0, LONGEST_S, min_open=True)
HOURS = Amount(0, limits.HOURS, min_open=True)
SHARES = Amount(0, 1)
"""Types of those that are not whole."""

AT = click.option(
    "--at",
    "at_s",
    type=Amount(0, limits.SOUND_S),
    metavar="SECONDS",
    help="Take the second of a longer sound that begins here.",
)


def split_labels(text: str | None) -> list[str] | None:
    """The names of ``--labels``."""
    return None if text is None else [name.strip() for name in text.split(",")]


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


FILES = click.argument("files", nargs=-1, metavar="[MODEL.tflite] [CLIP.pgm|SOUND]", type=click.Path(path_type=Path))


def chosen_network(files: Sequence[Path], **named: Any) -> tuple["Network", list[Path]]:
    """The network and the clips of a command line."""
    from kwslib.runs import clips, networks

    models, sounds = clips.sort_files(files)
    models += [named["model"]] if named["model"] else []
    if len(models) > 1:
        raise InputError(f"two networks are named, {models[0]} and {models[1]}: give one")
    model = models[0] if models else None
    labels = split_labels(named["labels"])
    chosen = networks.choose(model, named["run"], named["size"], named["front_end"], labels)
    return clips.for_device(chosen, sounds), sounds
