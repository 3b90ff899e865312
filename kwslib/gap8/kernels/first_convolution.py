"""First convolution, one input channel: kernel of 10 rows × 4 columns, row stride 2.

A kernel row is one word, and so is what an output column sees of an input row. The ten weight words of a channel stay
in registers while a column streams through: with stride 2 each input word serves five outputs, whose sums are in five
registers by turns. An output costs two loads, ten dot products, three instructions of requantisation and a store.
"""

from dataclasses import dataclass, field

from kwslib.errors import InputError
from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import ChannelPointers, Requantise, dot, each_channel

KERNEL_ROWS, STRIDE = 10, 2
LIVE = KERNEL_ROWS // STRIDE
"""Outputs that an input row belongs to, hence sums in registers."""


def first_convolution_refusal(
    rows: int, columns: int, row_bytes: int, plane_bytes: int, *, padding: tuple[int, int] = (0, 0)
) -> str | None:
    """Say why `first_convolution` cannot do this shape, or None if it can."""
    if rows < 2 * LIVE or columns < 1:
        return f"{rows} rows, {columns} columns: {2 * LIVE} rows and one column at least are needed"
    if not all(0 <= zeros < KERNEL_ROWS - STRIDE for zeros in padding):
        return f"{padding[0]} and {padding[1]} rows of padding: 0 to {KERNEL_ROWS - STRIDE - 1} are possible"
    if not fits_immediate(row_bytes):
        return f"{row_bytes} bytes a row: more than a 12-bit offset"
    return None


def first_convolution(
    symbol: str,
    rows: int,
    columns: int,
    row_bytes: int,
    plane_bytes: int,
    *,
    padding: tuple[int, int] = (0, 0),
) -> str:
    """Return the assembler text of a first convolution.

    Parameters
    ----------
    symbol : str
        Name of the function.
    rows, columns : int
        Of the output.
    row_bytes, plane_bytes : int
        From one output row, and from one output channel, to the next one.
    padding : (int, int)
        Input rows at the top and at the bottom that are padding zeros: they are not looked at.

    Notes
    -----
    Arguments: [column words, records, output, channels]. Column words: for output column x and padded input row r, from
    0 to 2 · rows + 7, the four input bytes that the output column sees in that row, at word x · (2 · rows + 8) + r. A
    record has the ten words of the kernel's rows, q, B and n. Output (y, x) of a channel is a byte at
    y · row_bytes + x; the next channel's is plane_bytes further.
    """
    refusal = first_convolution_refusal(rows, columns, row_bytes, plane_bytes, padding=padding)
    if refusal:
        raise InputError(f"kernel {symbol}: {refusal}")
    code = Assembler(symbol)
    kernel = _FirstConvolution(code, rows, row_bytes, padding)
    count = code.register()
    words = STRIDE * rows + KERNEL_ROWS - STRIDE
    with each_channel(code, scratch=count) as at:
        for register in (*kernel.weights, kernel.requantise.q, kernel.requantise.bias, kernel.requantise.n):
            code.take(register, at.records)
        code.advance(at.data, 4 * padding[0])
        code.constant(count, columns)
        with code.hardware_loop(1, count):
            kernel.column(at, count)
        code.advance(at.data, -4 * (words * columns + padding[0]), scratch=count)
        code.advance(at.output, plane_bytes - columns, scratch=kernel.sums[0])
    return code.text()


@dataclass
class _FirstConvolution:
    code: Assembler
    rows: int
    row_bytes: int
    padding: tuple[int, int]
    sums: list[int] = field(init=False)
    weights: list[int] = field(init=False)
    data: list[int] = field(init=False)
    requantise: Requantise = field(init=False)

    def __post_init__(self):
        self.sums = self.code.registers(LIVE)
        self.weights = self.code.registers(KERNEL_ROWS)
        self.data = self.code.registers(STRIDE)
        self.requantise = Requantise(*self.code.registers(3))

    @property
    def _seen(self) -> range:
        """Input rows that are not padding."""
        return range(self.padding[0], STRIDE * self.rows + KERNEL_ROWS - STRIDE - self.padding[1])

    def column(self, at: ChannelPointers, count: int) -> None:
        """Emit one output column; the pair of input rows p starts output p and completes output p - 4."""
        code = self.code
        first, last = self._steady()
        rounds, rest = divmod(last - first, LIVE)
        for pair in range(first):
            self._pair(at, pair)
        code.constant(count, rounds)
        with code.hardware_loop(0, count):
            for pair in range(first, first + LIVE):
                self._pair(at, pair)
        for pair in range(last - rest, self.rows + LIVE - 1):
            self._pair(at, pair)
        code.advance(at.data, 4 * sum(self.padding))
        code.advance(at.output, 1 - self.rows * self.row_bytes, scratch=count)

    def _steady(self) -> tuple[int, int]:
        """Range of the pairs that all have five live outputs, no padding, and exactly one output to complete."""
        pairs = self.rows + LIVE - 1
        plain = [pair for pair in range(pairs) if self._is_plain(pair)]
        return plain[0], plain[-1] + 1

    def _is_plain(self, pair: int) -> bool:
        outputs = range(pair - LIVE + 1, pair + 1)
        rows = range(STRIDE * pair, STRIDE * pair + STRIDE)
        inside = all(0 <= output < self.rows for output in outputs) and all(row in self._seen for row in rows)
        return inside and all(self._first(output) == STRIDE * output for output in outputs[-1:])

    def _first(self, output: int) -> int:
        return max(STRIDE * output, self._seen.start)

    def _last(self, output: int) -> int:
        return min(STRIDE * output + KERNEL_ROWS, self._seen.stop) - 1

    def _pair(self, at: ChannelPointers, pair: int) -> None:
        """Two input rows: the output that they complete first, so that its requantisation fills the gaps."""
        code = self.code
        complete = []
        for row, register in enumerate(self.data, STRIDE * pair):
            if row not in self._seen:
                continue
            code.take(register, at.data)
            for output in range(pair - LIVE + 1, pair + 1):
                if 0 <= output < self.rows:
                    total = self.sums[output % LIVE]
                    dot(code, total, register, self.weights[row - STRIDE * output], first=row == self._first(output))
                    if row == self._last(output):
                        complete.append(total)
        self.requantise.apply(code, complete)
        for total in complete:
            code.emit("p.sb.post", total, self.row_bytes, at.output)
