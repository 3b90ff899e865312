"""The portable twins on the host: the same trials, the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kwslib import subproc
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.program import toolchain
from kwslib.gap8.program.codegen import FIRMWARE
from tests.gap8.kernels.case import Case

PROGRAM = """
#include "kernels.h"
int putchar(int), printf(const char *, ...);
uint8_t host_l1[L1_BYTES + 16], host_l2[L2_BYTES + 16];
struct trial { kernel_function *kernel; const struct geometry geometry; const uint8_t *image; uint32_t bytes, output, size;
               uint32_t cores[8][64]; };
TRIALS
int main(void) {
    for (uint32_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        const struct trial *t = &trials[i];
        for (uint32_t b = 0; b < t->bytes; b++) host_l1[b] = t->image[b];
        for (uint32_t core = 0; core < 8; core++)
            if (t->cores[core][0]) t->kernel(t->cores[core], &t->geometry);
        for (uint32_t b = 0; b < t->size; b++) printf("%02x", ((uint8_t *)at(t->output))[b]);
        putchar('\\n');
    }
}
"""


@dataclass(frozen=True)
class Twin:
    """A case, the kernel's twin, and the members of its ``struct geometry``."""

    case: Case
    function: str
    geometry: dict[str, Any]


def scaling(rounding: Rounding) -> str:
    """The initialiser of a ``struct scaling``."""
    return f"{{.form = {rounding.form.upper()}, .before = {rounding.before}, .high = {rounding.top}}}"


def check(twins: Sequence[Twin], folder: Path) -> None:
    """Compile the portable kernels, run all cases, compare every byte."""
    images, trials = [], []
    for number, twin in enumerate(twins):
        trial = twin.case.trial
        image = trial.whole_image()
        images.append(f"static const uint8_t image{number}[] = {{{','.join(map(str, image))}}};")
        members = ", ".join(f".{name} = {value}" for name, value in twin.geometry.items())
        cores = ", ".join("{" + ", ".join(map(str, words or [0])) + "}" for words in trial.arguments)
        entry = f"{{{twin.function}, {{{members}}}, image{number}, sizeof image{number}, {trial.output[0]}, {trial.output[1]}, {{{cores}}}}}"
        trials.append(entry)
    text = PROGRAM.replace(
        "TRIALS", "\n".join(images) + "\nstatic const struct trial trials[] = {" + ",\n".join(trials) + "};"
    )
    (folder / "twin.c").write_text(text)
    (folder / "counts.h").write_text(
        "enum { STEP_COUNT = 1, LAYER_COUNT = 1, TRANSFER_COUNT = 1, GEOMETRY_COUNT = 1 };\n"
    )
    compiler = toolchain.find_host()
    sources = [folder / "twin.c", FIRMWARE / "kernels" / "portable.c", FIRMWARE / "runtime.c"]
    flags = ["-DKWS_HOST", "-O1", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-fno-sanitize=all"]
    command = [*compiler.words, *flags, f"-I{folder}", f"-I{FIRMWARE}", f"-I{FIRMWARE / 'kernels'}"]
    subproc.run([*command, "-o", folder / "twin", *sources], timeout_s=300)
    done = subproc.run([folder / "twin"], timeout_s=60)
    for twin, line in zip(twins, done.stdout.split(), strict=True):
        output = np.frombuffer(bytes.fromhex(line), np.uint8)
        np.testing.assert_array_equal(output, twin.case.expected, err_msg=twin.case.name)
