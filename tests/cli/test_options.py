"""Every number that a command takes has a range, and what lies outside of it is refused at once."""

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


AMOUNTS = [
    (words, option)
    for words, command in commands(main)
    for option in command.get_params(click.Context(command))
    if words[0] != "run" and isinstance(option.type, click.types.FloatParamType)
]
"""Those that are not whole; those of ``kws run`` are the notebook's."""
ABSURD = (ENORMOUS, "-1", "nan", "inf", "-inf", "1e400", "", "9" * 5000)


def test_there_are_such_options():
    assert {words[0] for words, _ in AMOUNTS} == {"gap8", "predict", "robustness", "samples", "streaming"}
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


def refused(words, option, text):
    """The output of a command that refuses the text of an option; `words` may lack what the command needs."""
    result = CliRunner().invoke(main, [*words, f"{option}={text}"])
    assert isinstance(result.exception, SystemExit) and result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.mark.parametrize(("words", "option"), AMOUNTS, ids=lambda value: getattr(value, "name", None))
def test_no_absurd_amount_is_taken(words, option):
    for text in ABSURD:
        output = refused(words, option.opts[0], text)
        assert option.opts[0] in output, output
        assert "is not in the range" in output or "is not a valid float" in output or "No such option" in output


@pytest.mark.parametrize(("words", "option"), WHOLE, ids=lambda value: getattr(value, "name", None))
def test_no_whole_number_is_taken_from_what_is_none(words, option):
    for text in ("nan", "inf", "1e400", "", "9" * 5000, "1.5"):
        assert f"'{text}' is not a valid int" in refused(words, option.opts[0], text)


@pytest.mark.parametrize("option", ["--threshold", "--refractory"])
@pytest.mark.parametrize("text", [*ABSURD, "yes=nan", "yes=-1", f"yes={ENORMOUS}"])
def test_no_absurd_number_is_taken_for_a_word(option, text):
    output = refused(["listen", "gone.wav"], option, text)
    assert output.startswith("error: ") and output.count("\n") == 1


@pytest.mark.parametrize("name", [name for name, entry in declared().items() if entry.type == "float"])
def test_no_absurd_amount_is_taken_by_the_notebook(name):
    for text in ("nan", "inf", "1e400", "1e300", "1e23"):
        with pytest.raises(InputError, match=": give "):
            check(**{name: float(text)})
    for text in ("", "nan", "1e400"):
        with pytest.raises(InputError):
            check(**{name: text})
