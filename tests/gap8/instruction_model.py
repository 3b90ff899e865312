"""What each instruction computes, in plain Python integers, written from the manuals for the differential tests."""

import math

MASK = 0xFFFFFFFF


def signed(value: int, bits: int = 32) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def lanes(value: int, bits: int, is_signed: bool) -> list[int]:
    parts = [(value >> at) & ((1 << bits) - 1) for at in range(0, 32, bits)]
    return [signed(part, bits) for part in parts] if is_signed else parts


def joined(values: list[int], bits: int) -> int:
    return sum((value & ((1 << bits) - 1)) << (index * bits) for index, value in enumerate(values))


def _div(a: int, b: int) -> int:
    if b == 0:
        return -1
    return int(math.copysign(1, a) * math.copysign(1, b)) * (abs(a) // abs(b))


def _rem(a: int, b: int) -> int:
    return a if b == 0 else a - b * _div(a, b)


BASE = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "sll": lambda a, b: a << (b & 31),
    "srl": lambda a, b: a >> (b & 31),
    "sra": lambda a, b: signed(a) >> (b & 31),
    "slt": lambda a, b: signed(a) < signed(b),
    "sltu": lambda a, b: a < b,
    "xor": lambda a, b: a ^ b,
    "or": lambda a, b: a | b,
    "and": lambda a, b: a & b,
    "mul": lambda a, b: a * b,
    "mulh": lambda a, b: signed(a) * signed(b) >> 32,
    "mulhsu": lambda a, b: signed(a) * b >> 32,
    "mulhu": lambda a, b: a * b >> 32,
    "div": lambda a, b: _div(signed(a), signed(b)),
    "divu": lambda a, b: a // b if b else -1,
    "rem": lambda a, b: _rem(signed(a), signed(b)),
    "remu": lambda a, b: a % b if b else a,
    "p.avgu": lambda a, b: ((a + b) & MASK) >> 1,
    "p.slet": lambda a, b: signed(a) <= signed(b),
    "p.sletu": lambda a, b: a <= b,
    "p.min": lambda a, b: min(signed(a), signed(b)),
    "p.minu": min,
    "p.max": lambda a, b: max(signed(a), signed(b)),
    "p.maxu": max,
    "p.ror": lambda a, b: (a | a << 32) >> (b & 31),
    "p.clipr": lambda a, b: _clip(signed(a), -signed(b) - 1, signed(b)),
    "p.clipur": lambda a, b: _clipu(signed(a), signed(b)),
    "p.extractr": lambda a, b: _extract(a, b >> 5 & 31, b & 31),
    "p.extractur": lambda a, b: (a >> (b & 31)) & ((2 << (b >> 5 & 31)) - 1),
    "p.bclrr": lambda a, b: a & ~(((2 << (b >> 5 & 31)) - 1) << (b & 31)),
    "p.bsetr": lambda a, b: a | ((2 << (b >> 5 & 31)) - 1) << (b & 31),
}
ONE = {
    "p.abs": lambda a: abs(signed(a)),
    "p.ff1": lambda a: (a & -a).bit_length() - 1 if a else 32,
    "p.fl1": lambda a: a.bit_length() - 1 if a else 32,
    "p.cnt": lambda a: bin(a).count("1"),
    "p.clb": lambda a: 31 - (a if not a >> 31 else a ^ MASK).bit_length() if a else 0,
    "p.exths": lambda a: signed(a, 16),
    "p.exthz": lambda a: a & 0xFFFF,
    "p.extbs": lambda a: signed(a, 8),
    "p.extbz": lambda a: a & 0xFF,
}
IMMEDIATE = {
    "addi": "add",
    "slti": "slt",
    "sltiu": "sltu",
    "xori": "xor",
    "ori": "or",
    "andi": "and",
    "slli": "sll",
    "srli": "srl",
    "srai": "sra",
}
VECTOR = {
    "add": lambda a, b, n: a + b,
    "sub": lambda a, b, n: a - b,
    "avg": lambda a, b, n: signed(a + b, n) >> 1,
    "avgu": lambda a, b, n: ((a + b) & ((1 << n) - 1)) >> 1,
    "min": lambda a, b, n: min(a, b),
    "minu": lambda a, b, n: min(a, b),
    "max": lambda a, b, n: max(a, b),
    "maxu": lambda a, b, n: max(a, b),
    "srl": lambda a, b, n: a >> (b & (n - 1)),
    "sra": lambda a, b, n: a >> (b & (n - 1)),
    "sll": lambda a, b, n: a << (b & (n - 1)),
    "or": lambda a, b, n: a | b,
    "xor": lambda a, b, n: a ^ b,
    "and": lambda a, b, n: a & b,
    "cmpeq": lambda a, b, n: -(a == b),
    "cmpne": lambda a, b, n: -(a != b),
    "cmpgt": lambda a, b, n: -(a > b),
    "cmpge": lambda a, b, n: -(a >= b),
    "cmplt": lambda a, b, n: -(a < b),
    "cmple": lambda a, b, n: -(a <= b),
    "cmpgtu": lambda a, b, n: -(a > b),
    "cmpgeu": lambda a, b, n: -(a >= b),
    "cmpltu": lambda a, b, n: -(a < b),
    "cmpleu": lambda a, b, n: -(a <= b),
}
UNSIGNED_VECTOR = {"avgu", "minu", "maxu", "srl", "sll", "cmpgtu", "cmpgeu", "cmpltu", "cmpleu"}


def _clip(value: int, low: int, high: int) -> int:
    return low if value < low else high if value > high else value


def _clipu(value: int, high: int) -> int:
    return high if value > high else max(value, 0)


def _extract(value: int, last: int, shift: int) -> int:
    width = min(last + 1, 32 - shift)
    return signed(value >> shift, width)


def _insert(value: int, into: int, last: int, shift: int) -> int:
    mask = ((2 << last) - 1) << shift & MASK
    return (into & ~mask) | (value << shift & mask)


def _normalised(name: str, a: int, b: int, old: int, n: int) -> int:
    """p.addN, p.subuRN, p.mulhhsN, p.macuRN and their like."""
    rounded = "RN" in name
    if name.startswith(("p.add", "p.sub")):
        total = a + b if name.startswith("p.add") else a - b
        unsigned = name[5] == "u"
    else:
        high = "hh" in name
        unsigned = name[5 + 2 * high] == "u"
        x, y = (a >> 16, b >> 16) if high else (a, b)
        bits = (lambda v: v & 0xFFFF) if unsigned else (lambda v: signed(v, 16))
        total = bits(x) * bits(y) + (old if name.startswith("p.mac") else 0)
    if rounded and n:
        total += 1 << (n - 1)
    total &= MASK
    return (total if unsigned else signed(total)) >> n


def _vector(name: str, a: int, b: int, old: int) -> int:
    """One packed instruction whose second operand has been replicated where need be."""
    op, bits = name.rsplit(".", 1)[0].split(".")[1], 16 if name.endswith("h") else 8
    if "dot" in op:
        first = lanes(a, bits, not op.endswith(("dotup", "dotusp")))
        second = lanes(b, bits, not op.endswith("dotup"))
        return (old if op.startswith("s") else 0) + sum(x * y for x, y in zip(first, second, strict=True))
    kind = op not in UNSIGNED_VECTOR
    pairs = zip(lanes(a, bits, kind), lanes(b, bits, kind), strict=True)
    return joined([VECTOR[op](x, y, bits) for x, y in pairs], bits)


def _special(name: str, a: int, b: int, old: int, imm: int) -> int | None:
    """The packed instructions that do not work lane by lane."""
    bits = 16 if name.endswith("h") else 8
    count = 32 // bits
    first = lanes(a, bits, False)
    if name.startswith("pv.abs"):
        return joined([abs(x) for x in lanes(a, bits, True)], bits)
    if name.startswith("pv.extractu"):
        return first[imm % count]
    if name.startswith("pv.extract"):
        return signed(first[imm % count], bits)
    if name.startswith("pv.insert"):
        parts = lanes(old, bits, False)
        parts[imm % count] = a
        return joined(parts, bits)
    if name.startswith("pv.shufflei"):
        top = int(name[11])
        return joined([first[imm >> 2 * i & 3] for i in range(3)] + [first[top]], 8)
    if name == "pv.shuffle.sci.h":
        return joined([first[imm & 1], first[imm >> 1 & 1]], 16)
    if name.startswith("pv.shuffle2"):
        parts = lanes(old, bits, False) + first
        return joined([parts[s % (2 * count)] for s in lanes(b, bits, False)], bits)
    if name.startswith("pv.shuffle"):
        return joined([first[s % count] for s in lanes(b, bits, False)], bits)
    if name == "pv.pack.h":
        return (a & 0xFFFF) << 16 | b & 0xFFFF
    if name == "pv.packhi.b":
        return (a & 0xFF) << 24 | (b & 0xFF) << 16 | old & 0xFFFF
    if name == "pv.packlo.b":
        return (a & 0xFF) << 8 | b & 0xFF | old & 0xFFFF0000
    return None


def compute(name: str, a: int, b: int, old: int, imm: int, imm2: int) -> int:
    """Return the 32-bit result.

    `a` and `b` are the source registers, `old` what rd held, `imm` and `imm2` the immediates as written.
    """
    if name in BASE:
        result = BASE[name](a, b)
    elif name in ONE:
        result = ONE[name](a)
    elif name in IMMEDIATE:
        result = BASE[IMMEDIATE[name]](a, imm & MASK)
    elif name == "lui":
        result = imm
    elif name == "p.mac":
        result = old + a * b
    elif name == "p.msu":
        result = old - a * b
    elif name == "p.clip":
        half = 1 << max(imm - 1, 0)
        result = _clip(signed(a), -half, half - 1)
    elif name == "p.clipu":
        result = _clipu(signed(a), (1 << max(imm - 1, 0)) - 1)
    elif name == "p.extract":
        result = _extract(a, imm, imm2)
    elif name == "p.extractu":
        result = (a >> imm2) & ((2 << imm) - 1)
    elif name == "p.insert":
        result = _insert(a, old, imm, imm2)
    elif name == "p.insertr":
        result = _insert(a, old, b >> 5 & 31, b & 31)
    elif name == "p.bclr":
        result = a & ~(((2 << imm) - 1) << imm2)
    elif name == "p.bset":
        result = a | ((2 << imm) - 1) << imm2
    elif name.endswith("Nr"):
        result = _normalised(name, old, a, 0, b & 31)
    elif name.endswith("N"):
        result = _normalised(name, a, b, old, imm)
    else:
        special = _special(name, a, b, old, imm)
        if special is not None:
            return special & MASK
        bits = 16 if name.endswith("h") else 8
        if ".sci." in name:
            b = joined([imm] * (32 // bits), bits)
        elif ".sc." in name:
            b = joined([b] * (32 // bits), bits)
        result = _vector(name, a, b, old)
    return int(result) & MASK
