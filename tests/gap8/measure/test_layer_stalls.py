"""Stalls by layer add up to the stalls by function, and each layer's to its cycles."""

import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.gap8.measure import layer_stalls
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.measure.layer_stalls import COUNTS, OUTSIDE, StallRow
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.platforms.simulator import simulate
from kwslib.gap8.program import compilation
from kwslib.integer import network_file
from tests.gap8 import networks

FEW_CYCLES = 60
"""What the code around a step may shift: the store of the time, and instructions that run across the ends."""


def _fingerprint():
    graph = network_file.load(networks.quantised(*networks.SMALL), "small")
    return graph, networks.clips(graph.input, 4)[3]


def _sound():
    graph = network_file.load(networks.quantised(*networks.SMALL), "small")
    noise = np.random.default_rng(6).normal(0, 3000, 16_000)
    return graph.with_front_end(FrontEnd("power", 40, 20, 10)), noise.astype(np.int16)


def _fused():
    graph = network_file.load(networks.quantised(*networks.MEDIUM), "medium")
    return graph, networks.clips(graph.input, 4)[3]


@pytest.mark.parametrize("make", [_fingerprint, _sound, _fused])
def test_layers_add_up_to_functions_and_take_their_cycles(make, tmp_path):
    graph, codes = make()
    built = compilation.build(graph, tmp_path, codes=codes)
    elf = compilation.with_input(built, codes, tmp_path / "clip.elf")
    machine = open_platform("simulator")
    _, profile = run_and_check(machine, graph, elf, codes, 120)
    compilation.with_input(built, codes, elf, check=False)
    found = machine.stall_profile(elf, 120, layer_stalls.sections(elf, len(built.plan.steps)))
    rows = layer_stalls.of_sections(found.sections)
    assert [row.step for row in rows] == [*range(len(built.plan.steps)), OUTSIDE]
    for count in COUNTS:
        by_function = sum(row[count] for row in found.functions if row["core"] != "fc")
        assert sum(getattr(row, count) for row in rows) == by_function
    for step, row in zip(built.plan.steps, rows[:-1], strict=True):
        cycles = sum(profile.layers[layer].cycles for layer in step.layers) if step.layers else profile.front_end_cycles
        assert abs(row.core_cycles / 8 - cycles) < FEW_CYCLES
        assert row.cycles == pytest.approx(row.instructions + sum(row.lost.values()), abs=8)
    assert simulate(elf).cycles == simulate(elf, sections=layer_stalls.sections(elf, len(built.plan.steps))).cycles


def test_cores_are_added_up_and_the_outside_is_last():
    rows = [
        {"section": section, "core": f"pe{core}", **dict.fromkeys(COUNTS, 10 * section + core)}
        for section in range(3)
        for core in range(2)
    ]
    found = layer_stalls.of_sections(rows)
    assert found == [StallRow(step, *[total] * len(COUNTS)) for step, total in ((0, 21), (1, 41), (OUTSIDE, 1))]
    assert found[0].core_cycles == 42 and set(found[0].lost.values()) == {21}
    assert layer_stalls.of_sections([]) == []
