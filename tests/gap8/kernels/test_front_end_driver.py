"""The front end's C: which core computes what, on a host in portable C, and on the simulator with the kernels."""

import sys
from pathlib import Path

import numpy as np
import pytest

from kwslib import subproc, toolchain
from kwslib.config.front_end import FrontEnd
from kwslib.gap8.hardware import L1_BASE
from kwslib.gap8.kernels.front_end_bands import FrontEndBands
from kwslib.gap8.kernels.front_end_codes import FrontEndCodes
from kwslib.gap8.kernels.front_end_layout import Memory, layout, members, scratch_bytes, shared_bytes
from kwslib.gap8.kernels.front_end_logs import FrontEndLogs
from kwslib.gap8.kernels.front_end_transform import FrontEndFirst, FrontEndSecond, FrontEndThird
from kwslib.gap8.platforms.simulator import simulate
from kwslib.gap8.program.codegen import FIRMWARE
from kwslib.integer.front_end import codes_of
from kwslib.integer.front_end_tables import tables_of
from kwslib.runs.clips import DEFAULT_CLIP
from kwslib.speech.wav import read_wav
from tests.gap8.kernels.harness import COMPILE, HERE, PROBES
from tests.gap8.kernels.twin import COUNTS, FLAGS

SMALL, LARGE = FrontEnd("integer", 40, 20, 10), FrontEnd("integer", 30, 10, 40)
OTHER = FrontEnd("integer", 16, 8, 13, bands=27, lower_hz=0, upper_hz=8000)
NARROW = FrontEnd("integer", 16, 8, 20, bands=60)
"""The bands are as narrow as bins, so that weights have all the bits that they may."""
KERNELS = ("first", "second", "third", "bands", "logs", "codes")
SLOTS = ("first_pass", "second_pass", "third_pass", "make_bands", "make_logs", "make_codes")
HOST = """
#include "front_end.h"
int printf(const char *, ...);
uint8_t host_l1[L1_BYTES + 16], host_l2[L2_BYTES + 16];
static const struct front_end front_end = {%s};
static const uint32_t constants[] = {%s};
static const int16_t sound[] = {%s};
int main(void) {
    __builtin_memcpy(at(%d), constants, sizeof constants);
    __builtin_memcpy(at(L2_BASE), sound, sizeof sound);
    front_end_run(0, &front_end, L2_BASE, %d, L2_BASE + 256 * 1024);
    for (int i = 0; i < %d; i++) printf("%%02x", ((uint8_t *)at(L2_BASE + 256 * 1024))[i]);
}
"""


def sound() -> np.ndarray:
    """A second: speech, then silence, then noise that becomes louder."""
    clip = read_wav(DEFAULT_CLIP)[:9000]
    noise = np.random.default_rng(2).normal(size=5000) * np.geomspace(0.3, 20000, 5000)
    parts = (clip, np.zeros(16000 - len(clip) - 5000), noise)
    return np.clip(np.rint(np.concatenate(parts)), -32768, 32767).astype(np.int16)


def numbers(values: np.ndarray) -> str:
    return ",".join(map(str, values.tolist()))


@pytest.mark.parametrize("one", (SMALL, LARGE, OTHER, NARROW), ids=lambda one: one.key)
def test_portable_c_equals_the_specification(one, tmp_path: Path):
    tables, samples = tables_of(one), sound()
    constants = layout(tables).words()
    at = Memory(L1_BASE, L1_BASE + 20000, L1_BASE + 40000)
    fields = [f".{name} = {value}" for name, value in members(tables, at, -3).items()]
    fields += [f".{slot} = portable_front_end_{name}" for slot, name in zip(SLOTS, KERNELS, strict=True)]
    expected = codes_of(samples[None], one, 125)[0]
    count = expected.size
    text = HOST % (", ".join(fields), numbers(constants), numbers(samples), L1_BASE, len(expected), count)
    (tmp_path / "main.c").write_text(text)
    (tmp_path / "counts.h").write_text(COUNTS)
    sources = [tmp_path / "main.c", FIRMWARE / "front_end.c", FIRMWARE / "kernels" / "front_end.c"]
    includes = [f"-I{place}" for place in (tmp_path, FIRMWARE)]
    warnings = ("-Wall", "-Wextra", "-Werror")
    flags = [*FLAGS, *warnings, "-fsanitize=undefined", "-fsanitize-trap=undefined", *includes]
    toolchain.compile_program(toolchain.find_host(), [*flags, *sources], tmp_path / "main", tmp_path)
    done = subproc.run([tmp_path / "main"], timeout_s=60)
    found = np.frombuffer(bytes.fromhex(done.stdout), np.int8).reshape(expected.shape)
    np.testing.assert_array_equal(found.astype(int) + 128, expected)


def program(one: FrontEnd, samples: np.ndarray, frames: int, folder: Path) -> Path:
    """Build the program of ``front_end_main.c`` for a front end and some sound."""
    tables = tables_of(one)
    made = [
        *(FrontEndFirst(tables.first_radix, tables.legs), FrontEndSecond(tables.first_radix)),
        *(FrontEndThird(tables.first_radix), FrontEndBands(tables.weight_bits), FrontEndLogs()),
        FrontEndCodes(one.bands, one.coefficients, tables.code_shift),
    ]
    names = [f"kernel_{name}" for name in KERNELS]
    (folder / "kernels.S").write_text("".join(kernel.text(name) for kernel, name in zip(made, names, strict=True)))
    constants = layout(tables).words()
    read = 2 * 128 * tables.legs
    slot = 7 * 2 * one.stride_samples + read
    sizes = (4 * len(constants), 8 * scratch_bytes(tables), shared_bytes(tables), 2 * slot, frames * one.coefficients)
    at = np.r_[0, np.cumsum([-(-size // 4) * 4 for size in sizes])].tolist()
    times, arena = L1_BASE + 128, L1_BASE + 192  # behind the head
    memory = Memory(arena + at[0], arena + at[1], arena + at[2], times)
    words = ["    .section .rodata", "    .balign 4", "    .globl front_end_words", "front_end_words:"]
    words += [f"    .4byte {value}" for value in (*members(tables, memory).values(), *names)]
    single = {
        **{"front_end_word_count": len(members(tables, memory)) + len(names), "constant_words": len(constants)},
        **{"frame_count": frames, "stride_bytes": 2 * one.stride_samples, "read_bytes": read},
        **{"coefficients": one.coefficients, "constants_at": arena, "samples_at": arena + at[3]},
        "codes_at": arena + at[4],
    }
    words += [line for name, value in single.items() for line in (f"    .globl {name}", f"{name}: .4byte {value}")]
    (folder / "sound.bin").write_bytes(samples.tobytes() + bytes(read))
    (folder / "constants.bin").write_bytes(constants.tobytes())
    for name in ("sound", "constants"):
        words += [f"    .globl {name}", "    .balign 4", f'{name}: .incbin "{folder}/{name}.bin"']
    (folder / "data.S").write_text("\n".join(words) + "\n")
    (folder / "counts.h").write_text(COUNTS)
    sources = [PROBES / "start.S", PROBES / "support.c", HERE / "front_end_main.c", FIRMWARE / "front_end.c"]
    sources += [folder / "kernels.S", folder / "data.S"]
    options = [f"-Wl,-T,{PROBES / 'probe.ld'}", f"-DARENA_BYTES={at[-1]}"]
    options += [f"-I{place}" for place in (folder, PROBES, FIRMWARE)]
    elf = folder / "program.elf"
    subproc.run([sys.executable, "-m", "ziglang", *COMPILE, *options, "-o", elf, *sources], timeout_s=300)
    return elf


@pytest.mark.parametrize(
    ("one", "frames", "most"),
    [(SMALL, 49, 190_000), (SMALL, 25, 100_000), (LARGE, 98, 220_000), (LARGE, 3, 16_000), (OTHER, 31, 48_000)],
    ids=lambda value: getattr(value, "key", str(value)),
)
def test_eight_cores_equal_the_specification_in_time(one, frames, most, tmp_path: Path):
    samples = sound()[: (frames - 1) * one.stride_samples + one.window_samples]
    expected = codes_of(samples[None], one)[0]
    done = simulate(program(one, samples, frames, tmp_path), timeout_s=300)
    assert done.exit_status == 0, done.stdout
    *numbers, codes = done.stdout.split()
    cycles, stages = [int(one) for one in numbers[:3]], [int(one) for one in numbers[3:]]
    found = np.frombuffer(bytes.fromhex(codes), np.int8).reshape(expected.shape)
    np.testing.assert_array_equal(found.astype(int) + 128, expected)
    assert cycles[0] < most
    assert 0.85 * cycles[0] < sum(stages) < cycles[0] and min(stages) > 100
