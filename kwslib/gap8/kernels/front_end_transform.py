"""Window and Fourier transform of a frame of sound, a kernel for each of the three passes.

A core runs the passes of its own frames one behind the other. Where fewer frames than cores are left, the cores share a
pass: each takes some of its places, blocks or rows, with a barrier between two passes. So a pass says how large its
results are in a word of each core, and the next one takes the largest of them.
"""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.dataflow import Dataflow, Value
from kwslib.gap8.kernels.front_end_butterflies import ZERO, Wide, WideButterfly, halved_dft8
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.integer.front_end_tables import BLOCK, FIRST_RADICES, MOST_LEFT, PASS_SHIFT, RADIX, WINDOW_SHIFT
from kwslib.integer.front_end_transform import HALF_ROOT_15, HALF_ROOT_16

WORD = 4
BLOCK_BYTES, ROW_BYTES = WORD * BLOCK, WORD * RADIX
"""Of 64 words, and of 8."""


@dataclass(frozen=True)
class _Pass(Kernel):
    """A pass of the transform.

    Attributes
    ----------
    first_radix : int
        Radix of the first pass: 2, 4 or 8, for 256, 512 or 1024 real points.
    """

    first_radix: int

    def shape_refusal(self) -> str | None:
        return None if self.first_radix in FIRST_RADICES else f"a first pass of radix {self.first_radix}"

    @property
    def half_bytes(self) -> int:
        """Bytes of a half of the scratch memory."""
        return BLOCK_BYTES * self.first_radix

    def _load_halves(self, code: Assembler, place: int) -> tuple[int, int]:
        """Load an address in the lower half of the scratch memory; return it, and its like in the upper half."""
        lower, upper = code.registers(2)
        code.load(lower, WORD * place, code.arguments)
        code.emit("addi", upper, lower, self.half_bytes // 2)
        code.emit("addi", upper, upper, self.half_bytes // 2)
        return lower, upper


def _load_largest(code: Assembler, place: int) -> int:
    """Return a register with the largest of the words at the argument at `place`; how many they are follows it."""
    largest, pointer, count, one = code.registers(4)
    code.load(pointer, WORD * place, code.arguments)
    code.load(count, WORD * (place + 1), code.arguments)
    code.constant(largest, 0)
    start = code.label("largest")
    code.take(one, pointer)
    code.emit("addi", count, count, -1)
    code.emit("p.max", largest, largest, one)
    code.emit("bne", count, 0, start)
    for register in (pointer, count, one):
        code.release(register)
    return largest


@dataclass(frozen=True)
class FrontEndFirst(_Pass):
    """The window and the first pass, exact in 32 bits.

    Arguments: [samples, window, scratch, places, largest], all for the first of `places` places, of which a frame has
    64: for place n, 4 n bytes from the frame's first sample (which is at a whole word), 4 n · legs bytes from the start
    of the window, 4 n from the start of the scratch memory of 512 · first_radix bytes. Real parts go to its lower half,
    imaginary parts to the upper one. The largest absolute value is stored at `largest`.

    The last leg may read up to 126 samples behind the frame; they are multiplied by zero.

    Attributes
    ----------
    legs : int
        Legs that hold samples.
    """

    generator = "front_end_first"
    portable = "portable_front_end_first"
    legs: int

    def shape_refusal(self) -> str | None:
        fits = 1 <= self.legs <= self.first_radix
        return super().shape_refusal() or (None if fits else f"{self.legs} legs of {self.first_radix}")

    def emit(self, code: Assembler) -> None:
        samples, window, most, count, root = code.registers(5)
        real, imaginary = self._load_halves(code, 2)
        code.load(samples, 0, code.arguments)
        code.load(window, WORD, code.arguments)
        code.load(count, 3 * WORD, code.arguments)
        code.constant(root, HALF_ROOT_16)
        code.constant(most, 0)
        flow = Dataflow(code)
        step = WORD * self.legs

        def leg(number: int) -> Wide:
            if number >= self.legs:
                return ZERO
            if number == 0:
                x, w = flow.of("p.lw.post", WORD, samples), flow.of("p.lw.post", step, window)
            else:
                x, w = flow.of("lw", BLOCK_BYTES * number - WORD, samples), flow.of("lw", WORD * number - step, window)
            return Wide(flow.of("p.mulsN", x, w, WINDOW_SHIFT), flow.of("p.mulhhsN", x, w, WINDOW_SHIFT))

        def use(number: int, y: Wide) -> None:
            for part, pointer in ((y.re, real), (y.im, imaginary)):
                value = 0 if part is None else part
                flow.run("p.max", most, most, flow.of("p.abs", value))
                if number == 0:
                    flow.run("p.sw.post", value, WORD, pointer)
                else:
                    flow.run("sw", value, BLOCK_BYTES * number - WORD, pointer)

        with code.hardware_loop(0, count):
            WideButterfly(flow, root).transform(leg, self.first_radix, use)
            flow.emit()
        code.load(count, 4 * WORD, code.arguments)
        code.emit("sw", most, 0, count)


@dataclass(frozen=True)
class FrontEndSecond(_Pass):
    """The second pass: from 32 bits to 16, twiddles, and a halved transform of 8 legs.

    Arguments: [scratch, twiddles, blocks, found, parts, largest, right], the first two for the first of `blocks`
    blocks, of which there are first_radix: 256 bytes a block from the start of the scratch memory and of the twiddles.
    `found` are the `parts` largest values of the first pass; this pass stores its own one at `largest`, and the bits by
    which it shifted at `right`. The results are words of two halves in the lower half of the scratch memory.
    """

    generator = "front_end_second"
    portable = "portable_front_end_second"

    def emit(self, code: Assembler) -> None:
        right = _load_largest(code, 3)
        twiddles, root, most, count = code.registers(4)
        # rounding up must not reach 2^15, so the largest number counts with its own 2^-15
        code.emit("srli", most, right, 15)
        code.emit("add", right, right, most)
        code.emit("ori", right, right, 1)
        code.emit("p.fl1", right, right)
        code.emit("addi", right, right, 1 - 15)
        code.constant(count, 1)
        code.emit("p.max", right, right, count)
        code.load(count, 6 * WORD, code.arguments)
        code.emit("sw", right, 0, count)
        real, imaginary = self._load_halves(code, 0)
        code.load(twiddles, WORD, code.arguments)
        code.load(count, 2 * WORD, code.arguments)
        code.constant(root, HALF_ROOT_15)
        code.constant(most, 0)
        flow = Dataflow(code)

        def part(number: int, pointer: int) -> Value:
            if number == 0:
                value = flow.of("p.lw.post", WORD, pointer)
            else:
                value = flow.of("lw", ROW_BYTES * number - WORD, pointer)
            return flow.onto(value, "p.addRNr", 0, right)

        def leg(number: int) -> Value:
            packed = flow.of("pv.pack.h", part(number, imaginary), part(number, real))
            return flow.of("pv.cplxmul.s.div4", packed, flow.of("p.lw.post", WORD, twiddles))

        def use(number: int, y: Value) -> None:
            flow.run("pv.max.h", most, most, flow.of("pv.abs.h", y))
            flow.run("sw", y, ROW_BYTES * number - WORD, real)

        bounds = code.loop_bounds(0)
        with code.hardware_loop(1, count):
            with code.counted_body(0, bounds, RADIX):
                halved_dft8(flow, [leg(number) for number in range(RADIX)], root, use)
                flow.emit()
            code.emit("addi", real, real, BLOCK_BYTES - ROW_BYTES)
            code.emit("addi", imaginary, imaginary, BLOCK_BYTES - ROW_BYTES)
        code.load(count, 5 * WORD, code.arguments)
        code.emit("srli", root, most, 16)
        code.emit("pv.max.h", most, most, root)
        code.emit("p.exthz", most, most)
        code.emit("sw", most, 0, count)


@dataclass(frozen=True)
class FrontEndThird(_Pass):
    """The third pass: the frame is scaled up, then twiddles and a halved transform as in the second pass.

    Arguments: [source, target, twiddles, rows, found, parts, right, exponent], the first three for the first of `rows`
    rows, of which there are 8: 32 bytes a row from the start of the scratch memory, 4 · first_radix from its middle, 32
    from the start of the twiddles. `found` are the `parts` largest values of the second pass, `right` is the number
    that it stored. The results are Z[k] in natural order in the upper half of the scratch memory, words of two halves;
    the lower half is free then. The frame's exponent is stored at `exponent`.
    """

    generator = "front_end_third"
    portable = "portable_front_end_third"

    def emit(self, code: Assembler) -> None:
        left = _load_largest(code, 4)
        source, target, table, root, count = code.registers(5)
        twiddles = code.registers(RADIX)
        code.emit("ori", left, left, 1)
        code.emit("p.fl1", left, left)
        code.constant(count, 14)
        code.emit("sub", left, count, left)
        code.constant(count, MOST_LEFT)
        code.emit("p.min", left, left, count)
        code.load(count, 6 * WORD, code.arguments)
        code.load(root, 7 * WORD, code.arguments)
        code.load(count, 0, count)
        code.emit("sub", count, count, left)
        code.emit("addi", count, count, 2 * PASS_SHIFT)
        code.emit("sw", count, 0, root)
        for place, register in enumerate((source, target, table, count)):
            code.load(register, WORD * place, code.arguments)
        code.constant(root, HALF_ROOT_15)
        flow = Dataflow(code)
        apart = ROW_BYTES * self.first_radix

        def leg(number: int) -> Value:
            if number == 0:
                x = flow.of("p.lw.post", BLOCK_BYTES, source)
            else:
                x = flow.of("lw", WORD * number - BLOCK_BYTES, source)
            return flow.of("pv.cplxmul.s.div4", flow.of("pv.sll.sc.h", x, left), twiddles[number])

        def use(number: int, y: Value) -> None:
            if number == 0:  # the one that is stored first
                flow.run("p.sw.post", y, WORD, target)
            else:
                flow.run("sw", y, apart * number - WORD, target)

        bounds = code.loop_bounds(0)
        with code.hardware_loop(1, count):
            for register in twiddles:
                code.take(register, table)
            with code.counted_body(0, bounds, self.first_radix):
                halved_dft8(flow, [leg(number) for number in range(RADIX)], root, use)
                flow.emit()
            code.emit("addi", source, source, ROW_BYTES - self.half_bytes)
            code.emit("addi", 0, 0, 0)  # the ends of the two loops must be two instructions apart
