"""Holds a planned network against the integer reference, layer by layer, where it runs."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kwslib.gap8.measure.checked_run import run_and_check
from kwslib.gap8.planning import general, planner
from kwslib.gap8.platforms.platform import open_platform
from kwslib.gap8.program import compilation, host_library
from kwslib.gap8.program.expected_output import checksum
from kwslib.integer import reference
from tests.gap8 import networks

RESIDENT, BATCHED, FUSED, TILED, TILED_FUSED, PLANES, PIXELS, FLASH = (
    "maps in L1",
    "maps in L1, all weights at once",
    "maps in L1, fused",
    "maps in L2",
    "maps in L2, fused",
    "planes in L2",
    "maps with channels last in L2",
    "maps in L2, fused, flash",
)
PORTABLE, PORTABLE_TILED = "portable C", "portable C, maps in L2"


def _places(way):
    """Whether planes, and maps with channels last, lie in L2."""
    return way.planes_from > way.pixels_from, way.pixels_from > way.planes_from, way.pixels_from > 0


NOWHERE, EVERYWHERE = (False, False, False), (False, False, True)
MATCHES = {
    RESIDENT: lambda way: _places(way) == NOWHERE and not way.fused and way.batch == 1,
    BATCHED: lambda way: _places(way) == NOWHERE and not way.fused and way.batch > 1,
    FUSED: lambda way: _places(way) == NOWHERE and way.fused and way.batch == 1,
    TILED: lambda way: _places(way) == EVERYWHERE and not way.fused and not way.flash,
    TILED_FUSED: lambda way: _places(way) == EVERYWHERE and way.fused and not way.flash,
    PLANES: lambda way: way.planes_from > way.pixels_from,
    PIXELS: lambda way: way.pixels_from > way.planes_from,
    FLASH: lambda way: way.flash,
}
"""The planner's ways by kind. `only` takes the last one of a kind, with the most maps in L2, or weights at once."""
WAYS = (*MATCHES, PORTABLE, PORTABLE_TILED)
CLIPS = 4


def in_portable_c(graph):
    """Every layer by `general`, but for the softmax, which is no kernel's."""
    methods = planner.assign(graph)
    kinds = [layer.kind for layer in graph.layers]
    return [
        method if kind == "softmax" else general.chosen(graph, index, "forced")
        for index, (kind, method) in enumerate(zip(kinds, methods, strict=True))
    ]


def way_of(graph, methods, kind):
    """The planner's way of a kind: the one with the most maps in L2."""
    wanted = MATCHES[{PORTABLE: RESIDENT, PORTABLE_TILED: TILED}.get(kind, kind)]
    found = [way for way in planner.ways(graph, methods) if wanted(way)]
    if not found:
        pytest.skip(f"{graph.name} has no plan with {kind}")
    return found[-1]


@contextlib.contextmanager
def only(kind):
    """Let the planner know one way alone, of one of the kinds `WAYS`."""
    ways, assign = planner.ways, planner.assign

    def forced_ways(graph, methods):
        planner.ways = ways
        try:
            return [way_of(graph, methods, kind)]
        finally:
            planner.ways = forced_ways

    def forced_methods(graph):
        planner.assign = assign
        try:
            return in_portable_c(graph)
        finally:
            planner.assign = forced_methods

    planner.ways = forced_ways
    if kind in (PORTABLE, PORTABLE_TILED):
        planner.assign = forced_methods
    try:
        yield
    finally:
        planner.ways, planner.assign = ways, assign


def planned(graph, kind):
    """The plan of a network in the way of a kind."""
    with only(kind):
        return planner.plan(graph)


def steps_of(plan):
    """The kind of each layer's step, by index; portable C is ``general``."""
    return {layer: step.kind for step in plan.steps for layer in step.layers}


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


def assert_everywhere(graph, folder):
    """On the host and on the simulator."""
    plan = planner.plan(graph)
    with ThreadPoolExecutor(1) as other:  # compilers take most of the time, and there are two
        compiled = other.submit(host_library.compile_library, plan)
        assert_on_platform(graph, folder)
        compiled.result()
    assert_on_host(graph)
