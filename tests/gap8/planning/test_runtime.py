"""Sizes of the runtime's own data against the C compilers'."""

import shutil
import sys

import pytest

from kwslib import subproc
from kwslib.gap8.hardware import CORES, STACK_BYTES
from kwslib.gap8.planning import runtime
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.program.codegen import FIRMWARE
from kwslib.gap8.program.templates import render
from kwslib.integer import network_file
from tests.gap8 import networks

CHECKS = """
#include <stddef.h>
#include "runtime.h"
{sizes}
_Static_assert(sizeof(struct inference) == {inference}, "struct inference");
_Static_assert(offsetof(struct input, codes) == {header}, "struct input");
_Static_assert(ARGUMENT_WORDS == {arguments}, "ARGUMENT_WORDS");
_Static_assert(CORES == {cores}, "CORES");
"""
STRUCTURES = {"step": runtime.STEP_BYTES, **runtime.KIND_BYTES, **runtime.TABLE_BYTES}
del STRUCTURES["class"]  # a pointer to a name
GCC = shutil.which("riscv64-unknown-elf-gcc")
COMPILERS = {
    "zig": [sys.executable, "-m", "ziglang", "cc", "--target=riscv32-freestanding-none"],
    "gcc": [GCC, "-march=rv32imc", "-mabi=ilp32", "-ffreestanding"],
}
COMPILERS = {name: command for name, command in COMPILERS.items() if command[0]}


@pytest.fixture(scope="module")
def planned():
    return plan(network_file.load(networks.post_training()))


def check(compiler, planned, folder, **changes):
    """Compile assertions of the sizes; `changes` are other sizes than those of the planner."""
    (folder / "counts.h").write_text(render("counts.h", plan=planned))
    sizes = [
        f'_Static_assert(sizeof(struct {name}) <= {size}, "struct {name} outgrew its bytes");'
        for name, size in (STRUCTURES | changes).items()
    ]
    source = folder / "checks.c"
    source.write_text(
        CHECKS.format(
            sizes="\n".join(sizes),
            inference=runtime._inference_bytes(len(planned.steps), len(planned.graph.layers)),
            header=runtime.INPUT_HEADER_BYTES,
            arguments=runtime.ARGUMENT_WORDS,
            cores=CORES,
        )
    )
    command = [*COMPILERS[compiler], "-c", f"-I{folder}", f"-I{FIRMWARE}", source, "-o", folder / "checks.o"]
    return subproc.run(command, timeout_s=300, check=False)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_c_structures_are_no_larger_than_planned(compiler, planned, tmp_path):
    done = check(compiler, planned, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_structure_that_outgrows_its_bytes_is_noticed(planned, tmp_path):
    done = check("zig", planned, tmp_path, general=runtime.KIND_BYTES["general"] // 2)
    assert done.returncode and "struct general outgrew" in done.stderr


def test_what_the_planner_gives_out_is_not_far_more(planned, tmp_path):
    """Room to spare, but not twice as much."""
    for name, size in runtime.KIND_BYTES.items():
        done = check("zig", planned, tmp_path, **{name: size // 2 - 1})
        assert done.returncode, name


def test_every_step_layer_and_share_takes_room():
    least = runtime.own_bytes(["front"], 1, 0)
    assert least >= CORES * STACK_BYTES
    assert runtime.own_bytes(["front", "pool"], 1, 0) - least >= runtime.STEP_BYTES + 104 - runtime.STACK_ALIGNMENT
    assert runtime.own_bytes(["front"], 1, 256) - least >= 1024 - runtime.STACK_ALIGNMENT
    sizes = [runtime.own_bytes(["general"] * n, n, 8 * n) for n in range(1, 30)]
    assert sizes == sorted(sizes)
    assert all(size % runtime.STACK_ALIGNMENT == 0 for size in sizes)


def test_code_bytes_count_every_table_step_share_and_kernel():
    tables = dict.fromkeys(runtime.TABLE_BYTES, 3)
    kinds = ["front", "pool"]
    least = runtime.code_bytes(tables, kinds, 0, [])
    assert least >= runtime.C_BYTES
    for more in (
        runtime.code_bytes(tables, kinds, 1250, []),
        runtime.code_bytes(tables, kinds, 0, [2500, 2500]),
        runtime.code_bytes(tables | {"layer": 3 + 5000 // runtime.TABLE_BYTES["layer"]}, kinds, 0, []),
        runtime.code_bytes(tables, kinds + ["softmax"] * (5000 // (runtime.STEP_BYTES + 16)), 0, []),
    ):
        assert 5000 - 1.2 * runtime.CODE_ALIGNMENT <= more - least <= 5000 + 1.2 * runtime.CODE_ALIGNMENT
