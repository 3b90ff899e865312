"""What every random program agrees on: which register is for what, and which memory belongs to whom.

A core has windows of its own in L1 (the fabric controller: in its TCDM) and in L2, and others for its DMA transfers;
two more, one in L1 and one in L2, are everybody's.
"""

from tests.gap8.programs import L1, L2

DATA = ("t0", "t1", "t2", *(f"a{n}" for n in range(8)), "t3", "t4", "s2", "s3", "s4", "s5")
"""Registers that hold random values; their sum at the end is part of what is printed."""
COMPRESSED_DATA = ("a0", "a1", "a2", "a3", "a4", "a5")
"""Those that the short instructions can name."""

CORE = "s0"
OWN, SHARED, OWN_L2, DEVICES = "s1", "s6", "s7", "s11"
"""Bases of the windows in L1 and L2, and of the core's view of its event unit."""
STACK = "sp"
"""Points into the own window, for the instructions that imply it."""
COUNTER = "s8"
"""Of loops that branch backward."""
POINTER, SCRATCH = "t5", "t6"
LINK, INNER_LINK = "ra", "gp"
"""Return addresses of functions, and of those that functions call."""
TAKEN, SEEN, SPARE = "tp", "s10", "s9"
"""The handler's: number of interrupts, a hash of where they came, one to compute with. Nobody else touches them."""

CORES, FC = 8, 8
"""Cores of the cluster; the fabric controller's place behind them."""
WINDOW, DMA_WINDOW = 256, 512
"""Sizes in bytes."""
L1_OWN, L1_DMA, L1_SHARED = L1 + 0x1000, L1 + 0x2000, L1 + 0x400
TCDM_OWN = 0x1B001000
L2_OWN, L2_DMA, L2_SHARED = L2 + 0x50000, L2 + 0x52000, L2 + 0x54000
TEST_AND_SET = 0x100000
"""Distance of the alias of L1 whose loads leave all ones."""
FLAG = L2 + 0x55000
"""A word that is not zero when the cluster is through."""
LCG_FACTOR, LCG_TERM = 1664525, 1013904223
"""Numerical Recipes' generator: what windows and registers hold at the start."""
