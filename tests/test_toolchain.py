"""Compilers: which one is called, what happens without one, what lies in the cache."""

import importlib.util
import stat
import sys

import pytest

from kwslib import toolchain
from kwslib.errors import InputError, ToolError
from kwslib.gap8.program import cross_compilers
from kwslib.toolchain import CompilerError, NoSuchCompiler

FINDERS = {toolchain.HOST_VARIABLE: toolchain.find_host, cross_compilers.RISCV_VARIABLE: cross_compilers.find_riscv}
SCRIPT = """import pathlib, sys
program = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
if {refuses!r} in sys.argv:
    sys.exit("{message}")
program.write_text(" ".join(word for word in sys.argv[1:] if word != str(program)))
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    for variable in FINDERS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def fake(folder, refuses="", message="", name="fake-cc"):
    """A compiler that writes its arguments into the program, or refuses one of them."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n" + SCRIPT.format(refuses=refuses, message=message))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("variable", FINDERS)
def test_the_variable_comes_before_ziglang(place, monkeypatch, variable):
    assert FINDERS[variable]().is_zig and FINDERS[variable]().name.startswith("ziglang 0.15.")
    monkeypatch.setenv(variable, str(fake(place)))
    found = FINDERS[variable]()
    assert not found.is_zig and found.name == found.words[0] == str(place / "fake-cc")


def test_an_argument_comes_before_the_variable(place, monkeypatch):
    monkeypatch.setenv(toolchain.HOST_VARIABLE, "no-such-cc")
    assert toolchain.find_host(str(fake(place))).name == str(place / "fake-cc")


def test_a_compiler_for_gap8_is_called_with_its_target(place, monkeypatch):
    assert cross_compilers.find_riscv().words[-len(cross_compilers.ZIG_TARGET) :] == cross_compilers.ZIG_TARGET
    monkeypatch.setenv(cross_compilers.RISCV_VARIABLE, str(fake(place)))
    assert cross_compilers.find_riscv().words[1:] == cross_compilers.GCC_TARGET


@pytest.mark.parametrize("variable", FINDERS)
def test_a_compiler_that_does_not_exist(monkeypatch, variable):
    monkeypatch.setenv(variable, "no-such-cc")
    with pytest.raises(NoSuchCompiler, match=f"compiler 'no-such-cc': give {variable} the name or path") as caught:
        FINDERS[variable]()
    assert isinstance(caught.value, InputError) and caught.value.exit_code == InputError.exit_code


@pytest.mark.parametrize("variable", FINDERS)
def test_no_compiler_at_all(monkeypatch, variable):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        CompilerError, match=rf"compiler: install ziglang \(pip install .*\), or set {variable} to"
    ) as caught:
        FINDERS[variable]()
    assert caught.value.exit_code == ToolError.exit_code


def test_a_program_appears_whole(place):
    compiler = toolchain.find_host(str(fake(place)))
    toolchain.compile_program(compiler, ["-O2", "main.c"], place / "out" / "program", place)
    assert (place / "out" / "program").read_text() == "-O2 main.c -o"
    assert [path.name for path in (place / "out").iterdir()] == ["program"]


def test_or_not_at_all(place):
    compiler = toolchain.find_host(str(fake(place, refuses="-O2", message="main.c:1: error: no such luck")))
    with pytest.raises(CompilerError, match=r"(?s)failed with exit status 1.*main.c:1: error: no such luck"):
        toolchain.compile_program(compiler, ["-O2", "main.c"], place / "out" / "program", place)
    assert not list((place / "out").iterdir())


FILES = {"main.c": b"int main(void) { return 3; }", "parts/part.c": b"", "part.h": b""}


def test_the_cache_keeps_one_program_for_each_state(place):
    compiler = toolchain.find_host(str(fake(place)))
    path = toolchain.compile_cached("kind/name", compiler, ("-O2",), FILES)
    assert path.relative_to(place / "cache").parts[::2] == ("kind", "name")
    assert path.read_text() == "-O2 -I. main.c parts/part.c -o"
    written = path.stat().st_mtime_ns
    assert toolchain.compile_cached("kind/name", compiler, ("-O2",), FILES) == path
    assert path.stat().st_mtime_ns == written
    others = [
        toolchain.compile_cached("kind/name", compiler, ("-O3",), FILES),
        toolchain.compile_cached("kind/name", compiler, ("-O2",), FILES | {"part.h": b"x"}),
        toolchain.compile_cached("kind/name", toolchain.find_host(str(fake(place, name="other"))), ("-O2",), FILES),
    ]
    assert len({path, *others}) == 4


@pytest.mark.parametrize(
    ("message", "words"),
    [("undefined symbol: __udivti3", "-I. main.c parts/part.c -o"), ("main.c:1: error: no such luck", None)],
)
def test_ziglangs_runtime_is_compiled_when_a_symbol_is_missing(place, message, words):
    compiler = toolchain.Compiler((str(fake(place, "-rtlib=none", message)),), is_zig=True)
    if words is None:
        with pytest.raises(CompilerError, match=message):
            toolchain.compile_cached("kind/name", compiler, (), FILES, without_runtime=True)
    else:
        assert toolchain.compile_cached("kind/name", compiler, (), FILES, without_runtime=True).read_text() == words


def test_a_digest_depends_on_names_and_contents():
    one = toolchain.digest({"a": b"bc", "d": b""})
    assert len(one) == 16 and len({one, toolchain.digest({"ab": b"c", "d": b""}), toolchain.digest({"a": b"bc"})}) == 3
