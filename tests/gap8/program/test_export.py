"""The exported project: built and tested by its own Makefile, without anything of this package."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from kwslib import subproc
from kwslib.errors import InputError
from kwslib.gap8.measure.deployment import run_and_check
from kwslib.gap8.measure.vendor_app import NOT_NESTED
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program.export import MARKER, export_project
from kwslib.integer import network_file
from kwslib.paths import cache_dir
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
