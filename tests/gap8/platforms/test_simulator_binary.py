"""The compiled simulator: made on first use, named by its sources."""

import concurrent.futures
import sys
from pathlib import Path

import pytest

from kwslib.errors import KwsError
from kwslib.gap8.platforms.simulator import binary, executable
from kwslib.toolchain import HOST_VARIABLE, CompilerError, NoSuchCompiler


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fake_compiler(folder: Path, script: str) -> Path:
    compiler = folder / "fake-cc"
    compiler.write_text(f"#!{sys.executable}\n{script}\n")
    compiler.chmod(0o755)
    return compiler


COPY = "import sys, time; time.sleep(0.2); open(sys.argv[sys.argv.index('-o') + 1], 'wb').write(b'#!/bin/sh\\n')"


def test_a_compiler_of_the_system_can_be_chosen(empty_cache, tmp_path, monkeypatch):
    compiler = fake_compiler(tmp_path, COPY)
    monkeypatch.setenv(HOST_VARIABLE, str(compiler))
    program = executable()
    assert program.read_bytes() == b"#!/bin/sh\n" and program.is_relative_to(empty_cache)


def test_it_is_compiled_once(empty_cache, tmp_path):
    compiler = fake_compiler(tmp_path, COPY)
    before = executable(str(compiler)).stat().st_mtime_ns
    assert executable(str(compiler)).stat().st_mtime_ns == before


def test_unknown_compiler(empty_cache):
    with pytest.raises(NoSuchCompiler, match="no C compiler 'gcc-of-nobody'"):
        executable("gcc-of-nobody")


def test_failing_compiler_leaves_nothing_behind(empty_cache, tmp_path):
    compiler = fake_compiler(tmp_path, "import sys; print('sim.h: no such luck'); sys.exit(1)")
    with pytest.raises(CompilerError, match="no such luck"):
        executable(str(compiler))
    assert [path.suffix for path in empty_cache.rglob("*") if path.is_file()] == [".lock"]


def test_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(KwsError, match="cannot write .*; choose another cache folder with KWS_CACHE"):
        executable()


def test_two_first_uses_at_once(empty_cache, tmp_path):
    compiler = fake_compiler(tmp_path, COPY)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        programs = list(pool.map(lambda _: executable(str(compiler)), range(4)))
    assert len(set(programs)) == 1
    names = sorted(path.name for path in programs[0].parent.iterdir())
    assert names == ["gap8sim", "gap8sim.lock", "gap8sim.sha256"]


def test_other_sources_are_another_program(monkeypatch):
    before = binary.source_hash()
    monkeypatch.setattr(binary, "source_files", lambda: {"main.c": b"int main(void) { return 0; }"})
    binary.source_hash.cache_clear()
    try:
        assert binary.source_hash() != before
    finally:
        monkeypatch.undo()
        binary.source_hash.cache_clear()
    assert binary.source_hash() == before


def test_sources_are_the_c_files_and_the_table_of_instructions():
    files = binary.source_files()
    assert {"main.c", "sim.h", "isa_table.h"} <= set(files)
    assert all(name.endswith((".c", ".h")) for name in files)
