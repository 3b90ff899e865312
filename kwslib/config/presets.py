"""Three presets of the architecture: small, medium and large, the baseline's networks.

Source: the baseline's training commands (``--model_size_info``, ``--window_size_ms``, ``--window_stride_ms``,
``--dct_coefficient_count``).
"""

from kwslib.config.architecture import Architecture
from kwslib.errors import check_name

_REST = (3, 3, 1, 1)
SIZES: dict[str, Architecture] = {
    size.name: size
    for size in (
        Architecture("small", (5, 64, 10, 4, 2, 2, *(64, *_REST) * 4), 40, 20, 10),
        Architecture("medium", (5, 172, 10, 4, 2, 1, 172, 3, 3, 2, 2, *(172, *_REST) * 3), 40, 20, 10),
        Architecture("large", (6, 276, 10, 4, 2, 1, 276, 3, 3, 2, 2, *(276, *_REST) * 4), 30, 10, 40),
    )
}


def size_named(name: str) -> Architecture:
    """The size with this name.

    Raises
    ------
    InputError
        If there is none, with the nearest name.
    """
    return SIZES[check_name("size", name, SIZES)]
