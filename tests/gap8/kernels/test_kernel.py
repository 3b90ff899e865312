"""The base of the kernels, and the list of them."""

import re
from dataclasses import dataclass
from typing import ClassVar

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels import KERNELS
from kwslib.gap8.kernels.assembler import Assembler
from kwslib.gap8.kernels.kernel import Kernel, RequantisingKernel
from kwslib.gap8.kernels.pool import PlaneSums
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.program.codegen import FIRMWARE
from tests.gap8.kernels.depthwise_cases import five


@dataclass(frozen=True)
class Doubled(Kernel):
    """Writes twice its parameter."""

    generator: ClassVar[str] = "doubled"
    portable: ClassVar[str] = "portable_doubled"
    value: int

    def shape_refusal(self):
        return f"{self.value} is odd" if self.value % 2 else None

    def emit(self, code: Assembler):
        register = code.register()
        code.constant(register, 2 * self.value)
        code.emit("sw", register, 0, code.arguments)


def finished(base):
    """Every class below `base` that can be made."""
    for kernel in base.__subclasses__():
        yield from finished(kernel)
        if not kernel.__abstractmethods__ and kernel is not Doubled:
            yield kernel


def test_every_kernel_is_listed_under_its_name():
    assert set(KERNELS.values()) == set(finished(Kernel))
    assert all(name == kernel.generator for name, kernel in KERNELS.items())
    assert len(KERNELS) == 13


def test_every_kernel_has_a_portable_twin():
    texts = [(FIRMWARE / "kernels" / name).read_text() for name in ("portable.c", "front_end.c")]
    defined = set(re.findall(r"void (portable_\w+)\(", "".join(texts)))
    assert {kernel.portable for kernel in KERNELS.values()} == defined


def test_a_kernel_is_its_parameters():
    assert Doubled(4).parameters() == {"value": 4}
    assert Doubled(4) == Doubled(4) != Doubled(6)
    assert list(PlaneSums(25, 5, 8, 216, 1).parameters()) == ["rows", "columns", "row_bytes", "plane_bytes", "left"]


def test_the_text_is_a_function_for_a_stock_assembler():
    text = Doubled(4).text("twice")
    assert ".globl twice" in text and "addi a1, zero, 8" in text and "sw a1, 0(a0)" in text


def test_what_is_refused_is_not_made():
    assert Doubled(3).refusal() == "3 is odd"
    with pytest.raises(InputError, match="^kernel twice: 3 is odd$"):
        Doubled(3).text("twice")


@pytest.mark.parametrize(("shift", "possible"), [(None, True), (1, True), (31, True), (0, False), (32, False)])
def test_a_common_shift_has_five_bits(shift, possible):
    kernel = five(25, 68, rounding=Rounding(shift=shift))
    assert isinstance(kernel, RequantisingKernel)
    assert (kernel.refusal() is None) == possible


def test_the_shape_is_refused_before_the_shift():
    assert five(0, 68, rounding=Rounding(shift=0)).refusal() == "0 rows of 5 columns"
