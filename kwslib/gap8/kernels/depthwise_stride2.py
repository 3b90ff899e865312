"""Depthwise 3 × 3 convolution, stride 2: each input row is loaded once and serves all output rows that it belongs to.

The windows of a row start at every other column: at the two halves of a word of four inputs. Those at the first half
are the words as they are loaded; the others come from one shuffle each, in place, once the loaded words have been used.
The last input row of an output row is the first one of the next: two sets of sums take turns.
"""

from dataclasses import dataclass

from kwslib.errors import InputError
from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import ChannelPointers, Requantise, dot, each_channel, shift_refusal

TAPS, STRIDE = 3, 2
WORD = 4
WIDTH_4, WIDTH_5 = 4, 5
ROW_WORDS = 3
"""Words of an input row that four or five outputs see."""
SELECTOR = 0x05040302
"""Of ``pv.shuffle2.b``: the upper half of the first operand, the lower half of the second."""


def depthwise_stride2_5_refusal(rows: int, row_bytes: int, pixel_bytes: int) -> str | None:
    """Say why `depthwise_stride2_5` cannot do this shape, or None if it can."""
    return _refusal(rows, WIDTH_5, row_bytes, pixel_bytes, WIDTH_5)


def depthwise_stride2_4_refusal(rows: int, columns: int, row_bytes: int, pixel_bytes: int) -> str | None:
    """Say why `depthwise_stride2_4` cannot do this shape, or None if it can."""
    if columns < WIDTH_4 or columns % WIDTH_4:
        return f"{columns} columns: a multiple of {WIDTH_4} is needed"
    return _refusal(rows, columns, row_bytes, pixel_bytes, WIDTH_4)


def _refusal(rows: int, columns: int, row_bytes: int, pixel_bytes: int, width: int) -> str | None:
    if rows < 1:
        return f"{rows} rows"
    least = -(-(STRIDE * columns + 1) // WORD) * WORD
    if row_bytes % WORD or row_bytes < least or not fits_immediate(row_bytes):
        return f"{row_bytes} bytes a row: a multiple of {WORD}, {least} at least, is needed"
    if pixel_bytes < 1 or not fits_immediate(width * pixel_bytes):
        return f"{pixel_bytes} bytes a position: {width} of them do not fit a 12-bit offset"
    return None


def depthwise_stride2_5(
    symbol: str,
    rows: int,
    row_bytes: int,
    pixel_bytes: int,
    *,
    padded: tuple[bool, bool] = (False, False),
    shift: int | None = None,
) -> str:
    """Return the assembler text of a depthwise kernel of stride 2 for exactly five output columns.

    Parameters
    ----------
    symbol : str
        Name of the function.
    rows : int
        Rows of the output.
    row_bytes : int
        From one row of a plane to the next one.
    pixel_bytes : int
        From one output position to the next one.
    padded : (bool, bool)
        Whether the first and the last row of a plane are padding zeros: they are not looked at then.
    shift : int, optional
        The shift n, if it is the same for every channel: the records' is not looked at then.

    Notes
    -----
    Arguments: [planes, records, output, channels]. A plane has 2 · rows + 1 rows, the first of them above the first
    output, ten columns from byte 0 on and zeros in the two bytes behind; the next channel's follows it. A record has
    [w0 w1 w2 0] of each kernel row, then q, B, n. Output (y, x) of a channel is a byte at (5 · y + x) · pixel_bytes;
    the next channel's is one further.
    """
    refusal = depthwise_stride2_5_refusal(rows, row_bytes, pixel_bytes) or shift_refusal(shift)
    if refusal:
        raise InputError(f"kernel {symbol}: {refusal}")
    return _text(symbol, rows, WIDTH_5, WIDTH_5, row_bytes, pixel_bytes, padded, shift)


def depthwise_stride2_4(
    symbol: str,
    rows: int,
    columns: int,
    row_bytes: int,
    pixel_bytes: int,
    *,
    padded: tuple[bool, bool] = (False, False),
    shift: int | None = None,
) -> str:
    """Return the assembler text of a depthwise kernel of stride 2 for a multiple of four output columns.

    Parameters
    ----------
    columns : int
        Columns of the output.

    Notes
    -----
    As `depthwise_stride2_5`, with 2 · columns input columns and a zero behind them; output (y, x) of a channel is a
    byte at (columns · y + x) · pixel_bytes.
    """
    refusal = depthwise_stride2_4_refusal(rows, columns, row_bytes, pixel_bytes) or shift_refusal(shift)
    if refusal:
        raise InputError(f"kernel {symbol}: {refusal}")
    return _text(symbol, rows, columns, WIDTH_4, row_bytes, pixel_bytes, padded, shift)


def _text(
    symbol: str,
    rows: int,
    columns: int,
    width: int,
    row_bytes: int,
    pixel_bytes: int,
    padded: tuple[bool, bool],
    shift: int | None,
) -> str:
    """Return the text of a kernel that works in strips of `width` output columns."""
    code = Assembler(symbol)
    sums = [code.registers(width), code.registers(width)]
    channels = code.register()
    weights, words = code.registers(TAPS), code.registers(ROW_WORDS)
    requantise = Requantise.allocate(code, shift)
    selector, output_row = code.registers(2)
    code.constant(selector, SELECTOR)
    code.constant(output_row, columns * pixel_bytes)
    strips = columns // width
    with each_channel(code, sums[0][0], channels) as at:
        strip = _Strip(
            code, rows, row_bytes, pixel_bytes, padded, sums, weights, words, requantise, selector, output_row
        )
        for register in weights:
            code.take(register, at.records)
        requantise.take(code, at.records)
        if strips > 1:
            count = code.register()
            code.constant(count, strips)
            with code.hardware_loop(1, count):
                strip.emit(at)
                code.advance(at.data, STRIDE * width - strip.end * row_bytes, scratch=sums[0][0])
                code.advance(at.output, (width - rows * columns) * pixel_bytes, scratch=sums[0][1])
            code.advance(at.data, (STRIDE * rows + 1) * row_bytes - STRIDE * columns, scratch=sums[0][0])
            code.advance(at.output, 1 - columns * pixel_bytes, scratch=sums[0][1])
        else:
            strip.emit(at)
            code.advance(at.data, (STRIDE * rows + 1 - strip.end) * row_bytes, scratch=sums[0][0])
            code.advance(at.output, 1 - rows * columns * pixel_bytes, scratch=sums[0][1])
    return code.text()


@dataclass(frozen=True)
class _Strip:
    """One strip of outputs: what stays the same from row to row."""

    code: Assembler
    rows: int
    row_bytes: int
    pixel_bytes: int
    padded: tuple[bool, bool]
    sums: list[list[int]]
    weights: list[int]
    words: list[int]
    requantise: Requantise
    selector: int
    output_row: int

    @property
    def end(self) -> int:
        """Row of the plane at which the data pointer stands in the end."""
        return STRIDE * self.rows + 1 - self.padded[1]

    def emit(self, at: ChannelPointers) -> None:
        """Emit all rows: the first and the last by themselves, those between in a loop of two."""
        code = self.code
        if self.padded[0]:
            code.advance(at.data, self.row_bytes, scratch=self.words[0])
        else:
            self._input_row(at, [(0, 0)])
        rounds, rest = divmod(max(self.rows - 2, 0), 2)
        self._output_row(at, 0)
        if rounds > 1:
            code.constant(self.words[0], rounds)
            with code.hardware_loop(0, self.words[0]):
                self._output_row(at, 1)
                self._output_row(at, 2)
        for row in range(1 + 2 * rounds if rounds > 1 else 1, 1 + 2 * rounds + rest):
            self._output_row(at, row)
        if self.rows > 1:
            self._output_row(at, self.rows - 1)

    def _output_row(self, at: ChannelPointers, row: int) -> None:
        last = row == self.rows - 1
        self._input_row(at, [(row, 1)])
        if not (last and self.padded[1]):
            self._input_row(at, [(row, 2)] if last else [(row, 2), (row + 1, 0)])
        sums = self.sums[row % 2]
        self.requantise.apply(self.code, sums)
        for column in range(1, len(sums)):
            self.code.emit("sb", sums[column], column * self.pixel_bytes, at.output)
        self.code.emit("p.sb.rpost", sums[0], self.output_row, at.output)

    def _input_row(self, at: ChannelPointers, uses: list[tuple[int, int]]) -> None:
        """Load an input row and add it to the outputs that see it: `uses` are pairs of output row and kernel row."""
        code, words = self.code, self.words
        for word in words[:-1]:
            code.take(word, at.data)
        code.take(words[-1], at.data, self.row_bytes - (ROW_WORDS - 1) * WORD)
        for start in range(STRIDE):
            for row, tap in uses:
                first = tap == (1 if row == 0 and self.padded[0] else 0)
                sums = self.sums[row % 2]
                for column in range(start, len(sums), STRIDE):
                    dot(code, sums[column], words[column // STRIDE], self.weights[tap], first)
            if start == 0:
                code.emit("pv.shuffle2.b", words[0], words[1], self.selector)
                code.emit("pv.shuffle2.b", words[1], words[2], self.selector)
