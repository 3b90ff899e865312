"""Depthwise 3 × 3 convolution, stride 1, any number of columns: three input rows stay in registers.

Outputs are computed in strips of four columns and a narrower one for the rest; five columns are one strip. Each input
row is loaded once for a strip; the word that holds the windows of its third and fourth output comes from a shuffle. The
rows' registers rotate, so the loop's body is three rows long.
"""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.common import REGISTERS, ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.depthwise import STRIP, TAPS, WORD, DepthwiseKernel, store_row
from kwslib.gap8.kernels.rolling import RollingRows
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.schedule import STACK_POINTER
from kwslib.gap8.kernels.strips import each_strip, widths

PLACES = 2
"""Windows that a word of four inputs holds."""
SELECTOR = 0x01000706
"""Of ``pv.shuffle2.b``: [x3 x4] of the second operand, [x1 x2] of the first."""


@dataclass(frozen=True)
class DepthwiseRows(DepthwiseKernel):
    """A depthwise 3 × 3 kernel of stride 1 for any number of columns."""

    generator = "depthwise_rows"

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(range(PLACES))

    @property
    def strips(self) -> tuple[int, ...]:
        """Widths of the strips of a row."""
        return widths(self.columns, five=self._needed(STRIP + 1) <= REGISTERS)

    @property
    def strip(self) -> int:
        return max(self.strips)

    @property
    def registers(self) -> int:
        return self._needed(self.strip)

    def _needed(self, width: int) -> int:
        """Registers for strips of `width`; records and counter of the channels wait on the stack if need be."""
        weights = self.terms * TAPS * PLACES
        # the shuffle's selector, pointers to data and output
        return width + weights + TAPS * _words(width) + self._far_rows + 1 + 2 + self._rounding_registers

    def shape_refusal(self) -> str | None:
        if self.kernel != (TAPS, TAPS) or self.stride != (1, 1):
            return "not a kernel of 3 × 3 with stride 1"
        return super().shape_refusal()

    def emit(self, code: Assembler) -> None:
        taken = self.registers + self._more_temporaries
        spills = taken + 1 > REGISTERS
        if spills:
            code.release(code.arguments)
        words = _words(self.strip)
        data = [code.registers(words) for _ in range(TAPS)]  # takes the register of the records if they wait elsewhere
        sums = code.registers(self.strip)
        weights = [[code.registers(PLACES) for _ in range(TAPS)] for _ in range(self.terms)]
        requantise = self._requantise(code, self._more_temporaries)
        selector = code.register()
        far = code.register() if self._far_rows else None
        code.constant(selector, SELECTOR)
        if far is not None:
            code.constant(far, self.out_row_bytes)
        counter = code.register() if taken + 2 <= REGISTERS else None
        slot = code.slot() if spills else None
        strip = _Strips(code, self, data, sums, weights, requantise, selector, far)
        with each_channel(code, sums[0], counter) as at:
            for register in (register for term in weights for row in term for register in row):
                code.take(register, at.records)
            requantise.take(code, at.records)
            if slot is not None:
                code.emit("sw", at.records, slot, STACK_POINTER)
            strip.emit(at)
            if slot is not None:
                code.load(at.records, slot, STACK_POINTER)


def _words(width: int) -> int:
    """Words of an input row in registers, for a strip of `width`."""
    return -(-width // PLACES)


@dataclass(frozen=True)
class _Strips:
    """The strips of a channel, and the registers that they share."""

    code: Assembler
    kernel: DepthwiseRows
    data: list[list[int]]
    sums: list[int]
    weights: list[list[list[int]]]
    requantise: Requantise
    selector: int
    far: int | None

    def emit(self, at: ChannelPointers) -> None:
        """Emit all strips, and the step to the next channel."""
        scratch = self.data[0][0], self.data[1][0]
        each_strip(self.code, self.kernel, at, self.kernel.strips, scratch, lambda width: self._strip(at, width))

    def _strip(self, at: ChannelPointers, width: int) -> None:
        code, kernel, words = self.code, self.kernel, _words(width)
        groups = len(self.sums) // width  # of sums, which take turns

        def load(row: int) -> None:
            low, *others = self.data[row % TAPS][:words]
            for word in others:
                code.load(word, WORD, at.data)
            code.take(low, at.data, kernel.row_bytes)
            for middle in others[:1]:
                code.emit("pv.shuffle2.b", middle, low, self.selector)

        def clear(row: int) -> None:
            for register in self.data[row % TAPS][:words]:
                code.emit("addi", register, 0, 0)

        def compute(row: int, taps: range) -> None:
            group = row % TAPS % groups * width
            sums = self.sums[group : group + width]
            for tap in taps:
                words = self.data[(row - 1 + tap) % TAPS]
                for number, term in enumerate(self.weights):
                    for column, total in enumerate(sums):
                        word, place = divmod(column, PLACES)
                        first = tap == taps[0] and number == 0
                        dot(code, total, words[word], term[tap][place], first, kernel.signed)
            self.requantise.apply(code, sums)
            store_row(code, kernel, sums, at, self.far)

        short = clear if len(set(kernel.strips)) > 1 else None
        rows = RollingRows(kernel.rows, kernel.padded, load, compute, short)
        rows.emit(code, at.data, kernel.row_bytes, count=self.sums[0])
