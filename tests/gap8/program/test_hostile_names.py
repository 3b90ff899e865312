"""Labels, names of networks and of clips that would do something where they are written into C or a Makefile."""

import subprocess

import numpy as np
import pytest

from kwslib import toolchain
from kwslib.errors import InputError
from kwslib.gap8.program import codegen
from kwslib.gap8.program.expected_output import expected_text, printed
from kwslib.gap8.program.export import export_project
from kwslib.integer.network_file import load
from tests.gap8.networks import SMALL, quantised

NAMES = [
    '"', 'quote"; int x = 0; "', "back\\", "\\n\\0", "%n%s%d", "??/", '""-', "??-x", "??=define", "*/ evil /*", "// x",
    "$(shell touch owned)", "`touch owned`", "'; touch owned; '", "a\nb", "a\r\x1b[2Jb", "<script>alert(1)</script>",
    "tab\there", "naïve", "日本", "\u202eevil", "7\x007", "\\\n", "#include <x>", "@@", "{{ 7 * 7 }}", "x" * 3000,
]  # fmt: skip


def test_c_strings_hold_what_is_printed(tmp_path):
    values = ", ".join(codegen._string(name) for name in NAMES)
    source = f"#include <stdio.h>\nconst char *const names[] = {{{values}}};\n"
    source += f"int main(void) {{ for (int i = 0; i < {len(NAMES)}; i++) puts(names[i]); return 0; }}\n"
    assert source.isascii()
    (tmp_path / "names.c").write_text(source)
    compiler, program = toolchain.find_host(), tmp_path / "names"
    for standard in ("-std=c11", "-std=gnu17"):  # with trigraphs, and without
        toolchain.compile_program(compiler, [standard, "-Wall", "-Wno-trigraphs", "names.c"], program, tmp_path)
        found = subprocess.run([program], capture_output=True, check=True).stdout.decode()
        assert found == "".join(printed(name) + "\n" for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_one_line(name):
    assert printed(name).splitlines() == [printed(name)] and len(printed(name)) == len(name)
    assert printed(name).isprintable()


def test_labels_of_letters_digits_and_hyphens_stay_as_they_are():
    for name in ("_silence_", "yes", "S2_Conv2d_64x1x3x3_Relu", "best-small", "F1_Load v0.1"):
        assert codegen._string(name) == f'"{name}"'


def test_what_a_program_must_print_has_the_same_names():
    graph = load(quantised(*SMALL), "a\nb")
    codes = np.zeros(graph.input.shape, graph.input.dtype)
    text = expected_text(graph, codes, ["<\n>%n"] * graph.classes)
    assert text.splitlines()[0] == "Network: a?b" and text.splitlines()[-1].endswith(" <?>%n")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "x" * 3000] + ["", "a b", "a/b", "x" * 300])
def test_no_such_name_gets_into_a_makefile(tmp_path, name):
    graph = load(quantised(*SMALL), "small")
    codes = np.zeros(graph.input.shape, graph.input.dtype)
    with pytest.raises(InputError, match="cannot name a test vector: use letters, digits"):
        export_project(graph, tmp_path / "project", [("good", codes), (name, codes)])
    assert not (tmp_path / "project").exists()
