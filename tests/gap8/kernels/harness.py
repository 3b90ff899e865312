"""Kernels on the embedded simulator: random data in, output bytes and cycles out."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kwslib import subproc
from kwslib.gap8.hardware import CORES, L1_BASE
from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.platforms.simulator import simulate
from tests.places import RECORDINGS

ARENA_BYTES = 60 * 1024
PROGRAM_BYTES = 440 * 1024  # of images and kernels in one program: L2 has 512 KB
ARGUMENT_BYTES = 256  # for each core
SENTINEL = 0x5A
HERE = Path(__file__).resolve().parent
PROBES = RECORDINGS / "probes"
# the command line of the probe programs' README, symbols kept for the simulator's profile
COMPILE = [
    *("cc", "--target=riscv32-freestanding-none", "-mcpu=generic_rv32+m+c+zicsr", "-mabi=ilp32", "-O2"),
    *("-ffreestanding", "-fno-builtin", "-fno-zero-initialized-in-bss", "-nostdlib", "-fno-sanitize=all", "-fno-pic"),
    *("-mno-relax", "-msmall-data-limit=0", "-Wall", "-Wextra", "-Werror", "-Wl,--build-id=none"),
]


@dataclass
class Trial:
    """One call of a kernel on all cores.

    `put` places data in L1, `reserve` the output; `arguments` holds the words of each core.
    """

    symbol: str
    text: str
    image: bytearray = field(default_factory=lambda: bytearray(ARGUMENT_BYTES * CORES))
    arguments: list[list[int]] = field(default_factory=lambda: [[] for _ in range(CORES)])
    output: tuple[int, int] = (0, 0)

    def put(self, data: np.ndarray, alignment: int = 4) -> int:
        """Append data to the image and return its address."""
        self.image += bytes(-len(self.image) % alignment)
        address = L1_BASE + len(self.image)
        self.image += np.ascontiguousarray(data).tobytes()
        return address

    def reserve(self, size: int) -> int:
        """Reserve the output, filled with sentinels, and return its address."""
        address = self.put(np.full(size, SENTINEL, np.uint8), 64)
        self.output = (address, size)
        return address

    def whole_image(self) -> bytes:
        image = bytearray(self.image)
        for core, words in enumerate(self.arguments):
            data = np.array(words, np.uint32).tobytes()
            assert len(data) <= ARGUMENT_BYTES
            image[core * ARGUMENT_BYTES : core * ARGUMENT_BYTES + len(data)] = data
        assert len(image) <= ARENA_BYTES, f"{self.symbol}: {len(image)} bytes do not fit the harness's part of L1"
        return bytes(image) + bytes(-len(image) % 4)


@dataclass(frozen=True)
class Outcome:
    """Output bytes, and cycles of the first call and of the best later one."""

    output: np.ndarray
    cold_cycles: int
    warm_cycles: int


def run(trials: list[Trial], folder: Path) -> list[Outcome]:
    """Build programs of all trials, as many as L2 needs, and run them."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(trials):
        first = last = len(outcomes)
        size = 0
        while last < len(trials) and size + len(trials[last].image) <= PROGRAM_BYTES:
            size += len(trials[last].image) + len(trials[last].text) // 10  # at most as many bytes of code
            last += 1
        outcomes += _run(trials[first:last], folder)
    return outcomes


def _run(trials: list[Trial], folder: Path) -> list[Outcome]:
    lines, kernels = ["    .section .rodata", "    .balign 4", "    .globl trials", "trials:"], {}
    for number, trial in enumerate(trials):
        image = trial.whole_image()
        (folder / f"image{number}.bin").write_bytes(image)
        assert kernels.setdefault(trial.symbol, trial.text) == trial.text, trial.symbol
        places = [L1_BASE + core * ARGUMENT_BYTES if words else 0 for core, words in enumerate(trial.arguments)]
        entry = (trial.symbol, f"image{number}", len(image) // 4, *trial.output, *places)
        lines.append("    .4byte " + ", ".join(map(str, entry)))
    lines += ["    .globl trial_count", f"trial_count: .4byte {len(trials)}"]
    for number in range(len(trials)):
        lines += ["    .balign 4", f'image{number}: .incbin "{folder}/image{number}.bin"']
    (folder / "trials.S").write_text("\n".join(lines) + "\n")
    (folder / "kernels.S").write_text("".join(kernels.values()))
    elf = folder / "program.elf"
    sources = [PROBES / "start.S", PROBES / "support.c", HERE / "harness.c", folder / "kernels.S", folder / "trials.S"]
    command = [sys.executable, "-m", "ziglang", *COMPILE, f"-Wl,-T,{PROBES / 'probe.ld'}", f"-I{PROBES}", "-o", elf]
    subproc.run([*command, *sources], timeout_s=300)
    done = simulate(elf, timeout_s=300)
    assert done.exit_status == 0, done.stdout
    outcomes = []
    for line in done.stdout.splitlines():
        *cycles, output = line.split()
        data = np.frombuffer(bytes.fromhex(output), np.uint8)
        outcomes.append(Outcome(data, int(cycles[0]), min(map(int, cycles[1:]))))
    assert len(outcomes) == len(trials), done.stdout[-200:]
    return outcomes


def shown(code: Assembler) -> list[str]:
    """The text of each instruction."""
    return [line.split("# ")[1].split(": ")[1] for line in code.text().splitlines() if ".4byte" in line]


def share(items: int) -> list[range]:
    """Items of each core, as even as can be."""
    return [range(core * items // CORES, (core + 1) * items // CORES) for core in range(CORES)]


def requantised(accumulators: np.ndarray, q: np.ndarray, bias: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The output codes of int64 accumulators (..., channels), as the reference computes them."""
    value = (accumulators * q + bias.astype(np.int64) + (np.int64(1) << (n.astype(np.int64) - 1))) >> n
    return np.clip(value, 0, 127).astype(np.uint8)


def parameters(
    rng: np.random.Generator, channels: int, spread: float, shift: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random q, B and n of channels; `spread` is the typical size of an accumulator, which becomes some 64."""
    q = rng.integers(86, 512, channels)
    n = np.maximum(1, np.round(np.log2(q * spread / 64)) + rng.integers(-1, 2, channels)).astype(np.int64)
    if shift is not None:
        n[:] = shift
        q = np.maximum(1, 2.0**shift / spread * rng.uniform(32, 128, channels)).astype(np.int64)
    bias = q * rng.integers(-int(spread) // 2 - 1, int(spread) // 2 + 1, channels)
    return q.astype(np.int32), bias.astype(np.int32), n.astype(np.int32)
