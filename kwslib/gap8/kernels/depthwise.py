"""Depthwise convolution: what all its kernels share, and the kernel for exactly five columns.

A kernel row's taps and zeros make one weight word, or several where windows have several places in a word of four
inputs. The kernels of this folder:

====================== ======================================================================================
`Depthwise5`           3 × 3, stride 1, five columns, zeros beside them implied: rows of eight bytes
`DepthwiseRows`        3 × 3, stride 1, any columns: three input rows stay in registers
`DepthwiseStride2`     3 × 3, stride 2, any columns: each input row is loaded once
`AnyDepthwise`         up to 5 × 5, any strides of 1 and 2: weights stay in memory, for all forms and shapes
====================== ======================================================================================
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import REGISTERS, ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.kernel import RequantisingKernel
from kwslib.gap8.kernels.rolling import RollingRows, rounds_of
from kwslib.gap8.kernels.rounding import WORDS, Requantise, Rounding

TAPS = 3
"""Rows and columns of the commonest kernel."""
LARGEST_KERNEL, LARGEST_STRIDE = 5, 2
WORD = 4
STRIP = 4
"""Outputs of a row that are computed together."""
COLUMNS_5, ROW_BYTES_5, PLACES_5 = 5, 8, 4
"""Of `Depthwise5`: a row of five inputs and three bytes of anything, and the places of a window in a word."""


@dataclass(frozen=True)
class DepthwiseKernel(RequantisingKernel):
    """A depthwise kernel, which works channel by channel.

    Arguments: [planes, records, output, channels]. The window of output (y, x) begins at byte
    y · stride[0] · row_bytes + x · stride[1] of a channel's plane: padding is in the plane. A record has, for each
    kernel row, one weight word for each of the `places`; if the kernel is `wide`, as many words again for the second
    term, which is added to the first; then the words of the rounding. Output (y, x) is a byte at
    y · out_row_bytes + x · out_column_bytes.

    Attributes
    ----------
    kernel, stride : (int, int)
        Rows and columns.
    rows, columns : int
        Of the output.
    row_bytes, plane_bytes : int
        From one row of a plane to the next one, and from one channel's plane to the next one's.
    out_column_bytes, out_row_bytes, out_channel_bytes : int
        From one output to the next one in a row, to the one below, and to the next channel's.
    padded : (bool, bool)
        Whether the first and the last row of a plane, a window high, are zeros: a kernel may skip them.
    wide : bool
        Whether the weights are sums of two terms.
    skips_rows : bool
        Whether the kernel never reads rows that are said to be zeros.
    left_padding_implied : bool
        Whether a plane has no byte for the padding at the left: windows begin one byte earlier than said above.
    """

    portable = "portable_depthwise"
    skips_rows: ClassVar[bool] = False
    left_padding_implied: ClassVar[bool] = False
    kernel: tuple[int, int]
    stride: tuple[int, int]
    rows: int
    columns: int
    row_bytes: int
    plane_bytes: int
    out_column_bytes: int
    out_row_bytes: int
    out_channel_bytes: int
    padded: tuple[bool, bool] = field(default=(False, False), kw_only=True)
    rounding: Rounding = field(default=Rounding(), kw_only=True)
    signed: bool = field(default=False, kw_only=True)
    wide: bool = field(default=False, kw_only=True)

    @property
    @abstractmethod
    def places(self) -> tuple[int, ...]:
        """Bytes of a weight word at which a kernel row's taps begin; those outside of the word are left out."""

    @property
    def read_bytes(self) -> int:
        """Bytes of a plane's row that are loaded."""
        seen = (self.columns - 1) * self.stride[1] + self.kernel[1]
        return -(-seen // WORD) * WORD

    @property
    def strip(self) -> int:
        """Outputs of a row that are computed together, at most."""
        return min(STRIP, self.columns)

    @property
    def terms(self) -> int:
        """Weight words that are multiplied with the same data."""
        return 2 if self.wide else 1

    @property
    def weight_words(self) -> int:
        """Words of a record in front of those of the rounding."""
        return self.terms * self.kernel[0] * len(self.places)

    @property
    @abstractmethod
    def registers(self) -> int:
        """Registers that the kernel takes at least."""

    def shape_refusal(self) -> str | None:
        if not all(1 <= size <= LARGEST_KERNEL for size in self.kernel):
            return f"a kernel of {self.kernel[0]} × {self.kernel[1]}: up to {LARGEST_KERNEL} × {LARGEST_KERNEL}"
        if not all(1 <= step <= LARGEST_STRIDE for step in self.stride):
            return f"strides of {self.stride[0]} and {self.stride[1]}: 1 and {LARGEST_STRIDE} are possible"
        if self.rows < 1 or self.columns < 1:
            return f"{self.rows} rows of {self.columns} columns"
        if self.row_bytes % WORD or self.row_bytes < self.read_bytes or not fits_immediate(self.row_bytes):
            return f"{self.row_bytes} bytes a row: a multiple of {WORD}, {self.read_bytes} at least, is needed"
        if self.plane_bytes % WORD:
            return f"{self.plane_bytes} bytes a plane: a multiple of {WORD} is needed"
        if self.out_column_bytes < 1 or not fits_immediate(self.strip * self.out_column_bytes):
            return f"{self.out_column_bytes} bytes a position: {self.strip} of them do not fit a 12-bit offset"
        return None

    def refusal(self) -> str | None:
        refusal = super().refusal() if self.rounding.form in WORDS else self.rounding.refusal()
        if refusal is None and self.registers > REGISTERS:
            both = ", with two terms" if self.wide else ""
            return f"the requantisation '{self.rounding.form}'{both}: {self.registers} registers of {REGISTERS}"
        return refusal

    @property
    def _rounding_registers(self) -> int:
        """Registers of the requantisation: one temporary at least, where there are any."""
        return self.rounding.parameters + min(self.rounding.temporaries, 1) + self.rounding.needs_top

    @property
    def _more_temporaries(self) -> int:
        """How many more temporaries the registers suffice for."""
        return min(max(self.rounding.temporaries - 1, 0), REGISTERS - self.registers)

    def _requantise(self, code: Assembler, temporaries: int) -> Requantise:
        """Take the registers of the requantisation, `temporaries` of them in addition to the least."""
        form = self.rounding
        temporary = code.registers(min(form.temporaries, 1) + temporaries)
        top = code.register() if form.needs_top else None
        requantise = Requantise(form, code.registers(form.parameters), temporary, top)
        requantise.prepare(code)
        return requantise

    @property
    def _far_rows(self) -> bool:
        """Whether the step from one output row to the next one needs a register."""
        return not fits_immediate(self.out_row_bytes)


@dataclass(frozen=True)
class Depthwise5(DepthwiseKernel):
    """A depthwise kernel of stride 1 for exactly five columns, with padding zeros left and right that are not stored.

    A row of a plane has eight bytes, five inputs in front.
    """

    generator = "depthwise_5"
    skips_rows = True
    left_padding_implied = True

    @property
    def places(self) -> tuple[int, ...]:
        return (-1, 0, 1, 2)

    @property
    def read_bytes(self) -> int:
        return ROW_BYTES_5

    @property
    def strip(self) -> int:
        return COLUMNS_5

    @property
    def registers(self) -> int:
        # sums, weights, two words of three rows, the shuffle's selector, three pointers
        return COLUMNS_5 + TAPS * PLACES_5 + 2 * TAPS + 1 + 3 + self._rounding_registers

    def shape_refusal(self) -> str | None:
        if self.kernel != (TAPS, TAPS) or self.stride != (1, 1) or self.columns != COLUMNS_5 or self.wide:
            return "not a kernel of 3 × 3 with stride 1, one term and five columns"
        if self.row_bytes != ROW_BYTES_5:
            return f"{self.row_bytes} bytes a row: {ROW_BYTES_5} are needed"
        if self._far_rows:
            return f"{self.out_row_bytes} bytes an output row: more than a 12-bit offset"
        return super().shape_refusal()

    def emit(self, code: Assembler) -> None:
        sums = code.registers(COLUMNS_5)
        weights = [code.registers(PLACES_5) for _ in range(TAPS)]
        data = [code.registers(2) for _ in range(TAPS)]
        requantise = self._requantise(code, self._more_temporaries)
        selector = code.register()  # of the shuffle: [x1 x2 x3] of the second operand, [x4] of the first
        code.constant(selector, 0x00070605)
        bounds = code.loop_bounds(0) if rounds_of(self.rows - sum(self.padded)) else None
        counter = code.register() if self.registers + self._more_temporaries < REGISTERS else None
        with each_channel(code, sums[0], counter) as at:
            for register in sum(weights, []):
                code.take(register, at.records)
            requantise.take(code, at.records)

            def load(row: int) -> None:
                low, high = data[row % TAPS]
                code.take(low, at.data)
                code.take(high, at.data)
                code.emit("pv.shuffle2.b", high, low, selector)

            def compute(row: int, taps: range) -> None:
                for tap in taps:
                    low, high = data[(row - 1 + tap) % TAPS]
                    for total, word, place in zip(sums, (low, low, low, high, high), (0, 1, 2, 2, 3), strict=True):
                        dot(code, total, word, weights[tap][place], tap == taps[0], self.signed)
                requantise.apply(code, sums)
                store_row(code, self, sums, at)

            RollingRows(self.rows, self.padded, load, compute).emit(code, at.data, ROW_BYTES_5, sums[0], bounds)
            code.advance(at.data, self.plane_bytes - (self.rows + 2 - self.padded[1]) * ROW_BYTES_5, scratch=sums[1])
            code.advance(at.output, self.out_channel_bytes - self.rows * self.out_row_bytes, scratch=sums[0])


def store_row(
    code: Assembler, kernel: DepthwiseKernel, codes: list[int], at: ChannelPointers, far: int | None = None
) -> None:
    """Store the codes of an output row, and move the output pointer to the next row; `far` holds a large step."""
    for column in range(1, len(codes)):
        code.emit("sb", codes[column], column * kernel.out_column_bytes, at.output)
    if far is None:
        code.emit("p.sb.post", codes[0], kernel.out_row_bytes, at.output)
    else:
        code.emit("p.sb.rpost", codes[0], far, at.output)
