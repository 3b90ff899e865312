"""Sums of the planes of a map, for the average pool: four codes at a time, by dot products with ones."""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler, fits_immediate
from kwslib.gap8.kernels.kernel import Kernel

WORD = 4
MOST_LIVE = 6
"""Words of a row in registers at a time: enough to hide that a load is late."""
MOST_ROWS = 4095
"""The count of a hardware loop is an immediate of twelve bits."""
MOST_WORDS = 128
"""Of a row: the code grows with them."""


@dataclass(frozen=True)
class PlaneSums(Kernel):
    """A kernel that adds up the codes of each plane.

    Arguments: [planes, sums, channels]. A plane's first row starts at a whole word; codes are stored ones, unsigned
    bytes, and a sum is an int32.

    Attributes
    ----------
    rows, columns : int
        Of a plane.
    row_bytes, plane_bytes : int
        From one row, and from one plane, to the next one.
    left : int
        Bytes in front of a row's first code. They, and those behind the last code, may be anything.
    """

    generator = "plane_sums"
    portable = "portable_plane_sums"
    rows: int
    columns: int
    row_bytes: int
    plane_bytes: int
    left: int

    def shape_refusal(self) -> str | None:
        if not 1 <= self.rows <= MOST_ROWS or self.columns < 1 or not 0 <= self.left < WORD:
            return f"{self.rows} rows of {self.columns} columns, {self.left} bytes in front of them"
        words = -(-(self.left + self.columns) // WORD)
        if words > MOST_WORDS:
            return f"{words} words a row: at most {MOST_WORDS} are possible"
        if self.row_bytes % WORD or self.row_bytes < words * WORD or not fits_immediate(self.row_bytes):
            return f"{self.row_bytes} bytes a row: a multiple of {WORD}, {words * WORD} at least, is needed"
        if self.plane_bytes % WORD:
            return f"{self.plane_bytes} bytes a plane: a multiple of {WORD} is needed"
        return None

    def emit(self, code: Assembler) -> None:
        masks = _masks(self.columns, self.left)
        data, output, channels, total, step = code.registers(5)
        # a row of one word would wait for it: several rows take turns
        together = next(count for count in (4, 3, 2, 1) if self.rows % count == 0) if len(masks) == 1 else 1
        words = code.registers(min(together * len(masks), MOST_LIVE))
        ones = {mask: code.register() for mask in dict.fromkeys(masks)}
        for register, offset in ((data, 0), (output, 4), (channels, 8)):
            code.load(register, offset, code.arguments)
        for mask, register in ones.items():
            code.constant(register, mask)
        code.constant(step, self.plane_bytes - self.rows * self.row_bytes)
        bounds = code.loop_bounds(0)
        with code.hardware_loop(1, channels):
            code.constant(total, 0)
            with code.counted_body(0, bounds, self.rows // together):
                for place, mask in enumerate(masks * together):
                    word, last = words[place % len(words)], place % len(masks) == len(masks) - 1
                    code.take(word, data, self.row_bytes - WORD * (len(masks) - 1) if last else WORD)
                    code.emit("pv.sdotup.b", total, word, ones[mask])
            code.emit("add", data, data, step)
            code.emit("p.sw.post", total, WORD, output)


def _masks(columns: int, left: int) -> list[int]:
    """Return the words of a row, a one in each byte that holds a code."""
    used = [left <= byte < left + columns for byte in range(-(-(left + columns) // WORD) * WORD)]
    return [sum(used[first + byte] << 8 * byte for byte in range(WORD)) for first in range(0, len(used), WORD)]
