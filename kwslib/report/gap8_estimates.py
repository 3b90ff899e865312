"""What is known of the chip by others' word, and what follows from it: ceilings, supply, power, energy.

Cycles and bytes are measured by `kwslib.gap8`. Everything here has its source beside it, and every result is an
estimate.
"""

from kwslib.errors import InputError
from kwslib.gap8.measure.timing import latency_ms
from kwslib.report.elements import Markdown
from kwslib.report.figures.gap8 import Ceiling

POWER_MW, POWER_CLOCK_MHZ, POWER_SUPPLY_V = 75.0, 90.0, 1.0
"""Worst-case power envelope of GAP8 in CNN inference, its accelerator included; the abstract of `POWER_SOURCE`."""
POWER_SOURCE = (
    "E. Flamand, D. Rossi, F. Conti, I. Loi, A. Pullini, F. Rotenberg, L. Benini, “GAP-8: A RISC-V SoC for AI at the "
    "Edge of the IoT”, ASAP 2018, doi:10.1109/ASAP.2018.8445101"
)
MLPERF_CLOCK_MHZ = 175.0
"""Clock at which pages state MLPerf's units, inferences a second and microjoules an inference: the fastest one."""
SUPPLIES_V = ((1.0, 90.0), (1.2, 175.0))
"""Core supply, and the fastest cluster clock in MHz that it allows; from `SUPPLY_SOURCE`."""
SUPPLY_SOURCE = "GreenWaves Technologies, gap_sdk, benchmarks/gap8/cnn/README.md"
MEASURED_PJ_PER_MAC = 63.0
"""Measured by others on the chip, a MobileNet in 8 bits, end to end: for comparison; the abstract of `DORY`."""
DORY = (
    "A. Burrello, A. Garofalo, N. Bruschi, G. Tagliavini, D. Rossi, F. Conti, “DORY: Automatic End-to-End Deployment "
    "of Real-World DNNs on Low-Cost IoT MCUs”, IEEE Transactions on Computers, 2021, arXiv:2008.07127"
)
ENERGY_FORMULA = (
    f"E = {POWER_MW:g} mW · cycles / {POWER_CLOCK_MHZ:g} MHz · (V / {POWER_SUPPLY_V:.1f} V)², an upper estimate: "
    f"{POWER_MW:g} mW is the chip's published worst case at {POWER_CLOCK_MHZ:g} MHz and {POWER_SUPPLY_V:.1f} V "
    "(ASAP 2018)"
)
DAY_S = 24 * 3600
DAY_FORMULA = (
    f"energy a day: E times the hops in {DAY_S} s; of computing alone: microphone, memories and sleep are not counted"
)

BLOCKED_MACS, BLOCKED_INSTRUCTIONS = 80, 29
"""Of the pointwise inner loop on one core: 9 loads and 20 dot products."""
CEILINGS = (
    Ceiling("instruction set, 8 cores × 4 MAC", 32.0),
    Ceiling("inner loop of 4 channels × 5 positions", round(8 * BLOCKED_MACS / BLOCKED_INSTRUCTIONS, 2)),
    Ceiling("PULP-NN's published peak", 15.5),
)
"""The last one is from `PULP_NN`."""
PULP_NN = (
    "A. Garofalo, M. Rusci, F. Conti, D. Rossi, L. Benini, “PULP-NN: accelerating quantized neural networks on "
    "parallel ultra-low-power RISC-V processors”, Philosophical Transactions of the Royal Society A 378 (2020) 20190155"
)
DMA_BYTES_PER_CYCLE = 8.0
"""Rate of the cluster's DMA between L2 and L1; measured on GVSOC's model of GAP8."""

SOURCES = (POWER_SOURCE, SUPPLY_SOURCE, DORY, PULP_NN)


def supply_v(clock_mhz: float) -> float:
    """Return the lower of the chip's two core supplies, in volts, that allows a cluster clock.

    Raises
    ------
    InputError
        If no supply allows it.
    """
    for volts, fastest_mhz in SUPPLIES_V:
        if clock_mhz <= fastest_mhz:
            return volts
    raise InputError(f"no core supply allows a cluster clock of {clock_mhz:g} MHz")


def inferences_per_s(cycles: int, clock_mhz: float) -> float:
    """Return how many inferences of some cycles follow each other in a second, without a front end.

    Examples
    --------
    >>> inferences_per_s(175_000, 175)
    1000.0
    """
    return 1000 / latency_ms(cycles, clock_mhz)


def energy_uj(cycles: int, clock_mhz: float = POWER_CLOCK_MHZ) -> float:
    """Estimate the energy of some cycles in microjoules: the published power times the time.

    Power grows with the square of the supply; `clock_mhz` decides the supply. See `ENERGY_FORMULA`.
    """
    return POWER_MW * latency_ms(cycles, POWER_CLOCK_MHZ) * (supply_v(clock_mhz) / POWER_SUPPLY_V) ** 2


def energy_a_day_j(cycles: int, hop_ms: int, clock_mhz: float = POWER_CLOCK_MHZ) -> float:
    """Estimate the energy, in joules, of a day in which some cycles are computed every `hop_ms` milliseconds.

    See `ENERGY_FORMULA` and `DAY_FORMULA`.

    Examples
    --------
    >>> round(energy_a_day_j(90_000, hop_ms=1000), 3)
    6.48
    """
    return energy_uj(cycles, clock_mhz) * DAY_S * 1000 / hop_ms / 1e6


def sources() -> Markdown:
    """Return the sources of what is known by others' word, as a list."""
    return Markdown("\n".join(f"* {source}" for source in SOURCES))
