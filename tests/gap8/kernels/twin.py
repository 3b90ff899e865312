"""The portable twins on the host: the trials of the kernels, and the bytes that they must leave."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kwslib import subproc, toolchain
from kwslib.gap8.kernels.kernel import RequantisingKernel
from kwslib.gap8.program.codegen import FIRMWARE
from tests.gap8.kernels.case import Case

PROGRAM = """
#include "kernels.h"
int putchar(int), printf(const char *, ...);
uint8_t host_l1[L1_BYTES + 16], host_l2[L2_BYTES + 16];
struct trial {
    kernel_function *kernel;
    struct geometry geometry;
    const uint8_t *image;
    uint32_t bytes, output, size, arguments[8][64];
};
%s
int main(void) {
    for (uint32_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        const struct trial *t = &trials[i];
        for (uint32_t b = 0; b < t->bytes; b++) host_l1[b] = t->image[b];
        for (uint32_t core = 0; core < 8; core++)
            if (t->arguments[core][0]) t->kernel(t->arguments[core], &t->geometry);
        for (uint32_t b = 0; b < t->size; b++) printf("%%02x", ((uint8_t *)at(t->output))[b]);
        putchar('\\n');
    }
}
"""
COUNTS = """#include "network.h"
enum { STEP_COUNT = 1, LAYER_COUNT = 1, STAGE_COUNT = 0, TRANSFER_COUNT = 1 };
struct tables { struct step steps[STEP_COUNT]; };
"""
FLAGS = ("-DKWS_HOST", "-O1", "-fno-sanitize=all", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")


@dataclass(frozen=True)
class Twin:
    """A case, the kernel's twin, and the members of its ``struct geometry``."""

    case: Case
    function: str
    geometry: dict[str, int | str]


def own_shifts(kernel: RequantisingKernel) -> Any:
    """The kernel without a common shift: twins read every channel's."""
    return replace(kernel, rounding=replace(kernel.rounding, shift=None))


def requantisation(kernel: RequantisingKernel) -> dict[str, int | str]:
    """The members of a ``struct geometry`` that every requantising kernel has."""
    form = kernel.rounding
    return {
        "codes_signed": int(kernel.signed),
        "scaling": f"{{.form = {form.form.upper()}, .before = {form.before}, .high = {form.top}}}",
    }


def check_twins(twins: Sequence[Twin], folder: Path) -> None:
    """Compile the portable kernels, run all cases, compare every byte."""
    lines, trials = [], []
    for number, twin in enumerate(twins):
        trial = twin.case.trial
        lines.append(f"static const uint8_t image{number}[] = {{{','.join(map(str, trial.whole_image()))}}};")
        geometry = ", ".join(f".{name} = {value}" for name, value in twin.geometry.items())
        arguments = ", ".join("{" + ", ".join(map(str, words or [0])) + "}" for words in trial.arguments)
        image = f"image{number}, sizeof image{number}, {trial.output[0]}, {trial.output[1]}"
        trials.append(f"    {{{twin.function}, {{{geometry}}}, {image}, {{{arguments}}}}},")
    lines += ["static const struct trial trials[] = {", *trials, "};"]
    (folder / "twins.c").write_text(PROGRAM % "\n".join(lines))
    (folder / "counts.h").write_text(COUNTS)
    sources = [folder / "twins.c", FIRMWARE / "kernels" / "portable.c", FIRMWARE / "runtime.c"]
    includes = [f"-I{place}" for place in (folder, FIRMWARE, FIRMWARE / "kernels")]
    toolchain.compile_program(toolchain.find_host(), [*FLAGS, *includes, *sources], folder / "twins", folder)
    done = subproc.run([folder / "twins"], timeout_s=60)
    for twin, line in zip(twins, done.stdout.split(), strict=True):
        output = np.frombuffer(bytes.fromhex(line), np.uint8)
        np.testing.assert_array_equal(output, twin.case.expected, err_msg=twin.case.name)
