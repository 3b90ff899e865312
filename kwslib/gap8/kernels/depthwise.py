"""Depthwise 3 × 3 convolution, stride 1: a row of outputs after the other, three input rows in registers.

Three taps and a zero make one weight word, at each of the places that a window can have in a word of four inputs. Each
input row is loaded once for a column of outputs; a second word that starts elsewhere comes from a shuffle. The rows'
registers rotate, so the loop's body is three rows long.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kwslib.errors import InputError
from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import ChannelPointers, Requantise, dot, each_channel, shift_refusal

TAPS = 3
ROW_BYTES_5 = 8
"""A row of five inputs and three bytes of anything."""
WIDTH_4, WIDTH_5 = 4, 5


def depthwise_5_refusal(rows: int, pixel_bytes: int) -> str | None:
    """Say why `depthwise_5` cannot do this shape, or None if it can."""
    if rows < 1:
        return f"{rows} rows"
    if pixel_bytes < 1 or not fits_immediate(WIDTH_5 * pixel_bytes):
        return f"{pixel_bytes} bytes a position: five of them do not fit a 12-bit offset"
    return None


def depthwise_4_refusal(rows: int, columns: int, row_bytes: int, pixel_bytes: int) -> str | None:
    """Say why `depthwise_4` cannot do this shape, or None if it can."""
    if rows < 1 or columns < WIDTH_4 or columns % WIDTH_4:
        return f"{rows} rows of {columns} columns: a multiple of {WIDTH_4} columns is needed"
    if row_bytes % 4 or row_bytes < columns + 2 or not fits_immediate(row_bytes):
        return f"{row_bytes} bytes a row: a multiple of 4, {columns + 2} at least, is needed"
    if pixel_bytes < 1 or not fits_immediate(WIDTH_4 * pixel_bytes):
        return f"{pixel_bytes} bytes a position: four of them do not fit a 12-bit offset"
    return None


def depthwise_5(
    symbol: str,
    rows: int,
    pixel_bytes: int,
    *,
    padded: tuple[bool, bool] = (False, False),
    shift: int | None = None,
) -> str:
    """Return the assembler text of a depthwise kernel for exactly five columns.

    Parameters
    ----------
    symbol : str
        Name of the function.
    rows : int
        Rows of the output.
    pixel_bytes : int
        From one output position to the next one.
    padded : (bool, bool)
        Whether the first and the last row of a plane are padding zeros: they are not looked at then.
    shift : int, optional
        The shift n, if it is the same for every channel: the records' is not looked at then.

    Notes
    -----
    Arguments: [planes, records, output, channels]. A plane has rows + 2 rows of 8 bytes, five inputs in each; the next
    channel's follows it. A record has, for each row of the kernel, [w1 w2 0 0] [w0 w1 w2 0] [0 w0 w1 w2] [0 0 w0 w1],
    then q, B, n. Output (y, x) of a channel is a byte at (5 · y + x) · pixel_bytes; the next channel's is one further.
    """
    refusal = depthwise_5_refusal(rows, pixel_bytes) or shift_refusal(shift)
    if refusal:
        raise InputError(f"kernel {symbol}: {refusal}")
    code = Assembler(symbol)
    sums = code.registers(WIDTH_5)
    weights = [code.registers(4) for _ in range(TAPS)]
    data = [code.registers(2) for _ in range(TAPS)]
    requantise = Requantise.allocate(code, shift)
    selector = code.register()  # of the shuffle: [x1 x2 x3] of the second operand, [x4] of the first
    code.constant(selector, 0x00070605)
    # without a register for the shift there is one left to count channels in
    with each_channel(code, sums[0], None if shift is None else code.register()) as at:
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
                places = ((low, 0), (low, 1), (low, 2), (high, 2), (high, 3))
                for total, (word, place) in zip(sums, places, strict=True):
                    dot(code, total, word, weights[tap][place], first=tap == taps[0])
            requantise.apply(code, sums)
            for column in range(1, WIDTH_5):
                code.emit("sb", sums[column], column * pixel_bytes, at.output)
            code.emit("p.sb.post", sums[0], WIDTH_5 * pixel_bytes, at.output)

        _column(code, _Column(rows, padded, load, compute), at, ROW_BYTES_5, count=sums[0])
        code.advance(at.data, ROW_BYTES_5 * padded[1])
        code.advance(at.output, 1 - WIDTH_5 * pixel_bytes * rows, scratch=sums[0])
    return code.text()


def depthwise_4(
    symbol: str,
    rows: int,
    columns: int,
    row_bytes: int,
    pixel_bytes: int,
    *,
    padded: tuple[bool, bool] = (False, False),
    shift: int | None = None,
) -> str:
    """Return the assembler text of a depthwise kernel for a multiple of four columns.

    Parameters
    ----------
    symbol : str
        Name of the function.
    rows, columns : int
        Of the output.
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
    Arguments: [planes, records, output, channels]. A plane has rows + 2 rows, column x at byte x + 1, zeros beside the
    columns; the next channel's follows it. A record has, for each row of the kernel, [w0 w1 w2 0] [0 w0 w1 w2], then
    q, B, n. Output (y, x) of a channel is a byte at (columns · y + x) · pixel_bytes; the next channel's is one further.
    """
    refusal = depthwise_4_refusal(rows, columns, row_bytes, pixel_bytes) or shift_refusal(shift)
    if refusal:
        raise InputError(f"kernel {symbol}: {refusal}")
    code = Assembler(symbol)
    sums = code.registers(WIDTH_4)
    channels = code.register()
    weights = [code.registers(2) for _ in range(TAPS)]
    data = [code.registers(2) for _ in range(TAPS)]
    requantise = Requantise.allocate(code, shift)
    selector, output_row = code.registers(2)
    code.constant(selector, 0x01000706)  # of the shuffle: [x1 x2] of the second operand, [x3 x4] of the first
    code.constant(output_row, columns * pixel_bytes)
    with each_channel(code, sums[0], channels) as at:
        for register in sum(weights, []):
            code.take(register, at.records)
        requantise.take(code, at.records)

        def load(row: int) -> None:
            low, high = data[row % TAPS]
            code.load(high, 4, at.data)
            code.take(low, at.data, row_bytes)
            code.emit("pv.shuffle2.b", high, low, selector)

        def compute(row: int, taps: range) -> None:
            for tap in taps:
                low, high = data[(row - 1 + tap) % TAPS]
                for column, total in enumerate(sums):
                    word = low if column < 2 else high
                    dot(code, total, word, weights[tap][column % 2], first=tap == taps[0])
            requantise.apply(code, sums)
            for column in range(1, WIDTH_4):
                code.emit("sb", sums[column], column * pixel_bytes, at.output)
            code.emit("p.sb.rpost", sums[0], output_row, at.output)

        strips = code.register()
        code.constant(strips, columns // WIDTH_4)
        with code.hardware_loop(1, strips):
            _column(code, _Column(rows, padded, load, compute), at, row_bytes, count=sums[0])
            read = rows + 2 - padded[1]
            code.advance(at.data, WIDTH_4 - read * row_bytes, scratch=sums[0])
            code.advance(at.output, WIDTH_4 * pixel_bytes - rows * columns * pixel_bytes, scratch=sums[1])
        code.advance(at.data, (rows + 2) * row_bytes - columns, scratch=sums[0])
        code.advance(at.output, 1 - columns * pixel_bytes, scratch=sums[1])
    return code.text()


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

    def output_row(self, row: int) -> None:
        """Load the last input row that output row `row` needs, unless it is known to be zeros, and compute."""
        taps = range(int(row == 0 and self.padded[0]), TAPS - int(row == self.rows - 1 and self.padded[1]))
        if taps[-1] == TAPS - 1:
            self.load(row + 1)
        self.compute(row, taps)


def _column(code: Assembler, column: _Column, at: ChannelPointers, row_bytes: int, count: int) -> None:
    """Emit all rows of a column: those at a padded border by themselves, the others in a loop of three."""
    first, last = int(column.padded[0]), column.rows - int(column.padded[1])
    if column.padded[0]:
        code.advance(at.data, row_bytes, scratch=count)
    else:
        column.load(-1)
    column.load(0)
    if column.padded[0]:
        column.output_row(0)
    rounds, rest = divmod(max(last - first, 0), TAPS)
    if rounds > 1:
        code.constant(count, rounds)
        with code.hardware_loop(0, count):
            for row in range(first, first + TAPS):
                column.output_row(row)
    for row in range(first + TAPS * rounds if rounds > 1 else first, first + TAPS * rounds + rest):
        column.output_row(row)
    if column.padded[1] and column.rows > first:
        column.output_row(column.rows - 1)
