import sys
from pathlib import Path

import pytest
import soundfile
from click.testing import CliRunner

from kwslib.cli.main import main
from kwslib.runs.clips import DEFAULT_CLIP
from kwslib.speech import microphone
from kwslib.speech.recording import read_recording
from tests.corpora import write_wav

RECORDING = Path(__file__).resolve().parents[2].parent / "shared" / "foreign" / "sound" / "yes_at_3s_of_10s.wav"


def call(*arguments):
    return CliRunner().invoke(main, ["listen", *map(str, arguments)])


def test_one_word_of_a_recording_is_one_event_at_its_time():
    if not RECORDING.exists():
        pytest.skip("shared/foreign is not here")
    done = call(RECORDING)
    assert done.exit_code == 0
    events = [line for line in done.output.splitlines() if "%" in line]
    assert len(events) == 1 and "yes" in events[0] and "0:00:03." in events[0]
    assert "1 word in 10.0 s" in done.output


def test_a_folder_is_heard_file_by_file_with_other_parameters(tmp_path):
    for name in ("a.wav", "b.wav"):
        write_wav(tmp_path / name, read_recording(DEFAULT_CLIP).samples)
    done = call(tmp_path, "--run", "quick-small", "--threshold", "0.5", "--threshold", "yes=1", "--hop", "480")
    assert done.exit_code == 0
    assert done.output.count("0 words in") == 2
    done = call(tmp_path, "--run", "quick-small", "--threshold", "0.5", "--smoothing", "1", "--refractory", "go=0")
    assert done.output.count("1 word in") == 2


def test_files_after_a_damaged_one_are_heard_and_all_are_named(tmp_path):
    for name in ("a.wav", "c.flac", "e.wav"):
        soundfile.write(tmp_path / name, read_recording(DEFAULT_CLIP).samples, 16000)
    (tmp_path / "b.wav").write_bytes(b"RIFF\x0c\0\0\0WAVEfmt \0\0\0\0")
    whole = (tmp_path / "c.flac").read_bytes()
    (tmp_path / "c.flac").write_bytes(whole[:1000] + bytes(500) + whole[1500:])
    (tmp_path / "d.wav").touch()
    done = call(tmp_path, "--run", "quick-small", "--threshold", "0.5", "--smoothing", "1")
    assert done.exit_code == 1
    heard = [line for line in done.stdout.splitlines() if line.endswith(" in 1.0 s")]
    assert heard == [f"{tmp_path / name}: 1 word in 1.0 s" for name in ("a.wav", "e.wav")]
    *named, end = done.stderr.splitlines()
    reasons = {"b.wav": "is damaged (", "c.flac": "is damaged after ", "d.wav": "is empty: "}
    for line, (name, reason) in zip(named, reasons.items(), strict=True):
        assert line.startswith(f"error: {tmp_path / name} {reason}")
    assert end == "error: 3 of 5 sound files could not be heard to the end, see above"
    alone = call(tmp_path / "d.wav", "--run", "quick-small")
    assert alone.exit_code == 1 and alone.stderr == f"{named[2]}\n"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "name files or folders of sound, or give --microphone"),
        ((DEFAULT_CLIP, "--microphone"), "not both"),
        ((DEFAULT_CLIP, "--threshold", "high"), "--threshold is 'high'"),
        ((DEFAULT_CLIP, "--threshold", "yess=0.5"), "unknown word 'yess'"),
        ((DEFAULT_CLIP, "--threshold", "1.5"), "threshold is 1.5"),
        ((DEFAULT_CLIP, "--hop", "250"), "give 240 or 260"),
        (("nowhere.wav",), "nowhere.wav"),
    ],
)
def test_bad_input_is_one_clear_error(arguments, message):
    done = call(*arguments)
    assert done.exit_code == (1 if arguments == ("nowhere.wav",) else 2)
    assert "Traceback" not in done.output
    assert message in done.output + done.stderr


def test_a_microphone_is_heard_until_it_is_ended(monkeypatch):
    def pieces(samples, device):
        sound = read_recording(DEFAULT_CLIP).samples
        yield from (sound[i : i + samples] for i in range(0, len(sound), samples))
        raise KeyboardInterrupt

    monkeypatch.setattr(microphone, "pieces", pieces)
    done = call("--microphone", "--run", "quick-small", "--threshold", "0.5", "--smoothing", "1")
    assert done.exit_code == 0
    assert "  yes  " in done.output and done.output.endswith("ended\n")


def test_no_microphone_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = call("--microphone", "--run", "quick-small")
    assert done.exit_code == 1
    assert "pip install sounddevice" in done.output + done.stderr
