"""Strips of output columns: how a kernel that computes a few columns together covers any number of them."""

from collections.abc import Callable

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.common import ChannelPointers
from kwslib.gap8.kernels.depthwise import STRIP, DepthwiseKernel


def widths(columns: int, five: bool) -> tuple[int, ...]:
    """Return the widths of the strips of a row: fours and a rest, or one of `five`, if that is possible."""
    full, rest = divmod(columns, STRIP)
    if columns == STRIP + 1 and five:
        return (columns,)
    return (STRIP,) * full + (rest,) * bool(rest)


def each_strip(
    code: Assembler,
    kernel: DepthwiseKernel,
    at: ChannelPointers,
    strips: tuple[int, ...],
    scratch: tuple[int, int],
    emit: Callable[[int], None],
) -> None:
    """Emit the strips of a channel, those of four in a loop, and the step to the next channel.

    Parameters
    ----------
    code : Assembler
    kernel : DepthwiseKernel
    at : ChannelPointers
    strips : tuple of int
        Their `widths`.
    scratch : (int, int)
        Registers that need to keep nothing between two strips.
    emit : callable of a width
        Emits a strip, and leaves the pointers behind all rows, in front of a last one that is known to be zeros.
    """
    rows = (kernel.rows - 1) * kernel.stride[0] + kernel.kernel[0] - kernel.padded[1]
    read, written = rows * kernel.row_bytes, kernel.rows * kernel.out_row_bytes
    done = 0

    def advance(width: int, from_start: bool) -> None:
        """Go to the next strip, which is `width` columns further, or to the next channel if that is 0."""
        step = width * kernel.stride[1] if width else kernel.plane_bytes - done * kernel.stride[1]
        out = width * kernel.out_column_bytes if width else kernel.out_channel_bytes - done * kernel.out_column_bytes
        code.advance(at.data, step - (0 if from_start else read), scratch[0])
        code.advance(at.output, out - (0 if from_start else written), scratch[1])

    fours = strips.count(STRIP)
    if fours > 1:
        code.constant(scratch[0], fours)
        with code.hardware_loop(1, scratch[0]):
            emit(STRIP)
            advance(STRIP, from_start=False)
        done = fours * STRIP
    elif fours and len(strips) > 1:
        emit(STRIP)
        advance(STRIP, from_start=False)
        done = STRIP
    if done < kernel.columns:
        emit(strips[-1])
    advance(0, from_start=done == kernel.columns)
