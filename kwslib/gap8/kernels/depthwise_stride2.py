"""Depthwise 3 × 3 convolution, stride 2, any number of columns: an input row is loaded once for all its outputs.

The windows of a row start at every other column: at the two halves of a word of four inputs. Those at the first half
are the words as they are loaded; the others come from one shuffle each, in place, once the loaded words have been used.
The last input row of an output row is the first one of the next: two sets of sums take turns. Outputs are computed in
strips of four columns and a narrower one for the rest; five columns are one strip.
"""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.common import REGISTERS, ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.depthwise import TAPS, WORD, DepthwiseKernel, store_row
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.schedule import STACK_POINTER
from kwslib.gap8.kernels.strips import each_strip, widths

STRIDE = 2
SELECTOR = 0x05040302
"""Of ``pv.shuffle2.b``: the upper half of the first operand, the lower half of the second."""


@dataclass(frozen=True)
class DepthwiseStride2(DepthwiseKernel):
    """A depthwise 3 × 3 kernel of stride 2 for any number of columns."""

    generator = "depthwise_stride2"

    @property
    def places(self) -> tuple[int, ...]:
        return (0,)

    @property
    def strip(self) -> int:
        return max(self.strips)

    @property
    def strips(self) -> tuple[int, ...]:
        """Widths of the strips of a row."""
        return widths(self.columns, five=True)

    @property
    def registers(self) -> int:
        # two sets of sums, the shuffle's selector, pointers; records and counter wait on the stack if need be
        fixed = 2 * self.strip + _words(self.strip) + 1 + self._far_rows + 2
        return fixed + self.terms * TAPS + self._rounding_registers

    def shape_refusal(self) -> str | None:
        if self.kernel != (TAPS, TAPS) or self.stride != (STRIDE, STRIDE):
            return f"not a kernel of 3 × 3 with stride {STRIDE}"
        return super().shape_refusal()

    def emit(self, code: Assembler) -> None:
        taken = self.registers + self._more_temporaries
        spills = taken + 1 > REGISTERS
        if spills:
            code.release(code.arguments)
        words = code.registers(_words(self.strip))  # takes the register of the records if they wait elsewhere
        sums = [code.registers(self.strip), code.registers(self.strip)]
        weights = [code.registers(TAPS) for _ in range(self.terms)]
        requantise = self._requantise(code, self._more_temporaries)
        selector = code.register()
        far = code.register() if self._far_rows else None
        code.constant(selector, SELECTOR)
        if far is not None:
            code.constant(far, self.out_row_bytes)
        counter = code.register() if taken + 2 <= REGISTERS else None
        slot = code.slot() if spills else None
        channel = _Channel(code, self, sums, weights, words, requantise, selector, far)
        with each_channel(code, sums[0][0], counter) as at:
            for register in sum(weights, []):
                code.take(register, at.records)
            requantise.take(code, at.records)
            if slot is not None:
                code.emit("sw", at.records, slot, STACK_POINTER)
            channel.emit(at)
            if slot is not None:
                code.load(at.records, slot, STACK_POINTER)


def _words(width: int) -> int:
    """Words of an input row that a strip of `width` outputs sees."""
    return -(-(STRIDE * (width - 1) + TAPS) // WORD)


@dataclass(frozen=True)
class _Channel:
    """The strips of a channel, and the registers that they share."""

    code: Assembler
    kernel: DepthwiseStride2
    sums: list[list[int]]
    weights: list[list[int]]
    words: list[int]
    requantise: Requantise
    selector: int
    far: int | None

    @property
    def short(self) -> bool:
        """Whether code for all rows alike is better, since there are two kinds of strips."""
        return len(set(self.kernel.strips)) > 1

    def emit(self, at: ChannelPointers) -> None:
        """Emit all strips, and the step to the next channel."""
        scratch = self.sums[0][0], self.sums[1][0]
        each_strip(self.code, self.kernel, at, self.kernel.strips, scratch, lambda width: self._strip(at, width))

    def _strip(self, at: ChannelPointers, width: int) -> None:
        """Emit one strip: most rows in a loop of two.

        Where all strips have one width, the first and the last row are emitted by themselves, which is faster;
        otherwise only a last one in front of padding is, which is shorter.
        """
        code, kernel = self.code, self.kernel
        if kernel.padded[0]:
            code.advance(at.data, kernel.row_bytes, scratch=self.words[0])
            if self.short:
                for total in self.sums[0][:width]:
                    code.emit("addi", total, 0, 0)
        else:
            self._input_row(at, width, [(0, 0)])
        first, last = int(not self.short), int(kernel.padded[1] if self.short else kernel.rows > 1)
        if first:
            self._output_row(at, width, 0)
        rounds, rest = divmod(kernel.rows - first - last, 2)
        if rounds > 1:
            code.constant(self.words[0], rounds)
            with code.hardware_loop(0, self.words[0]):
                self._output_row(at, width, first)
                self._output_row(at, width, first + 1)
        for row in range(first + 2 * rounds if rounds > 1 else first, first + 2 * rounds + rest):
            self._output_row(at, width, row)
        if last:
            self._output_row(at, width, kernel.rows - 1)

    def _output_row(self, at: ChannelPointers, width: int, row: int) -> None:
        last = row == self.kernel.rows - 1
        self._input_row(at, width, [(row, 1)])
        if not (last and self.kernel.padded[1]):
            self._input_row(at, width, [(row, 2)] if last else [(row, 2), (row + 1, 0)])
        sums = self.sums[row % 2][:width]
        self.requantise.apply(self.code, sums)
        store_row(self.code, self.kernel, sums, at, self.far)

    def _input_row(self, at: ChannelPointers, width: int, uses: list[tuple[int, int]]) -> None:
        """Load an input row and add it to the outputs that see it: `uses` are pairs of output row and kernel row."""
        code, words = self.code, self.words[: _words(width)]
        for word in words[:-1]:
            code.take(word, at.data)
        code.take(words[-1], at.data, self.kernel.row_bytes - (len(words) - 1) * WORD)
        for start in range(STRIDE):
            for row, tap in uses:
                fresh = tap == int(row == 0 and self.kernel.padded[0] and not self.short)
                for column in range(start, width, STRIDE):
                    for number, taps in enumerate(self.weights):
                        total, word = self.sums[row % 2][column], words[column // STRIDE]
                        dot(code, total, word, taps[tap], fresh and number == 0, self.kernel.signed)
            if start == 0:
                for place in range(width // STRIDE):
                    code.emit("pv.shuffle2.b", words[place], words[place + 1], self.selector)
