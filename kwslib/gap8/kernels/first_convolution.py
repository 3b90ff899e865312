"""First convolution, one input channel: kernel of 10 rows × 4 columns, row stride 2.

A kernel row is one word, and so is what an output column sees of an input row. The ten weight words of a channel stay
in registers while a column streams through. With stride 2 each input word serves five outputs, whose sums are in five
registers that take turns. An output costs two loads, ten dot products, three instructions of requantisation and a
store.
"""

from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.kernel import RequantisingKernel

KERNEL_ROWS, STRIDE = 10, 2
LIVE = KERNEL_ROWS // STRIDE
"""Outputs that an input row belongs to, hence sums in registers."""


@dataclass(frozen=True)
class FirstConvolution(RequantisingKernel):
    """A first convolution.

    Arguments: [column words, records, output, channels]. Column words: for output column x and padded input row r, from
    0 to 2 · rows + 7, the four input bytes that the output column sees in that row, at word x · (2 · rows + 8) + r. A
    record has the ten words of the kernel's rows, q, B and n. Output (y, x) of a channel is a byte at
    y · row_bytes + x; the next channel's is plane_bytes further.

    Attributes
    ----------
    rows, columns : int
        Of the output.
    row_bytes, plane_bytes : int
        From one output row, and from one output channel, to the next one.
    padding : (int, int)
        Input rows at the top and at the bottom that are padding zeros: the kernel skips them.
    """

    generator = "first_convolution"
    portable = "portable_first_convolution"
    rows: int
    columns: int
    row_bytes: int
    plane_bytes: int
    padding: tuple[int, int] = field(default=(0, 0), kw_only=True)
    shift: int | None = field(default=None, kw_only=True)

    def shape_refusal(self) -> str | None:
        if self.rows < 2 * LIVE or self.columns < 1:
            return f"{self.rows} rows, {self.columns} columns: {2 * LIVE} rows and one column at least are needed"
        if not all(0 <= zeros < KERNEL_ROWS - STRIDE for zeros in self.padding):
            top, bottom = self.padding
            return f"{top} and {bottom} rows of padding: 0 to {KERNEL_ROWS - STRIDE - 1} are possible"
        if not fits_immediate(self.row_bytes):
            return f"{self.row_bytes} bytes a row: more than a 12-bit offset"
        return None

    def emit(self, code: Assembler) -> None:
        column = _Column(code, self)
        count = code.register()
        words = STRIDE * self.rows + KERNEL_ROWS - STRIDE
        with each_channel(code, scratch=count) as at:
            for register in column.weights:
                code.take(register, at.records)
            column.requantise.take(code, at.records)
            code.advance(at.data, 4 * self.padding[0])
            code.constant(count, self.columns)
            with code.hardware_loop(1, count):
                column.emit(at, count)
            code.advance(at.data, -4 * (words * self.columns + self.padding[0]), scratch=count)
            code.advance(at.output, self.plane_bytes - self.columns, scratch=column.sums[0])


class _Column:
    """One output column: registers, and the walk down its input rows.

    Attributes
    ----------
    sums, weights, data : list of int
        Registers: of the live outputs, of the kernel's rows, of a pair of input rows.
    requantise : Requantise
    """

    def __init__(self, code: Assembler, kernel: FirstConvolution):
        self.code = code
        self.rows, self.row_bytes, self.padding = kernel.rows, kernel.row_bytes, kernel.padding
        self.sums = code.registers(LIVE)
        self.weights = code.registers(KERNEL_ROWS)
        self.data = code.registers(STRIDE)
        self.requantise = Requantise.allocate(code, kernel.shift)

    @property
    def _seen(self) -> range:
        """Input rows that are not padding."""
        return range(self.padding[0], STRIDE * self.rows + KERNEL_ROWS - STRIDE - self.padding[1])

    def emit(self, at: ChannelPointers, count: int) -> None:
        """Emit one output column; the pair of input rows p starts output p and completes output p - 4."""
        code = self.code
        for row in self._seen[:STRIDE]:
            self._load(at, row)
        pairs = range(self._seen.start // STRIDE, self.rows + LIVE - 1)
        plain = [pair for pair in pairs if self._is_plain(pair)]
        rounds = len(plain) // LIVE
        looped = range(plain[0], plain[0] + LIVE * rounds) if rounds > 1 else range(0)
        for pair in pairs:
            if looped and pair == looped.start:
                code.constant(count, rounds)
                with code.hardware_loop(0, count):
                    for body in looped[:LIVE]:
                        self._pair(at, body)
            if pair not in looped:
                self._pair(at, pair)
        code.advance(at.data, 4 * sum(self.padding))
        code.advance(at.output, 1 - self.rows * self.row_bytes, scratch=count)

    def _is_plain(self, pair: int) -> bool:
        """Say whether a pair has five live outputs of which it starts one and completes one, and is loaded ahead of."""
        outputs = range(pair - LIVE + 1, pair + 1)
        rows = range(STRIDE * pair, STRIDE * pair + 2 * STRIDE)
        last, first = outputs[0], outputs[-1]
        return (
            last >= 0
            and first < self.rows
            and all(row in self._seen for row in rows)
            and self._first(first) == STRIDE * first
        )

    def _first(self, output: int) -> int:
        return max(STRIDE * output, self._seen.start)

    def _last(self, output: int) -> int:
        return min(STRIDE * output + KERNEL_ROWS, self._seen.stop) - 1

    def _load(self, at: ChannelPointers, row: int) -> None:
        if row in self._seen:
            self.code.take(self.data[row % STRIDE], at.data)

    def _pair(self, at: ChannelPointers, pair: int) -> None:
        """Two input rows; each register is loaded again, for the next pair, as soon as it has been used."""
        code = self.code
        complete = []
        for row in range(STRIDE * pair, STRIDE * pair + STRIDE):
            if row not in self._seen:
                continue
            for output in range(pair - LIVE + 1, pair + 1):  # the oldest first: its product is then late no more
                if not 0 <= output < self.rows:
                    continue
                total, weights = self.sums[output % LIVE], self.weights[row - STRIDE * output]
                dot(code, total, self.data[row % STRIDE], weights, first=row == self._first(output))
                if row == self._last(output):
                    self.requantise.multiply(code, total)
                    complete.append(total)
            self._load(at, row + STRIDE)
        self.requantise.finish(code, complete)
        for total in complete:
            code.emit("p.sb.post", total, self.row_bytes, at.output)
