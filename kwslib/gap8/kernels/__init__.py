"""The hot loops in assembly: each kernel is a class whose objects give the text of one function.

To add a kernel: derive a frozen dataclass from `kwslib.gap8.kernels.kernel.Kernel` in a module of this folder, give it
a twin in ``firmware/kernels``, list it in `KERNELS` below, and let a method of `kwslib.gap8.planning` ask
for it. Its test compares it with NumPy on the simulator (``tests/gap8/kernels``).
"""

from kwslib.gap8.kernels.depthwise import Depthwise5, DepthwiseKernel
from kwslib.gap8.kernels.depthwise_any import AnyDepthwise
from kwslib.gap8.kernels.depthwise_rows import DepthwiseRows
from kwslib.gap8.kernels.depthwise_stride2 import DepthwiseStride2
from kwslib.gap8.kernels.first_convolution import FirstConvolution
from kwslib.gap8.kernels.front_end_bands import FrontEndBands
from kwslib.gap8.kernels.front_end_codes import FrontEndCodes
from kwslib.gap8.kernels.front_end_logs import FrontEndLogs
from kwslib.gap8.kernels.front_end_transform import FrontEndFirst, FrontEndSecond, FrontEndThird
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.kernels.pool import PlaneSums

KERNELS: dict[str, type[Kernel]] = {
    kernel.generator: kernel
    for kernel in (
        AnyDepthwise,
        Depthwise5,
        DepthwiseRows,
        DepthwiseStride2,
        FirstConvolution,
        FrontEndBands,
        FrontEndCodes,
        FrontEndFirst,
        FrontEndLogs,
        FrontEndSecond,
        FrontEndThird,
        PlaneSums,
        Pointwise,
    )
}
"""Every kernel by its name."""

DEPTHWISE: tuple[type[DepthwiseKernel], ...] = (Depthwise5, DepthwiseStride2, DepthwiseRows, AnyDepthwise)
"""The depthwise kernels, those of the fewest shapes first: where they take a layer they are the fastest."""
