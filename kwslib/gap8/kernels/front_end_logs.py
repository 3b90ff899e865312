"""Logarithms of a frame's mel bands, by a table and its increases."""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler, Label
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.integer.front_end_tables import LOG_BITS, LOG_ENTRIES, LOG_TABLE_BITS

WORD, HALF = 4, 2
TOP = 31


@dataclass(frozen=True)
class FrontEndLogs(Kernel):
    """A kernel that makes the logarithms of a frame's energies.

    Arguments: [energies, table, base, logarithms, bands]. `energies` holds two words a band, in units of 2^16 and of 1;
    `base` is a number, the base of the frame's logarithms; `logarithms` are halves.
    """

    generator = "front_end_logs"
    portable = "portable_front_end_logs"

    def shape_refusal(self) -> str | None:
        return None

    def emit(self, code: Assembler) -> None:
        energies, table, base, logs, bands = code.registers(5)
        for place, register in enumerate((energies, table, base, logs, bands)):
            code.load(register, WORD * place, code.arguments)
        top, large_base = code.registers(2)
        high, low, value, whole, lead, entry = code.registers(6)
        index_bits = LOG_ENTRIES.bit_length() - 1
        code.constant(top, TOP)
        code.constant(large_base, 16 << LOG_TABLE_BITS)
        code.emit("add", large_base, large_base, base)
        start = code.label("band")
        large = Label("large")
        code.take(high, energies)
        code.take(low, energies)
        code.emit("addi", whole, large_base, 0)
        code.emit("srli", value, low, 16)
        code.emit("add", value, value, high)
        code.emit("srli", lead, value, 15)
        code.emit("bne", lead, 0, large)
        code.emit("slli", value, high, 16)
        code.emit("add", value, value, low)
        code.emit("addi", whole, base, 0)
        code.place(large)
        code.emit("p.fl1", lead, value)
        code.emit("sub", high, top, lead)
        code.emit("sll", value, value, high)
        code.emit("srli", entry, value, TOP - index_bits - 2)
        code.emit("andi", entry, entry, (LOG_ENTRIES - 1) * WORD)
        code.emit("p.lw.r", entry, entry, table)
        code.emit("srli", value, value, TOP - index_bits - 16)
        code.emit("slli", lead, lead, LOG_TABLE_BITS)
        code.emit("add", whole, whole, lead)
        code.emit("p.muluN", value, value, entry, 16)
        code.emit("srli", entry, entry, 16)
        code.emit("add", whole, whole, entry)
        code.emit("add", whole, whole, value)
        code.emit("srai", whole, whole, LOG_TABLE_BITS - LOG_BITS)
        code.emit("p.sh.post", whole, HALF, logs)
        code.emit("addi", bands, bands, -1)
        code.emit("bne", bands, 0, start)
