"""Depthwise convolution of any kernel up to 5 × 5 and any strides of 1 and 2: its weights stay in memory.

A block is some output rows of a strip of four columns. For each kernel row, a loop loads the input row of each output
row once, and each weight word once for all of them. A window that lies across two aligned words takes two dot products,
with the halves of its taps, or one with the word in the middle, which a shuffle makes, where all its taps lie there.
"""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler, Label, fits_immediate
from kwslib.gap8.kernels.common import REGISTERS, ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.depthwise import STRIP, WORD, DepthwiseKernel, store_row
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.schedule import STACK_POINTER

HALF = WORD // 2
MOST_ROWS = 3
"""Rows of a block: more do not fit the registers."""
LEAST_WEIGHTS, MOST_WEIGHTS = 2, 4
"""Weight words in registers at a time: enough to hide that a load is late."""
SELECTOR = 0x01000706
"""Of ``pv.shuffle2.b``: the upper half of the second operand, the lower half of the first."""


@dataclass(frozen=True)
class Product:
    """One dot product of a window's row.

    Attributes
    ----------
    column : int
        Output in the strip.
    start : int
        Byte of the input row at which the word begins: a multiple of two.
    place : int
        Byte of the word at which the taps begin.
    """

    column: int
    start: int
    place: int


@dataclass(frozen=True)
class AnyDepthwise(DepthwiseKernel):
    """A depthwise kernel for every shape up to 5 × 5; it reads the rows of padding, too."""

    generator = "depthwise_any"

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(product.place for product in self.products(self.strip)))

    @property
    def registers(self) -> int:
        return self._needed(1)

    def products(self, width: int) -> list[Product]:
        """Return the dot products of a kernel row for a strip of `width` outputs."""
        found = []
        for column in range(width):
            word, place = divmod(column * self.stride[1], WORD)
            if place + self.kernel[1] <= WORD:
                found.append(Product(column, word * WORD, place))
            elif place >= HALF and place - HALF + self.kernel[1] <= WORD:
                found.append(Product(column, word * WORD + HALF, place - HALF))
            else:
                found += [Product(column, word * WORD, place), Product(column, word * WORD + WORD, place - WORD)]
        return found

    def starts(self, width: int) -> list[int]:
        """Return at which bytes of an input row its words begin, for a strip of `width` outputs."""
        return sorted({product.start for product in self.products(width)})

    def block_rows(self) -> int:
        """Return how many output rows a block has: as the fewest instructions say."""
        best, least = 1, 0
        for rows in range(1, MOST_ROWS + 1):
            reach = (rows - 1) * self.stride[0] * self.row_bytes + max(self.starts(self.strip)) + WORD
            if self._needed(rows) > REGISTERS or not fits_immediate(reach):
                break
            blocks, rest = divmod(self.rows, rows)
            instructions = blocks * self._instructions(rows) + rest * self._instructions(1)
            if rows == 1 or instructions < least:
                best, least = rows, instructions
        return best

    @property
    def strip_instructions(self) -> int:
        """Instructions of a whole strip of a channel."""
        rows = self.block_rows()
        blocks, rest = divmod(self.rows, rows)
        return blocks * self._instructions(rows) + rest * self._instructions(1)

    def _needed(self, rows: int) -> int:
        """Registers for blocks of `rows`: sums, data, weights, the selector, three pointers."""
        fixed = LEAST_WEIGHTS + self._has_halves + 3 + self._far_rows + self._rounding_registers
        return rows * (self.strip + len(self.starts(self.strip))) + fixed

    def _instructions(self, rows: int) -> int:
        """Instructions of a block of `rows`."""
        products, starts = len(self.products(self.strip)), self.starts(self.strip)
        loads = len(starts) + sum(start % WORD > 0 for start in starts)
        row = rows * (self.terms * products + loads) + self.terms * len(self.places)
        return self.kernel[0] * row + rows * self.strip * (1 + self.rounding.cycles) + 3

    @property
    def _has_halves(self) -> bool:
        return any(start % WORD for start in self.starts(self.strip))

    def emit(self, code: Assembler) -> None:
        rows = self.block_rows()
        sums = [code.registers(self.strip) for _ in range(rows)]
        data = [code.registers(len(self.starts(self.strip))) for _ in range(rows)]
        more = min(max(self.rounding.temporaries - 1, 0), REGISTERS - self._needed(rows))
        requantise = self._requantise(code, more)
        selector = code.register() if self._has_halves else None
        far = code.register() if self._far_rows else None
        spare = REGISTERS - self._needed(rows) - more
        weights = code.registers(min(LEAST_WEIGHTS + spare, MOST_WEIGHTS))
        if selector is not None:
            code.constant(selector, SELECTOR)
        if far is not None:
            code.constant(far, self.out_row_bytes)
        record_bytes = WORD * (self.weight_words + self.rounding.words)
        channel = _Channel(code, self, sums, data, weights, requantise, selector, far)
        with each_channel(code, sums[0][0]) as at:
            code.advance(at.records, WORD * self.weight_words)
            requantise.take(code, at.records)
            code.advance(at.records, -record_bytes)
            channel.emit(at)
            code.advance(at.records, record_bytes)


@dataclass(frozen=True)
class _Channel:
    """The blocks of a channel, and the registers that they share."""

    code: Assembler
    kernel: AnyDepthwise
    sums: list[list[int]]
    data: list[list[int]]
    weights: list[int]
    requantise: Requantise
    selector: int | None
    far: int | None

    def emit(self, at: ChannelPointers) -> None:
        """Emit the strips of four in a loop, then the rest, then the step to the next channel."""
        code, kernel, scratch = self.code, self.kernel, self.sums[0][0]
        full, rest = divmod(kernel.columns, STRIP)
        if full > 1:
            slot = code.slot()
            code.constant(scratch, full)
            code.emit("sw", scratch, slot, STACK_POINTER)
            start = code.label("strip")
            self._strip(at, STRIP)
            code.load(scratch, slot, STACK_POINTER)
            code.emit("addi", scratch, scratch, -1)
            code.emit("sw", scratch, slot, STACK_POINTER)
            code.emit("bne", scratch, 0, start)
        elif full:
            self._strip(at, STRIP)
        if rest:
            self._strip(at, rest)
        code.advance(at.data, kernel.plane_bytes - kernel.columns * kernel.stride[1], scratch)
        code.advance(at.output, kernel.out_channel_bytes - kernel.columns * kernel.out_column_bytes, scratch)

    def _strip(self, at: ChannelPointers, width: int) -> None:
        """Emit all rows of a strip: in whole blocks, then row by row."""
        code, kernel, most = self.code, self.kernel, len(self.sums)
        for rows, count in ((most, kernel.rows // most), (1, kernel.rows % most)):
            if not count:
                continue
            # longer code where most of the time goes, and where there is no loop: the first products begin the sums
            apart = kernel.kernel[0] == 1 or (rows == most and width == kernel.strip and not kernel.wide)
            bounds = code.loop_bounds(0) if kernel.kernel[0] > apart else None
            if count > 1:
                code.constant(self.sums[0][0], count)
                with code.hardware_loop(1, self.sums[0][0]):
                    self._block(at, width, rows, apart, bounds)
            else:
                self._block(at, width, rows, apart, bounds)
        step = width * kernel.stride[1] - kernel.rows * kernel.stride[0] * kernel.row_bytes
        code.advance(at.data, step, self.sums[0][0])
        out_step = width * kernel.out_column_bytes - kernel.rows * kernel.out_row_bytes
        code.advance(at.output, out_step, self.sums[0][0])

    def _block(
        self, at: ChannelPointers, width: int, rows: int, apart: bool, bounds: tuple[Label, Label] | None
    ) -> None:
        """Compute and store `rows` output rows of a strip.

        The kernel's rows are a loop, at `bounds`; its first row stands `apart`, or else the sums are cleared.
        """
        code, kernel = self.code, self.kernel
        taps = kernel.kernel[0]
        sums = [group[:width] for group in self.sums[:rows]]
        if apart:
            self._load(at, width, rows)
            self._multiply(at, width, sums, first=True)
        else:
            for total in sum(sums, []):
                code.emit("addi", total, 0, 0)
        if bounds is not None:
            with code.counted_body(0, bounds, taps - apart):
                self._load(at, width, rows)
                self._multiply(at, width, sums, first=False)
        code.advance(at.records, -WORD * taps * len(kernel.places))
        code.advance(at.data, (rows * kernel.stride[0] - taps) * kernel.row_bytes, self.weights[0])
        self.requantise.apply(code, sum(sums, []))
        for group in sums:
            store_row(code, kernel, group, at, self.far)

    def _load(self, at: ChannelPointers, width: int, rows: int) -> None:
        """Load the words of the input row of each output row, and move the pointer to the next input row."""
        code, kernel, starts = self.code, self.kernel, self.kernel.starts(width)
        for row in reversed(range(rows)):
            base = row * kernel.stride[0] * kernel.row_bytes
            registers = dict(zip(starts, self.data[row], strict=False))
            for start in reversed(starts):
                offset = base + start + start % WORD  # of a word in the middle, the upper one
                if offset:
                    code.load(registers[start], offset, at.data)
                else:
                    code.take(registers[start], at.data, kernel.row_bytes)
            for start in starts:
                if start % WORD and self.selector is not None:
                    code.emit("pv.shuffle2.b", registers[start], registers[start - HALF], self.selector)

    def _multiply(self, at: ChannelPointers, width: int, sums: list[list[int]], first: bool) -> None:
        """Load each weight word once and add its products to all sums; move the pointer to the next kernel row.

        The products of the `first` kernel row begin the sums.
        """
        code, kernel, starts = self.code, self.kernel, self.kernel.starts(width)
        products = kernel.products(width)
        used = [number for number, place in enumerate(kernel.places) if any(p.place == place for p in products)]
        loaded, begin = 0, set(sum(sums, []) if first else [])
        code.advance(at.records, WORD * used[0])
        for number, following in zip(used, [*used[1:], len(kernel.places)], strict=True):
            registers = [self.weights[(loaded + term) % len(self.weights)] for term in range(kernel.terms)]
            loaded += kernel.terms
            for register in registers[1:]:
                code.load(register, WORD * kernel.kernel[0] * len(kernel.places), at.records)
            code.take(registers[0], at.records, WORD * (following - number))
            for register in registers:
                for row, group in enumerate(sums):
                    for product in products:
                        if product.place == kernel.places[number]:
                            word = self.data[row][starts.index(product.start)]
                            total = group[product.column]
                            dot(code, total, word, register, total in begin, kernel.signed)
                            begin.discard(total)
