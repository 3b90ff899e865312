"""Holds a planned network against the integer reference, layer by layer, where it runs."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kwslib.gap8.measure.deployment import run_and_check
from kwslib.gap8.planning import ds_cnn
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation, host_library
from kwslib.gap8.program.expected_output import checksum
from kwslib.integer import reference
from tests.gap8 import networks

STRATEGIES = tuple(ds_cnn.STRATEGIES)
GENERAL = "layer by layer"
CLIPS = 4


@contextlib.contextmanager
def only(strategy):
    """Let the planner try one of `STRATEGIES` alone, and `GENERAL` after it."""
    saved = ds_cnn.STRATEGIES
    ds_cnn.STRATEGIES = {name: flags for name, flags in saved.items() if name == strategy}
    try:
        yield
    finally:
        ds_cnn.STRATEGIES = saved


def reference_checksums(graph, codes):
    """The checksum of every layer's output: an array (clips, layers)."""
    found = reference.run(graph, codes, layers=True)
    sums = [[checksum(layer[clip]) for layer in found.layers] for clip in range(len(codes))]
    return found, np.array(sums, np.uint32)


def assert_on_host(graph, clips=CLIPS, seed=0):
    codes = networks.clips(graph.input, clips, seed)
    found, sums = reference_checksums(graph, codes)
    own = host_library.run(graph, codes, checksums=True, processes=1)
    wrong = [
        layer.name for layer, equal in zip(graph.layers, (own.checksums == sums).all(axis=0), strict=True) if not equal
    ]
    assert not wrong, wrong
    assert (own.logits == found.logits).all() and (own.codes == found.codes).all()
    assert (own.winner == found.winner).all()


def assert_on_platform(graph, folder, platform="simulator", clips=2, seed=0, timeout_s=300):
    """Build once, run on some clips, check everything; returns the profiles."""
    machine = open_platform(platform)
    built = compilation.build(graph, folder, target=machine.target)
    profiles = []
    for number, codes in enumerate(networks.clips(graph.input, 2 + clips, seed)[2:]):  # the first two are constant
        elf = compilation.with_input(built, codes, folder / f"clip{number}.elf", warm_runs=1)
        profiles.append(run_and_check(machine, graph, elf, codes, timeout_s)[1])
    return profiles


def assert_everywhere(graph, folder, strategy=None):
    """On the host and on the simulator; `strategy` is the one that the plan must have."""
    planned = plan(graph)
    if strategy is not None:
        assert planned.strategy == strategy
    with ThreadPoolExecutor(1) as other:  # compilers take most of the time, and there are two
        compiled = other.submit(host_library.compile_library, planned)
        assert_on_platform(graph, folder)
        compiled.result()
    assert_on_host(graph)
