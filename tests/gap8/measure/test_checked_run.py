"""A program's run is taken only if everything that it printed is whole and the reference's."""

import re

import pytest

from kwslib.errors import ToolError
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.platforms import gvsoc
from kwslib.gap8.platforms.gvsoc import Gvsoc
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation
from kwslib.integer import network_file
from kwslib.subproc import CommandTimeout
from tests.gap8 import fake_gvsoc, networks


@pytest.fixture(scope="module")
def network():
    return network_file.load(networks.quantised(*networks.SMALL), "network")


@pytest.fixture(scope="module")
def codes(network):
    return networks.clips(network.input, 3)[2]


@pytest.fixture(scope="module")
def elf(network, codes, tmp_path_factory):
    return compilation.build(network, tmp_path_factory.mktemp("built"), codes=codes).elf


@pytest.fixture(scope="module")
def printed(network, codes, elf):
    done, found = run_and_check(open_platform("simulator"), network, elf, codes, 60)
    assert found.warm and len(found.layers) == len(network.layers)
    return done.stdout


@pytest.fixture
def prints(tmp_path, monkeypatch):
    """A GVSOC whose launcher prints a text and then does something else."""
    monkeypatch.delenv(gvsoc.PYTHON_VARIABLE, raising=False)

    def make(text, then=""):
        (tmp_path / "text").write_text(text)
        return Gvsoc(fake_gvsoc.build(tmp_path / "sdk", f"cat {tmp_path}/text\n{then}\n"))

    return make


def test_what_gvsoc_prints_is_checked_like_the_simulators(prints, printed, network, codes, elf, tmp_path):
    log = tmp_path / "log"
    done, found = run_and_check(prints(printed), network, elf, codes, 60, log)
    assert done.platform == "gvsoc" and done.stdout == printed
    assert found.winner is not None
    assert log.read_text().startswith("$ ") and printed in log.read_text()


ZERO = re.compile(r"Cycles: +\d+")


@pytest.mark.parametrize(
    ("change", "then", "message"),
    [
        (lambda text: "", "", r"on gvsoc: the program printed no layer table; it printed nothing; whole log: .*log$"),
        (lambda text: "", "exit 3", r"ended with status 3 on gvsoc; it printed nothing; whole log: .*log$"),
        (lambda text: text, "exit 1", r"ended with status 1 on gvsoc; its last line: 'Class: .*'; whole log: .*log$"),
        (lambda text: text[: len(text) // 5], "", r"on gvsoc: .* cannot be understood|broke off after"),
        (lambda text: ZERO.sub("Cycles:          0", text, count=1), "", r"on gvsoc: line 2: S1_\w+ has zero cycles"),
        (lambda text: text.replace("Operations", "0perations", 1), "", r"on gvsoc: line 2 .* cannot be understood"),
        (lambda text: text.replace("S2_", "S9_", 1), "", r"on gvsoc: the table lacks S2_"),
        (
            lambda text: re.sub(r"(S3_\w+: )[0-9a-f]{8}$", r"\g<1>00000000", text, flags=re.MULTILINE),
            "",
            "S3_.* is not",
        ),
        (lambda text: re.sub(r"Class: \d+", "Class: 12", text), "", "on gvsoc: the program chose class 12"),
    ],
    ids=["nothing", "nothing, status 3", "status 1", "breaks off", "zero cycles", "garbled", "lost", "wrong", "class"],
)
def test_a_run_that_is_not_whole_is_refused(prints, printed, network, codes, elf, tmp_path, change, then, message):
    log = tmp_path / "log"
    changed = change(printed)
    assert changed != printed or then
    with pytest.raises(ToolError, match=message) as caught:
        run_and_check(prints(changed, then), network, elf, codes, 60, log)
    assert "\n" not in str(caught.value)
    assert log.is_file()


def test_a_crash(prints, printed, network, codes, elf, tmp_path):
    with pytest.raises(ToolError, match=r"GVSOC was ended by signal 11 while it ran .*network.elf"):
        run_and_check(prints(printed, "kill -SEGV $$"), network, elf, codes, 60, tmp_path / "log")
    assert printed in (tmp_path / "log").read_text()


def test_a_hang(prints, printed, network, codes, elf, tmp_path):
    with pytest.raises(CommandTimeout, match=r"did not end within 3 s"):
        run_and_check(prints(printed, "sleep 60"), network, elf, codes, 3, tmp_path / "log")  # time to print
    assert printed in (tmp_path / "log").read_text()


def test_another_clips_output_is_not_this_ones(prints, printed, network, codes, elf):
    with pytest.raises(ProfileError, match="is not the reference's"):
        run_and_check(prints(printed), network, elf, codes ^ 1, 60)
