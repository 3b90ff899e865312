import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

from kwslib.config.baselines import baseline_network
from kwslib.errors import DataError, InputError, KwsError
from kwslib.gap8.measure import deployment_record
from kwslib.runs import deployments, execution, records
from kwslib.runs.execution import make_run
from kwslib.runs.notebook import NotebookError
from kwslib.runs.parameters import check
from kwslib.speech.speech_commands import MAIN_FOLDER
from kwslib.speech.split import which_set
from tests import corpora
from tests.places import ROOT


def program(code, **variables):
    search = str(ROOT)
    env = {**os.environ, "PYTHONPATH": search, **variables}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    )


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, limit_s=120):
    end_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end_s, "took too long"
        time.sleep(0.05)


def test_run_is_put_in_place_whole_and_kept(place):
    stream = io.StringIO()
    run = make_run({"seed": 3}, stream=stream)
    assert run.folder == place / "quick-small-s3"
    assert "going on from 0" in stream.getvalue()
    assert sorted(path.name for path in place.iterdir()) == [".locks", ".partial", "quick-small-s3"]
    assert not list((place / ".partial").iterdir())
    notebook = nbformat.read(run.folder / "train.ipynb", as_version=4)
    injected = next(cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", ()))
    assert "seed = 3" in injected.source
    assert str(place) not in json.dumps(notebook)
    before = (run.folder / "metrics.json").stat().st_mtime_ns
    stream = io.StringIO()
    assert make_run({"seed": 3}, stream=stream) == run
    assert stream.getvalue() == ""
    assert (run.folder / "metrics.json").stat().st_mtime_ns == before
    make_run({"seed": 3}, force=True, stream=stream)
    assert "going on from 0" in stream.getvalue()


def test_up_to_date_only_with_the_same_inputs(place, monkeypatch):
    run = make_run({"seed": 2})
    corpus = run.corpus.hash
    assert execution.up_to_date(check(seed=2), corpus, run.folder) == run
    assert execution.up_to_date(check(seed=2, front_end="magnitude"), corpus, run.folder) is None
    assert execution.up_to_date(check(seed=2, channels=8), corpus, run.folder) is None
    assert execution.up_to_date(check(seed=2), "0" * 64, run.folder) is None
    other = execution.make_run({"seed": 2, "channels": 8, "run": "other"})
    assert execution.up_to_date(check(seed=2), corpus, other.folder) is None
    assert execution.up_to_date(check(seed=2, channels=8), corpus, other.folder) == other
    assert execution.up_to_date(check(seed=2), corpus, run.folder.with_name("nothing")) is None
    with monkeypatch.context() as patch:
        patch.setattr(execution, "__version__", "99")
        assert execution.up_to_date(check(seed=2), corpus, run.folder) is None
    for name in ("model.tflite", "train.ipynb", "metrics.json", "history.csv", "mistakes/mistakes.json"):
        content = (run.folder / name).read_bytes()
        (run.folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert execution.up_to_date(check(seed=2), corpus, run.folder) is None
        (run.folder / name).write_bytes(content)
    assert execution.up_to_date(check(seed=2), corpus, run.folder) == run
    (run.folder / "train.ipynb").unlink()
    assert execution.up_to_date(check(seed=2), corpus, run.folder) is None


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (14, "failed: ZeroDivisionError in cell 3: a bug\n"),
        (15, "failed: the notebook's process was ended, perhaps for lack of memory"),
    ],
)
def test_failure_keeps_the_notebook_apart(place, seed, message):
    with pytest.raises(NotebookError, match=re.escape(message)) as caught:
        make_run({"seed": seed})
    assert "Traceback" not in str(caught.value)
    kept = place / "failed" / f"quick-small-s{seed}.ipynb"
    assert str(kept) in str(caught.value)
    assert not (place / f"quick-small-s{seed}").exists()
    text = kept.read_text()
    assert nbformat.read(kept, as_version=4)
    if seed != 15:
        assert "Execution using papermill encountered an exception here" in text


def test_failure_leaves_what_was_there(place):
    first = make_run({"run": "mine", "seed": 3})
    with pytest.raises(NotebookError, match="run mine failed: the thirteenth clip is damaged; remove it\n"):
        make_run({"run": "mine", "seed": 13})
    assert records.load(place / "mine") == first
    assert make_run({"run": "mine", "seed": 4}) == records.load(place / "mine") != first
    assert not list((place / "failed").iterdir())


def test_bad_input_starts_nothing(place, tmp_path):
    with pytest.raises(InputError, match="did you mean 'small'"):
        make_run({"size": "smal"})
    with pytest.raises(DataError, match="does not exist"):
        make_run({"data": str(tmp_path / "nowhere")})
    assert not place.exists()


def test_a_corpus_without_a_word_to_test_with_is_refused_before_anything_starts(place, tmp_path):
    data = corpora.build(tmp_path / "part")
    for path in (data / MAIN_FOLDER).glob("*/*.wav"):
        if which_set(path.name) == "test" and path.parent.name in ("yes", "no"):
            path.unlink()
    message = rf"part has no test clips of yes, no: .*; or name {data / MAIN_FOLDER} with --data"
    with pytest.raises(DataError, match=message):
        make_run({"data": str(data), "words": "yes,no"})
    assert not place.exists()


@pytest.mark.parametrize(
    ("folder", "clips", "message"),
    [
        ("one", 1, "'marvin' has 1 clip: at least 3 are needed, one to train with, one to choose the best step by"),
        ("few", 9, "training clips, a batch needs 100: give batch_clips of at most"),
    ],
)
def test_a_folder_with_too_few_clips_is_refused_before_anything_starts(place, tmp_path, folder, clips, message):
    for word in ("marvin", "other"):
        for clip in range(clips):
            corpora.write_wav(tmp_path / folder / word / f"{clip}.wav", np.full(16000, clip, np.int16))
    with pytest.raises(KwsError, match=message):
        make_run({"data": str(tmp_path / folder), "words": "marvin"})
    assert not place.exists()


def test_a_network_that_gap8_cannot_hold_is_refused_before_its_training(place, gap8):
    with pytest.raises(InputError, match="large-1024ch.* does not fit GAP8, in none of .* lacks .* bytes"):
        make_run({"size": "large", "channels": 1024, "blocks": 2})
    assert not place.exists()


def test_results_folder_that_cannot_be_written(place, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "file" / "results"))
    with pytest.raises(KwsError, match="cannot write .*KWS_RESULTS"):
        make_run({})


def test_killed_run_takes_its_kernel_along_and_goes_on(place):
    code = "import sys\nfrom kwslib.runs.execution import make_run\nmake_run({'steps': 200}, stream=sys.stdout)"
    parent = program(code)
    kernel = None
    for line in parent.stdout:
        if line.startswith("kernel"):
            kernel = int(line.split()[1])
        if line.startswith("step 3"):
            break
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not alive(kernel))
    count = next(place.glob(".partial/*/*/*/training/count"))
    done = int(count.read_text())
    assert 3 <= done < 200
    assert not (place / "quick-small-200steps").exists()
    count.write_text("198")
    stream = io.StringIO()
    run = make_run({"steps": 200}, stream=stream)
    assert "going on from 198" in stream.getvalue()
    assert run.training.best_step == 200


def test_kernel_is_the_running_interpreter(place, monkeypatch, tmp_path):
    """A kernel named python3 that is another interpreter, put where Jupyter looks first, is not used."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["/bin/false", "{connection_file}"], "display_name": "x", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir("/")
    assert make_run({"seed": 5}).seed == 5


def test_a_network_is_deployed_after_its_training_and_again_alone_when_something_changed(place, gap8, monkeypatch):
    stream = io.StringIO()
    run = make_run({"seed": 6}, stream=stream)
    assert "deployed quick-small-s6" in stream.getvalue()
    assert deployments.of_run(run).deployment.clips_checked == 20
    text = (run.folder / "gap8.ipynb").read_text()
    assert "# On GAP8: quick-small-s6" in text
    assert str(place) not in text
    assert not list((place / ".partial").iterdir())
    before = (run.folder / "gap8.ipynb").stat().st_mtime_ns
    make_run({"seed": 6}, stream=stream)
    assert (run.folder / "gap8.ipynb").stat().st_mtime_ns == before
    monkeypatch.setattr(deployments, "sources_digest", lambda: "others")
    assert not execution.deployed(run)
    stream = io.StringIO()
    make_run({"seed": 6}, stream=stream)
    assert stream.getvalue().split() == ["deployed", "quick-small-s6"]


def test_a_failed_deployment_leaves_the_training_and_is_tried_again_alone(place, gap8):
    (gap8 / "refuse").touch()
    with pytest.raises(NotebookError, match="run quick-small-s6 is trained, but not on GAP8: no layer is right\n"):
        make_run({"seed": 6})
    failed = place / "failed" / "quick-small-s6.gap8.ipynb"
    assert "no layer is right" in failed.read_text()
    run = records.load(place / "quick-small-s6")
    assert not (run.folder / "gap8.ipynb").exists()
    (gap8 / "refuse").unlink()
    stream = io.StringIO()
    make_run({"seed": 6}, stream=stream)
    assert stream.getvalue().split() == ["deployed", "quick-small-s6"]
    assert not failed.exists()


@pytest.mark.slow
def test_real_notebook_trains_and_keeps_everything(monkeypatch, tmp_path, speech):
    for name, value in {"DATA": speech, "CACHE": tmp_path / "cache", "RESULTS": tmp_path / "r"}.items():
        monkeypatch.setenv(f"KWS_{name}", str(value))
    run = make_run({"steps": 8})
    assert run.agreement.different_logit_codes_tflite_and_reference == 0
    assert run.training.schedule.float_steps == 6
    for name in ("train.ipynb", "metrics.json", "accuracy.csv", "history.csv", "model.tflite", "mistakes"):
        assert (run.folder / name).exists()
    again = make_run({"steps": 8}, force=True)
    assert records.comparable(again) == records.comparable(run)


@pytest.mark.slow
def test_plain_papermill_runs_the_notebook(tmp_path, speech):
    variables = {"KWS_DATA": str(speech), "KWS_CACHE": str(tmp_path / "cache"), "KWS_RESULTS": str(tmp_path / "r")}
    checkout = ROOT
    command = [sys.executable, "-m", "papermill", checkout / "book" / "train.ipynb", tmp_path / "out.ipynb"]
    command += ["-p", "size", "small", "-p", "steps", "8"]
    env = {**os.environ, **variables, "PYTHONPATH": str(checkout)}
    subprocess.run(command, env=env, check=True, timeout=600, cwd=tmp_path)
    assert records.load(tmp_path / "r" / "quick-small-8steps").size == "small"
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4)
    command[3:5] = [checkout / "book" / "gap8.ipynb", tmp_path / "gap8.ipynb"]
    command[5:] = ["-p", "run", "quick-small-8steps", "-p", "clips", "2"]
    subprocess.run(command, env=env, check=True, timeout=600, cwd=tmp_path)
    found = deployment_record.load(tmp_path / "r" / "quick-small-8steps" / "gap8")
    assert found.clips_checked == 2
    assert found.cycles < baseline_network("small").cycles


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_ends_with_a_clear_error(place):
    """The executed notebook cannot be written: its place is a link to a device that is always full."""
    inputs = execution.staging(check(seed=2), execution.corpus_hash("speech_commands", os.environ["KWS_DATA"]), place)
    inputs.mkdir(parents=True)
    (inputs / "train.ipynb").symlink_to("/dev/full")
    with pytest.raises(
        NotebookError, match="cannot write .*train.ipynb: No space left on device; free space"
    ) as caught:
        make_run({"seed": 2})
    assert "its notebook" not in str(caught.value)
    assert not (place / "quick-small-s2").exists()
