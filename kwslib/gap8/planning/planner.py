"""The planner: tries ways of running a network from the fastest to the most frugal, and takes the first that fits.

1. Every map in L1; weights in L2, fetched a layer or a chunk ahead.
2. The same, with the first convolution fused with the depthwise layer behind it, channel by channel.
3. Maps in L2, tiles of them in L1, double buffered; the first two layers fused, tile by tile.
4. The same, with the weights of the pointwise layers in the external flash, streamed through L2 while others compute.
5. Layer by layer, channels last, maps in L2: networks of any other build (`kwslib.gap8.planning.any_layer`).
"""

from collections.abc import Callable, Iterator
from functools import partial

from kwslib.errors import ModelError
from kwslib.gap8.planning import any_layer, ds_cnn
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.plan import Plan
from kwslib.integer.graph import Graph


def plan(graph: Graph) -> Plan:
    """Find a way to run a network on GAP8.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    Plan

    Raises
    ------
    ModelError
        If it cannot fit; with the layer and the bytes that it lacks.
    """
    failures: list[tuple[str, DoesNotFit]] = []
    for name, build in _ways(graph):
        try:
            return build()
        except DoesNotFit as error:
            failures.append((name, error))
    name, nearest = min(failures, key=lambda failure: failure[1].missing)
    raise ModelError(
        f"{graph.name} does not fit GAP8: {nearest.layer} lacks {nearest.missing} bytes of {nearest.memory} "
        f"({name}; the one that lacks least of {len(failures)} ways)"
    )


def _ways(graph: Graph) -> Iterator[tuple[str, Callable[[], Plan]]]:
    """Yield the ways of running a network by name, the fastest first."""
    if ds_cnn.unsuitable(graph) is None:
        for name in ds_cnn.STRATEGIES:
            yield name, partial(ds_cnn.build, graph, name)
    yield any_layer.STRATEGY, partial(any_layer.build, graph)
