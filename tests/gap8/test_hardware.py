"""The constants of GAP8: the C sources that repeat them say the same."""

import re

import pytest

from kwslib.gap8 import hardware
from kwslib.gap8.platforms.simulator.binary import SOURCES
from kwslib.gap8.program.codegen import FIRMWARE

NETWORK_H, GAP8_H, LINK_LD = FIRMWARE / "network.h", FIRMWARE / "gap8.h", FIRMWARE / "link.ld"
SIM_H = SOURCES / "sim.h"


def number(text):
    """The value of a C or linker script constant: products, suffixes and ``K`` included."""
    value = 1
    for factor in text.split("*"):
        digits = re.fullmatch(r"(0x[0-9A-Fa-f]+|\d+)([uK]?)", factor.strip())
        value *= int(digits[1], 0) * (1024 if digits[2] == "K" else 1)
    return value


def constants(path):
    """What a header defines as a number, by ``#define`` or in an enumeration, by name."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
    value = r"((?:0x[0-9A-Fa-f]+|\d+)u?(?: \* \d+)*)"
    found = re.findall(rf"#define (\w+) {value}$|\b(\w+) = {value}\b", text, re.MULTILINE)
    return {one or other: number(first or second) for one, first, other, second in found}


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (NETWORK_H, "L1_BASE", hardware.L1_BASE),
        (NETWORK_H, "L1_BYTES", hardware.L1_BYTES),
        (NETWORK_H, "L2_BASE", hardware.L2_BASE),
        (NETWORK_H, "L2_BYTES", hardware.L2_BYTES),
        (GAP8_H, "CORES", hardware.CORES),
        (SIM_H, "L1_BASE", hardware.L1_BASE),
        (SIM_H, "L1_SIZE", hardware.L1_BYTES),
        (SIM_H, "L2_BASE", hardware.L2_BASE),
        (SIM_H, "L2_SIZE", hardware.L2_BYTES),
        (SIM_H, "CLUSTER_CORES", hardware.CORES),
    ],
)
def test_c_headers_repeat_the_constants(path, name, value):
    assert constants(path)[name] == value


@pytest.mark.parametrize(
    ("memory", "base", "size"),
    [("L1", hardware.L1_BASE, hardware.L1_BYTES), ("L2", hardware.L2_BASE, hardware.L2_BYTES)],
)
def test_the_linker_script_has_the_same_memories(memory, base, size):
    text = LINK_LD.read_text()
    origin, length = re.search(rf"{memory} \(\w+\) +: ORIGIN = (\w+), LENGTH = (\w+)", text).groups()
    assert (number(origin), number(length)) == (base, size)
    end = re.search(rf"PLAN_{memory}_END <= (\w+) \+ (\w+)", text)
    assert (number(end[1]), number(end[2])) == (base, size)


def test_the_linker_script_has_the_same_stacks():
    (stacks,) = re.findall(r"cluster_stacks = \.; \. \+= ([^;]+);", LINK_LD.read_text())
    assert [number(factor) for factor in stacks.split("*")] == [hardware.CORES, hardware.STACK_BYTES]
