"""Generators of the hot loops in assembly: each returns the text of one function for given static parameters.

``KERNEL_refusal(...)`` with the same parameters says why a kernel cannot do a shape, or None if it can.
"""

from collections.abc import Callable
from typing import Any

from kwslib.gap8.kernels.common import shift_refusal
from kwslib.gap8.kernels.depthwise import depthwise_4, depthwise_4_refusal, depthwise_5, depthwise_5_refusal
from kwslib.gap8.kernels.depthwise_stride2 import (
    depthwise_stride2_4,
    depthwise_stride2_4_refusal,
    depthwise_stride2_5,
    depthwise_stride2_5_refusal,
)
from kwslib.gap8.kernels.first_convolution import first_convolution, first_convolution_refusal
from kwslib.gap8.kernels.pointwise import pointwise, pointwise_refusal
from kwslib.gap8.kernels.pool import plane_sums, plane_sums_refusal

__all__ = [
    "GENERATORS",
    "depthwise_4",
    "depthwise_4_refusal",
    "depthwise_5",
    "depthwise_5_refusal",
    "depthwise_stride2_4",
    "depthwise_stride2_4_refusal",
    "depthwise_stride2_5",
    "depthwise_stride2_5_refusal",
    "first_convolution",
    "first_convolution_refusal",
    "plane_sums",
    "plane_sums_refusal",
    "pointwise",
    "pointwise_refusal",
    "refusal",
]

GENERATORS: dict[str, Callable[..., str]] = {
    "depthwise_4": depthwise_4,
    "depthwise_5": depthwise_5,
    "depthwise_stride2_4": depthwise_stride2_4,
    "depthwise_stride2_5": depthwise_stride2_5,
    "first_convolution": first_convolution,
    "plane_sums": plane_sums,
    "pointwise": pointwise,
}
"""Every kernel by name; called with a symbol and the kernel's parameters."""

_REFUSALS: dict[str, Callable[..., str | None]] = {
    "depthwise_4": depthwise_4_refusal,
    "depthwise_5": depthwise_5_refusal,
    "depthwise_stride2_4": depthwise_stride2_4_refusal,
    "depthwise_stride2_5": depthwise_stride2_5_refusal,
    "first_convolution": first_convolution_refusal,
    "plane_sums": plane_sums_refusal,
    "pointwise": pointwise_refusal,
}


def refusal(generator: str, **parameters: Any) -> str | None:
    """Say why a kernel cannot be made for these parameters, or None if it can.

    Parameters
    ----------
    generator : str
        A key of `GENERATORS`.
    **parameters
        As the generator takes them, the symbol left out.
    """
    options = dict(parameters)
    wrong = shift_refusal(options.pop("shift", None))
    options.pop("padded", None)  # any borders may be padding
    return wrong or _REFUSALS[generator](**options)
