import contextlib
import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import kwslib
from kwslib.cli.main import main
from kwslib.errors import DataError
from kwslib.runs import records
from kwslib.runs.parameters import declared
from tests import corpora
from tests.gap8 import networks
from tests.sample_run import sample_run


def kws(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(*words, code=2):
    """Error text of a command that must fail without a traceback and write nothing."""
    result = kws(*words)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


def test_version_and_help(place):
    assert kws("--version").output == f"kws, version {kwslib.__version__}\n"
    for command in ("run", "sweep", "book", "predict", "samples", "data", "doctor", "compare"):
        assert f"\n  {command} " in kws("--help").output
        assert kws(command, "--help").exit_code == 0
    text = kws("run", "--help").output
    for name, entry in declared().items():
        assert f"--{name.replace('_', '-')}" in text
        assert entry.help.split()[0] in text


@pytest.mark.slow
@pytest.mark.slice
def test_run_all_trains_every_size_and_lists_the_stages(place, monkeypatch):
    monkeypatch.setenv("KWS_INSTALL_S", "60")
    result = kws("run", "--all", "--seed", 4)
    assert result.exit_code == 0, result.output
    names = [f"quick-{size}-s4" for size in ("small", "medium", "large")]
    threads = records.load(place / names[0]).training.threads
    for name in names:
        assert (place / name / "train.ipynb").exists()
        assert f"in {place / name}" in result.output
    assert "on speech_commands" in result.output
    parts = ["corpus", "small, medium and large, side by side"]
    assert list(json.loads((place / "stages.json").read_text())["stages_s"]) == ["installation", *parts]
    assert result.output.splitlines()[-1].startswith("together")
    again = kws("run", "--size", "small", "--seed", 4, "--threads", threads)
    assert again.exit_code == 0 and "it exists already, made from the same inputs" in again.output
    assert "side by side" not in again.output  # its own stages alone
    assert kws("run", "--all", "--seed", 4).output.count("it exists already, made from the same inputs") == len(names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--size", "smal"],
            "error: unknown size 'smal': choose one of tiny, small, medium, large; did you mean 'small'?\n",
        ),
        (
            ["--profile", "baselin"],
            "error: unknown profile 'baselin': choose one of quick, baseline, best, tuned; did you mean 'baseline'?\n",
        ),
        (["--corpus", "x"], "error: unknown corpus 'x': choose one of synthetic, speech_commands, folder, phrases\n"),
        (["--front-end", "powr"], "did you mean 'power'?"),
        (["--steps", "0"], "error: steps is 0: give a positive number, or leave it out for the profile's own\n"),
        (["--steps", "-3"], "error: steps is -3: give a positive number\n"),
        (["--seed", "-3"], "error: seed is -3"),
        (["--run", "a/b"], "error: 'a/b' cannot name a run"),
        (["--sise", "small"], "No such option"),
        (["--seed", "x"], "'x' is not a valid integer"),
        (["--all", "--size", "small"], "error: --all runs the baseline's three sizes: leave --size and --run out\n"),
        (["--words", "marvin,sheila"], "no WAV files of marvin, sheila"),
        (["--hold-out-noise", "perhaps"], "'perhaps' is not a valid boolean"),
        (["--config", "nowhere.yaml"], "error: cannot read nowhere.yaml: No such file or directory\n"),
        (
            ["--batch-clips", "500"],
            "the corpus has 120 training clips, a batch needs 500: give batch_clips of at most 120",
        ),
    ],
)
def test_bad_parameters(place, words, message):
    assert message in refused("run", *words, code=1 if "marvin,sheila" in words else 2)
    assert not place.exists()


def test_a_file_of_parameters_and_options_beside_it(place, tmp_path):
    path = tmp_path / "mine.yaml"
    options = ["--channels", 8, "--strides", "2x2,2x2", "--label-smoothing", 0.1, "--teacher", "", "--steps", 20]
    result = kws("run", *options, "--write-config", path)
    assert result.exit_code == 0 and str(path) in result.output and not place.exists()
    result = kws("run", "--config", path, "--seed", 3)
    assert result.exit_code == 0, result.output
    run = records.load(place / "quick-small-8ch-s2x2_2x2-20steps-smooth0.1-s3")
    assert run.seed == 3 and run.training.recipe == {"label_smoothing": 0.1}
    assert {block.channels for block in run.architecture.blocks} == {8} and not run.same_network
    assert "--all is three runs" in refused("run", "--all", "--write-config", path)
    before = path.read_text()
    message = f"--write-config {path} would overwrite --config {path}: name another place"
    assert message in refused("run", "--config", path, "--write-config", path)
    assert path.read_text() == before


def test_bad_data_folders(place, tmp_path):
    assert "does not exist" in refused("run", "--data", tmp_path / "nowhere", code=1)
    (tmp_path / "empty").mkdir()
    assert "holds neither" in refused("run", "--data", tmp_path / "empty", code=1)
    lacking = corpora.build(tmp_path / "lacking") / "speech_commands_v0.02" / "yes"
    for clip in lacking.iterdir():
        clip.unlink()
    assert "has no WAV files of yes" in refused("run", "--data", tmp_path / "lacking", code=1)
    assert not place.exists()


def test_failed_run_as_a_program(place):
    """The whole way: a process, its exit status and its standard error."""
    env = {**os.environ, "PYTHONPATH": str(Path(kwslib.__file__).resolve().parents[1])}
    command = [sys.executable, "-m", "kwslib.cli.main", "run", "--seed", "13"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd="/", timeout=600)
    assert done.returncode == 1
    assert done.stderr.startswith("error: run quick-small-s13 failed: the thirteenth clip is damaged; remove it\n")
    assert "Traceback" not in done.stderr
    assert "going on from 0" in done.stdout


def test_sweep_refuses_what_contradicts_itself_and_writes_nothing(place, tmp_path):
    assert "--trials and --search-seed are those of a search" in refused("sweep", "seed=1,2", "--trials", "3")
    assert "unknown search 'rnd'" in refused("sweep", "seed=1,2", "--search", "rnd")
    assert "'--front-seeds': 0 is not in the range" in refused("sweep", "seed=1,2", "--front-seeds", "0")
    assert "'../x' cannot name a sweep" in refused("sweep", "seed=1,2", "--record", "../x")
    assert "unknown budget 'cycels'" in refused("sweep", "seed=1,2", "--budget", "cycels=5")
    assert "cannot read" in refused("sweep", "--config", str(tmp_path / "none.yaml"))
    infeasible = refused("sweep", "channels=8,16", "--budget", "cycles=100,bytes=50")
    assert "none of 2 networks meets the budget of 100 cycles, 50 bytes: the cheapest in cycles is" in infeasible
    assert not place.exists()


def test_sweep_grid_in_both_ways(place, monkeypatch):
    assert "is no part of a grid" in refused("sweep", "--grid", "size=small", "seed")
    assert "the grid is empty" in refused("sweep")
    assert "unknown size 'smal'" in refused("sweep", "--grid", "size=small,smal", "seed=1,2,3")
    assert not place.exists()


def test_predict(place, tmp_path):
    run = sample_run(place)
    data = networks.quantised(*networks.SMALL)
    (run.folder / "model.tflite").write_bytes(data)
    figures = replace(run.network, tflite_sha256=hashlib.sha256(data).hexdigest())
    records.save(replace(run, network=figures), run.folder, "step\n")
    clip = tmp_path / "clip.wav"
    corpora.write_wav(clip, np.random.default_rng(1).normal(0, 1000, 16000))
    by_run = kws("predict", clip, "--run", "quick-small")
    assert by_run.exit_code == 0, by_run.output
    first, second, *rest = by_run.output.splitlines()
    assert first == "network: run quick-small, trained on synthetic speech; front end power-40-20-10"
    assert second.startswith(f"{clip}: ") and sum(line.endswith(" %") for line in rest) == 12
    by_model = kws("predict", clip, "--model", run.folder / "model.tflite")
    assert by_model.output.splitlines()[1:] == by_run.output.splitlines()[1:]
    assert "no network of size small is released" in refused("predict", clip, code=1)
    assert "give one" in refused("predict", clip, "--run", "x", "--model", "y")
    assert "a run knows its own" in refused("predict", clip, "--front-end", "power")
    assert "did you mean 'power'" in refused("predict", clip, "--model", "y", "--front-end", "powr")
    assert "there is no run 'x'" in refused("predict", clip, "--run", "x", code=1)
    assert "cannot read" in refused("predict", tmp_path / "none.wav", "--run", "quick-small", code=1)
    assert "-1.0 is not in the range 0<=x<=" in refused("predict", clip, "--run", "quick-small", "--at", "-1")


def test_predict_goes_through_a_folder_and_over_bad_files(place, tmp_path):
    folder = tmp_path / "my sounds"
    corpora.write_wav(folder / "a" / "short.wav", np.zeros(8000))
    corpora.write_wav(folder / "b.wav", np.zeros(8000), rate_hz=8000)
    (folder / "c.wav").write_bytes(b"hello")
    (folder / "d.m4a").write_bytes(b"hello")
    (tmp_path / "n.tflite").write_bytes(networks.quantised(*networks.SMALL))
    result = kws("predict", folder, "--model", tmp_path / "n.tflite")
    assert result.exit_code == 1
    said = result.stdout.splitlines()
    assert said[0] == f"{folder}: sound files: 3; others, left out: 1 (d.m4a)"
    assert said[1].startswith("network: ") and said[-1] == "1 of 3 clips is shorter than a second: zeros follow"
    assert f"{folder / 'b.wav'}: 8,000 Hz mono -> 16,000 Hz mono" in said
    assert [line.split(": class")[0] for line in said if ": class" in line] == [
        str(folder / "b.wav"),
        str(folder / "a" / "short.wav"),
    ]
    bad, end = result.stderr.splitlines()
    assert bad.startswith(f"error: {folder / 'c.wav'} is no sound file") and f"ffmpeg -i '{folder / 'c.wav'}'" in bad
    assert end == "error: 1 of 3 sound files could not be classified, see above"


def test_compare(place):
    sample_run(place)
    sample_run(place, size="large")
    result = kws("compare", "quick-small", "quick-large")
    assert result.exit_code == 0
    assert "A: quick-small" in result.output and "not equal in:" in result.output
    assert "there is no run 'quick'; there are: quick-large, quick-small" in refused("compare", "quick", "x", code=1)


def test_samples(place, tmp_path):
    clip = tmp_path / "clip.wav"
    corpora.write_wav(clip, np.zeros(16000))
    result = kws("samples", clip, "--out", tmp_path / "pictures", "--size", "large")
    assert result.exit_code == 0, result.output
    assert result.output == f"{tmp_path / 'pictures' / 'clip.pgm'}\n"
    assert (tmp_path / "pictures" / "clip.pgm").read_bytes().startswith(b"P5\n40 98\n")
    many = kws("samples", "--out", tmp_path / "many", "--corpus", "speech_commands")
    assert len(many.output.splitlines()) == 12
    sound = tmp_path / "sound.pgm"
    sound.write_bytes(clip.read_bytes())
    assert f"picture {sound} would overwrite the sound {sound}" in refused("samples", sound, "--out", tmp_path)
    assert sound.read_bytes() == clip.read_bytes()
    assert "unknown front end" in refused("samples", clip, "--out", tmp_path / "x", "--front-end", "mel")
    assert "unknown size" in refused("samples", clip, "--out", tmp_path / "x", "--size", "huge")
    assert "name a sound file" in refused("samples", "--at", "1", "--out", tmp_path / "x")
    corpora.write_wav(tmp_path / "long.wav", np.zeros(20000))
    result = kws("samples", tmp_path / "long.wav", "--out", tmp_path / "x")
    assert result.output.splitlines() == [
        f"{tmp_path / 'long.wav'}: 1.25 s long, 2 windows of a second",
        *(str(tmp_path / "x" / f"long-at-{start}s.pgm") for start in ("0", "0.25")),
    ]
    assert not (tmp_path / "y").exists()
    assert "has no sound at 2 s" in refused("samples", tmp_path / "long.wav", "--at", "2", "--out", tmp_path / "y")
    (tmp_path / "empty").mkdir()
    assert "no sound file in the folder" in refused("samples", tmp_path / "empty", "--out", tmp_path / "y")
    assert not (tmp_path / "y").exists()


def test_samples_goes_through_a_folder_and_over_bad_files(place, tmp_path):
    folder = tmp_path / "sounds"
    corpora.write_wav(folder / "a.wav", np.zeros(16000))
    (folder / "b.wav").write_bytes(b"hello")
    corpora.write_wav(folder / "c.wav", np.zeros(8000))
    result = kws("samples", folder, "--out", tmp_path / "x")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "1 of 3 clips is shorter than a second: zeros follow",
        *(str(tmp_path / "x" / name) for name in ("a.pgm", "c.pgm")),
    ]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["a.pgm", "c.pgm"]
    bad, end = result.stderr.splitlines()
    assert bad.startswith(f"error: {folder / 'b.wav'} is no sound file")
    assert end == "error: 1 of 3 sound files could not be read, see above"


def test_predict_refuses_a_network_that_hears_nothing_once(place, tmp_path):
    for name in ("a.wav", "b.wav"):
        corpora.write_wav(tmp_path / name, np.zeros(16000))
    (tmp_path / "n.tflite").write_bytes(networks.quantised((31, 13), networks.SMALL[1]))
    said = refused("predict", tmp_path / "a.wav", tmp_path / "b.wav", "--model", tmp_path / "n.tflite")
    assert said.count("error") == 1 and "is no fingerprint of a clip" in said


def test_manifest(place, speech, tmp_path, monkeypatch):
    found = json.loads(kws("data", "manifest").output)
    assert found["corpus"] == "speech_commands"
    assert found["splits"]["train"]["yes"] == corpora.COUNTS["train"]
    monkeypatch.delenv("KWS_DATA")
    assert json.loads(kws("data", "manifest", "--data", speech).output) == found
    assert "does not exist" in refused("data", "manifest", "--data", tmp_path / "nowhere", code=1)


def test_fetch_takes_what_is_there(place, speech, tmp_path, monkeypatch):
    from kwslib.speech import speech_commands

    asked = []
    monkeypatch.setattr(speech_commands, "fetch", lambda folder, test_only: asked.append((folder, test_only)))
    assert f"export KWS_DATA={speech}" in kws("data", "fetch").output
    kws("data", "fetch", "--data", tmp_path / "x", "--test-only")
    monkeypatch.chdir(tmp_path)
    assert f"export KWS_DATA={tmp_path / 'y'}\n" in kws("data", "fetch", "--data", "y").output
    monkeypatch.delenv("KWS_DATA")
    kws("data", "fetch")
    places = [(speech, False), (tmp_path / "x", True), (tmp_path / "y", False)]
    assert asked == [*places, (tmp_path / "cache" / "speech_commands", False)]


def test_doctor(place, monkeypatch):
    result = kws("doctor")
    assert result.exit_code == 0, result.output
    assert "Speech Commands" in result.output
    monkeypatch.setenv("KWS_DATA", "/nowhere")
    result = kws("doctor")
    assert result.exit_code == 1
    assert "MISSING  Speech Commands" in result.output
    assert result.stderr == "error: missing: Speech Commands; what to do stands above\n"


def test_every_command_is_where_the_group_says():
    for name in main.list_commands(None):
        assert main.get_command(None, name).name == name
    assert "No such command 'gone'" in kws("gone").stderr


def test_the_old_way_to_evaluate_says_the_new_one(place):
    assert "kws evaluate models/small" in refused("run", "--model", "models/small")


def test_data_inspect_shows_a_table_and_writes_a_page(place, tmp_path):
    folder = tmp_path / "mine"
    rng = np.random.default_rng(0)
    for word in ("yes", "other"):
        for number in range(4):
            corpora.write_wav(folder / word / f"{number}.wav", rng.normal(0, 500, 16000))
    corpora.write_wav(folder / "yes" / "\x1b[31m.wav", np.zeros(16000))
    result = kws("data", "inspect", folder, "--words", "yes", "--model", "models/small")
    assert result.exit_code == 0, result.output
    page = place / "inspections" / "mine.html"
    assert f"with players: {page}" in result.output and "<audio" in page.read_text()
    assert "silent, 1: nothing in it" in result.output and "yes/?[31m.wav" in result.output
    assert "split: clip by clip" in result.output and "small class, 2" in result.output
    clip = folder / "yes" / "0.wav"
    before = clip.read_bytes()
    assert f"--page {clip} would overwrite the clip {clip}" in refused("data", "inspect", folder, "--page", clip)
    assert clip.read_bytes() == before
    assert "has no WAV files of no" in refused("data", "inspect", folder, "--words", "no", code=1)
    assert "does not exist" in refused("data", "inspect", tmp_path / "nowhere", code=1)


def test_data_manifest_of_a_folder(place, speech):
    result = kws("data", "manifest", "--data", speech / "speech_commands_v0.02", "--words", "cat,yes")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["corpus"] == "folder" and found["splits"]["test"]["cat"] == 2
    assert found["split_rule"] == "by speaker, the official rule of Speech Commands"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ImportError("half imported"), DataError("half read")])
def test_what_fails_after_ctrl_c_is_an_interruption(monkeypatch, error):
    def interrupted(*_, **__):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise error

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("kwslib.cli.doctor.doctor.callback", interrupted)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = CliRunner().invoke(main, ["doctor"])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.exit_code, result.output) == (130, "interrupted\n")


def test_an_interrupt_in_the_middle_of_an_import_is_not_lost(monkeypatch, tmp_path):
    (tmp_path / "swallows_interrupts.py").write_text(
        "import signal\ntry:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    pass\n"
    )

    def imports(*_, **__):
        importlib.import_module("swallows_interrupts")
        time.sleep(20)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("kwslib.cli.doctor.doctor.callback", imports)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = CliRunner().invoke(main, ["doctor"])
    finally:
        signal.signal(signal.SIGINT, before)
        sys.modules.pop("swallows_interrupts", None)
    assert (result.exit_code, result.output) == (130, "interrupted\n")
