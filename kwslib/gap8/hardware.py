"""GAP8 in numbers: memories, cores, stacks, DMA, external flash. All of `kwslib.gap8` takes them from here.

Where a constant names no other source, it comes from the memory map of GreenWaves Technologies' GAP8 model for GVSOC
(folder ``gvsoc`` of GreenWaves-Technologies/gap_sdk) and was measured on that model. Some C sources repeat constants:
``firmware/network.h``, ``firmware/gap8.h``, ``firmware/link.ld`` and ``platforms/simulator/sim.h``. A test compares
them.
"""

L1_BASE, L1_BYTES = 0x10000000, 64 * 1024
"""Address and bytes of L1, the memory that the cluster's cores share (TCDM: tightly coupled data memory)."""
L2_BASE, L2_BYTES = 0x1C000000, 512 * 1024
"""Address and bytes of L2, which the program is loaded into."""

CORES = 8
"""Cores of the cluster. One more, the fabric controller, starts them."""

STACK_BYTES = 512
"""Stack of a cluster core, in L1. Measured: kernels use 96 bytes, and 512 are enough for the whole runtime."""
FC_STACK_BYTES = 2048
"""Stack of the fabric controller, in L2."""

BOOT_OFFSET = 0x80
"""A GAP8 core starts at its boot address plus this (RI5CY: the reset vector follows 32 interrupt vectors)."""

DMA_BEAT_BYTES = 8
"""Bytes that the cluster's DMA, mchan, moves in a cycle."""
LARGEST_TRANSFER_BYTES = 65532
"""Largest DMA transfer in whole words: the size field of mchan version 6 has 16 bits."""

FLASH_BYTES = 64 * 1024 * 1024
"""Bytes of the HyperFlash on the GAPuino board (512 Mbit)."""
