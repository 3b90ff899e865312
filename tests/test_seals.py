"""A flipped byte is noticed in everything that the project keeps: named, and never used."""

import json
import os
import random
import shutil

import numpy as np
import pytest

from kwslib import seals, toolchain
from kwslib.artifacts import read_json
from kwslib.errors import DataError, InputError
from kwslib.gap8.measure import deployment_record
from kwslib.gap8.planning import record
from kwslib.network import checkpoint
from kwslib.runs import mistakes, records
from kwslib.speech import synthetic
from kwslib.speech.cache import cached_array, key_path
from kwslib.studies import robustness_records
from tests.sample_run import sample_robustness, sample_run

FLIPS = 60


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def flipped(path, places=FLIPS):
    """The file with one byte changed, at some places one after the other; as it was in the end."""
    content = path.read_bytes()
    rng = random.Random(len(content))
    for place in sorted({0, len(content) - 1, *rng.sample(range(len(content)), min(places, len(content)))}):
        changed = bytearray(content)
        changed[place] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        yield bytes(changed)
    path.write_bytes(content)


def assert_made_again(path, make, capsys, places=FLIPS):
    """Whatever byte is flipped, `make` gives what it gave, and names the file."""
    whole = make()
    capsys.readouterr()
    unnamed = 0
    for _ in flipped(path, places):
        assert np.array_equal(make(), whole)
        unnamed += f"warning: {path} was damaged on the disk; it is made again" not in capsys.readouterr().err
    return unnamed


def test_a_cached_array(cache, capsys):
    """Fingerprints, training copies, sound and a teacher's probabilities are kept so."""
    path = key_path("group", "stem", {})
    values = np.random.default_rng(0).integers(0, 256, (40, 7), np.uint8)
    unnamed = assert_made_again(path, lambda: np.array(cached_array(path, (40, 7), np.uint8, lambda: [values])), capsys)
    assert unnamed <= 8  # in the trailer's first bytes a flip makes it a file of an older version


def test_a_cached_array_that_changes_while_the_process_lives(cache, capsys):
    path = key_path("group", "stem", {})
    values = np.zeros((4, 3), np.uint8)
    for _ in range(2):
        assert not cached_array(path, (4, 3), np.uint8, lambda: [values]).any()
    content = bytearray(path.read_bytes())
    content[-seals.TRAILER_BYTES - 1] = 1
    path.write_bytes(content)
    assert not cached_array(path, (4, 3), np.uint8, lambda: [values]).any()
    assert "was damaged" in capsys.readouterr().err


def test_an_array_of_an_older_version_is_made_again_without_a_word(cache, capsys):
    path = key_path("group", "stem", {})
    path.parent.mkdir(parents=True)
    np.save(path, np.ones((4, 3), np.uint8))
    assert not cached_array(path, (4, 3), np.uint8, lambda: [np.zeros((4, 3), np.uint8)]).any()
    assert not capsys.readouterr().err


def test_a_compiled_program(cache, capsys, monkeypatch):
    made = []

    def compile_program(compiler, arguments, program, folder):
        made.append(program)
        program.write_bytes(b"\x7fELF" + bytes(range(200)))

    monkeypatch.setattr(toolchain, "compile_program", compile_program)
    compiler = toolchain.Compiler(("cc",), is_zig=False)

    def program():
        return toolchain.compile_cached("simulator/name", compiler, [], {"a.c": b"int a;"})

    path = program()
    assert program() == path and len(made) == 1
    assert assert_made_again(path, lambda: np.fromfile(program(), np.uint8), capsys) == 0
    beside = path.with_name("name.sha256")
    assert_made_again(beside, lambda: np.fromfile(program(), np.uint8), capsys, 10)


def test_the_synthetic_corpus(cache, capsys, monkeypatch, tmp_path):
    def content():
        folder = synthetic.open_synthetic(size="tiny").folder
        return np.concatenate([np.fromfile(path, np.uint8) for path in sorted(folder.iterdir())])

    content()
    (folder,) = (path for path in (cache / "synthetic").iterdir() if path.is_dir())
    again = shutil.copytree(folder, tmp_path / "again")
    monkeypatch.setattr(synthetic, "_generate", lambda target, *_: shutil.copytree(again, target, dirs_exist_ok=True))
    for name in ("test.npy", "train.npy", "noise.npy", "test_labels.npy", "test.txt"):
        assert assert_made_again(folder / name, content, capsys, 0) == 0
    assert_made_again(folder / "manifest.json", content, capsys, 4)


KINDS = {
    "metrics.json": records.load,
    "gap8/plan.json": lambda folder: record.load(folder / "gap8" / "plan.json"),
    "gap8/deployment.json": lambda folder: deployment_record.load(folder / "gap8"),
    "mistakes/mistakes.json": lambda folder: mistakes.read(folder / "mistakes"),
    "robustness/robustness.json": lambda folder: robustness_records.load(folder / "robustness"),
}
"""Files of a run, and what reads them."""


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    run = sample_run(tmp_path_factory.mktemp("results"))
    sample_robustness(run.folder, run)
    return run.folder


@pytest.mark.parametrize("name", KINDS)
def test_a_record(name, run_folder):
    path = run_folder / name
    whole, plain = KINDS[name](run_folder), json.loads(path.read_text())
    for changed in flipped(path):
        try:
            same = json.loads(changed.decode()) == plain  # in a space between two entries
        except ValueError:
            same = False
        if same:
            assert KINDS[name](run_folder) == whole
            continue
        with pytest.raises(DataError) as caught:
            KINDS[name](run_folder)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(("name", "old", "new"), [
    ("metrics.json", '"seed": 1,', '"seed": 2,'),
    ("gap8/deployment.json", '"clips_checked": 20', '"clips_checked": 99'),
    ("gap8/plan.json", '"l1_bytes": 65536', '"l1_bytes": 65530'),
])  # fmt: skip
def test_a_figure_that_was_changed_by_hand(name, old, new, run_folder):
    path = run_folder / name
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))
    with pytest.raises(DataError, match=rf"{path.name} is damaged \(it does not have its checksum\); "):
        KINDS[name](run_folder)
    path.write_text(content)


def test_a_record_of_an_older_version_has_no_checksum(run_folder):
    path = run_folder / "metrics.json"
    content = path.read_text()
    plain = json.loads(content)
    del plain["checksum"]
    path.write_text(json.dumps(plain))
    assert records.load(run_folder).seed == 1
    path.write_text(content)


class Weights:
    def __init__(self, values):
        self.values = values

    @property
    def variables(self):
        return [Variable(self.values)]


class Variable:
    def __init__(self, values):
        self.values, self.shape = values, values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values

    def assign(self, array):
        self.values[:] = array


def test_a_checkpoint(tmp_path):
    path, weights = tmp_path / "checkpoint.npz", np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    checkpoint.save(path, {"step": 3}, network=Weights(weights.copy()))
    refused = 0
    for _ in flipped(path, 200):
        found = np.zeros_like(weights)
        try:
            checkpoint.restore(path, network=Weights(found))
        except InputError as error:
            assert str(path) in str(error)
            refused += 1
        else:
            assert np.array_equal(found, weights)  # in a date or the like
    assert refused > 100


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_has_no_end_is_refused(kind, tmp_path):
    path = tmp_path / "record.json"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(DataError, match=f"cannot read .*: it is a {kind}, no file"):
        read_json(path, missing="", again="")
    assert not seals.ends_intact(path) and not seals.matches(path, "")
