"""What each instruction of Xgap8 computes, in plain Python integers: exact products and sums, then shifts and cuts."""

from tests.gap8.instruction_model import MASK, joined, lanes, signed

Decisions = list[bool]
"""For each half, the low one first, whether the last ``pv.vitop.max`` took rs2's."""


def _parts(word: int) -> tuple[int, int]:
    low, high = lanes(word, 16, True)
    return low, high


def _product(a: int, b: int, shift: int) -> int:
    (x, y), (u, v) = _parts(a), _parts(b)
    return joined([(x * u - y * v) >> shift, (x * v + y * u) >> shift], 16)


def _by_scalar(a: int, factor: int) -> int:
    x, y = _parts(a)
    high = signed((x + y) * factor) >> 15
    low = signed((x - y) * factor) >> 15
    return (high << 16 | low) & MASK


def _rotated(a: int, b: int, shift: int) -> int:
    (x, y), (u, v) = _parts(a), _parts(b)
    # (x - u) + j (y - v), times -j
    return joined([signed(y - v, 16) >> shift, signed(u - x, 16) >> shift], 16)


def _shifted_sum(name: str, a: int, b: int, shift: int) -> int:
    bits = 16 if ".h" in name else 8
    sign = 1 if "add" in name else -1
    pairs = zip(lanes(a, bits, True), lanes(b, bits, True), strict=True)
    return joined([signed(x + sign * y, bits) >> shift for x, y in pairs], bits)


def compute(name: str, a: int, b: int, imm: int, decisions: Decisions) -> int | None:
    """Return the 32-bit result, or None for an instruction of another extension; `decisions` are updated in place."""
    stem, _, last = name.rpartition(".")
    shift = {"div2": 1, "div4": 2}.get(last, 0)
    if name.startswith("pv.cplxmul.s.sc"):
        return _by_scalar(a, imm if last == "sci" else signed(b))
    if name.startswith("pv.cplxmul.s"):
        return _product(a, b, 15 + shift)
    if name == "pv.cplxconj.h":
        x, y = _parts(a)
        return joined([x, -y], 16)
    if name.startswith("pv.subrotmj.h"):
        return _rotated(a, b, shift)
    if shift and stem in ("pv.add.h", "pv.add.b", "pv.sub.h", "pv.sub.b"):
        return _shifted_sum(name, a, b, shift)
    if name == "pv.vitop.max":
        decisions[:] = [x <= y for x, y in zip(_parts(a), _parts(b), strict=True)]
        return joined([max(x, y) for x, y in zip(_parts(a), _parts(b), strict=True)], 16)
    if name == "pv.vitop.sel":
        chosen = [y if second else x for x, y, second in zip(_parts(a), _parts(b), decisions, strict=True)]
        return joined([value << 1 | second for value, second in zip(chosen, decisions, strict=True)], 16)
    if name == "pv.pack.h.h":
        return a & 0xFFFF0000 | b >> 16
    if name == "pv.pack.h.l":
        return (a << 16 | b & 0xFFFF) & MASK
    return None
