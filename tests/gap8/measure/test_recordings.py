"""The recorded programs, and the tables that set a platform beside them."""

import json
import shutil
from dataclasses import replace

import pytest

from kwslib.errors import DataError
from kwslib.gap8.measure import recordings
from kwslib.gap8.platforms.platform import RunResult
from kwslib.paths import recorded_programs_dir


class Printer:
    """A platform that prints what it was told to, whatever it is given."""

    name = "printer"

    def __init__(self, stdout, exit_status=0):
        self.stdout, self.exit_status = stdout, exit_status

    def version(self):
        return "1"

    def run(self, elf, timeout_s, flash=None):
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


def test_the_simulator_agrees_with_the_recordings_as_far_as_the_project_aims():
    _, listed = recordings.load()
    agreements = [recordings.check(recording) for recording in listed]
    frame = recordings.programs(agreements)
    assert list(frame["program"]) == [recording.name for recording in listed]
    assert (frame["close"] == frame["figures"]).all()
    assert (frame["figures"] > 0).all()
    starts = recordings.start_lines(agreements)
    assert list(starts["program"]) == ["smoke", "timing", "timing", "timing"]
    assert "cycles since reset" in starts["GVSOC, recorded"][0] and "cold icache" in starts["GVSOC, recorded"][2]


def test_differences_are_counted_where_they_are(recording):
    own = "entry: 102 cycles\nwalk\n timer: 1021 7\nhash 00c0ffee\nOK\n"
    agreement = recordings.check(recording, Printer(own))
    assert recordings.programs([agreement]).to_dict("records") == [
        {
            "program": "barriers",
            "what it measures": recording.measures,
            **{"lines": 5, "equal lines": 3, "figures": 3, "equal": 1, "close": 2, "largest difference": 21},
            "recorded": recording.recorded,
        }
    ]
    lines = recordings.lines([agreement])
    assert list(lines["largest difference"]) == [2, 0, 21, 0, 0]
    assert list(lines["figures"]) == [1, 0, 2, 0, 0]
    assert lines["GVSOC, recorded"][2] == " timer: 1000 7" and lines["simulator"][2] == " timer: 1021 7"
    starts = recordings.start_lines([agreement])
    assert starts[["decided by", "equal", "close"]].values.tolist() == [["the start", 0, 1]]
    figures = recordings.figures([agreement])
    assert figures[["line", "GVSOC, recorded", "simulator", "difference"]].values.tolist() == [
        [1, 100, 102, 2],
        [3, 1000, 1021, 21],
        [3, 7, 7, 0],
    ]


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


@pytest.mark.parametrize("name", [recordings.INDEX, "barriers.elf", "barriers.gap8.txt"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"cannot read .*{name}: No such file or directory; the checkout is not whole"):
        recordings.load(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"gvsoc": {}, "programs": []}', '{"programs": []}'])
def test_a_damaged_index_is_refused(folder, text):
    (folder / recordings.INDEX).write_text(text)
    with pytest.raises(DataError, match=f"{recordings.INDEX} is damaged"):
        recordings.load(folder)
