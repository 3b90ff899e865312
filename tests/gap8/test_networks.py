"""The recorded networks on the simulator and on GVSOC: equal to the reference, and to each other within 3 and 2 %."""

import pytest

from kwslib.errors import ToolError
from kwslib.gap8 import graph
from kwslib.gap8.gvsoc import Gvsoc
from kwslib.paths import models_dir
from tests.gap8.equal import assert_on_platform

SIZES = ("small", "medium", "large")
LAYER_TOLERANCE, TOTAL_TOLERANCE = 0.03, 0.02


def load(size):
    return graph.load(models_dir() / f"quick-{size}" / "model.tflite", size)


@pytest.fixture(scope="module")
def real():
    try:
        return Gvsoc()
    except ToolError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_twenty_clips_on_the_simulator(size, tmp_path):
    assert_on_platform(load(size), tmp_path, clips=20)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_no_read_of_memory_that_was_never_written(size, tmp_path):
    from kwslib.gap8 import build
    from kwslib.gap8.simulator import simulate

    found = simulate(build.build(load(size), tmp_path).elf, check_uninitialised=True)
    assert found.uninitialised_reads == 0, found.stderr


@pytest.mark.gvsoc
@pytest.mark.parametrize("size", SIZES)
def test_the_simulator_counts_what_gvsoc_counts(real, size, tmp_path):
    network = load(size)
    (reference,) = assert_on_platform(network, tmp_path / "gvsoc", "gvsoc", clips=1)
    (own,) = assert_on_platform(network, tmp_path / "simulator", "simulator", clips=1)
    far = []
    for kind, one, other in (("cold", reference.layers, own.layers), ("warm", reference.warm, own.warm)):
        for theirs, mine in zip(one, other, strict=True):
            difference = mine.cycles / theirs.cycles - 1
            print(f"{size} {kind} {mine.name}: GVSOC {theirs.cycles}, simulator {mine.cycles}, {difference:+.2%}")
            if abs(difference) > LAYER_TOLERANCE:
                far.append((kind, mine.name, theirs.cycles, mine.cycles))
    total = own.cycles / reference.cycles - 1
    print(f"{size} total: GVSOC {reference.cycles}, simulator {own.cycles}, {total:+.2%}")
    assert not far, far
    assert abs(total) <= TOTAL_TOLERANCE
