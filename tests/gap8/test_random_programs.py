"""Random programs: the same from the same seed, of the whole instruction table, and equal to what GVSOC printed."""

import json

import pytest

from kwslib.gap8.isa.instructions import table
from kwslib.gap8.platforms.gvsoc import Gvsoc
from tests.gap8 import random_programs
from tests.gap8.random_code.program import content, program
from tests.gap8.random_programs import COUNT, NEVER, on_gvsoc, recorded, simulated

FEW = 30
"""Programs of the fast test; the slow one runs them all."""


def test_a_seed_gives_one_program():
    assert content(3, True) == content(3, True)
    assert len({content(seed, interrupts) for seed in (3, 4) for interrupts in (False, True)}) == 4


def test_every_instruction_occurs_but_those_that_are_named():
    used = set().union(*(program(seed, bool(seed % 2)).used for seed in range(FEW)))
    assert set(table()) - used == NEVER


def test_the_record_is_whole():
    head = json.loads(random_programs.OUTPUTS.read_text())
    assert head["gvsoc"]["commit"] == "a23026507efe57410b98c5945544cff3150eb996"
    assert [(one.seed, one.interrupts) for one in recorded()] == [(seed, seed % 2 == 1) for seed in range(COUNT)]
    assert all(len(one.cycles) == 9 for one in recorded())


@pytest.mark.parametrize("one", recorded()[:FEW], ids=lambda one: str(one.seed))
def test_the_simulator_prints_what_gvsoc_printed(one):
    own = simulated(one.seed, one.interrupts)
    assert own.elf_sha256 == one.elf_sha256, "the generator writes another program: record again"
    assert own == one


@pytest.mark.slow
def test_the_simulator_prints_what_gvsoc_printed_for_all():
    assert [one.seed for one in recorded() if simulated(one.seed, one.interrupts) != one] == []


@pytest.mark.gvsoc
@pytest.mark.parametrize("one", recorded()[:6] + recorded()[-2:], ids=lambda one: str(one.seed))
def test_gvsoc_prints_what_was_recorded(one):
    assert on_gvsoc(Gvsoc(), one.seed, one.interrupts) == one


def test_a_program_that_breaks_off_has_no_cycles():
    assert random_programs.output(0, False, b"", "illegal instruction: somewhere").cycles == ()


def test_a_campaign_says_what_differs(monkeypatch, tmp_path, capsys):
    """The record of another program stands for a simulator that errs."""
    first, second = recorded()[:2]
    monkeypatch.setattr(random_programs, "OUTPUTS", tmp_path / "outputs.json")
    monkeypatch.delenv(random_programs.HOME_VARIABLE, raising=False)
    wrong = random_programs.Output(1, True, *("0" * 64,) * 2, second.cycles)
    random_programs.write_record([first, wrong], "0" * 40)
    monkeypatch.setattr("sys.argv", ["random_programs", "--count", "3"])
    with pytest.raises(SystemExit, match="1"):
        random_programs.main()
    printed = capsys.readouterr().out
    assert "seed 1 interrupts True" in printed and "3 programs: 1 equal, 1 differ, 1 not compared" in printed
