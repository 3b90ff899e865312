"""``kws gap8 run --stream``, and what it and ``kws listen`` say of the same sound."""

import os
import re

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from kwslib.cli.gap8_stream import cost_text
from kwslib.cli.main import main
from kwslib.config.events import EventParameters
from kwslib.gap8.measure import stream_record
from kwslib.runs.clips import DEFAULT_CLIP
from kwslib.speech import sound
from kwslib.speech.recording import read_recording
from tests.cli.test_listen import RECORDING
from tests.corpora import write_wav
from tests.gap8 import networks


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kws(*words):
    return CliRunner().invoke(main, [*map(str, words)])


def words_of(text):
    return [line for line in text.splitlines() if re.search(r"\d %$", line) and "–" in line]


def test_chip_and_host_hear_the_same_word_at_its_time(place):
    if not RECORDING.exists():
        pytest.skip("shared/foreign is not here")
    on_chip, on_host = kws("gap8", "run", "--stream", RECORDING), kws("listen", RECORDING)
    assert on_chip.exit_code == 0, on_chip.output
    assert words_of(on_chip.output) == words_of(on_host.output)
    (line,) = words_of(on_chip.output)
    assert "0:00:03." in line and "  yes  " in line
    assert "1 word in 10.0 s" in on_chip.output and "hops equal the integer reference, bit for bit" in on_chip.output
    (folder,) = (place / "_build" / "gap8").glob("*-stream")
    assert len(stream_record.load(folder).events) == 1


def test_any_sound_file_is_converted_and_said(place):
    samples = np.repeat(read_recording(DEFAULT_CLIP).samples, 2)
    soundfile.write(place / "a b.flac", np.stack([samples, samples], axis=1), 32000)
    options = ("--run", "quick-small", "--hop", "480", "--smoothing", "1", "--threshold", "0.5", "--threshold", "no=1")
    done = kws("gap8", "run", "--stream", "a b.flac", "--out", "here", *options)
    assert done.exit_code == 0, done.output
    assert "a b.flac: 32,000 Hz stereo -> 16,000 Hz mono" in done.output
    assert words_of(done.output) == words_of(kws("listen", "a b.flac", *options).output) != []
    assert stream_record.load(place / "here").parameters.hop_ms == 480
    assert "a hop every 480 ms" in done.output and "front end, 24 of 49 frames" in done.output


def test_costs_are_those_of_the_steady_hop():
    rows = [stream_record.HopRow(300_000, 120_000, 170_000), *[stream_record.HopRow(250_000, 80_000, 165_000)] * 3]
    one = stream_record.Stream("n", "p", "v", "r", 1, EventParameters(hop_ms=500), 25, 49, rows, [], [], "d", 1.0)
    text = cost_text(one)
    assert re.search(r"a hop, .* 300000 +250000", text) and re.search(r"network +170000 +165000", text)
    assert re.search(r"50 MHz +5\.00 ms +1\.00 % +36\.0 J", text)  # 75 mW · 2.78 ms · 172,800
    assert re.search(r"175 MHz +1\.43 ms +0\.29 % +51\.8 J", text)  # at 1.2 V


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--stream", "none.wav"], "cannot read none.wav"),
        (["--stream", "empty.wav"], "empty.wav"),
        (["--stream", "silent.wav"], "silent.wav holds no samples"),
        (["--stream", "clip.wav", "--hop", "0"], "Invalid value for '--hop': 0 is not in the range"),
        (["--stream", "clip.wav", "--hop", "100000000000000000000"], "is not in the range"),
        (["--stream", "clip.wav", "--hop", "250"], "give 240 or 260"),
        (["--stream", "clip.wav", "clip.wav"], "--stream hears clip.wav alone"),
        (["--stream", "clip.wav", "--at", "1"], "leave other sounds and --at out"),
        (["--stream", "clip.wav", "--platform", "host"], "'kws listen' hears it here"),
        (["--stream", "clip.wav", "tiny.tflite"], "does not begin with sound"),
        (["--hop", "240"], "name a recording with --stream"),
    ],
)
def test_bad_input_is_one_clear_error_and_leaves_nothing(place, words, message):
    write_wav(place / "clip.wav", read_recording(DEFAULT_CLIP).samples)
    write_wav(place / "silent.wav", np.zeros(0, np.int16))
    (place / "empty.wav").touch()
    (place / "tiny.tflite").write_bytes(networks.quantised((30, 8), networks.SMALL[1]))
    done = kws("gap8", "run", *words)
    assert done.exit_code in (1, 2) and "Traceback" not in done.output
    assert message in done.output + done.stderr
    assert not (place / "_build").exists()


def test_a_file_that_shrinks_while_it_is_read(place, monkeypatch):
    monkeypatch.setattr(sound, "BLOCK_FRAMES", 4000)
    read = sound._Decoder.read

    def shrinking(decoder, *words, **named):
        os.truncate(place / "clip.wav", 60_000)
        return read(decoder, *words, **named)

    monkeypatch.setattr(sound._Decoder, "read", shrinking)
    for command in (["gap8", "run", "--stream"], ["gap8", "export", "out"], ["listen"]):
        write_wav(place / "clip.wav", np.zeros(100_000, np.int16))
        done = kws(*command, "clip.wav")
        assert done.exit_code == 1 and "became shorter while it was read" in done.output + done.stderr
    assert not (place / "_build").exists() and not (place / "out").exists()
