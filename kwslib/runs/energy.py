"""Energy of some cycles on GAP8: an estimate from the chip's published power, as no board is measured."""

from kwslib.errors import InputError
from kwslib.gap8.measure.timing import latency_ms

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
ENERGY_FORMULA = (
    f"E = {POWER_MW:g} mW · cycles / {POWER_CLOCK_MHZ:g} MHz · (V / {POWER_SUPPLY_V:.1f} V)², an upper estimate: "
    f"{POWER_MW:g} mW is the chip's published worst case at {POWER_CLOCK_MHZ:g} MHz and {POWER_SUPPLY_V:.1f} V "
    "(ASAP 2018)"
)
DAY_S = 24 * 3600
DAY_FORMULA = (
    f"energy a day: E times the hops in {DAY_S} s; of computing alone: microphone, memories and sleep are not counted"
)


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
