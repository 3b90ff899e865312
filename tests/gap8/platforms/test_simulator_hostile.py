"""Programs from strangers: each ends in a fault, at a limit, or refused, and touches no memory but the machine's."""

import os
import shutil

import pytest

from kwslib.errors import InputError
from kwslib.gap8.platforms.simulator import SimulationFault, SimulationLimit, executable, simulate
from kwslib.toolchain import CompilerError
from tests.gap8 import hostile_programs
from tests.gap8.hostile_programs import ATTACKS
from tests.gap8.programs import write_elf


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_in_one_message(name, tmp_path):
    make, message = ATTACKS[name]
    path = tmp_path / "attack.elf"
    path.write_bytes(make())
    with pytest.raises((InputError, SimulationFault), match=message):
        simulate(path, max_cycles=300_000)


def test_output_without_end_is_a_fault_with_what_was_printed(tmp_path):
    path = tmp_path / "flood.elf"
    path.write_bytes(hostile_programs.flood())
    with pytest.raises(SimulationFault, match="output: the program prints more than 5000 bytes") as caught:
        simulate(path, max_output=5000)
    assert caught.value.stdout.replace("\n", "") == "A" * 5000


def test_a_name_that_is_no_text_is_shown_without_its_bytes(tmp_path):
    path = tmp_path / "names.elf"
    path.write_bytes(hostile_programs.odd_names())
    with pytest.raises(SimulationFault) as caught:
        simulate(path, profile=True)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("cycles", [2**49, 10**30])
def test_more_cycles_than_can_be_counted_are_refused(tmp_path, cycles):
    path = tmp_path / "flood.elf"
    path.write_bytes(hostile_programs.flood())
    with pytest.raises(InputError, match=rf"'{cycles}' is not a number from 0 to 562949953421311"):
        simulate(path, max_cycles=cycles)


def test_a_core_that_others_start_again_goes_on(tmp_path):
    """What is refused is a core in the middle of its own instruction; the fabric controller may do it at any time."""
    program = hostile_programs.Assembler()
    program.split_cores("cluster")
    program.start_cluster()
    for _ in range(20):
        program.store_word(hostile_programs.FETCH_ENABLE, 0)
        program.store_word(hostile_programs.FETCH_ENABLE, 0xFF)
    program.leave(7)
    program.label("cluster")
    program.emit("addi", "a0", "a0", 1)
    program.emit("jal", "zero", -4)
    assert simulate(write_elf(tmp_path, program), max_cycles=100_000).exit_status == 7


def test_generated_programs_repeat():
    def some():
        return list(hostile_programs.programs(3, 3, 3))

    assert some() == some()
    assert len({content for _, content in some()}) == 6


@pytest.mark.slow
def test_mutated_and_random_programs_under_the_sanitisers(tmp_path):
    """A campaign of 12,000 is ``python -m tests.gap8.hostile_programs --mutated 10000 --random 2000``."""
    compiler = os.environ.get("KWS_SANITISE_CC", "gcc")
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}: a C compiler with the address sanitiser's runtime is needed (KWS_SANITISE_CC)")
    try:
        simulator = executable(compiler, sanitise=True)
    except CompilerError as error:
        pytest.skip(f"{compiler} lacks the runtimes of the sanitisers: {error}")
    attacks = [(name, make()) for name, (make, _) in ATTACKS.items()]
    ends = []
    for name, content in [*attacks, *hostile_programs.programs(0, 300, 200)]:
        end, said = hostile_programs.end_of(simulator, content, tmp_path, max_cycles=20_000)
        assert end != "broken", f"{name}: {said}"
        ends.append(end)
    assert {"limit", "fault", "refused", "exit"} == set(ends)


def test_a_limit_is_an_error_of_its_own(tmp_path):
    path = tmp_path / "timer.elf"
    path.write_bytes(hostile_programs.distant_timer())
    with pytest.raises(SimulationLimit, match=r"no exit within 20000 cycles\n +fc +pc"):
        simulate(path, max_cycles=20_000)
