"""Sums of the planes of a map, for the average pool: four codes at a time, by dot products with ones."""

from kwslib.errors import InputError
from kwslib.gap8.kernels.assembler import Assembler, fits_immediate

WORD = 4
MOST_LIVE = 4
"""Words of a row in registers at a time: enough to hide that a load is late."""


def plane_sums_refusal(rows: int, columns: int, row_bytes: int, plane_bytes: int, left: int) -> str | None:
    """Say why `plane_sums` cannot do this shape, or None if it can."""
    if rows < 1 or columns < 1 or not 0 <= left < WORD:
        return f"{rows} rows of {columns} columns, {left} bytes in front of them"
    words = -(-(left + columns) // WORD)
    if row_bytes % WORD or row_bytes < words * WORD or not fits_immediate(row_bytes):
        return f"{row_bytes} bytes a row: a multiple of {WORD}, {words * WORD} at least, is needed"
    if plane_bytes % WORD:
        return f"{plane_bytes} bytes a plane: a multiple of {WORD} is needed"
    return None


def plane_sums(symbol: str, rows: int, columns: int, row_bytes: int, plane_bytes: int, left: int) -> str:
    """Return the assembler text of a kernel that adds up the codes of each plane.

    Parameters
    ----------
    symbol : str
        Name of the function.
    rows, columns : int
        Of a plane.
    row_bytes, plane_bytes : int
        From one row, and from one plane, to the next one.
    left : int
        Bytes in front of a row's first code. They, and those behind the last code, may be anything.

    Notes
    -----
    Arguments: [planes, sums, channels]. A plane's first row starts at a whole word; codes are int8, a sum is an int32.
    """
    refusal = plane_sums_refusal(rows, columns, row_bytes, plane_bytes, left)
    if refusal:
        raise InputError(f"kernel {symbol}: {refusal}")
    code = Assembler(symbol)
    masks = _masks(columns, left)
    data, output, channels, total, count, step = code.registers(6)
    words = code.registers(min(len(masks), MOST_LIVE))
    ones = {mask: code.register() for mask in masks}
    for register, offset in ((data, 0), (output, 4), (channels, 8)):
        code.load(register, offset, code.arguments)
    for mask, register in ones.items():
        code.constant(register, mask)
    code.constant(step, plane_bytes - rows * row_bytes)
    start = code.label("channel")
    code.constant(count, rows)
    code.constant(total, 0)
    with code.hardware_loop(0, count):
        for place, mask in enumerate(masks):
            word = words[place % len(words)]
            code.take(word, data, row_bytes - WORD * (len(masks) - 1) if place == len(masks) - 1 else WORD)
            code.emit("pv.sdotsp.b", total, word, ones[mask])
    code.emit("add", data, data, step)
    code.emit("p.sw.post", total, WORD, output)
    code.repeat_until_zero(channels, start)
    return code.text()


def _masks(columns: int, left: int) -> list[int]:
    """Return the words of a row, a one in each byte that holds a code."""
    used = [left <= byte < left + columns for byte in range(-(-(left + columns) // WORD) * WORD)]
    return [sum(used[first + byte] << 8 * byte for byte in range(WORD)) for first in range(0, len(used), WORD)]
