"""Random instruction sequences on the simulator against a model in plain Python."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kwslib.gap8.isa.disassembler import Decoded, decode
from kwslib.gap8.isa.instructions import encode, table
from kwslib.gap8.platforms.simulator import simulate
from tests.gap8 import xgap8_model
from tests.gap8.instruction_model import MASK, compute, signed
from tests.gap8.programs import L1, L2, STDOUT, Assembler, write_elf

REGISTERS = L2 + 0x70000  # 32 words: the initial values, then the final ones
DATA = 64  # bytes that loads and stores work on
CONTROL = {"jal", "jalr", "beq", "bne", "blt", "bge", "bltu", "bgeu", "p.beqimm", "p.bneimm"}
SYSTEM = {"nop", "fence", "fence_i", "fence.i", "ecall", "ebreak", "mret", "wfi", "auipc"} | {
    f"csrr{x}" for x in ("w", "s", "c", "wi", "si", "ci")
}
SIZES = {"lb": 1, "lbu": 1, "sb": 1, "lh": 2, "lhu": 2, "sh": 2, "lw": 4, "sw": 4}


def _kind(row):
    if row.mnemonic.startswith("lp."):
        return "loop"
    if row.op in CONTROL:
        return "control"
    if row.op in SYSTEM or row.op == "p.elw":
        return "system"
    if (
        row.op.removeprefix("p.").split(".")[0] in SIZES
        and "STORE" in row.format
        or row.timing == "load"
        or row.op == "sw"
    ):
        return "memory"
    return "arithmetic"


ARITHMETIC = [row for row in table().values() if _kind(row) == "arithmetic"]
MEMORY = [row for row in table().values() if _kind(row) == "memory" and row.size == 4]
words = st.one_of(
    st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, MASK]), st.integers(0, MASK)
)


def _register(place, draw, allowed=range(32)):
    if not place.pieces:
        return place.base
    low, high = place.base, place.base + (7 if place.kind == "regc" else 31)
    return draw(st.sampled_from([number for number in allowed if low <= number <= high]))


@st.composite
def arithmetic(draw):
    row = draw(st.sampled_from(ARITHMETIC))
    while True:
        values = {}
        for name in row.operands:
            place = row.fields[name]
            if place.kind.startswith("reg"):
                values[name] = _register(place, draw)
            else:
                values[name] = draw(st.integers(0, (place.high - place.low) // place.step)) * place.step + place.low
        if not any(values.get(name) == value for name, value in row.forbidden):
            return [encode(row.mnemonic, *(values[name] for name in row.operands))]


@st.composite
def memory(draw):
    """Set the base register to a place in the data, the index register to an offset; then the access."""
    row = draw(st.sampled_from(MEMORY))
    size = SIZES[row.op.removeprefix("p.").split(".")[0]]
    at = draw(st.integers(8, DATA - 16))
    base, data, index = draw(st.permutations(range(1, 32)))[:3]
    step = draw(st.integers(-8, 8))
    fields = row.fields
    values = {"rs1": base}
    start = at if "post" in row.mnemonic else at - step
    if row.format in ("LOAD", "LOADP", "STORE", "STOREP"):
        values |= {"imm": step, "rd": data, "rs2": data}
    elif row.format in ("LOADR", "LOADRP"):
        values |= {"rd": data, "rs2": index}
    else:
        values |= {"rs2": data, "rd": index}
    region = draw(st.sampled_from([L1 + 0x100, L2 + 0x60000]))
    assembler = Assembler()
    assembler.li(base, region + start)
    if "r" in row.mnemonic.rsplit(".", 1)[-1] and row.format[-1] != "D":
        assembler.emit("addi", index, "zero", step)
    assembler.emit(row.mnemonic, *(values[name] for name in row.operands))
    del fields, size
    return list(_words(assembler.code))


def _words(code):
    at = 0
    while at < len(code):
        size = 4 if code[at] & 3 == 3 else 2
        yield int.from_bytes(code[at : at + size], "little")
        at += size


class Model:
    """Registers and data; executes decoded instructions one by one."""

    def __init__(self, registers):
        self.x = list(registers)
        self.decisions = [False, False]
        self.data = {L1 + 0x100: bytearray(DATA), L2 + 0x60000: bytearray(DATA)}

    def run(self, found: Decoded) -> None:
        row, v = found.instruction, found.values
        a, b = self.x[v.get("rs1", 0)], self.x[v.get("rs2", 0)] if "rs2" in v else 0
        rd, imm = v.get("rd", 0), v.get("imm", 0)
        name = row.op
        stem = name.removeprefix("p.").split(".")[0]
        if stem in SIZES and (row.timing == "load" or stem[0] == "s") and _kind(row) == "memory":
            self._access(row, stem, a, b, rd, v)
            return
        if name == "lui":
            imm &= MASK
        result = xgap8_model.compute(name, a, b, imm, self.decisions)
        if result is None:
            result = compute(name, a, b, self.x[rd], imm, v.get("imm2", 0))
        if rd:
            self.x[rd] = result

    def _access(self, row, stem, a, b, rd, v):
        load = row.timing == "load"
        post = row.mnemonic.endswith("post")
        step = v["imm"] if "imm" in v else signed(b if load else self.x[rd])
        address = a if post else (a + step) & MASK
        base = next(start for start in self.data if start <= address < start + DATA)
        at, size = address - base, SIZES[stem]
        if post:
            self.x[v["rs1"]] = (a + step) & MASK
        if load:
            value = int.from_bytes(self.data[base][at : at + size], "little")
            if not stem.endswith("u"):
                value = signed(value, 8 * size) & MASK
            if rd:
                self.x[rd] = value
        else:
            self.data[base][at : at + size] = (b & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _print_registers(assembler: Assembler) -> None:
    """Store x1 to x31 behind the initial values and print them as 31 lines of hexadecimal digits."""
    assembler.emit("csrrw", 0, 0x340, 1)
    assembler.li(1, REGISTERS + 128)
    for register in range(2, 32):
        assembler.emit("sw", register, 4 * register, 1)
    assembler.emit("csrrs", 2, 0x340, 0)
    assembler.emit("sw", 2, 4, 1)
    assembler.emit("addi", 1, 1, 4)
    assembler.li("s2", STDOUT)
    assembler.emit("addi", "s3", 0, 31)
    assembler.label("line")
    assembler.emit("lw", "s4", 0, 1)
    assembler.emit("addi", "s5", 0, 28)
    assembler.label("digit")
    assembler.emit("srl", "s6", "s4", "s5")
    assembler.emit("andi", "s6", "s6", 15)
    assembler.emit("slti", "s7", "s6", 10)
    assembler.emit("addi", "s6", "s6", 87)
    assembler.emit("beq", "s7", "zero", 8)
    assembler.emit("addi", "s6", "s6", 48 - 87)
    assembler.emit("sb", "s6", 0, "s2")
    assembler.emit("addi", "s5", "s5", -4)
    assembler.emit("bge", "s5", "zero", "@digit")
    assembler.emit("addi", "s6", 0, 10)
    assembler.emit("sb", "s6", 0, "s2")
    assembler.emit("addi", 1, 1, 4)
    assembler.emit("addi", "s3", "s3", -1)
    assembler.emit("bne", "s3", "zero", "@line")
    assembler.leave()


def _load_registers(assembler: Assembler, values) -> None:
    for register in range(1, 32):
        assembler.li(register, values[register])


def _clear_data(assembler: Assembler) -> None:
    for start in (L1 + 0x100, L2 + 0x60000):
        assembler.li(1, start)
        for at in range(0, DATA, 4):
            assembler.emit("sw", 0, at, 1)


def _run(tmp_path, assembler) -> list[int]:
    result = simulate(write_elf(tmp_path, assembler), max_cycles=1_000_000)
    assert result.exit_status == 0
    return [0, *(int(line, 16) for line in result.stdout.split())]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sequences")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(words, min_size=32, max_size=32), st.lists(st.one_of(arithmetic(), memory()), min_size=1, max_size=60))
def test_random_sequences_compute_what_the_model_computes(folder, initial, pieces):
    initial[0] = 0
    sequence = [word for piece in pieces for word in piece]
    assembler = Assembler()
    _clear_data(assembler)
    _load_registers(assembler, initial)
    model = Model(initial)
    for word in sequence:
        assembler.word(word, 4 if word & 3 == 3 else 2)
        model.run(decode(word))
    _print_registers(assembler)
    final = _run(folder, assembler)
    wrong = [f"x{n}: {final[n]:08x}, model {model.x[n]:08x}" for n in range(32) if final[n] != model.x[n]]
    assert not wrong, "\n".join([*wrong, *(decode(word).text() for word in sequence)])


def test_every_arithmetic_instruction_is_in_the_model(tmp_path):
    """One run with each arithmetic form twice, so that none is left to chance."""
    assembler = Assembler()
    initial = [0] + [(0x9E3779B9 * n ^ n << 27) & MASK for n in range(1, 32)]
    _load_registers(assembler, initial)
    model = Model(initial)
    for turn in range(2):
        for index, row in enumerate(ARITHMETIC):
            values = {}
            for name in row.operands:
                place = row.fields[name]
                if place.kind.startswith("reg"):
                    span = 8 if place.kind == "regc" else 31
                    offset = {"rd": 3, "rs1": 11, "rs2": 17}[name]
                    values[name] = (
                        place.base + (index * 7 + turn * 5 + offset) % span + (place.kind == "reg")
                        if place.pieces
                        else place.base
                    )
                else:
                    count = (place.high - place.low) // place.step
                    values[name] = place.low + place.step * ((index * 11 + turn * 3) % (count + 1))
            for name, value in row.forbidden:
                if values.get(name) == value:
                    values[name] = row.fields[name].step or 1
            word = encode(row.mnemonic, *(values[name] for name in row.operands))
            assembler.word(word, row.size)
            assert decode(word), (row, values)
            model.run(decode(word))
    _print_registers(assembler)
    assert _run(tmp_path, assembler) == model.x


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 7), st.integers(1, 5), st.integers(2, 6), st.booleans())
def test_nested_hardware_loops_run_as_often_as_they_should(folder, outer, inner, before, body, by_register):
    assembler = Assembler()
    _load_registers(assembler, [0] * 32)
    if by_register:
        assembler.emit("addi", "t0", 0, outer)
        assembler.emit("addi", "t1", 0, inner)
        assembler.emit("lp.setup", 1, "t0", "@outer_end")
    else:
        assembler.emit("lp.starti", 1, 12)
        assembler.emit("lp.endi", 1, "@outer_end")
        assembler.emit("lp.counti", 1, outer)
    for _ in range(before):
        assembler.emit("addi", "a0", "a0", 1)
    if by_register:
        assembler.emit("lp.setup", 0, "t1", "@inner_end")
    else:
        assembler.emit("lp.setupi", 0, inner, 4 * body)
    for index in range(body):
        if index == body - 1:
            assembler.label("inner_end")
        assembler.emit("addi", "a1", "a1", 1)
    assembler.label("outer_end")
    assembler.emit("addi", "a2", "a2", 1)
    _print_registers(assembler)
    final = _run(folder, assembler)
    assert final[10:13] == [outer * before, outer * inner * body, outer]


@pytest.mark.parametrize(
    ("mnemonic", "taken"),
    [
        ("beq", "a == b"),
        ("bne", "a != b"),
        ("blt", "signed(a) < signed(b)"),
        ("bge", "signed(a) >= signed(b)"),
        ("bltu", "a < b"),
        ("bgeu", "a >= b"),
    ],
)
def test_branches_go_where_they_should(tmp_path, mnemonic, taken):
    pairs = [(0, 0), (1, 2), (2, 1), (MASK, 1), (1, MASK), (0x80000000, 0x7FFFFFFF), (MASK, MASK)]
    assembler = Assembler()
    _load_registers(assembler, [0] * 32)
    expected = 0
    for index, (a, b) in enumerate(pairs):
        assembler.li("t0", a)
        assembler.li("t1", b)
        assembler.emit(mnemonic, "t0", "t1", 8)
        assembler.emit("ori", "a0", "a0", 1 << index)
        if not eval(taken, {"signed": signed}, {"a": a, "b": b}):
            expected |= 1 << index
    _print_registers(assembler)
    assert _run(tmp_path, assembler)[10] == expected


def test_jumps_link_and_immediate_branches_compare(tmp_path):
    assembler = Assembler()
    _load_registers(assembler, [0] * 32)
    assembler.emit("jal", "ra", "@called")
    back = assembler.pc
    assembler.emit("addi", "a1", "zero", -3)
    assembler.emit("p.beqimm", "a1", -3, 8)
    assembler.emit("addi", "a2", "zero", 1)
    assembler.emit("p.bneimm", "a1", -3, 8)
    assembler.emit("addi", "a3", "zero", 1)
    assembler.emit("jal", "zero", "@end")
    assembler.label("called")
    assembler.emit("addi", "a0", "ra", 0)
    assembler.emit("jalr", "t0", 0, "ra")
    assembler.label("end")
    _print_registers(assembler)
    final = _run(tmp_path, assembler)
    assert final[10] == back
    assert final[11:14] == [MASK - 2, 0, 1]
