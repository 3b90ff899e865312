"""What the C runtime takes for itself: code in L2, its tables and stacks in L1.

The sizes mirror C structures of the firmware. The linker script fails a build in which one is too small, and a test
compares them with the C compiler's ``sizeof``.
"""

from collections.abc import Mapping, Sequence

from kwslib.gap8.hardware import CORES, FC_STACK_BYTES, STACK_BYTES
from kwslib.gap8.planning.memory import aligned

C_BYTES = 18 * 1024
"""Bytes of the compiled C sources, without tables and kernels: the larger one of both compilers, with room to spare."""
KERNEL_BYTES = 1024
"""Bytes of a typical kernel, while its exact size is not yet wanted."""
TABLE_BYTES = {"geometry": 120, "gather": 112, "second_term": 80, "transfer": 24, "layer": 96, "class": 40}
"""Bytes of an entry of the generated tables in L2, names included, with room to spare."""
INPUT_HEADER_BYTES = 8
"""Bytes of ``struct input`` (firmware/network.h) in front of the input codes: two words of options."""
GUARD_BYTES = 4
"""Bytes on each side of the input in L1 that `spread` (firmware/front.c) may read."""
STEP_BYTES = 24
"""Bytes of ``struct step`` (firmware/network.h)."""
KIND_BYTES = {
    "sound": 160,
    "front": 224,
    "depthwise": 128,
    "pointwise": 224,
    "pool": 112,
    "linear": 72,
    "softmax": 20,
    "general": 240,
}
"""Bytes of the structure of each kind of step (firmware/network.h), with room to spare."""
NEAR_SHARE_WORDS = 512
"""Words in L1 at most that say which blocks each core computes; the others lie in L2."""
STAGES = 4
"""Stages of the front end: ``FRONT_END_STAGES`` (firmware/front_end.h)."""
ARGUMENT_WORDS = 36
"""Argument words of a kernel on each core: ``ARGUMENT_WORDS`` of firmware/runtime.h."""
STREAM_BYTES = 128
"""Bytes of what core 0 and the fabric controller tell each other in L1, with room to spare: ``struct stream_end``
(firmware/runtime.h) and ``struct requests`` (firmware/gap8.h)."""
CODE_ALIGNMENT = 1024
"""Alignment, in bytes, of what lies behind the code in L2: a plan changes little when the code does."""
KERNEL_ALIGNMENT = 16
"""Bytes (kwslib.gap8.kernels.assembler): a line of the instruction cache."""
STACK_ALIGNMENT = 64
"""Alignment of the stacks and of what lies behind them (firmware/link.ld)."""


def code_bytes(
    tables: Mapping[str, int], kinds: Sequence[str], share_words: int, kernels: Sequence[int], spare_bytes: int = 0
) -> int:
    """Return the bytes at the start of L2 for code, constants and the fabric controller's stack.

    Parameters
    ----------
    tables : mapping of str to int
        How many entries the generated tables have, by the keys of `TABLE_BYTES`.
    kinds : sequence of str
        Of the steps, keys of `KIND_BYTES`.
    share_words : int
        Words that say which blocks each core computes.
    kernels : sequence of int
        Bytes of each assembly kernel.
    spare_bytes : int
        Bytes of what a program has besides.
    """
    data = sum(TABLE_BYTES[name] * (count + 1) for name, count in tables.items()) + 4 * share_words
    steps = sum(STEP_BYTES + KIND_BYTES[kind] for kind in kinds)
    code = sum(aligned(size, KERNEL_ALIGNMENT) for size in kernels)
    return aligned(C_BYTES + data + steps + code + spare_bytes + FC_STACK_BYTES, CODE_ALIGNMENT)


def own_bytes(kinds: Sequence[str], layers: int, share_words: int) -> int:
    """Return how many bytes at the start of L1 the runtime and the stacks take.

    Parameters
    ----------
    kinds : sequence of str
        Of the steps, keys of `KIND_BYTES`.
    layers : int
        Of the network.
    share_words : int
        Words that say which blocks each core computes.
    """
    data = (
        _inference_bytes(len(kinds), layers, "sound" in kinds)
        + 4 * ARGUMENT_WORDS * CORES
        + sum(STEP_BYTES + KIND_BYTES[kind] for kind in kinds)
        + 4 * max(share_words, 1)
        + STREAM_BYTES
    )
    return aligned(aligned(data, STACK_ALIGNMENT) + CORES * STACK_BYTES, STACK_ALIGNMENT)


def _inference_bytes(steps: int, layers: int, sound: bool = False) -> int:
    """Return the bytes of ``struct inference`` (firmware/runtime.h)."""
    stamps = steps + 1
    shares = 2 * CORES
    sums_and_flag = 3
    front_end = (STAGES if sound else 0) + 1
    checksums = CORES * (layers + 1)
    return 4 * (stamps + shares + front_end + sums_and_flag + checksums)
