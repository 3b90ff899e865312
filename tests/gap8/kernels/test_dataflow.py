"""Values and their registers."""

import pytest

from kwslib.gap8.isa.instructions import register_number
from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.dataflow import Dataflow
from tests.gap8.kernels.harness import shown


def test_a_register_is_free_after_the_last_use():
    code = Assembler("k")
    flow = Dataflow(code)
    pointer = code.arguments
    x, y = flow.of("lw", 0, pointer), flow.of("lw", 4, pointer)
    total = flow.of("add", x, y)
    less = flow.of("sub", total, y)  # x is not read any more, total is
    flow.run("sw", total, 8, pointer)
    flow.run("sw", less, 12, pointer)
    flow.emit()
    operations = [line.replace(",", "").split() for line in shown(code)]
    (add,) = (line for line in operations if line[0] in ("add", "c.add"))
    (sub,) = (line for line in operations if line[0] == "sub")
    loads = [line[1] for line in operations if line[0] == "lw"]
    assert add[2:] == loads and add[1] == loads[0]
    assert sub[2:] == [add[1], loads[1]] and sub[1] == loads[1]
    assert len(code.registers(29)) == 29  # all are free again but a0


def test_an_accumulator_keeps_its_register():
    code = Assembler("k")
    flow = Dataflow(code)
    pointer = code.arguments
    x, y = flow.of("lw", 0, pointer), flow.of("lw", 4, pointer)
    square = flow.of("mul", x, x)
    both = flow.onto(square, "p.mac", y, y)
    flow.run("sw", both, 8, pointer)
    flow.emit()
    assert square.register == both.register
    assert [line.split()[0] for line in shown(code)][-3:] == ["p.mac", "sw", "jalr"]


def test_a_result_that_nothing_reads_is_a_mistake():
    flow = Dataflow(Assembler("k"))
    flow.of("add", 0, 0)
    with pytest.raises(AssertionError, match="nothing reads"):
        flow.emit()


def test_too_many_values_are_refused():
    flow = Dataflow(Assembler("k"))
    values = [flow.of("lw", 4 * place, register_number("a0")) for place in range(40)]
    for value in values:
        flow.run("sw", value, 0, register_number("a0"))
    with pytest.raises(AssertionError, match="more registers"):
        flow.emit()
