"""The recorded networks on the simulator and on GVSOC: equal to the reference, and to each other within 3 and 2 %."""

import hashlib
import json

import numpy as np
import pytest

from kwslib.errors import ToolError
from kwslib.gap8.hardware import L1_BASE, L1_BYTES, L2_BASE, L2_BYTES
from kwslib.gap8.measure import layer_profile
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.platforms.gvsoc import Gvsoc
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.platforms.simulator import simulate
from kwslib.gap8.program import compilation
from kwslib.integer import network_file
from kwslib.paths import models_dir, recorded_programs_dir
from tests.gap8 import networks
from tests.gap8.equal import assert_on_platform

SIZES = ("small", "medium", "large")
LAYER_TOLERANCE, TOTAL_TOLERANCE = 0.03, 0.02


def load(size):
    return network_file.load(models_dir() / f"quick-{size}" / "model.tflite", size)


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


POISON = """for (uint32_t at = 0x{begin:x}; at < 0x{end:x}; at += 4) REG32(at) = at * 0x9E3779B1u ^ 0x5A5A5A5Au;"""


@pytest.mark.parametrize("size", ["small", "medium", pytest.param("large", marks=pytest.mark.slow)])
def test_nothing_depends_on_what_lies_in_the_memories_at_the_start(size, tmp_path):
    """Kernels read whole words, padding and guard bytes too: whatever these hold, outputs are the reference's.

    The first inference is the one with checksums here, and every free byte of both memories holds garbage before it.
    """
    network = load(size)
    codes = networks.clips(network.input, 4)[3]
    built = compilation.build(network, tmp_path)
    l1 = POISON.format(begin=built.plan.l1_begin, end=L1_BASE + L1_BYTES)
    l2 = POISON.format(begin=aligned(built.plan.regions["weights"].end), end=L2_BASE + L2_BYTES)
    for name, line, put in (
        (
            "main.c",
            "    if (core == 0) inference.checking = 0;\n",
            f"    if (core == 0) {{ {l1} inference.checking = 1; }}\n",
        ),
        ("program.h", "    clear_padding();\n", f"    {l2}\n    clear_padding();\n"),
    ):
        source = tmp_path / compilation.PROJECT / name
        text = source.read_text()
        assert text.count(line) == 1
        source.write_text(text.replace(line, put))
    compilation.compile_project(tmp_path / compilation.PROJECT, built.elf)
    elf = compilation.with_input(built, codes, tmp_path / "poisoned.elf", warm_runs=0, check=False)
    run_and_check(open_platform("simulator"), network, elf, codes, 300)


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


RECORDED = recorded_programs_dir() / "networks"


def recorded(size, index="recorded.json", suffix="gvsoc"):
    """What GVSOC printed, the graph and the codes that it was printed for."""
    entry = json.loads((RECORDED / index).read_text())["networks"][size]
    path = models_dir() / f"quick-{size}" / "model.tflite"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["model_sha256"], "record GVSOC's log of this network"
    network = network_file.load(path, f"quick-{size}")
    codes = np.arange(np.prod(network.input.shape), dtype=np.uint32).astype(np.uint8).reshape(network.input.shape)
    return layer_profile.parse((RECORDED / f"{size}.{suffix}.txt").read_text()), network, codes


@pytest.mark.parametrize("size", SIZES)
def test_what_gvsoc_printed_is_the_reference(size):
    found, network, codes = recorded(size)
    layer_profile.check_outputs(found, network, codes)


@pytest.mark.parametrize("size", ["small", "medium"])
def test_what_upstreams_pulp_open_printed_is_the_reference(size):
    found, network, codes = recorded(size, "pulp_open.json", "pulp-open")
    layer_profile.check_outputs(found, network, codes)


@pytest.mark.parametrize("size", ["small", "medium", pytest.param("large", marks=pytest.mark.slow)])
def test_the_simulator_counts_what_gvsoc_counted(size, tmp_path):
    theirs, network, codes = recorded(size)
    elf = compilation.with_input(compilation.build(network, tmp_path / "b"), codes, tmp_path / "x.elf", warm_runs=1)
    own = layer_profile.parse(simulate(elf).stdout)
    for one, other in zip(own.layers, theirs.layers, strict=True):
        assert abs(one.cycles / other.cycles - 1) <= LAYER_TOLERANCE, (one, other)
    assert abs(own.cycles / theirs.cycles - 1) <= TOTAL_TOLERANCE


@pytest.mark.parametrize(("size", "cycles"), [("small", 180_000), ("medium", 570_000), ("large", 12_000_000)])
def test_recorded_cycles_reach_what_is_wanted(size, cycles):
    assert recorded(size)[0].cycles <= cycles
