import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest

from kwslib.errors import InputError, KwsError, ToolError
from kwslib.subproc import CommandFailed, CommandNotFound, CommandTimeout, for_each, kill_children, run


def python(code, **options):
    return run([sys.executable, "-c", code], **{"timeout_s": 30, **options})


def test_output_and_arguments_without_a_shell(tmp_path):
    done = run([sys.executable, "-c", "import sys; print(sys.argv[1:])", "$HOME; *", tmp_path], timeout_s=30)
    assert done.stdout == f"{['$HOME; *', str(tmp_path)]}\n"
    assert done.returncode == 0 and done.wall_s > 0
    assert done.args[-1] == str(tmp_path)


def test_standard_input_folder_and_variables(tmp_path):
    code = "import os, sys; print(os.getcwd(), os.environ['X'], 'PATH' in os.environ, sys.stdin.read())"
    done = python(code, stdin="hello", cwd=tmp_path, env={"X": "1"})
    assert done.stdout.split() == [str(tmp_path), "1", "True", "hello"]
    assert python("import sys; print(repr(sys.stdin.read()))").stdout == "''\n"


def test_lines_are_told_while_the_program_runs(tmp_path):
    flag, told = tmp_path / "flag", []
    code = """
import pathlib, sys, time
print("first", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("last", file=sys.stderr)
print("last")
"""

    def tell(line):
        told.append(line)
        flag.touch()  # without which the program would not end

    done = run([sys.executable, "-c", code, flag], timeout_s=60, tell=tell, log=tmp_path / "log")
    assert told == ["first", "last"]
    assert (done.stdout, done.stderr) == ("first\nlast\n", "last\n")
    assert (tmp_path / "log").read_text().endswith("first\nlast\nlast\n[exit status 0]\n")


def test_a_reader_that_fails_does_not_stop_the_program():
    def tell(line):
        raise BrokenPipeError(line)

    with pytest.raises(BrokenPipeError, match="0"):
        python("print(*range(100_000), sep='\\n')", tell=tell)


def test_a_timeout_with_lines():
    told = []
    with pytest.raises(CommandTimeout, match="did not end within 1 s\n  \\| here"):
        python("import time; print('here', flush=True); time.sleep(60)", timeout_s=1, tell=told.append)
    assert told == ["here"]


def test_bytes_that_are_no_text():
    assert python("import sys; sys.stdout.buffer.write(b'\\xff')").stdout == "\ufffd"


def test_failure_has_status_and_last_lines(tmp_path):
    code = "import sys; print(*range(40), sep='\\n'); print('why', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailed, match="failed with exit status 3") as caught:
        python(code, log=tmp_path / "log")
    text = str(caught.value)
    assert text.endswith("  | why") and "  | 39" in text and "  | 10\n" not in text
    assert f"whole log: {tmp_path / 'log'}" in text
    assert caught.value.completed.returncode == 3
    log = (tmp_path / "log").read_text()
    assert log.startswith("$ ") and "\n10\n" in log and log.endswith("why\n[exit status 3]\n")
    assert isinstance(caught.value, ToolError) and isinstance(caught.value, KwsError)


def test_unchecked_failure_returns():
    assert python("raise SystemExit(4)", check=False).returncode == 4


def test_signal_is_named():
    with pytest.raises(CommandFailed, match="was ended by signal 9\n  \\| \\(no output\\)"):
        python("import os; os.kill(os.getpid(), 9)")


def test_missing_program():
    with pytest.raises(CommandNotFound, match="cannot start 'no-such-program': .*is it installed"):
        run(["no-such-program"], timeout_s=5)


def test_timeout_kills_the_children_too(tmp_path):
    start_s = time.monotonic()
    # a shell, because it has printed its line long before the two seconds are over
    with pytest.raises(CommandTimeout, match="did not end within 2 s") as caught:
        run(["sh", "-c", "sleep 600 & echo $!; wait"], timeout_s=2, log=tmp_path / "log")
    assert time.monotonic() - start_s < 300
    pid = int(str(caught.value).rsplit("| ", 1)[1])
    for _ in range(600):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                break
        except OSError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the child lives on")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_program_starts_ends_the_program(monkeypatch, number):
    """A handler runs as soon as it can, in the middle of `Popen` too."""
    started, whole = [], subprocess.Popen

    class Interrupted(whole):
        def _execute_child(self, *args):
            super()._execute_child(*args)
            started.append(psutil.Process(self.pid))
            os.kill(os.getpid(), number)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(["sleep", "600"], timeout_s=600)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert started and not psutil.wait_procs(started, timeout=60)[1]


def test_programs_for_each_item_run_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    # each waits for the other's file
    wait = "touch {0}; while [ ! -e {1} ]; do sleep 0.01; done"
    places = [tmp_path / "one", tmp_path / "two"]
    done = for_each(lambda pair: run(["sh", "-c", wait.format(*pair)], timeout_s=300), [places, places[::-1]])
    assert [str(one.args[2]).split()[1].rstrip(";") for one in done] == [str(place) for place in places]
    assert for_each(run, []) == []


@pytest.mark.parametrize("ends", ["error", "interrupt"])
def test_an_error_or_ctrl_c_ends_the_programs_that_still_run(tmp_path, monkeypatch, ends):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    started, called = tmp_path / "pid", []

    def work(item: str) -> None:
        called.append(item)
        if item == "long":
            run(["sh", "-c", f"echo $$ > {started}.part; mv {started}.part {started}; sleep 600"], timeout_s=600)
        while not started.exists():
            time.sleep(0.01)
        if ends == "error":
            raise ValueError("wrong")
        os.kill(os.getpid(), signal.SIGINT)
        while psutil.pid_exists(int(started.read_text())):
            time.sleep(0.01)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(ValueError if ends == "error" else KeyboardInterrupt):
            for_each(work, ["long", "short", "never", "never"])
    finally:
        signal.signal(signal.SIGINT, before)
    assert not psutil.pid_exists(int(started.read_text()))
    assert called == ["long", "short"]


POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from kwslib.subproc import end_with_parent

if __name__ == "__main__":
    with ProcessPoolExecutor(2, get_context("spawn"), end_with_parent) as pool:
        print(*{pool.submit(os.getpid).result() for _ in range(20)}, flush=True)
        time.sleep(600)
"""


def test_a_pools_processes_end_with_the_one_that_made_it(tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(POOL)
    search = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    maker = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=search)
    workers = [psutil.Process(int(number)) for number in maker.stdout.readline().split()]
    maker.kill()
    maker.wait()
    maker.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=120)
    assert workers and not alive


def test_a_pools_processes_are_killed_in_the_middle_of_their_tasks():
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(abs, 0).result()
        task = pool.submit(time.sleep, 36_000)
        kill_children()
        with pytest.raises(BrokenProcessPool):
            task.result()


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan"), float("inf"), 1e23])
def test_no_program_is_waited_for_without_an_end(timeout_s):
    with pytest.raises(InputError, match="give more than 0 seconds, up to 1e\\+06"):
        run(["true"], timeout_s=timeout_s)
