"""The planner: chooses for each layer how it is computed, and for the network where its maps lie.

1. Each layer gets the first method of `METHODS` that takes it: its shape, and its scales, for which a proof of the
   requantisation is found. What none takes, portable C computes; the plan says so.
2. Layouts follow: a map lies as its reader wants it.
3. The ways of placing the maps (`ways`) are tried, and of those that fit the one with the fewest predicted cycles is
   taken. If none fits, they are tried again without `Front`: windows pass through L1 in tiles of rows, too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from kwslib.errors import ModelError
from kwslib.gap8.kernels.kernel import Kernel, code_bytes
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning import cost, general, layouts, sound
from kwslib.gap8.planning.depthwise import Depthwise
from kwslib.gap8.planning.forms import Proof
from kwslib.gap8.planning.front import Front
from kwslib.gap8.planning.linear import Linear
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.pointwise import Dense
from kwslib.gap8.planning.pool import Pool
from kwslib.gap8.planning.proofs import Proofs
from kwslib.gap8.planning.runtime import KERNEL_BYTES
from kwslib.gap8.planning.softmax import Softmax
from kwslib.gap8.planning.waiting import waits
from kwslib.gap8.planning.walk import Method, Walk, Way
from kwslib.integer.graph import Graph

METHODS = (Softmax, Linear, Pool, Front, Depthwise, Dense)
"""The registry: each says by `of` which layers it takes."""
FUSED = ", first two layers fused"
FLASH, DEEP = (", pointwise weights in flash", False), (", pointwise and depthwise weights in flash", True)
BATCHES = (2, 4, 6, 32)
"""Of how many steps the weights may come together; the last stands for all of a usual network."""
LARGEST_OUTPUTS = 4096
"""Outputs of a network: more would not be classes, and their names would fill the code's part of L2."""


def plan(graph: Graph, spare_bytes: int = 0) -> Plan:
    """Find the fastest way to run a network on GAP8.

    Parameters
    ----------
    graph : Graph
    spare_bytes : int
        Bytes of L2 beside the runtime's code, for code and data that go with it.

    Returns
    -------
    Plan

    Raises
    ------
    ModelError
        If it cannot fit; with the layer, the memory and the bytes that it lacks, and every way that was tried.
    """
    if graph.classes > LARGEST_OUTPUTS:
        raise ModelError(
            f"{graph.name} has {graph.classes} outputs; a program for GAP8 takes {LARGEST_OUTPUTS} at most. Is it a "
            "classifier, or a part of one?"
        )
    failures: list[tuple[Way, DoesNotFit]] = []
    methods = assign(graph)
    found = _plan(graph, methods, failures, spare_bytes)
    if found is None and isinstance(methods[0], Front):
        found = _plan(graph, _assign(graph, [kind for kind in METHODS if kind is not Front]), failures, spare_bytes)
    if found is None:
        raise ModelError(_does_not_fit(graph, failures))
    return found


def _plan(graph: Graph, methods: list[Method], failures: list[tuple[Way, DoesNotFit]], spare_bytes: int) -> Plan | None:
    """Find the fastest way with some methods, or None; add the ways that do not fit to `failures`."""
    found: list[tuple[int, int, Way]] = []
    for number, way in enumerate(ways(graph, methods)):
        try:
            limit = min((cycles for cycles, _, _ in found), default=0)
            cycles = follow(graph, methods, way, lambda _: KERNEL_BYTES, limit, spare_bytes).predicted_cycles
            found.append((cycles, number, way))
        except DoesNotFit as error:
            failures.append((way, error))
        except _Slower:
            continue
    for _, _, way in sorted(found, key=lambda entry: entry[:2]):  # the fastest whose code fits exactly
        try:
            return follow(graph, methods, way, code_bytes, spare_bytes=spare_bytes)
        except DoesNotFit as error:
            failures.append((way, error))
    return None


def assign(graph: Graph) -> list[Method]:
    """Choose for each layer how it is computed."""
    return _assign(graph, METHODS)


def _assign(graph: Graph, kinds: Sequence[Any]) -> list[Method]:
    proofs = [Proofs(layer, layouts.sources(graph, index)[0] < 0) for index, layer in enumerate(graph.layers)]
    methods = [_method(graph, index, found, kinds) for index, found in enumerate(proofs)]
    _leave_other_layouts(graph, methods)
    return _share_kernels(methods, proofs)


def _leave_other_layouts(graph: Graph, methods: list[Method]) -> None:
    """Leave to portable C the layers that cannot read a map as another reader of it wants it to lie."""
    walk = Walk(graph, methods, Way("", 0, 0, False))
    for index in range(len(methods)):
        for reader in layouts.readers(graph, index):
            layout, method = walk.layout(index), methods[reader]
            flat = layout.kind == layouts.VECTOR and isinstance(method, Linear | Softmax)
            alike = layout.kind == method.reads and method.plane in (None, layout.plane)
            if method.reads is not None and not flat and not alike:
                methods[reader] = general.chosen(graph, reader, "another layer wants its input to lie in another way")
    for index in {graph.logits, len(methods) - 1}:  # what is printed, and what a softmax reads
        if layouts.is_vector(graph.layers[index]) and not methods[index].writes_vector:
            methods[index] = general.chosen(graph, index, "its kernel writes no vector, which the network's output is")


def _share_kernels(methods: list[Method], proofs: list[Proofs]) -> list[Method]:
    """Let layers of a kind have the same shifts where that can be proved: one kernel stays in the instruction cache."""
    shared = list(methods)
    alike: dict[tuple[object, ...], list[int]] = {}
    for index, method in enumerate(methods):
        if isinstance(method, Depthwise | Dense):
            form = method.proof.rounding
            key = (type(method), getattr(method, "kind", None), form.form, form.top, method.layer.kernel, index == 0)
            alike.setdefault(key, []).append(index)
    for indices in alike.values():
        wanted = sorted(
            {_proof(methods[index]).rounding for index in indices}, key=lambda form: (form.shift or 32, form.before)
        )
        taken: list[Rounding] = []
        for index in indices:
            for rounding in dict.fromkeys([*taken, *wanted]):
                proof = (
                    proofs[index].same_as(rounding)
                    if rounding != _proof(methods[index]).rounding
                    else _proof(methods[index])
                )
                if proof is not None and proof.rounding == rounding:
                    shared[index] = replace(methods[index], proof=proof)  # type: ignore[type-var]
                    taken.append(rounding)
                    break
    return shared


def _proof(method: Method) -> Proof:
    assert isinstance(method, Depthwise | Dense)
    return method.proof


def _method(graph: Graph, index: int, proofs: Proofs, kinds: Sequence[Any]) -> Method:
    reasons = []
    for kind in kinds:
        found = kind.of(graph, index, proofs)
        if not isinstance(found, str):
            return found
        reasons.append(found)
    telling = [reason for reason in reasons if not reason.startswith("not a")]
    return general.chosen(graph, index, "; ".join(telling) or "no kernel computes such a layer")


def ways(graph: Graph, methods: list[Method]) -> Iterator[Way]:
    """Yield the ways of placing the maps: some in L1, others in L2, those of earlier layers first; two layers fused."""
    fuses = len(methods) > 1 and isinstance(methods[0], Front) and isinstance(methods[1], Depthwise)
    last = next((index for index, layer in enumerate(graph.layers) if layouts.is_vector(layer)), len(graph.layers))
    for fused in (False, True) if fuses else (False,):
        whole = "maps in L1" + FUSED * fused
        yield Way(whole, 0, 0, fused)
        for batch in BATCHES:
            yield Way(f"{whole}, weights of {batch} steps at once", 0, 0, fused, batch=batch)
        for first in range(1, last + 1):
            if fused and first == 1:
                continue  # the fused pair has no map of its own
            for name, planes, pixels in (
                (f"maps of the first {first} layers in L2", first, first),
                (f"planes and channels last of the first {first} layers in L2", last, first),
                (f"maps with channels last and planes of the first {first} layers in L2", first, last),
            ):
                if first < last or planes == pixels == first:
                    yield Way(name + FUSED * fused, planes, pixels, fused)
                    for text, deep in (FLASH, DEEP) if planes == pixels else ():
                        yield Way(name + FUSED * fused + text, planes, pixels, fused, flash=True, deep=deep)


class _Slower(Exception):
    """A way that costs more than another one that is known."""


def follow(
    graph: Graph,
    methods: list[Method],
    way: Way,
    kernel_bytes: Callable[[Kernel], int],
    limit: int = 0,
    spare_bytes: int = 0,
) -> Plan:
    """Plan a network in one way; `kernel_bytes` gives the size of a kernel's code, or a bound of it. `spare_bytes` of
    L2 stay free behind the code.

    With a `limit` of predicted cycles, a way that costs clearly more is given up.

    Raises
    ------
    DoesNotFit
        If it needs more memory in that way.
    """
    walk = Walk(graph, methods, way)
    if graph.front_end:
        sound.add(walk, graph.front_end)
    index = 0
    while index < len(methods):
        try:
            index = methods[index].add(walk)
        except DoesNotFit as error:
            error.layer = error.layer or graph.layers[index].name
            raise
        if limit and walk.builder.plan.predicted_cycles > limit + cost.FETCH_CYCLES * len(methods):
            raise _Slower
    for number, step in enumerate(step for step in walk.builder.plan.steps if step.layers):
        if number and (number - 1) % way.batch:
            step.predicted_cycles -= cost.FETCH_CYCLES
    walk.builder.plan.logits = walk.region(graph.logits)
    walk.builder.plan.output = walk.region(len(graph.layers) - 1)
    plan = walk.builder.finish(kernel_bytes, spare_bytes)
    for step, cycles in zip(plan.steps, waits(plan.steps, plan.transfers), strict=True):
        step.predicted_cycles += cycles
    return plan


def _does_not_fit(graph: Graph, failures: list[tuple[Way, DoesNotFit]]) -> str:
    """Say what is missing where, and what was tried: of each kind of way the one that lacks least."""
    nearest: dict[tuple[bool, bool, bool, bool], tuple[Way, DoesNotFit]] = {}
    told = [failure for failure in failures if failure[0].batch == 1]  # batches need more, and say no other layer
    for way, error in sorted(told or failures, key=lambda failure: failure[1].missing):
        nearest.setdefault((way.pixels_from > 0, way.fused, way.flash, way.deep), (way, error))
    tried = [
        f"{way.name}: {error.layer} lacks {error.missing} bytes of {error.memory}" for way, error in nearest.values()
    ]
    return f"{graph.name} does not fit GAP8, in none of {len(failures)} ways. The nearest ones: " + "; ".join(tried)
