"""Every whole number that a command takes has a range, and what lies outside of it is refused at once."""

import click
import pytest
from click.testing import CliRunner

from kwslib.cli.main import COMMANDS, main
from kwslib.config.limits import MOST
from kwslib.errors import InputError
from kwslib.runs.declaration import declared
from kwslib.runs.parameters import check

ENORMOUS = "99999999999999999999999"


def commands(group, path=()):
    """Every command with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


WHOLE = [
    (words, option)
    for words, command in commands(main)
    for option in command.get_params(click.Context(command))
    if isinstance(option, click.Option) and isinstance(option.type, click.types.IntParamType)
]


def test_there_are_such_options():
    assert len(WHOLE) > 30 and {words[0] for words, _ in WHOLE} >= {"run", "streaming", "ablation", "gap8", "sweep"}
    assert set(COMMANDS) >= {words[0] for words, _ in WHOLE}


@pytest.mark.parametrize(("words", "option"), WHOLE, ids=lambda value: getattr(value, "name", None))
def test_a_number_out_of_all_bounds_is_refused_with_the_range(words, option):
    arguments = ["x"] if words[0] not in ("run", "sweep", "ablation") else []
    result = CliRunner().invoke(main, [*words, *arguments, option.opts[0], ENORMOUS])
    assert result.exit_code == 2, result.output
    assert f"{ENORMOUS} is not in the range" in result.output or f"is {ENORMOUS}: give at most" in result.output


@pytest.mark.parametrize("name", [name for name, entry in declared().items() if entry.type == "int"])
def test_every_whole_number_of_the_notebook_has_a_limit(name):
    with pytest.raises(InputError, match=rf"{name} is {MOST[name] + 1}: give at most {MOST[name]}"):
        check(**{name: MOST[name] + 1})


@pytest.mark.parametrize(("option", "value"), [
    ("--seed", ENORMOUS), ("--threads", "100000000"), ("--steps", "99999999999999999999"),
])  # fmt: skip
def test_slips_of_the_finger(option, value):
    result = CliRunner().invoke(main, ["run", option, value])
    assert result.exit_code == 2
    assert result.output == f"error: {option[2:]} is {value}: give at most {MOST[option[2:]]}\n"
