"""The kernels of the integer front end against its specification, on the simulator."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError
from kwslib.gap8.hardware import CORES
from kwslib.gap8.kernels.front_end_bands import FrontEndBands
from kwslib.gap8.kernels.front_end_codes import FrontEndCodes
from kwslib.gap8.kernels.front_end_layout import layout
from kwslib.gap8.kernels.front_end_logs import FrontEndLogs
from kwslib.gap8.kernels.front_end_transform import FrontEndFirst, FrontEndSecond, FrontEndThird
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.integer.front_end import Stages, stages
from kwslib.integer.front_end_tables import Tables, tables_of
from tests.gap8.kernels.harness import Outcome, Trial, run

SMALL, LARGE = FrontEnd("integer", 40, 20, 10), FrontEnd("integer", 30, 10, 40)
OTHERS = (
    FrontEnd("integer", 25, 10, 13, bands=27, upper_hz=7600),
    FrontEnd("integer", 16, 8, 20, bands=20, lower_hz=0, upper_hz=8000),
    FrontEnd("integer", 60, 25, 3, scale=0.75, upper_hz=7000),
    FrontEnd("integer", 20, 20, 7, bands=40, fft_points=512, upper_hz=3000),
)


def frames(one: FrontEnd) -> np.ndarray:
    """A frame a core: silence, single units, noises of several levels, a full square wave, a click, a loud step."""
    rng = np.random.default_rng(9)
    n = one.window_samples
    rows = [rng.normal(scale=level, size=n) for level in (0.6, 40, 3000, 15000)]
    rows += [np.zeros(n), np.where(np.arange(n) // 19 % 2, 32767, -32768), np.where(np.arange(n) == n // 2, 9000, 0)]
    rows += [np.where(np.arange(n) < n // 2, -32768, 32767)]
    return np.clip(np.rint(np.stack(rows)), -32768, 32767).astype(np.int16)


def chain(symbol: str, parts: int) -> str:
    """A function that calls the passes for some frames, with a barrier behind each pass that cores share."""
    barrier = ["li t0, 0x1020421c", ".insn i 0x03, 6, t1, t0, 0"] if parts > 1 else []
    passes = [line for number in range(3) for line in (f"lw a0, {4 * number}(s0)", f"call {symbol}_{number}", *barrier)]
    lines = [
        *(f'.section .text.{symbol},"ax",@progbits', f".globl {symbol}", f"{symbol}:"),
        *("addi sp, sp, -16", "sw ra, 0(sp)", "sw s0, 4(sp)", "sw s1, 8(sp)", "lw s1, 0(a0)", "addi s0, a0, 4"),
        *("1:", *passes, "addi s0, s0, 12", "addi s1, s1, -1", "bnez s1, 1b"),
        *("lw ra, 0(sp)", "lw s0, 4(sp)", "lw s1, 8(sp)", "addi sp, sp, 16", "ret"),
    ]
    return "\n".join(lines) + "\n"


@dataclass
class Bench:
    """A front end with frames, and what its stages make of them."""

    one: FrontEnd
    tables: Tables = field(init=False)
    samples: np.ndarray = field(init=False)
    made: Stages = field(init=False)

    def __post_init__(self) -> None:
        self.tables = tables_of(self.one)
        self.samples = frames(self.one)
        self.made = stages(np.ascontiguousarray(self.samples.T), self.tables)
        self.layout = layout(self.tables)

    def trial(self, kernel: Kernel) -> Trial:
        symbol = "_".join([kernel.generator, *(str(value).replace("-", "m") for value in kernel.parameters().values())])
        return Trial(symbol, kernel.text(symbol))

    def transform(self, shared: bool = False) -> Trial:
        """The three passes: a frame a core, or, `shared`, each pass of each frame shared by all cores."""
        radix, legs = self.tables.first_radix, self.tables.legs
        kernels = FrontEndFirst(radix, legs), FrontEndSecond(radix), FrontEndThird(radix)
        name = f"transform_{radix}_{legs}_{'shared' if shared else 'own'}"
        texts = [kernel.text(f"{name}_{place}") for place, kernel in enumerate(kernels)]
        trial = Trial(name, chain(name, CORES if shared else 1) + "".join(texts))
        shown = np.full((CORES, 128 * legs), 12345, np.int16)  # behind the frame: read, and multiplied by zero
        shown[:, : self.samples.shape[1]] = self.samples
        at = trial.put(shown)
        window, second, third = (trial.put(getattr(self.layout, name)) for name in ("window", "second", "third"))
        scratch = 512 * radix
        out = trial.reserve(CORES * scratch + 4 * CORES)
        state = trial.put(np.zeros((CORES, 2 * CORES + 1), np.int32))  # largest results of two passes, shift
        for core in range(CORES):
            places = []
            for frame in range(CORES) if shared else [core]:
                part, parts = (core, CORES) if shared else (0, 1)
                first, second_found, right = (
                    state + 4 * (frame * (2 * CORES + 1) + at) for at in (0, CORES, 2 * CORES)
                )
                samples, base = at + frame * shown[0].nbytes, out + frame * scratch
                own = range(part * 64 // parts, (part + 1) * 64 // parts)
                n, blocks = own[0], range(part * radix // parts, (part + 1) * radix // parts)
                rows = range(part * 8 // parts, (part + 1) * 8 // parts)
                block = 256 * blocks.start
                passes = (
                    [samples + 4 * n, window + 4 * legs * n, base + 4 * n, len(own), first + 4 * part],
                    [base + block, second + block, len(blocks), first, parts, second_found + 4 * part, right],
                    [
                        *(base + 32 * rows[0], base + scratch // 2 + 4 * radix * rows[0], third + 32 * rows[0]),
                        *(len(rows), second_found, parts, right, out + CORES * scratch + 4 * frame),
                    ],
                )
                places += [trial.put(np.array(words, np.int64).astype(np.uint32)) for words in passes]
            trial.arguments[core] = [len(places) // 3, *places]
        return trial

    def spectra(self) -> np.ndarray:
        """Z as words, (frames, N / 2)."""
        re, im = self.made.spectrum.points.astype(np.int64) & 0xFFFF
        return np.ascontiguousarray((re | im << 16).T).astype(np.uint32)

    def check_transform(self, outcome: Outcome) -> None:
        words = outcome.output.view(np.uint32)
        found, exponents = words[:-CORES].reshape(CORES, 2, -1)[:, 1], words[-CORES:].view(np.int32)
        np.testing.assert_array_equal(exponents, self.made.spectrum.exponents)
        np.testing.assert_array_equal(found, self.spectra())

    def bands(self) -> Trial:
        trial = self.trial(FrontEndBands(self.tables.weight_bits))
        at, bins = trial.put(self.spectra()), trial.put(self.layout.bins)
        offsets = trial.put(self.layout.exponents)
        count = self.one.bands
        out = trial.reserve(CORES * 8 * (count + 1))
        for core, exponent in enumerate(self.made.spectrum.exponents):
            first, points = self.tables.bins.start, self.tables.points
            places = [at + 4 * (core * points + k) for k in (first, points - first)]
            trial.arguments[core] = [*places, bins, out + core * 8 * (count + 1), offsets + 12 * int(exponent), count]
        return trial

    def check_bands(self, outcome: Outcome) -> None:
        upper, lower = outcome.output.view(np.uint32).reshape(CORES, -1, 2)[:, 1:].astype(np.int64).transpose(2, 1, 0)
        np.testing.assert_array_equal((upper << 16) + lower, self.made.energies)

    def logs(self) -> Trial:
        trial = self.trial(FrontEndLogs())
        energies = self.made.energies.T
        carried = np.minimum(energies >> 16, 60000)  # lower halves add up to more than 16 bits
        words = np.stack([(energies >> 16) - carried, (energies & 0xFFFF) + (carried << 16)], axis=-1)
        at = trial.put(words.astype(np.uint32))
        table, count = trial.put(self.layout.logarithms), self.one.bands
        out = trial.reserve(CORES * 2 * count)
        for core, exponent in enumerate(self.made.spectrum.exponents):
            base = int(self.tables.log_bases[exponent]) & 0xFFFFFFFF
            trial.arguments[core] = [at + 8 * core * count, table, base, out + 2 * core * count, count]
        return trial

    def check_logs(self, outcome: Outcome) -> None:
        found = outcome.output.view(np.int16).reshape(CORES, -1)
        np.testing.assert_array_equal(found.T, self.made.logarithms)

    def codes(self, zero_point: int = 0) -> Trial:
        one, shift = self.one, self.tables.code_shift
        trial = self.trial(FrontEndCodes(one.bands, one.coefficients, shift, zero_point))
        padded = np.full((CORES, one.bands + one.bands % 2), 321, np.int16)
        padded[:, : one.bands] = self.made.logarithms.T
        at, cosines = trial.put(padded), trial.put(self.layout.cosines)
        out = trial.reserve(CORES * one.coefficients)
        for core in range(CORES):
            trial.arguments[core] = [
                at + core * padded[0].nbytes,
                cosines,
                out + core * one.coefficients,
                one.coefficients // 5,
                1,
            ]
        return trial

    def check_codes(self, outcome: Outcome, zero_point: int = 0) -> None:
        shift = self.tables.code_shift
        rounded = (self.made.sums.astype(np.int64) + (1 << shift - 1) >> shift) + zero_point
        found = outcome.output.view(np.int8).reshape(CORES, -1)
        np.testing.assert_array_equal(found.T, np.clip(rounded, -128, 127))


def test_equal_and_fast(tmp_path: Path):
    benches = [Bench(one) for one in (SMALL, LARGE, *OTHERS)]
    trials = [trial for bench in benches for trial in (bench.transform(), bench.bands(), bench.logs(), bench.codes())]
    outcomes = iter(run(trials, tmp_path))
    cycles = {}
    for bench in benches:
        found = [next(outcomes) for _ in range(4)]
        bench.check_transform(found[0])
        bench.check_bands(found[1])
        bench.check_logs(found[2])
        bench.check_codes(found[3])
        cycles[bench.one] = [one.warm_cycles for one in found]
    # cycles of a frame on each of eight cores: 7 times that is a second of 40 ms frames, 13 times one of 30 ms frames
    assert sum(cycles[SMALL]) < 29_000 and sum(cycles[LARGE]) < 17_500


def test_cores_that_share_a_frame_make_the_same(tmp_path: Path):
    benches = [Bench(one) for one in (SMALL,)]
    for bench, outcome in zip(benches, run([bench.transform(shared=True) for bench in benches], tmp_path), strict=True):
        bench.check_transform(outcome)
        assert outcome.warm_cycles < 8 * 3400  # eight frames


def test_codes_of_another_zero_point(tmp_path: Path):
    bench = Bench(LARGE)
    (outcome,) = run([bench.codes(-77)], tmp_path)
    bench.check_codes(outcome, -77)


@pytest.mark.parametrize(
    "kernel",
    [
        FrontEndFirst(16, 5),
        FrontEndFirst(8, 0),
        FrontEndFirst(4, 5),
        FrontEndSecond(3),
        FrontEndThird(1),
        FrontEndBands(0),
        FrontEndBands(15),
        FrontEndCodes(2, 1, 24),
        FrontEndCodes(40, 0, 24),
        FrontEndCodes(40, 10, 32),
        FrontEndCodes(40, 10, 24, 128),
    ],
)
def test_parameters_that_do_not_fit(kernel):
    assert kernel.refusal()
    with pytest.raises(InputError, match="kernel k: "):
        kernel.text("k")
