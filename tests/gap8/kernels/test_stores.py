"""Stores of a block: how many instructions they take. That they are right, the test of the pointwise kernel shows."""

import pytest

from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.stores import BlockStores
from tests.gap8.kernels.harness import shown


@pytest.mark.parametrize(
    ("positions", "shape", "words", "count", "start"),
    [
        (5, (216, 1, 8), True, 16, 0),
        (5, (216, 1, 5), False, 20, 0),
        (4, (216, 1, 4), True, 12, 0),
        (5, (1000, 1, 8), True, 16, 1000),
        (5, (1400, 1, 8), True, 16 + 2, 0),
        (5, (2100, 1, 8), True, 16 + 4, 0),
        (5, (1, 276, 1380), False, 20, 0),
        (5, (1, 1000, 5000), False, 20, 0),
        (5, (1, 2100, 10500), False, 20 + 2, 0),
    ],
)
def test_instructions(positions, shape, words, count, start):
    code = Assembler("k")
    totals = [code.registers(positions) for _ in range(4)]
    stores = BlockStores(totals, *shape, words=words)
    assert stores.start == start
    stores.emit(code, code.arguments, code.registers(3))
    lines = shown(code)
    body = [line for line in lines if not line.startswith(("jalr", "addi sp")) and "(sp)" not in line]
    assert len(body) == count
