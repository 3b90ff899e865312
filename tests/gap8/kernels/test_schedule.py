"""The scheduler keeps what an instruction depends on in front of it, and removes stalls where it can."""

import random

from kwslib.gap8.isa.instructions import register_number
from kwslib.gap8.kernels.schedule import Operation, schedule, stalls

R = register_number


def op(mnemonic: str, *operands: int | str) -> Operation:
    return Operation(mnemonic, tuple(R(x) if isinstance(x, str) else x for x in operands))


def test_what_instructions_read_and_write():
    load = op("p.lw.post", "t0", 4, "a0")
    assert (load.reads, load.writes, load.late) == ({R("a0")}, {R("a0"), R("t0")}, R("t0"))
    dot = op("pv.sdotsp.b", "s0", "t0", "t1")
    assert (dot.reads, dot.writes, dot.late) == ({R("s0"), R("t0"), R("t1")}, {R("s0")}, None)
    store = op("p.sb.rpost", "t0", "t1", "a0")
    assert (store.reads, store.writes) == ({R("t0"), R("t1"), R("a0")}, {R("a0")})
    assert op("mul", "t0", "t1", "t2").late == R("t0")
    assert op("lw", "t0", 4, "sp").stack and op("sw", "t0", 4, "sp").stack and not op("lw", "t0", 4, "a0").stack
    assert op("addi", "t0", "zero", 5).reads == frozenset()


def test_a_load_is_moved_away_from_its_use():
    line = [op("lw", "t0", 0, "a0"), op("add", "t1", "t0", "t1"), op("lw", "t2", 4, "a0"), op("add", "t3", "t2", "t3")]
    assert stalls(line) == 2
    assert stalls(schedule(line)) == 0


def test_a_line_does_not_end_with_a_load_if_it_need_not():
    line = [op("add", "t1", "t1", "t3"), op("lw", "t0", 0, "a0")]
    assert [o.mnemonic for o in schedule(line)] == ["lw", "add"]
    assert stalls([op("add", "t1", "t0", "t1"), op("lw", "t0", 0, "a0")], loop=True) == 1
    fixed = [op("lw", "t0", 0, "a0")]
    assert schedule(fixed) == fixed


def test_the_first_operation_looks_at_what_ran_before():
    before = op("lw", "t0", 0, "a0")
    line = [op("add", "t1", "t0", "t1"), op("add", "t2", "t2", "t2")]
    assert schedule(line, before) == line[::-1]


def test_order_that_matters_is_kept():
    rng = random.Random(5)
    kinds = (
        lambda a, b, c: op("mul", a, b, c),
        lambda a, b, c: op("pv.sdotsp.b", a, b, c),
        lambda a, b, c: op("p.lw.post", a, 4, b),
        lambda a, b, c: op("p.sw.post", a, 4, b),
        lambda a, b, c: op("sw", a, 0, "sp"),
        lambda a, b, c: op("lw", a, 0, "sp"),
    )
    for _ in range(60):
        line = [rng.choice(kinds)(*rng.sample(("t0", "t1", "t2", "t3", "t4", "s0", "s1"), 3)) for _ in range(30)]
        done = schedule(line)
        places = {id(operation): place for place, operation in enumerate(done)}
        assert len(places) == len(line) and stalls(done) <= stalls(line)
        for early, first in enumerate(line):
            for second in line[early + 1 :]:
                assert not second.must_follow(first) or places[id(first)] < places[id(second)]
