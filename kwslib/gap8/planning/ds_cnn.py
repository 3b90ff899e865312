"""Plans of networks built like the DS-CNN: a first convolution, depthwise + pointwise pairs, pool, linear, softmax."""

from dataclasses import dataclass

from kwslib.gap8.planning import depthwise, front, pointwise, tail
from kwslib.gap8.planning.builder import Builder
from kwslib.gap8.planning.chain import Chain
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.plan import Plan
from kwslib.integer.graph import Graph


@dataclass(frozen=True)
class Strategy:
    """A way of running a DS-CNN.

    Attributes
    ----------
    tiled, fused : bool
        As in `kwslib.gap8.planning.chain.Chain`.
    flash : bool
        Whether the weights of the pointwise layers lie in the external flash.
    """

    tiled: bool
    fused: bool
    flash: bool = False


STRATEGIES: dict[str, Strategy] = {
    "maps in L1": Strategy(tiled=False, fused=False),
    "maps in L1, first two layers fused": Strategy(tiled=False, fused=True),
    "maps in L2, first two layers fused": Strategy(tiled=True, fused=True),
    "maps in L2, first two layers fused, pointwise weights in flash": Strategy(tiled=True, fused=True, flash=True),
}
"""From the fastest to the most frugal."""


def unsuitable(graph: Graph) -> str | None:
    """Say why a network is not built like the DS-CNN, or return None if it is."""
    kinds = [layer.kind for layer in graph.layers]
    pairs = 0
    while kinds[1 + 2 * pairs : 3 + 2 * pairs] == ["depthwise", "pointwise"]:
        pairs += 1
    ends = (["average_pool", "linear"], ["average_pool", "linear", "softmax"])
    if kinds[:1] != ["convolution"] or not pairs or kinds[1 + 2 * pairs :] not in ends:
        return f"its layers are {', '.join(kinds)}"
    first, pool = graph.layers[0], graph.layers[1 + 2 * pairs]
    if first.input.shape[2] != 1 or first.kernel[1] > 4:
        return "its first convolution has several inputs or a kernel wider than four"
    if pool.output.shape[:2] != (1, 1) or pool.kernel != pool.input.shape[:2]:
        return "its pool is not global"
    for layer in graph.layers:
        if layer.weights is not None and not -128 <= layer.centred_weights.min() <= layer.centred_weights.max() <= 127:
            return f"{layer.name} has weights that do not fit eight bits without their zero point"
        if layer.kind == "depthwise" and (layer.kernel != (3, 3) or layer.multiplier != 1):
            return f"{layer.name} is not a 3×3 depthwise layer of multiplier 1"
        if layer.kind == "pointwise" and -(-layer.input.shape[2] // 4) * 4 > 1024:
            return f"{layer.name} has more than 1024 inputs"
    return None


def build(graph: Graph, strategy: str) -> Plan:
    """Plan a network that `unsuitable` has nothing against.

    Parameters
    ----------
    graph : Graph
    strategy : str
        A key of `STRATEGIES`.

    Raises
    ------
    DoesNotFit
        If it needs more memory in that way.
    """
    way = STRATEGIES[strategy]
    chain = Chain(Builder(graph, strategy, way.flash), way.tiled, way.fused)
    try:
        _add_layers(chain)
        return chain.builder.finish()
    except DoesNotFit as error:
        if error.layer is None:  # the layer that was to be added next
            steps = chain.builder.plan.steps
            error.layer = graph.layers[steps[-1].layers[-1] + 1 if steps else 0].name
        raise


def _add_layers(chain: Chain) -> None:
    """Add all layers, front to end."""
    index = front.add(chain)
    while chain.layers[index].kind != "average_pool":
        (depthwise if chain.layers[index].kind == "depthwise" else pointwise).add(chain, index)
        index += 1
    tail.add_pool(chain, index)
    tail.add_linear(chain, index + 1)
    if index + 2 < len(chain.layers):
        logits = chain.builder.use("logits", "L1", 0, chain.builder.now)
        tail.add_softmax(chain.builder, index + 2, logits)
