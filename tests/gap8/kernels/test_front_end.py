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
from kwslib.gap8.kernels.front_end_transform import FrontEndTransform
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

    def transform(self) -> Trial:
        trial = self.trial(FrontEndTransform(self.tables.first_radix, self.tables.legs))
        shown = np.zeros((CORES, 256 * self.tables.legs // 2), np.int16)
        shown[:, : self.samples.shape[1]] = self.samples
        shown[:, self.samples.shape[1] :] = 12345  # read, and multiplied by zero
        at = trial.put(shown)
        parts = [self.layout.window, self.layout.second, self.layout.third]
        constants = trial.put(np.concatenate(parts))
        scratch = 512 * self.tables.first_radix
        out = trial.reserve(CORES * scratch + 4 * CORES)
        for core in range(CORES):
            exponent = out + CORES * scratch + 4 * core
            trial.arguments[core] = [at + core * shown[0].nbytes, out + core * scratch, constants, exponent]
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
            trial.arguments[core] = [at + core * padded[0].nbytes, cosines, out + core * one.coefficients]
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
    print(cycles)
    # cycles of a frame on each of eight cores: 7 times that is a second of 40 ms frames, 13 times one of 30 ms frames
    assert sum(cycles[SMALL]) < 28000 and sum(cycles[LARGE]) < 20000


def test_codes_of_another_zero_point(tmp_path: Path):
    bench = Bench(LARGE)
    (outcome,) = run([bench.codes(-77)], tmp_path)
    bench.check_codes(outcome, -77)


@pytest.mark.parametrize(
    "kernel",
    [
        FrontEndTransform(16, 5),
        FrontEndTransform(8, 0),
        FrontEndTransform(4, 5),
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
