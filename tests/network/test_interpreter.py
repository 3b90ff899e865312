"""TFLite's interpreter lives in a process of its own, whose death is an error message."""

import gc
import sys

import numpy as np
import pytest

from kwslib import subproc
from kwslib.errors import ModelError
from kwslib.network import interpreter
from kwslib.network.evaluation import tflite_predictor
from kwslib.network.interpreter import Interpreter
from tests.gap8 import networks
from tests.places import ROOT, SHARED

DAMAGED = sorted((SHARED / "foreign" / "damaged").glob("litert_signal*.tflite"))
DATA = networks.quantised(*networks.SMALL)


def test_it_computes_what_litert_computes_here():
    found = networks.interpreter(DATA, litert=True)
    codes = np.random.default_rng(0).integers(0, 256, (20, *found.get_input_details()[0]["shape"][1:]), np.uint8)
    (theirs,) = networks.run(found, codes)
    ours = Interpreter(DATA, 2)
    assert ours.shape == tuple(found.get_input_details()[0]["shape"])
    assert np.array_equal(ours.run(codes), theirs)
    assert np.array_equal(ours.run(codes[3:4]), theirs[3:4])
    assert ours.run(codes[:0]).shape == (0, theirs.shape[1])


def dying(how):
    return lambda args: subproc.start([sys.executable, "-c", f"import os, sys; sys.stdin.buffer.read(1); {how}"])


@pytest.mark.parametrize(("how", "message"), [
    ("os.kill(os.getpid(), 11)", "was ended by signal 11 by this network: the file is damaged"),
    ("os._exit(3)", "was ended with exit status 3"),
])  # fmt: skip
def test_its_death_is_an_error_of_the_file(monkeypatch, how, message):
    monkeypatch.setattr(interpreter, "start", dying(how))
    with pytest.raises(ModelError, match=message):
        Interpreter(DATA, 1)


def test_its_death_in_the_middle_is_one_too():
    ours = Interpreter(DATA, 1)
    ours._process.kill()
    with pytest.raises(ModelError, match="ended by signal 9"):
        ours.run(np.zeros((1, *ours.shape[1:]), np.uint8))


def test_what_it_refuses_is_said():
    ours = Interpreter(DATA, 1)
    with pytest.raises(ModelError, match="TFLite cannot run this network: cannot reshape"):
        ours.run(np.zeros((1, 7), np.uint8))
    assert len(ours.run(np.zeros((2, *ours.shape[1:]), np.uint8))) == 2  # it lives on


def test_the_process_ends_with_its_owner():
    ours = Interpreter(DATA, 1)
    process = ours._process
    assert process.poll() is None
    del ours
    gc.collect()
    assert process.returncode == 0


@pytest.mark.parametrize("logits", [True, False])
@pytest.mark.parametrize("data", [b"", DATA[:2000], DATA[:8] + bytes(400)], ids=["empty", "cut off", "zeros"])
def test_our_own_reader_comes_first(monkeypatch, data, logits):
    monkeypatch.setattr(interpreter, "start", lambda args: pytest.fail("an interpreter was started"))
    theirs = "kwslib.network.evaluation.truncated"
    monkeypatch.setattr(theirs, lambda *args: pytest.fail("TensorFlow's reader was used"))
    with pytest.raises(ModelError):
        tflite_predictor(data, logits)


@pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.stem)
@pytest.mark.parametrize("logits", [True, False])
def test_files_that_crash_litert(path, logits):
    with pytest.raises(ModelError, match="TFLite's interpreter was ended by signal"):
        predictor = tflite_predictor(path.read_bytes(), logits)
        predictor(np.zeros((1, 49, 10), np.uint8))


def test_interpreters_are_made_in_one_place():
    texts = {path: path.read_text() for path in (ROOT / "kwslib").rglob("*.py")}
    for word in ("ai_edge_litert", "lite.Interpreter"):
        found = {path.name for path, text in texts.items() if f"import {word}" in text or f"from {word}" in text}
        found |= {path.name for path, text in texts.items() if "lite.Interpreter(" in text}
        assert found <= {"interpreter.py"}
