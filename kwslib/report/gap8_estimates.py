"""What is known of the chip by others' word, and what follows from it: ceilings and rates.

Cycles and bytes are measured by `kwslib.gap8`, energy is estimated by `kwslib.runs.energy`. Everything here has its
source beside it, and every result is an estimate.
"""

from kwslib.gap8.measure.timing import latency_ms
from kwslib.report.elements import Markdown
from kwslib.report.figures.gap8 import Ceiling
from kwslib.runs.energy import POWER_SOURCE, SUPPLY_SOURCE

MEASURED_PJ_PER_MAC = 63.0
"""Measured by others on the chip, a MobileNet in 8 bits, end to end: for comparison; the abstract of `DORY`."""
DORY = (
    "A. Burrello, A. Garofalo, N. Bruschi, G. Tagliavini, D. Rossi, F. Conti, “DORY: Automatic End-to-End Deployment "
    "of Real-World DNNs on Low-Cost IoT MCUs”, IEEE Transactions on Computers, 2021, arXiv:2008.07127"
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


def inferences_per_s(cycles: int, clock_mhz: float) -> float:
    """Return how many inferences of some cycles follow each other in a second, without a front end.

    Examples
    --------
    >>> inferences_per_s(175_000, 175)
    1000.0
    """
    return 1000 / latency_ms(cycles, clock_mhz)


def sources() -> Markdown:
    """Return the sources of what is known by others' word, as a list."""
    return Markdown("\n".join(f"* {source}" for source in SOURCES))
