"""Depthwise 3 × 3 convolution, stride 2: each input row is loaded once and serves all output rows that it belongs to.

The windows of a row start at every other column: at the two halves of a word of four inputs. Those at the first half
are the words as they are loaded; the others come from one shuffle each, in place, once the loaded words have been used.
The last input row of an output row is the first one of the next: two sets of sums take turns.
"""

from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.depthwise import TAPS, WIDTH_4, WIDTH_5, DepthwiseKernel

STRIDE = 2
WORD = 4
ROW_WORDS = 3
"""Words of an input row that four or five outputs see."""
SELECTOR = 0x05040302
"""Of ``pv.shuffle2.b``: the upper half of the first operand, the lower half of the second."""


class Stride2Kernel(DepthwiseKernel):
    """A depthwise 3 × 3 kernel of stride 2, which works in strips of output columns.

    A plane has 2 · rows + 1 rows, the first of them above the first output; twice as many columns as the output from
    byte 0 on, and zeros behind them. The next channel's follows it. A record has [w0 w1 w2 0] of each kernel row, then
    q, B, n. Output (y, x) of a channel is a byte at (columns · y + x) · pixel_bytes; the next channel's is the byte
    behind it.

    Attributes
    ----------
    row_bytes : int
        From one row of a plane to the next one.
    """

    row_bytes: int

    def _refusal(self, columns: int, width: int) -> str | None:
        if self.rows < 1:
            return f"{self.rows} rows"
        least = -(-(STRIDE * columns + 1) // WORD) * WORD
        if self.row_bytes % WORD or self.row_bytes < least or not fits_immediate(self.row_bytes):
            return f"{self.row_bytes} bytes a row: a multiple of {WORD}, {least} at least, is needed"
        if self.pixel_bytes < 1 or not fits_immediate(width * self.pixel_bytes):
            return f"{self.pixel_bytes} bytes a position: {width} of them do not fit a 12-bit offset"
        return None

    def _emit(self, code: Assembler, columns: int, width: int) -> None:
        """Emit a kernel for `columns` output columns, in strips of `width`."""
        sums = [code.registers(width), code.registers(width)]
        channels = code.register()
        weights, words = code.registers(TAPS), code.registers(ROW_WORDS)
        requantise = Requantise.allocate(code, self.shift)
        selector, output_row = code.registers(2)
        code.constant(selector, SELECTOR)
        code.constant(output_row, columns * self.pixel_bytes)
        strip = _Strip(code, self, sums, weights, words, requantise, selector, output_row)
        strips = columns // width
        with each_channel(code, sums[0][0], channels) as at:
            for register in weights:
                code.take(register, at.records)
            requantise.take(code, at.records)
            if strips > 1:
                count = code.register()
                code.constant(count, strips)
                with code.hardware_loop(1, count):
                    strip.emit(at)
                    code.advance(at.data, STRIDE * width - strip.end * self.row_bytes, scratch=sums[0][0])
                    code.advance(at.output, (width - self.rows * columns) * self.pixel_bytes, scratch=sums[0][1])
                code.advance(at.data, (STRIDE * self.rows + 1) * self.row_bytes - STRIDE * columns, scratch=sums[0][0])
                code.advance(at.output, 1 - columns * self.pixel_bytes, scratch=sums[0][1])
            else:
                strip.emit(at)
                code.advance(at.data, (STRIDE * self.rows + 1 - strip.end) * self.row_bytes, scratch=sums[0][0])
                code.advance(at.output, 1 - self.rows * columns * self.pixel_bytes, scratch=sums[0][1])


@dataclass(frozen=True)
class Stride2Depthwise5(Stride2Kernel):
    """A depthwise kernel of stride 2 for exactly five output columns."""

    generator = "depthwise_stride2_5"
    rows: int
    row_bytes: int
    pixel_bytes: int
    padded: tuple[bool, bool] = field(default=(False, False), kw_only=True)
    shift: int | None = field(default=None, kw_only=True)

    def shape_refusal(self) -> str | None:
        return self._refusal(WIDTH_5, WIDTH_5)

    def emit(self, code: Assembler) -> None:
        self._emit(code, WIDTH_5, WIDTH_5)


@dataclass(frozen=True)
class Stride2Depthwise4(Stride2Kernel):
    """A depthwise kernel of stride 2 for a multiple of four output columns."""

    generator = "depthwise_stride2_4"
    rows: int
    columns: int
    row_bytes: int
    pixel_bytes: int
    padded: tuple[bool, bool] = field(default=(False, False), kw_only=True)
    shift: int | None = field(default=None, kw_only=True)

    def shape_refusal(self) -> str | None:
        if self.columns < WIDTH_4 or self.columns % WIDTH_4:
            return f"{self.columns} columns: a multiple of {WIDTH_4} is needed"
        return self._refusal(self.columns, WIDTH_4)

    def emit(self, code: Assembler) -> None:
        self._emit(code, self.columns, WIDTH_4)


@dataclass(frozen=True)
class _Strip:
    """One strip of outputs: what stays the same from row to row."""

    code: Assembler
    kernel: Stride2Kernel
    sums: list[list[int]]
    weights: list[int]
    words: list[int]
    requantise: Requantise
    selector: int
    output_row: int

    @property
    def end(self) -> int:
        """Row of the plane at which the data pointer stands in the end."""
        return STRIDE * self.kernel.rows + 1 - self.kernel.padded[1]

    def emit(self, at: ChannelPointers) -> None:
        """Emit all rows: the first and the last by themselves, those between in a loop of two."""
        code = self.code
        if self.kernel.padded[0]:
            code.advance(at.data, self.kernel.row_bytes, scratch=self.words[0])
        else:
            self._input_row(at, [(0, 0)])
        rounds, rest = divmod(max(self.kernel.rows - 2, 0), 2)
        self._output_row(at, 0)
        if rounds > 1:
            code.constant(self.words[0], rounds)
            with code.hardware_loop(0, self.words[0]):
                self._output_row(at, 1)
                self._output_row(at, 2)
        for row in range(1 + 2 * rounds if rounds > 1 else 1, 1 + 2 * rounds + rest):
            self._output_row(at, row)
        if self.kernel.rows > 1:
            self._output_row(at, self.kernel.rows - 1)

    def _output_row(self, at: ChannelPointers, row: int) -> None:
        last = row == self.kernel.rows - 1
        self._input_row(at, [(row, 1)])
        if not (last and self.kernel.padded[1]):
            self._input_row(at, [(row, 2)] if last else [(row, 2), (row + 1, 0)])
        sums = self.sums[row % 2]
        self.requantise.apply(self.code, sums)
        for column in range(1, len(sums)):
            self.code.emit("sb", sums[column], column * self.kernel.pixel_bytes, at.output)
        self.code.emit("p.sb.rpost", sums[0], self.output_row, at.output)

    def _input_row(self, at: ChannelPointers, uses: list[tuple[int, int]]) -> None:
        """Load an input row and add it to the outputs that see it: `uses` are pairs of output row and kernel row."""
        code, words = self.code, self.words
        for word in words[:-1]:
            code.take(word, at.data)
        code.take(words[-1], at.data, self.kernel.row_bytes - (ROW_WORDS - 1) * WORD)
        for start in range(STRIDE):
            for row, tap in uses:
                first = tap == (1 if row == 0 and self.kernel.padded[0] else 0)
                sums = self.sums[row % 2]
                for column in range(start, len(sums), STRIDE):
                    dot(code, sums[column], words[column // STRIDE], self.weights[tap], first)
            if start == 0:
                code.emit("pv.shuffle2.b", words[0], words[1], self.selector)
                code.emit("pv.shuffle2.b", words[1], words[2], self.selector)
