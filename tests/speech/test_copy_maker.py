import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from kwslib.config.augmentation import Augmentation
from kwslib.config.front_end import FrontEnd
from kwslib.errors import DataError, InputError, KwsError
from kwslib.speech.copy_maker import NICENESS, CopyMaker
from kwslib.speech.dataset import training_codes, training_path
from kwslib.speech.speech_commands import MAIN_FOLDER, open_speech_commands

SMALL = FrontEnd("magnitude", 40, 20, 10)


def test_no_copies_are_refused(tiny_corpus):
    with pytest.raises(InputError, match="copies is 0"):
        CopyMaker(tiny_corpus, SMALL, Augmentation(), 0, 0)


def test_copies_made_beside_are_those_made_here(tiny_corpus, tmp_path, monkeypatch):
    with CopyMaker(tiny_corpus, SMALL, Augmentation(), 3, 2) as maker:
        made = [np.array(maker.get(copy)[0]) for copy in (1, 0)]
        with pytest.raises(InputError, match="copy 2 does not exist: there are 2"):
            maker.get(2)
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "other"))
    for copy, codes in zip((1, 0), made, strict=True):
        np.testing.assert_array_equal(codes, training_codes(tiny_corpus, SMALL, Augmentation(), 3, copy)[0])


def test_an_error_in_the_child_reaches_the_parent(tiny_data):
    for path in (tiny_data / MAIN_FOLDER / "go").iterdir():
        path.write_bytes(b"")
    corpus = open_speech_commands(tiny_data)
    with (
        CopyMaker(corpus, SMALL, Augmentation(), 3, 1) as maker,
        pytest.raises(DataError, match=r"go/.*\.wav is empty"),
    ):
        maker.get(0)


def test_a_killed_child_is_an_error_in_the_parent(tiny_corpus, cache):
    with CopyMaker(tiny_corpus, SMALL, Augmentation(), 3, 100_000) as maker:
        maker.get(0)
        (child,) = multiprocessing.active_children()
        child.kill()
        with pytest.raises(KwsError, match=r"ended \(exit status -9\) before copy 99999 was made"):
            maker.get(99_999)


PARENT = """
import multiprocessing, sys, time
from pathlib import Path
from kwslib.config.augmentation import Augmentation
from kwslib.speech.copy_maker import CopyMaker
from kwslib.config.front_end import FrontEnd
from kwslib.speech.speech_commands import open_speech_commands

if __name__ == "__main__":
    corpus = open_speech_commands(Path(sys.argv[1]))
    maker = CopyMaker(corpus, FrontEnd("magnitude", 40, 20, 10), Augmentation(), 1, 100000)
    maker.get(0)
    print(multiprocessing.active_children()[0].pid, flush=True)
    time.sleep(600)
"""


def test_a_killed_parent_leaves_no_orphan_and_no_half_written_file(tiny_data, cache, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, script, tiny_data],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    child = psutil.Process(int(process.stdout.readline()))
    assert child.nice() == min(19, os.nice(0) + NICENESS)  # 19 is the lowest priority there is
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 120
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.02)
    files = list((cache / "fingerprints").iterdir())
    assert files
    assert [path for path in files if path.suffix != ".npy"] == []
    corpus = open_speech_commands(tiny_data)
    codes, _ = training_codes(corpus, SMALL, Augmentation(), 1, 0)
    assert len(codes) == len(corpus.clips("train"))


def test_a_resumed_training_gets_its_copy_without_those_before(tiny_corpus):
    with CopyMaker(tiny_corpus, SMALL, Augmentation(), 3, 100_000) as maker:
        codes, _ = maker.get(70_000)
    np.testing.assert_array_equal(codes, training_codes(tiny_corpus, SMALL, Augmentation(), 3, 70_000)[0])
    assert not training_path(tiny_corpus, SMALL, Augmentation(), 3, 0).exists()


def test_of_copies_that_are_visited_once_a_few_are_on_the_disk(tiny_corpus, cache):
    with CopyMaker(tiny_corpus, SMALL, Augmentation(), 3, 30, once=True) as maker:
        first = np.array(maker.get(0)[0])
        for copy in range(1, 12):
            np.testing.assert_array_equal(maker.get(0)[0], first)  # calibration visits it again
            codes = maker.get(copy)[0]
            assert len(list((cache / "fingerprints").glob("*.npy"))) <= 5
        assert len(codes) == len(first)
