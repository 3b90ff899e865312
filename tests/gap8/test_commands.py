import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kwslib.errors import InputError
from kwslib.gap8.commands import gap8
from kwslib.gap8.simulator import SimulationLimit
from tests.gap8.programs import Assembler, write_elf

FIXTURES = Path(__file__).parent.parent / "fixtures" / "gap8"


def _invoke(*arguments):
    return CliRunner().invoke(gap8, ["simulate", *map(str, arguments)])


def test_simulate_prints_what_the_program_prints():
    result = _invoke(FIXTURES / "smoke.elf")
    assert result.exit_code == 0
    assert result.stdout == (FIXTURES / "smoke.gap8.txt").read_text()


def test_exit_status_is_the_programs(tmp_path):
    assembler = Assembler()
    assembler.leave(3)
    assert _invoke(write_elf(tmp_path, assembler)).exit_code == 3


def test_profile_and_json(tmp_path):
    result = _invoke(FIXTURES / "smoke.elf", "--profile", "--json", tmp_path / "run.json")
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["schema"] == 1
    assert figures["instructions"] == sum(row["instructions"] for row in figures["profile"])
    lines = result.stderr.splitlines()
    assert lines[0].split()[:3] == ["core", "function", "instr."]
    assert any("cluster_entry" in line and line.startswith("pe0") for line in lines)


def test_trace_options(tmp_path):
    trace = tmp_path / "trace.txt"
    result = _invoke(
        FIXTURES / "smoke.elf", "--trace", trace, "--trace-cores", "pe3,fc", "--trace-range", "0x1c000000-0x1c000100"
    )
    assert result.exit_code == 0
    assert {line.split()[1] for line in trace.read_text().splitlines()} == {"pe3", "fc"}


def test_limit_is_an_error_with_the_output_so_far():
    result = _invoke(FIXTURES / "smoke.elf", "--max-cycles", 150_000)
    assert isinstance(result.exception, SimulationLimit)
    assert "no exit within 150000 cycles" in str(result.exception)
    assert result.stdout.startswith("hello from FC")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trace-cores", "pe1"], "need --trace FILE"),
        (["--trace", "t", "--trace-cores", "pe9"], "unknown core 'pe9'"),
        (["--trace", "t", "--trace-range", "here"], "two addresses"),
        (["--max-cycles", "-5"], "max_cycles must be positive"),
    ],
)
def test_bad_options(options, message):
    result = _invoke(FIXTURES / "smoke.elf", *options)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
