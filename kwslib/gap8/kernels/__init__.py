"""Generators of the hot loops in assembly: each returns the text of one function for given static parameters.

``KERNEL_refusal(...)`` with the same parameters says why a kernel cannot do a shape, or None if it can.
"""

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
]
