"""Pointwise (1 × 1) convolution: four output channels times five positions, twenty sums in registers.

For each step of four inputs, four words of weights and five of activations are loaded and give twenty dot products:
29 instructions for 80 products. Larger blocks have more sums than there are registers.
"""

from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler, Label, fits_immediate
from kwslib.gap8.kernels.common import dot
from kwslib.gap8.kernels.rounding import Requantise
from kwslib.gap8.kernels.kernel import RequantisingKernel
from kwslib.gap8.kernels.schedule import STACK_POINTER

CHANNELS, POSITIONS = 4, 5
WORD = 4
FEWEST_INPUTS = 12
"""The first and the last step of four inputs stand apart; the loop between them runs once at least."""


@dataclass(frozen=True)
class Pointwise(RequantisingKernel):
    """A pointwise kernel.

    Arguments: [segments, then for each segment: records, activations, output, blocks], all counts one at least. A
    record serves four channels: for each four inputs the weights of the four channels (four words), then four words
    each of q, B and n.

    Attributes
    ----------
    inputs : int
        Input channels.
    pixel_bytes : int
        From one position's activations to the next one's.
    plane_bytes, block_bytes : int
        From one output channel, and from one block of five positions, to the next one in the output.
    words : bool
        Whether an output channel's block starts at whole words: a word and a byte are stored then, else five bytes.
    """

    generator = "pointwise"
    portable = "portable_pointwise"
    inputs: int
    pixel_bytes: int
    plane_bytes: int
    block_bytes: int
    words: bool
    shift: int | None = field(default=None, kw_only=True)

    def shape_refusal(self) -> str | None:
        inputs, pixel_bytes = self.inputs, self.pixel_bytes
        plane_bytes, block_bytes = self.plane_bytes, self.block_bytes
        if inputs < FEWEST_INPUTS or inputs % WORD:
            return f"{inputs} inputs: a multiple of {WORD} from {FEWEST_INPUTS} on is needed"
        if pixel_bytes % WORD or pixel_bytes < inputs:
            return f"{pixel_bytes} bytes a position: a multiple of {WORD} that holds {inputs} inputs is needed"
        if self.words and (plane_bytes % WORD or block_bytes % WORD):
            return f"stores of words need planes and blocks of whole words, not {plane_bytes} and {block_bytes} bytes"
        farthest = (
            (POSITIONS - 1) * pixel_bytes,
            POSITIONS * pixel_bytes - inputs + WORD,
            WORD - CHANNELS * inputs,
            CHANNELS * inputs + 3 * CHANNELS * WORD,
            (CHANNELS - 1) * plane_bytes + POSITIONS,
            block_bytes,
        )
        if not fits_immediate(*farthest):
            return f"inputs {inputs}, position {pixel_bytes}, plane {plane_bytes} bytes: an offset does not fit 12 bits"
        return None

    def emit(self, code: Assembler) -> None:
        _Block(code, self).emit_segments()


class _Block:
    """A block of four channels times five positions: its registers and instructions.

    Attributes
    ----------
    sums : list of list of int
        A register for each channel and position.
    data, weights : list of int
        Registers of the positions' activations, and of two weight words that take turns.
    record, activations, output : int
        Registers that point to them.
    """

    def __init__(self, code: Assembler, kernel: Pointwise):
        self.code, self.kernel = code, kernel
        self.sums = [code.registers(POSITIONS) for _ in range(CHANNELS)]
        self.data = code.registers(POSITIONS)
        self.weights = code.registers(2)
        self.record, self.activations = code.registers(2)
        self.output = code.arguments

    def emit_segments(self) -> None:
        """Emit the loop over the segments of the arguments, and over the blocks of each."""
        code = self.code
        here, end, blocks = self.data[:3]  # place among the argument words, and behind their end
        here_slot, end_slot = code.slot(), code.slot()
        code.emit("addi", here, code.arguments, 0)
        code.take(end, here)
        code.emit("slli", end, end, 4)  # a segment has four argument words
        code.emit("add", end, end, here)
        code.emit("sw", end, end_slot, STACK_POINTER)
        steps = code.loop_bounds(0)
        segment = code.label("segment")
        for register in (self.record, self.activations, self.output, blocks):
            code.take(register, here)
        code.emit("sw", here, here_slot, STACK_POINTER)
        with code.hardware_loop(1, blocks):
            self._emit(steps)
        code.load(here, here_slot, STACK_POINTER)
        code.load(end, end_slot, STACK_POINTER)
        code.emit("bne", here, end, segment)

    def _emit(self, steps: tuple[Label, Label]) -> None:
        self._step(first=True)
        with self.code.counted_body(0, steps, self.kernel.inputs // WORD - 2):
            self._step()
        self._step(last=True)
        self._requantise()
        (self._store_words if self.kernel.words else self._store_bytes)()

    def _step(self, first: bool = False, last: bool = False) -> None:
        """Four inputs; the last step leaves the pointers at the next block's activations and at the record's start."""
        code, data, weights = self.code, self.data, self.weights
        next_data = POSITIONS * self.kernel.pixel_bytes - (self.kernel.inputs - WORD) if last else WORD
        next_record = WORD - CHANNELS * self.kernel.inputs if last else WORD
        code.take(weights[0], self.record)
        code.take(weights[1], self.record)
        for position in range(1, POSITIONS):
            code.load(data[position], position * self.kernel.pixel_bytes, self.activations)
        code.take(data[0], self.activations, next_data)
        for channel in range(CHANNELS):
            for position in (*range(1, POSITIONS), 0):  # in the order of the loads
                dot(code, self.sums[channel][position], data[position], weights[channel % 2], first)
            if channel + 2 < CHANNELS:
                step = next_record if channel + 2 == CHANNELS - 1 else WORD
                code.take(weights[channel % 2], self.record, step)

    def _requantise(self) -> None:
        """Parameters lie behind the weights; those of the next channel are loaded while one is computed."""
        shift = self.kernel.shift
        sets = [
            Requantise(self.data[2 * number], self.data[2 * number + 1], None if shift else weights, shift)
            for number, weights in enumerate(self.weights)
        ]
        behind = CHANNELS * self.kernel.inputs

        def load(channel: int) -> None:
            for number, register in enumerate((sets[channel % 2].q, sets[channel % 2].bias, sets[channel % 2].n)):
                if register is not None:
                    self.code.load(register, behind + (number * CHANNELS + channel) * WORD, self.record)

        load(0)
        for channel in range(CHANNELS):
            if channel + 1 < CHANNELS:
                load(channel + 1)
            sets[channel % 2].apply(self.code, self.sums[channel])

    def _store_words(self) -> None:
        code, packed = self.code, self.data[0]
        for channel in reversed(range(CHANNELS)):
            sums = self.sums[channel]
            code.emit("pv.packlo.b", packed, sums[1], sums[0])
            code.emit("pv.packhi.b", packed, sums[3], sums[2])
            code.emit("sb", sums[4], channel * self.kernel.plane_bytes + 4, self.output)
            if channel:
                code.emit("sw", packed, channel * self.kernel.plane_bytes, self.output)
            else:
                code.emit("p.sw.post", packed, self.kernel.block_bytes, self.output)

    def _store_bytes(self) -> None:
        code, plane_bytes = self.code, self.kernel.plane_bytes
        for channel in reversed(range(CHANNELS)):
            for position in reversed(range(POSITIONS)):
                if channel or position:
                    code.emit("sb", self.sums[channel][position], channel * plane_bytes + position, self.output)
        code.emit("p.sb.post", self.sums[0][0], self.kernel.block_bytes, self.output)
