"""Sizes of the runtime's own data against the C compiler's."""

import sys

from kwslib import subproc
from kwslib.gap8.hardware import CORES, STACK_BYTES
from kwslib.gap8.planning import runtime
from kwslib.gap8.program.codegen import FIRMWARE

COUNTS = {"STEP_COUNT": 12, "LAYER_COUNT": 13, "TRANSFER_COUNT": 20, "GEOMETRY_COUNT": 14}
CHECKS = """
#include <stddef.h>
#include "runtime.h"
_Static_assert(sizeof(struct step) <= {step}, "struct step");
_Static_assert(sizeof(struct geometry) <= {geometry}, "struct geometry");
_Static_assert(sizeof(struct inference) == {inference}, "struct inference");
_Static_assert(offsetof(struct input, codes) == {header}, "struct input");
_Static_assert(ARGUMENT_WORDS == {arguments}, "ARGUMENT_WORDS");
_Static_assert(CORES == {cores}, "CORES");
"""


def test_c_structures_are_no_larger_than_planned(tmp_path):
    counts = ", ".join(f"{name} = {value}" for name, value in COUNTS.items())
    (tmp_path / "counts.h").write_text(f"enum {{ {counts} }};\n")
    source = tmp_path / "checks.c"
    source.write_text(
        CHECKS.format(
            step=runtime.STEP_BYTES,
            geometry=runtime.GEOMETRY_BYTES,
            inference=runtime._inference_bytes(COUNTS["STEP_COUNT"], COUNTS["LAYER_COUNT"]),
            header=runtime.INPUT_HEADER_BYTES,
            arguments=runtime.ARGUMENT_WORDS,
            cores=CORES,
        )
    )
    compiler = [sys.executable, "-m", "ziglang", "cc", "--target=riscv32-freestanding-none", "-c"]
    subproc.run([*compiler, f"-I{tmp_path}", f"-I{FIRMWARE}", source, "-o", tmp_path / "checks.o"], timeout_s=300)


def test_every_step_geometry_and_layer_takes_room():
    least = runtime.own_bytes(1, 1, 1)
    assert least >= CORES * STACK_BYTES
    assert runtime.own_bytes(2, 1, 1) - least >= runtime.STEP_BYTES - runtime.STACK_ALIGNMENT
    sizes = [runtime.own_bytes(n, n, n) for n in range(1, 30)]
    assert sizes == sorted(sizes)
    assert all(size % runtime.STACK_ALIGNMENT == 0 for size in sizes)
