"""Pointwise (1 × 1) convolution: four output channels times up to five positions, a sum in a register for each.

With five positions, each step of four inputs loads four words of weights and five of activations for twenty dot
products: 29 instructions for 80 products. Larger blocks have more sums than there are registers.
"""

from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler, Label, fits_immediate
from kwslib.gap8.kernels.common import REGISTERS, dot
from kwslib.gap8.kernels.kernel import RequantisingKernel
from kwslib.gap8.kernels.pointers import reaches
from kwslib.gap8.kernels.rounding import Requantise, Rounding
from kwslib.gap8.kernels.schedule import STACK_POINTER
from kwslib.gap8.kernels.stores import BlockStores

CHANNELS, MOST_POSITIONS, WORD = 4, 5, 4
MOST_STEPS = 4095
"""Of the loop over the inputs, whose count is an immediate of twelve bits."""
FINISHING = 8
"""Registers that requantisation and stores use at most, beside the sums."""


def by_channel(inputs: int, words: int) -> bool:
    """Say whether a record holds the weights channel by channel, and not step by step.

    Channel by channel, what a core reads moves on by one bank of L1 in each step, weights and activations alike. Cores
    that do not meet in a bank then do not meet in the steps that follow: two thirds of the conflicts are gone. Offsets
    of 12 bits must reach all of a record.

    Parameters
    ----------
    inputs : int
    words : int
        Of the rounding.
    """
    return fits_immediate((1 - CHANNELS) * inputs, inputs + WORD * CHANNELS * words)


@dataclass(frozen=True)
class Pointwise(RequantisingKernel):
    """A pointwise kernel.

    Arguments: [segments, then for each segment: records, activations, output, blocks], with `sums` a fifth word, the
    address of the sums; all counts one at least. A record serves four channels: the weights of one channel behind those
    of another, or, where `by_channel` says so, four words of each step of four inputs, one for each channel; then four
    words for each of the words of the rounding. Of the sums, each position has an int32, which every channel starts
    from; those of the next block follow.

    Attributes
    ----------
    inputs : int
        Input channels.
    positions : int
        Of a block, 1 to 5.
    pixel_bytes : int
        From one position's activations to the next one's.
    channel_bytes, position_bytes, block_bytes : int
        From one output channel, one position, one block to the next one in the output.
    input_block_bytes : int
        From one block to the next one in the activations.
    words : bool
        Whether an output channel's block starts at whole words: the first four positions are stored as a word then.
    sums : bool
        Whether the accumulators start from given numbers.
    """

    generator = "pointwise"
    portable = "portable_pointwise"
    inputs: int
    positions: int
    pixel_bytes: int
    channel_bytes: int
    position_bytes: int
    block_bytes: int
    input_block_bytes: int
    words: bool = field(default=False, kw_only=True)
    rounding: Rounding = field(default=Rounding(), kw_only=True)
    signed: bool = field(default=False, kw_only=True)
    sums: bool = field(default=False, kw_only=True)

    def shape_refusal(self) -> str | None:
        inputs, pixel_bytes, positions = self.inputs, self.pixel_bytes, self.positions
        if inputs < WORD or inputs % WORD or inputs // WORD > MOST_STEPS:
            return f"{inputs} inputs: a multiple of {WORD}, at most {WORD * MOST_STEPS}, is needed"
        if not 1 <= positions <= MOST_POSITIONS:
            return f"blocks of {positions} positions: 1 to {MOST_POSITIONS} are possible"
        if pixel_bytes % WORD or pixel_bytes < WORD:
            return f"{pixel_bytes} bytes a position: a multiple of {WORD} is needed"
        if self.input_block_bytes % WORD:
            return f"{self.input_block_bytes} bytes a block of the input: a multiple of {WORD} is needed"
        if self.words and (positions < WORD or self.position_bytes != 1):
            return f"stores of words need {WORD} positions, a byte each, not {positions} of {self.position_bytes} bytes"
        if self.words and (self.channel_bytes % WORD or self.block_bytes % WORD):
            return f"stores of words need whole words, not {self.channel_bytes} and {self.block_bytes} bytes"
        if len(reaches(positions, pixel_bytes)) > _free_registers(positions):
            return f"{positions} positions of {pixel_bytes} bytes: offsets of 12 bits do not reach them"
        form = self.rounding
        needed = form.parameters + min(form.temporaries, 1) + form.needs_top
        if needed > positions + 2 + _spare_registers(positions, pixel_bytes):
            return f"the requantisation '{form.form}' needs {needed} registers beside {positions} positions' sums"
        return None

    def emit(self, code: Assembler) -> None:
        _Block(code, self).emit_segments()


def _free_registers(positions: int) -> int:
    """Registers for pointers to activations and to the output, beside sums, data, weights, the record's pointer."""
    return REGISTERS - (CHANNELS + 1) * positions - 3


def _spare_registers(positions: int, pixel_bytes: int) -> int:
    """Registers that the requantisation has beside those of the data and the weights."""
    beside = _free_registers(positions) - len(reaches(positions, pixel_bytes))
    return max(0, min(FINISHING - positions - 2, beside - 1))


class _Block:
    """A block of four channels times its positions: its registers and instructions.

    Attributes
    ----------
    totals : list of list of int
        A register for each channel and position.
    data, weights : list of int
        Registers of the positions' activations, and of two weight words that take turns.
    reaches, pointers : list of Reach, list of int
        Which positions the pointers to activations reach, and their registers.
    record : int
        Register that points to the record.
    output : int or None
        Register that points to the output; None if it stands on the stack.
    """

    def __init__(self, code: Assembler, kernel: Pointwise):
        self.code, self.kernel = code, kernel
        positions = kernel.positions
        self.totals = [code.registers(positions) for _ in range(CHANNELS)]
        self.data = code.registers(positions)
        self.weights = code.registers(2)
        self.record = code.register()
        self.reaches = reaches(positions, kernel.pixel_bytes)
        count = len(self.reaches)
        beside = _free_registers(positions) - count  # if none is left, the output's pointer stands on the stack
        self.pointers = code.registers(count) if beside else [*code.registers(count - 1), code.arguments]
        self.output = code.arguments if beside else None
        self.output_slot = code.slot() if self.output is None else 0
        self.spare = code.registers(_spare_registers(positions, kernel.pixel_bytes))
        distances = kernel.channel_bytes, kernel.position_bytes, kernel.block_bytes
        self.stores = BlockStores(self.totals, *distances, words=kernel.words)
        self.sums_slot = code.slot() if kernel.sums else 0
        self.steps = kernel.inputs // WORD
        self.by_channel = by_channel(kernel.inputs, kernel.rounding.words)
        self.record_slot = 0 if self.by_channel else code.slot()

    @property
    def last_channel(self) -> int:
        """Bytes from a record's start to the weights of the last channel, where the pointer stands."""
        return (CHANNELS - 1) * self.kernel.inputs

    def emit_segments(self) -> None:
        """Emit the loop over the segments of the arguments, and over the blocks of each."""
        code = self.code
        # `here` moves along the argument words, `end` is behind them
        here, end, blocks, other = [*self.data, *self.weights, *self.totals[0]][:4]
        here_slot, end_slot = code.slot(), code.slot()
        code.emit("addi", here, code.arguments, 0)
        code.take(end, here)
        if self.kernel.sums:  # a segment has five argument words, or four
            code.emit("slli", other, end, 2)
        code.emit("slli", end, end, 4)
        if self.kernel.sums:
            code.emit("add", end, end, other)
        code.emit("add", end, end, here)
        code.emit("sw", end, end_slot, STACK_POINTER)
        bounds = code.loop_bounds(0) if self.steps > 2 else None
        segment = code.label("segment")
        self._begin(here, blocks, other)
        code.emit("sw", here, here_slot, STACK_POINTER)
        with code.hardware_loop(1, blocks):
            self._emit(bounds)
        code.load(here, here_slot, STACK_POINTER)
        code.load(end, end_slot, STACK_POINTER)
        code.emit("bne", here, end, segment)

    def _begin(self, here: int, blocks: int, other: int) -> None:
        """Read a segment's argument words."""
        code = self.code
        code.take(self.record, here)
        if self.by_channel:
            code.advance(self.record, self.last_channel)
        else:
            code.emit("sw", self.record, self.record_slot, STACK_POINTER)
        first, *others = self.pointers
        code.take(first, here)
        for pointer in others:
            code.emit("addi", pointer, first, 0)
        for pointer, reach in zip(self.pointers, self.reaches, strict=True):
            code.advance(pointer, reach.home * self.kernel.pixel_bytes, scratch=other)
        if self.output is not None:
            code.take(self.output, here)
            code.advance(self.output, self.stores.start, scratch=other)
        else:
            code.take(other, here)
            code.advance(other, self.stores.start, scratch=blocks)
            code.emit("sw", other, self.output_slot, STACK_POINTER)
        code.take(blocks, here)
        if self.kernel.sums:
            code.take(other, here)
            code.emit("sw", other, self.sums_slot, STACK_POINTER)

    def _emit(self, bounds: tuple[Label, Label] | None) -> None:
        if self.kernel.sums:
            self._load_sums()
        self._step(first=not self.kernel.sums, last=self.steps == 1)
        if bounds is not None:
            with self.code.counted_body(0, bounds, self.steps - 2):
                self._step()
        if self.steps > 1:
            self._step(last=True)
        self._finish()

    def _load_sums(self) -> None:
        """Let every channel's accumulators start from the positions' sums."""
        code, pointer = self.code, self.weights[0]
        code.load(pointer, self.sums_slot, STACK_POINTER)
        for total in self.totals[0]:
            code.take(total, pointer)
        code.emit("sw", pointer, self.sums_slot, STACK_POINTER)
        for totals in self.totals[1:]:
            for total, first in zip(totals, self.totals[0], strict=True):
                code.emit("addi", total, first, 0)

    def _step(self, first: bool = False, last: bool = False) -> None:
        """Four inputs; the last step leaves the pointers at the next block's activations and at the record's start."""
        code, data, weights, kernel = self.code, self.data, self.weights, self.kernel
        next_data = kernel.input_block_bytes - (kernel.inputs - WORD) if last else WORD
        late = not fits_immediate(next_data)
        self._weights(0, last)
        self._weights(1, last)
        order = []
        for pointer, reach in zip(self.pointers, self.reaches, strict=True):
            for position in reach.places:
                if position != reach.home:
                    code.load(data[position], (position - reach.home) * kernel.pixel_bytes, pointer)
                    order.append(position)
            code.take(data[reach.home], pointer, WORD if late else next_data)
            order.append(reach.home)
        for channel in range(CHANNELS):
            for position in order:  # of the loads
                total = self.totals[channel][position]
                dot(code, total, data[position], weights[channel % 2], first, kernel.signed)
            if channel + 2 < CHANNELS:
                self._weights(channel + 2, last)
        if late:
            code.constant(weights[0], next_data - WORD)
            for pointer in self.pointers:
                code.emit("add", pointer, pointer, weights[0])

    def _weights(self, channel: int, last: bool) -> None:
        """Load a channel's weights, the last channel's last, which moves the pointer."""
        register, inputs = self.weights[channel % 2], self.kernel.inputs
        if not self.by_channel:
            self.code.take(register, self.record)
        elif channel + 1 < CHANNELS:
            self.code.load(register, channel * inputs - self.last_channel, self.record)
        else:
            self.code.take(register, self.record, WORD - inputs if last else WORD)

    def _finish(self) -> None:
        """Requantise and store. The parameters lie behind the weights, word by word for the four channels."""
        code, kernel, rounding = self.code, self.kernel, self.kernel.rounding
        free = [*self.data, *self.weights, *self.spare]
        top = free.pop() if rounding.needs_top else None
        count = rounding.parameters
        requantise = Requantise(rounding, free[:count], free[count:], top)
        requantise.prepare(code)
        behind = kernel.inputs if self.by_channel else 0
        for channel in range(CHANNELS):
            for number, register in enumerate(requantise.parameters):
                code.load(register, behind + (number * CHANNELS + channel) * WORD, self.record)
            requantise.apply(code, self.totals[channel])
        if not self.by_channel:
            code.load(self.record, self.record_slot, STACK_POINTER)
        output = self.output
        if output is None:
            output = free.pop()
            code.load(output, self.output_slot, STACK_POINTER)
        self.stores.emit(code, output, free)
        if self.output is None:
            code.emit("sw", output, self.output_slot, STACK_POINTER)
