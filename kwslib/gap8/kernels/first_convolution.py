"""First convolution, one input channel: kernels of up to ten rows and four columns, row stride 1 or 2.

A kernel row is one word, and so is what an output column sees of an input row. The weight words of a channel stay in
registers while a column streams through: each input word is loaded once and serves every output whose window it lies
in. The sums of those outputs are in registers that take turns. An output costs a load for each row of the stride, a dot
product for each row of the kernel, the requantisation and a store.
"""

from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.common import REGISTERS, ChannelPointers, dot, each_channel
from kwslib.gap8.kernels.kernel import RequantisingKernel
from kwslib.gap8.kernels.rounding import Requantise, Rounding
from kwslib.gap8.kernels.walk import Walk

MOST_KERNEL_ROWS, STRIDES = 10, (1, 2)
WORD = 4
MOST_COLUMNS = 4095
"""The count of a hardware loop is an immediate of twelve bits."""


@dataclass(frozen=True)
class FirstConvolution(RequantisingKernel):
    """A first convolution.

    Arguments: [column words, records, output, channels], with `sums` a fifth word, the address of the sums. Column
    words: for output column x and padded input row r, from 0 to (rows - 1) · stride + kernel_rows - 1, the four input
    bytes that the output column sees in that row, column by column. A record has the words of the kernel's rows, then
    those of the rounding. Output (y, x) of a channel is a byte at y · row_bytes + x · column_bytes; the next channel's
    is channel_bytes further. Of the sums, output (y, x) of every channel has an int32 at word x · rows + y, which its
    accumulator starts from.

    Attributes
    ----------
    kernel_rows, stride : int
        Rows of the kernel, and input rows from one output to the next one.
    rows, columns : int
        Of the output.
    row_bytes, column_bytes, channel_bytes : int
        From one output row, column, channel to the next one.
    padding : (int, int)
        Input rows at the top and at the bottom that are padding zeros: the kernel skips them.
    sums : bool
        Whether the accumulators start from given numbers.
    """

    generator = "first_convolution"
    portable = "portable_first_convolution"
    kernel_rows: int
    stride: int
    rows: int
    columns: int
    row_bytes: int
    column_bytes: int
    channel_bytes: int
    padding: tuple[int, int] = field(default=(0, 0), kw_only=True)
    rounding: Rounding = field(default=Rounding(), kw_only=True)
    signed: bool = field(default=True, kw_only=True)
    sums: bool = field(default=False, kw_only=True)

    @property
    def padded_rows(self) -> int:
        """Input rows that the outputs see, padding included."""
        return (self.rows - 1) * self.stride + self.kernel_rows

    @property
    def live(self) -> int:
        """Outputs that an input row belongs to, hence sums in registers."""
        return -(-self.kernel_rows // self.stride)

    def shape_refusal(self) -> str | None:
        if not 1 <= self.kernel_rows <= MOST_KERNEL_ROWS or self.stride not in STRIDES:
            return f"a kernel of {self.kernel_rows} rows, stride {self.stride}: 1 to {MOST_KERNEL_ROWS}, 1 or 2"
        if self.rows < 1 or not 1 <= self.columns <= MOST_COLUMNS:
            return f"{self.rows} rows, {self.columns} columns: one at least, and at most {MOST_COLUMNS} columns"
        top, bottom = self.padding
        last = (self.rows - 1) * self.stride  # the first row that the last output sees
        if min(self.padding) < 0 or top >= self.kernel_rows or last >= self.padded_rows - bottom:
            return f"{top} and {bottom} rows of padding: every output must see a row that is none"
        if top >= self.padded_rows - bottom:
            return f"{top} and {bottom} rows of padding, and nothing else"
        if self.needed_registers > REGISTERS:
            return f"{self.needed_registers} registers are needed: there are {REGISTERS}"
        return None

    @property
    def needed_registers(self) -> int:
        """Registers at least."""
        form = self.rounding
        pointers = 3 + self.sums + (not fits_immediate(self.row_bytes))
        requantisation = form.parameters + min(form.temporaries, 1) + form.needs_top
        return pointers + self.kernel_rows + self.live + self.stride + requantisation

    @property
    def data_registers(self) -> int:
        """Registers of input words: the row after the next one is loaded ahead, if there are registers for it.

        Where the outputs' registers have had their turns, those of the input words have, too.
        """
        least = next((count for count in range(2, self.live + 1) if self.live % count == 0), 1)
        spare = REGISTERS - self.needed_registers - (self.rounding.temporaries > 1)
        return least if self.stride == 1 and least - 1 <= spare else self.stride

    @property
    def spare_registers(self) -> int:
        """Registers that are left."""
        return REGISTERS - self.needed_registers - (self.data_registers - self.stride)

    @property
    def rows_ahead(self) -> int:
        """How many rows ahead a row is loaded."""
        return 1 if self.data_registers == 1 else 2

    def emit(self, code: Assembler) -> None:
        column = _Column(code, self)
        words = self.padded_rows * self.columns
        scratch = column.totals[0]
        column.prepare()
        with each_channel(code, scratch) as at:
            for register in column.weights:
                code.take(register, at.records)
            column.requantise.take(code, at.records)
            code.advance(at.data, WORD * self.padding[0])
            with code.counted_body(1, column.columns, self.columns):
                column.emit(at)
            code.advance(at.data, -WORD * (words + self.padding[0]), scratch)
            code.advance(at.output, self.channel_bytes - self.columns * self.column_bytes, scratch)
            if column.sums is not None:
                code.advance(column.sums, -WORD * self.rows * self.columns, scratch)


class _Column:
    """One output column: registers and instructions.

    Attributes
    ----------
    walk : Walk
    looped : range
        The groups of rows that a loop runs through.
    totals, weights, data : list of int
        Registers: of the live outputs, of the kernel's rows, of a group of input rows.
    requantise : Requantise
    sums, row_step : int or None
        Registers: pointer to the sums, and the distance of rows where that is no immediate.
    """

    def __init__(self, code: Assembler, kernel: FirstConvolution):
        self.code, self.kernel = code, kernel
        seen = range(kernel.padding[0], kernel.padded_rows - kernel.padding[1])
        self.walk = Walk(kernel.kernel_rows, kernel.stride, kernel.rows, seen, kernel.rows_ahead)
        self.looped = self.walk.looped()
        self.totals = code.registers(self.walk.live)
        self.weights = code.registers(kernel.kernel_rows)
        self.data = code.registers(kernel.data_registers)
        self.sums = code.register() if kernel.sums else None
        self.row_step = None if fits_immediate(kernel.row_bytes) else code.register()
        form = kernel.rounding
        self.requantise = Requantise(
            form,
            code.registers(form.parameters),
            code.registers(min(form.temporaries, 1 + kernel.spare_registers)),
            code.register() if form.needs_top else None,
        )

    def prepare(self) -> None:
        """Set what stays the same for all channels."""
        code, kernel = self.code, self.kernel
        self.requantise.prepare(code)
        if self.row_step is not None:
            code.constant(self.row_step, kernel.row_bytes)
        if self.sums is not None:
            code.load(self.sums, 16, code.arguments)
        self.columns = code.loop_bounds(1)
        if self.looped:
            self.bounds = code.loop_bounds(0)

    def emit(self, at: ChannelPointers) -> None:
        """Emit one output column."""
        code, kernel = self.code, self.kernel
        for row in self.walk.seen[: self.walk.ahead]:
            self._load(at, row)
        for group in self.walk.groups:
            if self.looped and group == self.looped.start:
                with code.counted_body(0, self.bounds, len(self.looped) // self.walk.live):
                    for body in self.looped[: self.walk.live]:
                        self._group(at, body)
            if group not in self.looped:
                self._group(at, group)
        code.advance(at.data, WORD * sum(kernel.padding))
        code.advance(at.output, kernel.column_bytes - kernel.rows * kernel.row_bytes, self.totals[0])

    def _load(self, at: ChannelPointers, row: int) -> None:
        if row in self.walk.seen:
            self.code.take(self.data[row % len(self.data)], at.data)

    def _group(self, at: ChannelPointers, group: int) -> None:
        """A group of input rows; as soon as one has been used, another one is loaded ahead."""
        code, kernel = self.code, self.kernel
        complete: list[int] = []
        values: list[int] = []
        products = self.walk.products(group)
        for row in range(kernel.stride):
            place = kernel.stride * group + row
            for product in (product for product in products if product.row == row):
                total = self.totals[(group - product.age) % len(self.totals)]
                first = product.first
                if first and self.sums is not None:
                    code.take(total, self.sums)
                    first = False
                dot(code, total, self.data[place % len(self.data)], self.weights[product.tap], first, kernel.signed)
                if product.last:
                    values.append(self.requantise.multiply(code, len(complete), total))
                    complete.append(total)
            if place in self.walk.seen:
                self._load(at, place + self.walk.ahead)
        self.requantise.finish(code, complete, values)
        for total in complete:
            if self.row_step is None:
                code.emit("p.sb.post", total, kernel.row_bytes, at.output)
            else:
                code.emit("p.sb.rpost", total, self.row_step, at.output)
