"""The exported project: built and tested by its own Makefile, without anything of this package."""

import errno
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from kwslib import subproc
from kwslib.config.events import EventParameters
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import InputError, KwsError
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.measure.vendor_app import NOT_NESTED
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.platforms.simulator import simulate
from kwslib.gap8.program.expected_stream import expected_stream, heard_text
from kwslib.gap8.program.export import MARKER, export_project
from kwslib.gap8.program.listening import listening
from kwslib.integer import network_file
from kwslib.paths import cache_dir
from tests.corpora import write_wav
from tests.gap8 import networks
from tests.gap8.equal import FLASH, only

ZIG = f"{sys.executable} -m ziglang cc"


@pytest.fixture(scope="module")
def network():
    return network_file.load(networks.quantised(*networks.SMALL), "network")


@pytest.fixture(scope="module")
def clips(network):
    one, other = networks.clips(network.input, 4)[2:]
    return [("one", one), ("other", other)]


@pytest.fixture(scope="module")
def project(network, clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "project"
    with only(FLASH):
        export_project(network, folder, clips)
    return folder


@pytest.fixture
def copy(project, tmp_path):
    return shutil.copytree(project, tmp_path / "copy")


def make(folder, *words, check=True):
    """Call make with ziglang as the only compiler, outside of this package's reach."""
    variables = {"ZIG_GLOBAL_CACHE_DIR": str(cache_dir() / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
    return subproc.run(
        ["make", f"PYTHON={sys.executable} -P", "RISCV_CC=", f"CC={ZIG}", *words],
        timeout_s=600,
        cwd=folder,
        env={**variables, **NOT_NESTED, "PYTHONPATH": ""},
        check=check,
    )


def test_it_builds_and_its_program_is_checked_by_its_own_make(copy, network, clips):
    make(copy)
    done, _ = run_and_check(open_platform("simulator"), network, copy / "network.elf", clips[0][1], 60)
    (copy / "printed").write_text(done.stdout)
    assert make(copy, "check", "LOG=printed").stdout == "one: equal to the reference in every layer\n"
    wrong = make(copy, "check", "LOG=printed", "VECTOR=other", check=False)
    assert wrong.returncode != 0 and "Checksum" in wrong.stdout
    make(copy, "VECTOR=other")
    run_and_check(open_platform("simulator"), network, copy / "network.elf", clips[1][1], 60)


def test_every_vector_is_tested_on_this_machine(copy):
    assert make(copy, "test").stdout.splitlines()[-2:] == [
        "one: equal to the reference in every layer",
        "other: equal to the reference in every layer",
    ]
    expected = copy / "vectors" / "other.expected"
    expected.write_text(expected.read_text().replace("Logits: ", "Logits: 1"))
    assert make(copy, "test", check=False).returncode != 0


@pytest.mark.parametrize(
    ("words", "message"),
    [(["VECTOR=third"], "no test vector 'third': there are one other"), (["check"], "error: make check LOG=file")],
)
def test_its_make_says_what_is_wrong(copy, words, message):
    done = make(copy, *words, check=False)
    assert done.returncode != 0 and message in done.stderr


def test_nothing_of_this_package_or_machine_is_named(project):
    for path in project.rglob("*"):
        if path.is_file() and path.suffix not in (".bin", ".input"):
            text = path.read_text()
            assert "import kwslib" not in text
            assert str(Path.home()) + "/" not in text and tempfile.gettempdir() not in text, path


def test_the_readme_says_what_a_firmware_must_know(project, network):
    text = (project / "README.md").read_text()
    assert f"490 {network.input.dtype} codes (49 × 10 × 1" in text and repr(network.input.scale) in text
    assert "external flash" in text


def test_a_project_is_replaced_only_when_asked_for(copy, network, clips):
    (copy / "mine.c").touch()
    with pytest.raises(InputError, match="holds an exported project: .* replace it with --force"):
        export_project(network, copy, clips)
    assert (copy / "mine.c").exists()
    export_project(network, copy, clips, force=True)
    assert (copy / MARKER).exists() and not (copy / "mine.c").exists()


@pytest.mark.parametrize("force", [False, True])
def test_another_folder_is_never_replaced(tmp_path, network, clips, force):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="is there and no exported project: choose another folder"):
        export_project(network, tmp_path, clips, force=force)
    with pytest.raises(InputError, match="is there and no exported project"):
        export_project(network, tmp_path / "thesis.tex", clips, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_may_be_used(tmp_path, network, clips):
    export_project(network, tmp_path, clips[:1])
    assert (tmp_path / "Makefile").is_file()


def test_two_clips_of_one_name(tmp_path, network, clips):
    with pytest.raises(InputError, match="two clips would be the test vector one"):
        export_project(network, tmp_path / "out", [clips[0], clips[0]])
    assert not (tmp_path / "out").exists()


LISTENS = "listening"
"""Name of the clip and of the recording in the project that listens."""


@pytest.fixture(scope="module")
def listener():
    graph = network_file.load(networks.quantised(*networks.SMALL), "network")
    return graph.with_front_end(FrontEnd("integer", 40, 20, 10))


@pytest.fixture(scope="module")
def listens(listener):
    parameters = EventParameters(hop_ms=500, smoothing_hops=1, threshold=0.2, refractory_ms=0, suppression_ms=0)
    return listening(listener, parameters, LABELS)


@pytest.fixture(scope="module")
def sound():
    noise = np.random.default_rng(8).normal(size=40_001) * np.geomspace(1, 20_000, 40_001)
    return np.clip(np.rint(noise), -32768, 32767).astype(np.int16)


@pytest.fixture(scope="module")
def listening_project(listener, listens, sound, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "project"
    export_project(listener, folder, [(LISTENS, sound[:16_000])], LABELS, False, listens, [(LISTENS, sound)])
    make(folder, "listen-host", "listen.elf")
    return folder


def hear(project, *words, given=b""):
    """Run the program of this machine; returns its status, what it printed, and its errors."""
    done = subprocess.run([project / "listen-host", *words], input=given, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.slow
@pytest.mark.slice
def test_a_project_that_listens_equals_the_reference_in_every_hop(listening_project, tmp_path):
    assert make(listening_project, "test").stdout.splitlines()[-1] == f"{LISTENS}: equal to the reference in every hop"
    done = simulate(listening_project / "listen.elf", timeout_s=120, check_uninitialised=True)
    assert done.exit_status == 0
    # Only the words that the first convolution masks reach into the guards around the fingerprint.
    readers = re.findall(r"never written \(core \w+, pc \w+ in (\w+)", done.stderr)
    assert done.uninitialised_reads <= 2 * 10 and set(readers) == {"run_front"}
    (tmp_path / "printed").write_text(done.stdout)
    checked = make(listening_project, "check-listen", f"LOG={tmp_path / 'printed'}")
    assert checked.stdout == f"{LISTENS}: equal to the reference in every hop\n"
    (tmp_path / "wrong").write_text(done.stdout.replace("logits ", "logits 0", 1))
    assert make(listening_project, "check-listen", f"LOG={tmp_path / 'wrong'}", check=False).returncode != 0


def test_its_program_hears_files_and_its_standard_input(listening_project, listener, listens, sound, tmp_path):
    expected = heard_text(expected_stream(listener, listens, sound), listens, LABELS)
    words = "".join(line for line in expected.splitlines(True) if not line.startswith("Hop"))
    assert words
    write_wav(tmp_path / "sound.wav", sound)
    wav, raw = (tmp_path / "sound.wav").read_bytes(), sound.tobytes()
    assert hear(listening_project, tmp_path / "sound.wav") == (0, words, "")
    assert hear(listening_project, "--hops", "-", given=wav) == (0, expected, "")
    assert hear(listening_project, given=raw) == (0, words, "")
    unset = wav[:4] + b"\xff" * 4 + wav[8:40] + b"\xff" * 4 + wav[44:]
    assert hear(listening_project, given=unset) == (0, words, "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda wav: b"", "holds no samples"),
        (lambda wav: wav[44:-1], "ends within a sample: an odd number of bytes"),
        (lambda wav: wav[:-100], "ends before its header says: cut short"),
        (lambda wav: wav[:20], "a WAV file"),
        (lambda wav: wav[:24] + (8000).to_bytes(4, "little") + wav[28:], "not 16-bit mono sound at 16000 Hz"),
        (lambda wav: wav[:36] + b"LIST" + wav[40:], "a WAV file without samples"),
    ],
)
def test_its_program_says_what_is_wrong_with_sound(listening_project, sound, tmp_path, given, message):
    write_wav(tmp_path / "sound.wav", sound)
    status, _, error = hear(listening_project, given=given((tmp_path / "sound.wav").read_bytes()))
    assert status == 1 and message in error


def test_its_program_names_a_missing_file_and_its_usage(listening_project, tmp_path):
    assert hear(listening_project, tmp_path / "none.wav")[::2] == (
        1,
        f"error: {tmp_path / 'none.wav'}: cannot be read\n",
    )
    assert hear(listening_project, "--help")[0] == 2


def test_its_readme_shows_how_a_firmware_listens(listening_project):
    text = " ".join((listening_project / "README.md").read_text().split())
    assert "Every 500 ms the front end computes the 25 new frames of 49" in text
    for name in ("listen_push", "listen_full", "listen_ahead", "listen_decide"):
        assert f"{name}(" in text and f"{name}(" in (listening_project / "listen.h").read_text()


def test_a_full_disk_leaves_nothing(listener, listens, sound, tmp_path, monkeypatch):
    write = Path.write_bytes

    def full(path, data):
        if path.suffix == ".pcm":
            write(path, data[:100])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(KwsError, match="cannot write .*out: No space left on device; free space or choose another"):
        export_project(listener, tmp_path / "out", [("a", sound[:16_000])], LABELS, False, listens, [("a", sound)])
    assert not list(tmp_path.iterdir())
