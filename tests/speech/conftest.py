import os
import subprocess
import sys
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kwslib.config.words import KEYWORDS
from kwslib.speech.corpus import SPLITS
from kwslib.speech.speech_commands import MAIN_FOLDER, NOISE_FOLDER, TEST_FOLDER, open_speech_commands, which_set
from tests.places import SHARED as SHARED_ROOT

SHARED = SHARED_ROOT / "speech_commands"
TINY_COUNTS = {"train": 6, "validation": 2, "test": 2}


def write_wav(path, samples, rate_hz=16000, channels=1, width=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate_hz, 0, "NONE", ""))
        file.writeframes(np.asarray(samples).tobytes())


def tiny_names():
    """File names of so many speakers that each split gets its TINY_COUNTS."""
    names, number = {split: [] for split in SPLITS}, 0
    while any(len(names[split]) < TINY_COUNTS[split] for split in SPLITS):
        name = f"{number * 2654435761 % 2**32:08x}_nohash_0.wav"
        split = which_set(name)
        if len(names[split]) < TINY_COUNTS[split]:
            names[split].append(name)
        number += 1
    return [name for split in SPLITS for name in names[split]]


def build_main(data, words=(*KEYWORDS, "cat", "tree")):
    rng = np.random.default_rng(5)
    for word in words:
        for name in tiny_names():
            samples = rng.integers(-3000, 3000, rng.integers(9000, 17000), np.int16)
            write_wav(data / MAIN_FOLDER / word / name, samples)
    for number in range(2):
        samples = rng.integers(-2000, 2000, 40000, np.int16)
        write_wav(data / MAIN_FOLDER / NOISE_FOLDER / f"noise_{number}.wav", samples)
    return data


@pytest.fixture(scope="session")
def tiny():
    """What test modules share: how to write a WAV file and how to build a tiny corpus."""
    return SimpleNamespace(write_wav=write_wav, names=tiny_names(), counts=TINY_COUNTS, build_main=build_main)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("KWS_CACHE", str(folder))
    return folder


@pytest.fixture
def tiny_data(tmp_path, cache):
    return build_main(tmp_path / "data")


@pytest.fixture
def tiny_corpus(tiny_data):
    return open_speech_commands(tiny_data)


@pytest.fixture(scope="session")
def shared_sources():
    """Split, word and name of every clip of the official release that the shared folder has."""
    path = SHARED / "sources.csv"
    if not path.is_file():
        pytest.skip("the shared Speech Commands folder is not beside the checkout")
    return [line.split(",") for line in path.read_text().splitlines()[1:]]


@pytest.fixture(scope="session")
def speech_commands_data(tmp_path_factory):
    """Folder with the full validation and test clips: $KWS_DATA, or unpacked from the shared archives."""
    named = os.environ.get("KWS_DATA")
    if named and all((Path(named) / folder).is_dir() for folder in (MAIN_FOLDER, TEST_FOLDER)):
        return Path(named)
    if not (SHARED / "unpack.py").is_file():
        pytest.skip("no Speech Commands: KWS_DATA is not set and no shared folder is beside the checkout")
    data = tmp_path_factory.mktemp("speech_commands")
    splits = ["--splits", "test", "validation", "noise"]
    subprocess.run([sys.executable, SHARED / "unpack.py", data, *splits], check=True, timeout=600)
    return data
