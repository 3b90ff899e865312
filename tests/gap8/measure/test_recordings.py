"""The recorded programs, run again and compared figure by figure."""

import json
import shutil
from dataclasses import replace

import pytest

from kwslib.errors import DataError, InputError
from kwslib.gap8.measure import recordings
from kwslib.gap8.measure.recordings import Figure, compare
from kwslib.gap8.platforms.platform import RunResult
from kwslib.paths import recorded_programs_dir


class Printer:
    """A platform that prints the same text for every program."""

    name = "printer"

    def __init__(self, stdout, exit_status=0):
        self.stdout, self.exit_status = stdout, exit_status

    def version(self):
        return "1"

    def run(self, elf, timeout_s, log=None):
        return RunResult(self.exit_status, self.stdout, "", 0.0, self.name, self.version())


RECORDED = "entry: 100 cycles\nwalk\n timer: 1000 7\nhash 00c0ffee\nOK\n"


@pytest.fixture
def folder(tmp_path):
    """One recorded program in a folder of its own."""
    for name in ("barriers.elf", "barriers.gap8.txt"):
        shutil.copy(recorded_programs_dir() / "probes" / name, tmp_path)
    index = json.loads((recorded_programs_dir() / recordings.INDEX).read_text())
    index["programs"] = [row | {"elf": "barriers.elf"} for row in index["programs"] if "barriers" in row["elf"]]
    (tmp_path / recordings.INDEX).write_text(json.dumps(index))
    return tmp_path


@pytest.fixture
def recording(folder):
    _, listed = recordings.load(folder)
    return replace(listed[0], stdout=RECORDED, start_lines={1: "the start"})


def test_every_program_with_recorded_output_is_listed():
    reference, listed = recordings.load()
    there = {path.name.removesuffix(".gap8.txt") for path in recorded_programs_dir().rglob("*.gap8.txt")}
    assert {recording.name for recording in listed} == there
    assert len(listed) == len(there) and len(reference.commit) == 40


def test_the_readme_of_the_probes_names_the_same_gvsoc():
    reference, listed = recordings.load()
    readme = (recorded_programs_dir() / "probes" / "README.md").read_text()
    assert reference.commit in readme and reference.commit_date in readme
    for recording in listed:
        if recording.elf.parent.name == "probes":
            assert f"| `{recording.name}` | {recording.measures}" in readme
            assert f"recorded on {recording.recorded}" in readme


def test_every_figure_of_the_simulator_is_close_to_its_recording():
    _, listed = recordings.load()
    for recording in listed:
        figures = recordings.check(recording).figures
        assert figures and all(figure.within(recordings.RELATIVE, recordings.ABSOLUTE) for figure in figures)


def test_differences_are_counted_where_they_are(recording):
    own = "entry: 102 cycles\nwalk\n timer: 1021 7\nhash 00c0ffee\nOK\n"
    agreement = recordings.check(recording, Printer(own))
    assert [[figure.difference for figure in line.figures] for line in agreement.lines] == [[2], [], [21, 0], [], []]
    assert (agreement.lines[2].reference, agreement.lines[2].own) == (" timer: 1000 7", " timer: 1021 7")
    assert [line.number for line in agreement.lines] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            RECORDED.replace("00c0ffee", "00c0ffef"),
            r"barriers on printer .* line 4 is 'hash 00c0ffee' and 'hash 00c0ffef'",
        ),
        (RECORDED.replace("OK\n", ""), r"barriers on printer .*: 5 lines and 4"),
    ],
)
def test_other_text_is_an_error(recording, own, message):
    with pytest.raises(DataError, match=message):
        recordings.check(recording, Printer(own))


def test_another_exit_status_is_an_error(recording):
    with pytest.raises(DataError, match="barriers ended with status 3 on printer, recorded: 0"):
        recordings.check(recording, Printer(RECORDED, 3))


@pytest.mark.parametrize("name", ["barriers.elf", "barriers.gap8.txt"])
def test_a_file_that_was_not_recorded_is_refused(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(DataError, match=f"{name} is not the file that was recorded: run it on GVSOC"):
        recordings.load(folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (recordings.INDEX, "does not exist: the checkout is incomplete"),
        ("barriers.elf", ": No such file or directory; the checkout is incomplete"),
        ("barriers.gap8.txt", ": No such file or directory; the checkout is incomplete"),
    ],
)
def test_a_missing_file_is_named(folder, name, message):
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"{name} ?{message}"):
        recordings.load(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"gvsoc": {}, "programs": []}', '{"programs": []}'])
def test_a_damaged_index_is_refused(folder, text):
    (folder / recordings.INDEX).write_text(text)
    with pytest.raises(DataError, match=f"{recordings.INDEX} is damaged"):
        recordings.load(folder)


def test_figures_are_named_by_their_line_and_heading():
    reference = "walk\n timer: 10 20\nsum -35 ref -35\nhash 9aa4fbf2\n64 loads: 7 8 \nOK\n"
    own = "walk\n timer: 10 21\nsum -35 ref -36\nhash 9aa4fbf2\n64 loads: 7 9 \nOK\n"
    assert compare(reference, own) == [
        Figure("walk: timer", 0, 10, 10),
        Figure("walk: timer", 1, 20, 21),
        Figure("sum", 0, -35, -35),
        Figure("sum -35 ref", 0, -35, -36),
        Figure("", 0, 64, 64),
        Figure("64 loads", 0, 7, 7),
        Figure("64 loads", 1, 8, 9),
    ]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("a 1\nb 2\n", r"line 2 is 'c 2' and 'b 2'"),
        ("a 1\n", "2 lines and 1"),
        ("a 1 2\nc 2\n", "line 1 is 'a 1' and 'a 1 2'"),
        ("a 1x\nc 2\n", "line 1"),
    ],
)
def test_outputs_that_differ_in_more_than_figures_are_refused(own, message):
    with pytest.raises(InputError, match=f"differ in more than figures: .*{message}"):
        compare("a 1\nc 2\n", own)


def test_within_takes_the_larger_allowance():
    assert Figure("x", 0, 1000, 1020).within(0.02, 2) and not Figure("x", 0, 1000, 1021).within(0.02, 2)
    assert Figure("x", 0, 10, 12).within(0.02, 2) and not Figure("x", 0, 10, 7).within(0.02, 2)
    assert Figure("x", 0, -100, -98).within(0.02, 0) and Figure("x", 0, -100, -97).difference == 3
