"""What once differed from GVSOC: programs with its recorded text, which `test_simulator` compares like any other."""

import pytest

from kwslib.gap8.platforms.platform import open_platform
from tests.gap8 import difference_programs
from tests.places import RECORDINGS

FOLDER = RECORDINGS / "differences"


def test_the_recorded_programs_are_these(tmp_path):
    paths = difference_programs.write(tmp_path / "written")
    assert {path.stem for path in FOLDER.glob("*.elf")} == {path.stem for path in paths}
    for path in paths:
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.stem
        assert (FOLDER / path.name).with_suffix(".gap8.txt").is_file(), path.stem


@pytest.mark.gvsoc
@pytest.mark.parametrize("name", difference_programs.PROGRAMS)
def test_gvsoc_prints_what_was_recorded(name):
    printed = open_platform("gvsoc").run(FOLDER / f"{name}.elf", timeout_s=60).stdout
    assert printed == (FOLDER / f"{name}.gap8.txt").read_text()
