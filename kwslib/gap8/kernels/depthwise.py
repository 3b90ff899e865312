"""Depthwise 3 × 3 convolution, stride 1: row by row, with three input rows in registers.

Three taps and a zero make one weight word, at each of the places that a window can have in a word of four inputs. Each
input row is loaded once for a column of outputs; a second word that starts elsewhere comes from a shuffle. The rows'
registers rotate, so the loop's body is three rows long.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.kernel import RequantisingKernel

TAPS = 3
ROW_BYTES_5 = 8
"""A row of five inputs and three bytes of anything."""
WIDTH_4, WIDTH_5 = 4, 5
LOW, HIGH = 0, 1
"""The two words of an input row: the one that is loaded first, and the one that the shuffle makes."""


class DepthwiseKernel(RequantisingKernel):
    """A depthwise 3 × 3 kernel.

    It works channel by channel; its arguments are [planes, records, output, channels].

    Attributes
    ----------
    rows : int
        Rows of the output.
    pixel_bytes : int
        From one output position to the next one.
    padded : (bool, bool)
        Whether the first and the last row of a plane are padding zeros: the kernel then skips them.
    """

    portable = "portable_depthwise"
    rows: int
    pixel_bytes: int
    padded: tuple[bool, bool]


@dataclass(frozen=True)
class Depthwise5(DepthwiseKernel):
    """A depthwise kernel of stride 1 for exactly five columns.

    A plane has rows + 2 rows of 8 bytes, five inputs in each; the next channel's follows it. A record has, for each row
    of the kernel, [w1 w2 0 0] [w0 w1 w2 0] [0 w0 w1 w2] [0 0 w0 w1], then q, B, n. Output (y, x) of a channel is a byte
    at (5 · y + x) · pixel_bytes; the next channel's is the byte behind it.
    """

    generator = "depthwise_5"
    rows: int
    pixel_bytes: int
    padded: tuple[bool, bool] = field(default=(False, False), kw_only=True)
    shift: int | None = field(default=None, kw_only=True)

    def shape_refusal(self) -> str | None:
        if self.rows < 1:
            return f"{self.rows} rows"
        if self.pixel_bytes < 1 or not fits_immediate(WIDTH_5 * self.pixel_bytes):
            return f"{self.pixel_bytes} bytes a position: five of them do not fit a 12-bit offset"
        return None

    def emit(self, code: Assembler) -> None:
        sums = code.registers(WIDTH_5)
        places = ((LOW, 0), (LOW, 1), (LOW, 2), (HIGH, 2), (HIGH, 3))
        window = _Window.allocate(code, self, sums, places, words=4)
        selector = code.register()  # of the shuffle: [x1 x2 x3] of the second operand, [x4] of the first
        code.constant(selector, 0x00070605)
        # without a register for the shift there is one left to count channels in
        with each_channel(code, sums[0], None if self.shift is None else code.register()) as at:
            window.take_records(at)

            def load(row: int) -> None:
                low, high = window.data[row % TAPS]
                code.take(low, at.data)
                code.take(high, at.data)
                code.emit("pv.shuffle2.b", high, low, selector)

            def compute(row: int, taps: range) -> None:
                window.compute(at, row, taps)
                code.emit("p.sb.post", sums[0], WIDTH_5 * self.pixel_bytes, at.output)

            _Column(self.rows, self.padded, load, compute).emit(code, at, ROW_BYTES_5, count=sums[0])
            code.advance(at.data, ROW_BYTES_5 * self.padded[1])
            code.advance(at.output, 1 - WIDTH_5 * self.pixel_bytes * self.rows, scratch=sums[0])


@dataclass(frozen=True)
class Depthwise4(DepthwiseKernel):
    """A depthwise kernel of stride 1 for a multiple of four columns.

    A plane has rows + 2 rows, `row_bytes` from one to the next, column x at byte x + 1, zeros beside the columns; the
    next channel's follows it. A record has, for each row of the kernel, [w0 w1 w2 0] [0 w0 w1 w2], then q, B, n.
    Output (y, x) of a channel is a byte at (columns · y + x) · pixel_bytes; the next channel's is the byte behind it.
    """

    generator = "depthwise_4"
    rows: int
    columns: int
    row_bytes: int
    pixel_bytes: int
    padded: tuple[bool, bool] = field(default=(False, False), kw_only=True)
    shift: int | None = field(default=None, kw_only=True)

    def shape_refusal(self) -> str | None:
        if self.rows < 1 or self.columns < WIDTH_4 or self.columns % WIDTH_4:
            return f"{self.rows} rows of {self.columns} columns: a multiple of {WIDTH_4} columns is needed"
        if self.row_bytes % 4 or self.row_bytes < self.columns + 2 or not fits_immediate(self.row_bytes):
            return f"{self.row_bytes} bytes a row: a multiple of 4, {self.columns + 2} at least, is needed"
        if self.pixel_bytes < 1 or not fits_immediate(WIDTH_4 * self.pixel_bytes):
            return f"{self.pixel_bytes} bytes a position: four of them do not fit a 12-bit offset"
        return None

    def emit(self, code: Assembler) -> None:
        sums = code.registers(WIDTH_4)
        channels = code.register()
        places = ((LOW, 0), (LOW, 1), (HIGH, 0), (HIGH, 1))
        window = _Window.allocate(code, self, sums, places, words=2)
        selector, output_row = code.registers(2)
        code.constant(selector, 0x01000706)  # of the shuffle: [x1 x2] of the second operand, [x3 x4] of the first
        code.constant(output_row, self.columns * self.pixel_bytes)
        with each_channel(code, sums[0], channels) as at:
            window.take_records(at)

            def load(row: int) -> None:
                low, high = window.data[row % TAPS]
                code.load(high, 4, at.data)
                code.take(low, at.data, self.row_bytes)
                code.emit("pv.shuffle2.b", high, low, selector)

            def compute(row: int, taps: range) -> None:
                window.compute(at, row, taps)
                code.emit("p.sb.rpost", sums[0], output_row, at.output)

            strips = code.register()
            code.constant(strips, self.columns // WIDTH_4)
            with code.hardware_loop(1, strips):
                _Column(self.rows, self.padded, load, compute).emit(code, at, self.row_bytes, count=sums[0])
                read = self.rows + 2 - self.padded[1]
                code.advance(at.data, WIDTH_4 - read * self.row_bytes, scratch=sums[0])
                code.advance(at.output, (WIDTH_4 - self.rows * self.columns) * self.pixel_bytes, scratch=sums[1])
            code.advance(at.data, (self.rows + 2) * self.row_bytes - self.columns, scratch=sums[0])
            code.advance(at.output, 1 - self.columns * self.pixel_bytes, scratch=sums[1])


@dataclass(frozen=True)
class _Window:
    """Registers of a kernel: sums of a row of outputs, the weights, three input rows of two words.

    Attributes
    ----------
    places : tuple of (int, int)
        For each output of a row, the word of the input row that holds its window (`LOW` or `HIGH`), and the weight word
        whose taps stand at the window's place.
    """

    code: Assembler
    pixel_bytes: int
    places: tuple[tuple[int, int], ...]
    sums: list[int]
    weights: list[list[int]]
    data: list[list[int]]
    requantise: Requantise

    @classmethod
    def allocate(
        cls, code: Assembler, kernel: DepthwiseKernel, sums: list[int], places: tuple[tuple[int, int], ...], words: int
    ) -> "_Window":
        """Take the registers that are needed in addition to the sums; a kernel row has `words` weight words."""
        weights = [code.registers(words) for _ in range(TAPS)]
        data = [code.registers(2) for _ in range(TAPS)]
        return cls(code, kernel.pixel_bytes, places, sums, weights, data, Requantise.allocate(code, kernel.shift))

    def take_records(self, at: ChannelPointers) -> None:
        """Load a channel's weights and parameters."""
        for words in self.weights:
            for register in words:
                self.code.take(register, at.records)
        self.requantise.take(self.code, at.records)

    def compute(self, at: ChannelPointers, row: int, taps: range) -> None:
        """Compute the codes of an output row from the kernel's rows `taps`, and store all but the first."""
        for tap in taps:
            words, weights = self.data[(row - 1 + tap) % TAPS], self.weights[tap]
            for total, (word, place) in zip(self.sums, self.places, strict=True):
                dot(self.code, total, words[word], weights[place], first=tap == taps[0])
        self.requantise.apply(self.code, self.sums)
        for column in range(1, len(self.sums)):
            self.code.emit("sb", self.sums[column], column * self.pixel_bytes, at.output)


@dataclass(frozen=True)
class _Column:
    """How a column of outputs is computed.

    Attributes
    ----------
    rows : int
        Outputs in it.
    padded : (bool, bool)
        Whether the input rows in front of the first and behind the last are zeros.
    load : callable of a row
        Loads input row `row`, -1 being the first of the plane.
    compute : callable of a row and the kernel's rows that take part
        Computes output row `row`.
    """

    rows: int
    padded: tuple[bool, bool]
    load: Callable[[int], None]
    compute: Callable[[int, range], None]

    def emit(self, code: Assembler, at: ChannelPointers, row_bytes: int, count: int) -> None:
        """Emit all rows of a column: those at a padded border by themselves, the others in a loop of three."""
        first, last = int(self.padded[0]), self.rows - int(self.padded[1])
        if self.padded[0]:
            code.advance(at.data, row_bytes, scratch=count)
        else:
            self.load(-1)
        self.load(0)
        if self.padded[0]:
            self._output_row(0)
        rounds, rest = divmod(max(last - first, 0), TAPS)
        if rounds > 1:
            code.constant(count, rounds)
            with code.hardware_loop(0, count):
                for row in range(first, first + TAPS):
                    self._output_row(row)
        for row in range(first + TAPS * rounds if rounds > 1 else first, first + TAPS * rounds + rest):
            self._output_row(row)
        if self.padded[1] and self.rows > first:
            self._output_row(self.rows - 1)

    def _output_row(self, row: int) -> None:
        """Load the last input row that output row `row` needs, unless it is known to be zeros, and compute."""
        taps = range(int(row == 0 and self.padded[0]), TAPS - int(row == self.rows - 1 and self.padded[1]))
        if taps[-1] == TAPS - 1:
            self.load(row + 1)
        self.compute(row, taps)
