"""What cycles mean to a reader: the clocks that a latency is stated at, and the reasons why a core waits."""

CLOCKS_MHZ = (50, 100, 175)
"""Cluster clocks, MHz, that cards and pages state a latency at; 175 MHz is the fastest (GreenWaves' gap_sdk)."""

STALL_KINDS = ("dependency", "branch", "tcdm", "memory", "fetch", "multicycle")
"""Why a core waits, in the order of the simulator's profile, which counts each kind in a column ``<kind>_cycles``."""


def latency_ms(cycles: int, clock_mhz: float) -> float:
    """Milliseconds that some cycles take.

    Examples
    --------
    >>> latency_ms(175_000, 50)
    3.5
    """
    return cycles / clock_mhz / 1000
