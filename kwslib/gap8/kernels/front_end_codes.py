"""Cepstral coefficients of frames as codes: a matrix product of 16-bit numbers, rounded to bytes."""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler, Label
from kwslib.gap8.kernels.front_end_layout import GROUP
from kwslib.gap8.kernels.kernel import Kernel

WORD = 4
CODE_BITS = 8


@dataclass(frozen=True)
class FrontEndCodes(Kernel):
    """A kernel that makes the codes of one frame.

    Arguments: [logarithms, cosines, codes, groups, rest], the second and third for the first of `groups` groups of five
    coefficients; `rest` is not 0 if what is left of the coefficients comes behind them. `logarithms` are halves, behind
    an odd number of them one more of any value; codes are signed bytes.

    Attributes
    ----------
    bands, coefficients : int
    shift : int
        Fractional bits of the sums.
    zero_point : int
        Code of the value zero.
    """

    generator = "front_end_codes"
    portable = "portable_front_end_codes"
    bands: int
    coefficients: int
    shift: int
    zero_point: int = 0

    def shape_refusal(self) -> str | None:
        if self.bands < 3 or self.coefficients < 1 or not 1 <= self.shift <= 31 or not -128 <= self.zero_point <= 127:
            return (
                f"{self.coefficients} coefficients of {self.bands} bands, {self.shift} fractional bits, "
                f"zero point {self.zero_point}"
            )
        return None

    def emit(self, code: Assembler) -> None:
        logs, cosines, codes, start, groups = code.registers(5)
        for place, register in enumerate((start, cosines, codes, groups)):
            code.load(register, WORD * place, code.arguments)
        rest = self.coefficients % GROUP
        whole, end = Label("whole"), Label("end")
        if self.coefficients >= GROUP:
            code.emit("beq", groups, 0, whole)
            bounds = code.loop_bounds(0)
            label = code.label("group")
            self._group(code, GROUP, bounds, (logs, cosines, codes, start))
            code.emit("addi", groups, groups, -1)
            code.emit("bne", groups, 0, label)
            code.place(whole)
        if rest:
            code.load(groups, 4 * WORD, code.arguments)
            code.emit("beq", groups, 0, end)
            self._group(code, rest, code.loop_bounds(0), (logs, cosines, codes, start))
            code.place(end)

    def _group(
        self, code: Assembler, width: int, bounds: tuple[Label, Label], registers: tuple[int, int, int, int]
    ) -> None:
        logs, cosines, codes, start = registers
        sums, factors, pair = code.registers(width), code.registers(width), code.register()
        code.emit("addi", logs, start, 0)
        for one in sums:
            code.constant(one, 0)
        with code.counted_body(0, bounds, -(-self.bands // 2)):
            code.take(pair, logs)
            for factor in factors:
                code.take(factor, cosines)
            for one, factor in zip(sums, factors, strict=True):
                code.emit("pv.sdotsp.h", one, pair, factor)
        for one in sums:
            code.emit("p.addRN", one, one, 0, self.shift)
        if self.zero_point:
            for one in sums:
                code.emit("addi", one, one, self.zero_point)
        for one in sums:
            code.emit("p.clip", one, one, CODE_BITS)
        for one in sums:
            code.emit("p.sb.post", one, 1, codes)
        for register in (*sums, *factors, pair):
            code.release(register)
