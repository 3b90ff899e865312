"""Window and Fourier transform of a frame of sound: three passes in one function, a frame a core."""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.dataflow import Dataflow, Value
from kwslib.gap8.kernels.front_end_butterflies import ZERO, Wide, WideButterfly, halved_dft8
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.integer.front_end_tables import BLOCK, FIRST_RADICES, MOST_LEFT, PASS_SHIFT, RADIX, WINDOW_SHIFT
from kwslib.integer.front_end_transform import HALF_ROOT_15, HALF_ROOT_31

WORD = 4


@dataclass(frozen=True)
class FrontEndTransform(Kernel):
    """A kernel that windows and transforms one frame.

    Arguments: [samples, scratch, tables, exponent]. `samples` is the frame's first one, at a whole word; the last leg may
    read up to 126 samples behind the frame, which count nothing. `scratch` has 512 · first_radix bytes. Its upper half
    holds the result, Z[k] in natural order: a word of two halves, the real part the lower one. The lower half is free
    then. `tables` are the window, the second pass's and the third pass's twiddles one behind the other
    (`kwslib.gap8.kernels.front_end_layout`). The frame's exponent is stored as a word at `exponent`.

    Attributes
    ----------
    first_radix : int
        Radix of the first pass: 2, 4 or 8, for 256, 512 or 1024 real points.
    legs : int
        Legs of the first pass that hold samples.
    """

    generator = "front_end_transform"
    portable = "portable_front_end_transform"
    first_radix: int
    legs: int

    def shape_refusal(self) -> str | None:
        if self.first_radix not in FIRST_RADICES or not 1 <= self.legs <= self.first_radix:
            return f"a first pass of radix {self.first_radix} with {self.legs} legs"
        return None

    @property
    def half_bytes(self) -> int:
        """Bytes of a half of the scratch memory."""
        return WORD * BLOCK * self.first_radix

    def emit(self, code: Assembler) -> None:
        tables, most, count = code.registers(3)
        code.load(tables, 8, code.arguments)
        right = self._first_pass(code, tables, most, count)
        left = self._second_pass(code, tables, right, most, count)
        self._third_pass(code, tables, left, count)

    def _first_pass(self, code: Assembler, tables: int, most: int, count: int) -> int:
        samples, real, imaginary, root = code.registers(4)
        code.load(samples, 0, code.arguments)
        code.load(real, 4, code.arguments)
        code.constant(root, HALF_ROOT_31)
        code.emit("addi", imaginary, real, self.half_bytes // 2)
        code.advance(imaginary, self.half_bytes - self.half_bytes // 2)
        code.constant(most, 0)
        code.constant(count, BLOCK)
        flow = Dataflow(code)
        row, window = WORD * BLOCK, WORD * self.legs

        def leg(number: int) -> Wide:
            if number >= self.legs:
                return ZERO
            if number == 0:
                x, w = flow.of("p.lw.post", WORD, samples), flow.of("p.lw.post", window, tables)
            else:
                x, w = flow.of("lw", row * number - WORD, samples), flow.of("lw", WORD * number - window, tables)
            return Wide(flow.of("p.mulsN", x, w, WINDOW_SHIFT), flow.of("p.mulhhsN", x, w, WINDOW_SHIFT))

        def use(number: int, y: Wide) -> None:
            for part, pointer in ((y.re, real), (y.im, imaginary)):
                value = 0 if part is None else part
                flow.run("p.max", most, most, flow.of("p.abs", value))
                if number == 0:
                    flow.run("p.sw.post", value, WORD, pointer)
                else:
                    flow.run("sw", value, row * number - WORD, pointer)

        with code.hardware_loop(0, count):
            WideButterfly(flow, root).transform(leg, self.first_radix, use)
            flow.emit()
        for register in (samples, real, imaginary, root):
            code.release(register)
        right = code.register()
        # rounding up must not reach 2^15, so the largest number counts with its own 2^-15
        code.emit("srli", right, most, 15)
        code.emit("add", most, most, right)
        code.emit("ori", most, most, 1)
        code.emit("p.fl1", right, most)
        code.emit("addi", right, right, 1 - 15)
        code.constant(count, 1)
        code.emit("p.max", right, right, count)
        return right

    def _second_pass(self, code: Assembler, tables: int, right: int, most: int, count: int) -> int:
        real, imaginary, root = code.registers(3)
        code.load(real, 4, code.arguments)
        code.emit("addi", imaginary, real, self.half_bytes // 2)
        code.advance(imaginary, self.half_bytes - self.half_bytes // 2)
        code.constant(root, HALF_ROOT_15)
        code.constant(most, 0)
        code.constant(count, self.first_radix)
        flow = Dataflow(code)
        row = WORD * RADIX

        def leg(number: int) -> Value:
            parts = []
            for pointer in (real, imaginary):
                if number == 0:
                    part = flow.of("p.lw.post", WORD, pointer)
                else:
                    part = flow.of("lw", row * number - WORD, pointer)
                parts.append(flow.onto(part, "p.addRNr", 0, right))
            packed = flow.of("pv.pack.h", parts[1], parts[0])
            return flow.of("pv.cplxmul.s.div4", packed, flow.of("p.lw.post", WORD, tables))

        def use(number: int, y: Value) -> None:
            flow.run("pv.max.h", most, most, flow.of("pv.abs.h", y))
            flow.run("sw", y, row * number - WORD, real)

        bounds = code.loop_bounds(0)
        with code.hardware_loop(1, count):
            with code.counted_body(0, bounds, RADIX):
                halved_dft8(flow, [leg(number) for number in range(RADIX)], root, use)
                flow.emit()
            code.advance(real, WORD * BLOCK - row)
            code.advance(imaginary, WORD * BLOCK - row)
        for register in (real, imaginary, root):
            code.release(register)
        left = code.register()
        code.emit("srli", left, most, 16)
        code.emit("pv.max.h", most, most, left)
        code.emit("p.exthz", most, most)
        code.emit("ori", most, most, 1)
        code.emit("p.fl1", left, most)
        code.constant(count, 14)
        code.emit("sub", left, count, left)
        code.constant(count, MOST_LEFT)
        code.emit("p.min", left, left, count)
        code.emit("sub", right, right, left)
        code.emit("addi", right, right, 2 * PASS_SHIFT)
        code.load(most, 12, code.arguments)
        code.emit("sw", right, 0, most)
        code.release(right)
        code.release(most)
        return left

    def _third_pass(self, code: Assembler, tables: int, left: int, count: int) -> None:
        source, target, root = code.registers(3)
        code.load(source, 4, code.arguments)
        code.emit("addi", target, source, self.half_bytes // 2)
        code.advance(target, self.half_bytes - self.half_bytes // 2)
        code.constant(root, HALF_ROOT_15)
        code.constant(count, RADIX)
        twiddles = code.registers(RADIX)
        flow = Dataflow(code)
        block, row = WORD * BLOCK, WORD * RADIX * self.first_radix

        def leg(number: int) -> Value:
            if number == 0:
                x = flow.of("p.lw.post", block, source)
            else:
                x = flow.of("lw", WORD * number - block, source)
            return flow.of("pv.cplxmul.s.div4", flow.of("pv.sll.sc.h", x, left), twiddles[number])

        order = iter(range(RADIX))

        def use(number: int, y: Value) -> None:
            if next(order) == 0:
                flow.run("p.sw.post", y, WORD, target)  # the first result is number 0
            else:
                flow.run("sw", y, row * number - WORD, target)

        bounds = code.loop_bounds(0)
        with code.hardware_loop(1, count):
            for register in twiddles:
                code.take(register, tables)
            with code.counted_body(0, bounds, self.first_radix):
                halved_dft8(flow, [leg(number) for number in range(RADIX)], root, use)
                flow.emit()
            code.advance(source, WORD * RADIX - block * self.first_radix)
            code.emit("addi", 0, 0, 0)  # the ends of the two loops must be two instructions apart
