"""Programs that begin with sound: simulator and host library against the specification, from samples to label."""

import re

import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError
from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.planning import planner
from kwslib.gap8.planning.stages import stages
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation, host_library
from kwslib.gap8.program.expected_output import checksum, expected_text
from kwslib.integer import input_codes, network_file, reference
from tests.gap8 import networks

WIDE = ((98, 40), (("conv", 8, (10, 4), (2, 2)), ("depthwise", 8, (3, 3), (2, 2)), ("conv", 12, (1, 1), (1, 1))))
CASES = {
    "small": (networks.SMALL, FrontEnd("power", 40, 20, 10)),
    "large": (WIDE, FrontEnd("power", 30, 10, 40)),
}


@pytest.fixture(scope="module", params=CASES)
def graph(request):
    network, front_end = CASES[request.param]
    return network_file.load(networks.quantised(*network), request.param).with_front_end(front_end)


@pytest.fixture(scope="module")
def sound():
    """Noise that rises from silence to full scale, a square wave, digital silence."""
    rng = np.random.default_rng(5)
    rising = rng.normal(size=16000) * np.geomspace(0.3, 30000, 16000)
    square = np.where(np.arange(16000) // 23 % 2, 32767, -32768)
    return np.clip(np.stack([rising, square, np.zeros(16000)]), -32768, 32767).astype(np.int16)


def test_the_program_computes_the_specification(graph, sound, tmp_path):
    machine = open_platform("simulator")
    built = compilation.build(graph, tmp_path, codes=sound[0])
    for clip in sound:
        elf = compilation.with_input(built, clip, tmp_path / "clip.elf", warm_runs=1)
        _, profile = run_and_check(machine, graph, elf, clip, 120)
        assert [stage.name for stage in profile.front_end] == [stage.name for stage in stages(graph.front_end)]
    assert profile.front_end_cycles > 0 and len(profile.warm_front_end) == 4


def test_the_host_library_computes_it_too(graph, sound):
    codes = input_codes.codes_of(graph, sound)
    own, wanted = host_library.run(graph, sound, checksums=True, processes=1), reference.run(graph, codes, layers=True)
    assert (own.logits == wanted.logits).all() and (own.winner == wanted.winner).all()
    assert own.fingerprints.tolist() == [checksum(one) for one in graph.input.to_core(codes)]
    assert own.checksums[:, 0].tolist() == [checksum(one) for one in wanted.layers[0]]


def test_the_text_that_it_must_print_begins_with_the_fingerprint(graph, sound):
    text = expected_text(graph, sound[0], [f"class{i}" for i in range(12)])
    assert re.match(rf"Network: {graph.name}\nChecksum Fingerprint: [0-9a-f]{{8}}\nChecksum S1_", text)


def test_the_plan_names_the_front_end_first(graph):
    plan = planner.plan(graph)
    record = plan.record().steps[0]
    assert record.kind == "sound" and record.layers == [] and graph.front_end.key in record.description
    assert plan.clip_bytes == 32000 and plan.fingerprint is not None
    scratch, first_layer = plan.regions["scratch"], plan.steps[1]
    assert (scratch.first, scratch.last) == (0, 0) and first_layer.layers[0] == 0


@pytest.mark.parametrize("clip", [np.zeros(490, np.uint8), np.zeros(15999, np.int16), np.zeros(16000, np.float32)])
def test_a_clip_of_another_kind_is_refused(graph, clip, tmp_path):
    with pytest.raises(InputError, match=f"{graph.name} takes 16000 int16 samples, got"):
        host_library.run(graph, clip[None])
