"""Presets of the architecture: small, medium and large, which are the baseline's networks, and tiny.

Source of the baseline's: its training commands (``--model_size_info``, ``--window_size_ms``, ``--window_stride_ms``,
``--dct_coefficient_count``). Source of tiny: the front of the chapter Accuracy against cost (``configs/pareto.yaml``),
where it is the best network within 100,000 cycles. It is small with a stride of 2 in its second block.
"""

from kwslib.config.architecture import Architecture
from kwslib.errors import check_name

_REST = (3, 3, 1, 1)
BASELINE_SIZES: dict[str, Architecture] = {
    size.name: size
    for size in (
        Architecture("small", (5, 64, 10, 4, 2, 2, *(64, *_REST) * 4), 40, 20, 10),
        Architecture("medium", (5, 172, 10, 4, 2, 1, 172, 3, 3, 2, 2, *(172, *_REST) * 3), 40, 20, 10),
        Architecture("large", (6, 276, 10, 4, 2, 1, 276, 3, 3, 2, 2, *(276, *_REST) * 4), 30, 10, 40),
    )
}
"""The baseline's networks: those with its figures beside them, which a build trains."""
SIZES: dict[str, Architecture] = {
    "tiny": Architecture("tiny", (5, 64, 10, 4, 2, 2, 64, 3, 3, 2, 2, *(64, *_REST) * 3), 40, 20, 10),
    **BASELINE_SIZES,
}


def size_named(name: str) -> Architecture:
    """The size with this name.

    Raises
    ------
    InputError
        If there is none, with the nearest name.
    """
    return SIZES[check_name("size", name, SIZES)]
