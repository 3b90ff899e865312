"""Mel bands of a frame: the transform of its real samples is split off, squared, weighted and added up, bin by bin."""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler, Label
from kwslib.gap8.kernels.dataflow import Dataflow
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.integer.front_end_tables import MOST_WEIGHT_BITS

WORD = 4
SPLIT_SHIFT = 15


@dataclass(frozen=True)
class FrontEndBands(Kernel):
    """A kernel that makes the bands' energies of a frame.

    Arguments: [spectrum of the first bin, spectrum of its mirror bin, bins, energies, offset, bands]. The spectrum is
    Z of the transform; the first bin is Z[k], its mirror bin Z[N/2 - k]. `offset` are two words, its upper and lower
    16 bits. `energies` holds two words a band, in units of 2^16 and of 1, in front of them two words for nothing.

    Attributes
    ----------
    weight_bits : int
        Fractional bits of the weights.
    """

    generator = "front_end_bands"
    portable = "portable_front_end_bands"
    weight_bits: int

    def shape_refusal(self) -> str | None:
        return None if 1 <= self.weight_bits <= MOST_WEIGHT_BITS else f"{self.weight_bits} bits of a weight"

    def emit(self, code: Assembler) -> None:
        up, down, table, energies, offset, bands, count = code.registers(7)
        for place, register in enumerate((up, down, table, energies, offset, bands)):
            code.load(register, WORD * place, code.arguments)
        offset_high, offset_low, one = code.registers(3)
        risen, whole, before = code.registers(2), code.registers(2), code.registers(2)  # upper and lower halves
        code.load(offset_high, 0, offset)
        code.load(offset_low, WORD, offset)
        code.release(offset)
        code.constant(one, (1 << self.weight_bits) * 0x10001)
        for register in before:
            code.constant(register, 0)
        start = code.label("segment")
        code.take(count, table)
        for register in (*risen, *whole):
            code.constant(register, 0)
        empty = Label("empty")
        code.emit("beq", count, 0, empty)
        with code.hardware_loop(0, count):
            self._bin(code, up, down, table, risen, whole, one)
        code.place(empty)
        for sum_of, rise, last, more in zip(whole, risen, before, (offset_high, offset_low), strict=True):
            code.emit("sub", sum_of, sum_of, rise)
            code.emit("add", sum_of, sum_of, last)
            code.emit("add", sum_of, sum_of, more)
            code.emit("p.sw.post", sum_of, WORD, energies)
            code.emit("addi", last, rise, 0)
        code.emit("addi", bands, bands, -1)
        code.emit("bge", bands, 0, start)

    def _bin(
        self, code: Assembler, up: int, down: int, table: int, risen: list[int], whole: list[int], one: int
    ) -> None:
        flow = Dataflow(code)
        z, mirror = flow.of("p.lw.post", WORD, up), flow.of("p.lw.post", -WORD, down)
        pq, rq, weight = (flow.of("p.lw.post", WORD, table) for _ in range(3))
        turned, mirror_turned = flow.of("pv.subrotmj.h", 0, pq), flow.of("pv.subrotmj.h", rq, 0)
        parts = []
        for factors, mirror_factors in ((pq, rq), (turned, mirror_turned)):
            part = flow.of("pv.dotsp.h", z, factors)
            part = flow.onto(part, "pv.sdotsp.h", mirror, mirror_factors)
            parts.append(flow.of("p.addRN", part, 0, SPLIT_SHIFT))
        power = flow.of("p.mulsN", parts[0], parts[0], 0)
        power = flow.onto(power, "p.macsN", parts[1], parts[1], 0)
        for factor, sums in ((weight, risen), (one, whole)):
            flow.run("p.machhuN", sums[0], power, factor, 0)
            flow.run("p.macuN", sums[1], power, factor, 0)
        flow.emit()
