"""The plan: how a network runs in 64 KB of L1 and 512 KB of L2, as data.

`plan` tries ways of running a network from the fastest to the most frugal, and takes the first that fits:

1. every map in L1; weights in L2, fetched a layer or a chunk ahead;
2. the same with the first convolution fused with the depthwise layer behind it, channel by channel;
3. maps in L2, tiles of them in L1, double buffered; the first two layers fused, tile by tile;
4. the same with the weights of the pointwise layers in the external flash, streamed through L2 while others compute;
5. networks of another build layer by layer, channels last, maps in L2 (`kwslib.gap8.planning.any_layer`).
"""

from bisect import bisect
from dataclasses import asdict, dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.errors import ModelError
from kwslib.gap8.planning.memory import DoesNotFit, Region, aligned, live_bytes, place
from kwslib.integer.graph import Graph, Tensor
from kwslib.paths import write_json

L1_BASE, L1_BYTES = 0x10000000, 64 * 1024
L2_BASE, L2_BYTES = 0x1C000000, 512 * 1024
CORES = 8
STACK_BYTES = 512  # of a cluster core; kernels use 96 of them: 512 are enough, measured
FC_STACK_BYTES = 2048
CODE_BYTES = 30 * 1024  # code, constants and the fabric controller's stack; the linker script checks it
STEP_BYTES = 128  # `struct step` of firmware/network.h, with room to spare; the linker script checks the sum
GEOMETRY_BYTES = 104  # `struct geometry`, likewise
INPUT_HEADER_BYTES = 8  # options before the codes
GUARD_BYTES = 4  # bytes around the input in L1 that `spread` may read


@dataclass(frozen=True)
class Ref:
    """An address: a region's, plus an offset in bytes."""

    region: str
    offset: int = 0

    def __add__(self, bytes_: int) -> "Ref":
        return replace(self, offset=self.offset + bytes_)


@dataclass(frozen=True)
class Symbol:
    """A name in the C sources."""

    name: str


@dataclass(frozen=True)
class Kernel:
    """A kernel in assembly: the function of `kwslib.gap8.kernels` that makes it, and what it is made for."""

    generator: str
    parameters: tuple[tuple[str, Any], ...]


@dataclass
class Transfer:
    """Weights on their way to L1: `data` lies in L2, or in the external flash and passes through `slot`."""

    target: Ref
    data: bytes
    slot: Ref | None = None


@dataclass
class Step:
    """What the device does between two barriers of all cores: a layer, or two fused ones.

    Attributes
    ----------
    kind : str
        Member of ``union u`` in ``firmware/network.h``.
    layers : tuple of int
        Indices in the graph.
    fields : dict
        Members of the C structure: int, str (a kernel or a geometry), `Ref`, or a tuple of them.
    first_transfer, ready, prefetch : int
        As in the C structure.
    description : str
        For people: tiles, chunks, kernels.
    dma_in_bytes, dma_out_bytes, flash_bytes : int
        Moved by the step itself and by the fetching of its weights.
    """

    kind: str
    layers: tuple[int, ...]
    fields: dict[str, Any]
    first_transfer: int = 0
    ready: int = 0
    prefetch: int = 0
    description: str = ""
    dma_in_bytes: int = 0
    dma_out_bytes: int = 0
    flash_bytes: int = 0


@dataclass
class Map:
    """Where a layer's whole output lies: address of its first value, and bytes between rows, columns, channels."""

    base: Ref
    shape: tuple[int, int, int]
    row_bytes: int
    column_bytes: int
    channel_bytes: int


@dataclass
class Plan:
    """A network, placed.

    Attributes
    ----------
    graph : Graph
    steps : list of Step
    regions : dict of str to Region
        Placed.
    transfers : list of Transfer
    kernels : dict of str to Kernel
        Assembly kernels by symbol.
    geometries : list of dict
    maps : list of Map or None
        By layer; None where no whole map exists.
    constants : list of (str, bytes)
        Further contents of L2: tables of a softmax, of a lookup.
    strategy : str
    input : Ref
        Of the input codes in L2, behind the options.
    l1_begin, l2_begin : int
        Addresses behind the runtime's own memory.
    pad_fill : (Ref, int, int) or None
        Planes in L2 that are filled before the cluster starts, for their padding: address, bytes, code.
    """

    graph: Graph
    strategy: str
    steps: list[Step] = field(default_factory=list)
    regions: dict[str, Region] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    kernels: dict[str, Kernel] = field(default_factory=dict)
    geometries: list[dict[str, Any]] = field(default_factory=list)
    maps: list[Map | None] = field(default_factory=list)
    constants: list[tuple[str, bytes]] = field(default_factory=list)
    input: Ref = Ref("weights", INPUT_HEADER_BYTES)
    l1_begin: int = 0
    l2_begin: int = L2_BASE + CODE_BYTES
    pad_fill: tuple[Ref, int, int] | None = None
    l2_image: bytes = b""
    flash_image: bytes = b""
    sources: list[int] = field(default_factory=list)

    def address(self, ref: Ref) -> int:
        """The address that a reference stands for."""
        return self.regions[ref.region].address + ref.offset

    @property
    def l1_end(self) -> int:
        """The address behind the last byte of L1 in use."""
        return max((r.end for r in self.regions.values() if r.memory == "L1"), default=self.l1_begin)

    @property
    def l2_end(self) -> int:
        """The address behind the last byte of L2 in use."""
        return max((r.end for r in self.regions.values() if r.memory == "L2"), default=self.l2_begin)

    def peak_bytes(self, memory: str, step: int) -> int:
        """Bytes of a memory in use in a step, the runtime's own and the stacks included."""
        own = self.l1_begin - L1_BASE if memory == "L1" else self.l2_begin - L2_BASE
        return own + live_bytes([r for r in self.regions.values() if r.memory == memory], step)

    def to_json(self) -> dict[str, Any]:
        """Everything that people and pictures need of it; the contents of the memories left out."""
        layers = self.graph.layers
        return {
            "schema": 1,
            "network": self.graph.name,
            "strategy": self.strategy,
            "l1_bytes": L1_BYTES,
            "l2_bytes": L2_BYTES,
            "runtime_l1_bytes": self.l1_begin - L1_BASE,
            "code_l2_bytes": self.l2_begin - L2_BASE,
            "weights_l2_bytes": len(self.l2_image),
            "weights_flash_bytes": len(self.flash_image),
            "kernels": {name: {"generator": k.generator, **dict(k.parameters)} for name, k in self.kernels.items()},
            "steps": [
                {
                    "kind": step.kind,
                    "layers": [layers[i].name for i in step.layers],
                    "description": step.description,
                    "l1_peak_bytes": self.peak_bytes("L1", index),
                    "l2_peak_bytes": self.peak_bytes("L2", index),
                    "dma_in_bytes": step.dma_in_bytes,
                    "dma_out_bytes": step.dma_out_bytes,
                    "flash_bytes": step.flash_bytes,
                }
                for index, step in enumerate(self.steps)
            ],
            "regions": [asdict(region) for region in self.regions.values()],
        }

    def save(self, path: Path) -> None:
        """Write the plan as JSON."""
        write_json(path, self.to_json())


class Builder:
    """A plan in the making: regions get their lifetimes from their uses, and their places at the end."""

    def __init__(self, graph: Graph, strategy: str, flash: bool = False):
        self.plan = Plan(graph, strategy, maps=[None] * len(graph.layers))
        self.flash = flash
        self._wanted: dict[str, Region] = {}
        self._flash_slots: list[Ref] = []

    def use(self, name: str, memory: str, size: int, *steps: int) -> Ref:
        """Ask for a region, or for the one of this name in more steps; returns its address."""
        known = self._wanted.get(name)
        if known is None:
            known = Region(name, memory, size, min(steps), max(steps))
        first, last = min(known.first, *steps), max(known.last, *steps)
        self._wanted[name] = replace(known, bytes=max(known.bytes, size), first=first, last=last)
        return Ref(name)

    def geometry(self, **values: Any) -> str:
        """Add the fixed parameters of a kernel; returns the C expression of their address."""
        if values not in self.plan.geometries:
            self.plan.geometries.append(values)
        return f"&geometries[{self.plan.geometries.index(values)}]"

    def kernel(self, generator: str, **parameters: Any) -> str:
        """Ask for an assembly kernel; returns its symbol."""
        wanted = Kernel(generator, tuple(parameters.items()))
        for symbol, known in self.plan.kernels.items():
            if known == wanted:
                return symbol
        symbol = f"kernel_{len(self.plan.kernels)}_{generator}"
        self.plan.kernels[symbol] = wanted
        return symbol

    def fetch(self, target: Ref, records: np.ndarray, streamed: bool = False) -> None:
        """Add a transfer of weights, in the order in which they are needed."""
        data = np.ascontiguousarray(records, "<i4").tobytes()
        slot = None
        if streamed and self.flash:
            turn = sum(1 for transfer in self.plan.transfers if transfer.slot) % 2
            slot = Ref(f"stream {turn}")
            self.use(slot.region, "L2", len(data), 0)
        self.plan.transfers.append(Transfer(target, data, slot))

    def add(self, kind: str, layers: tuple[int, ...], **fields: Any) -> Step:
        """Add a step, which begins with the next transfer."""
        step = Step(kind, layers, fields, first_transfer=len(self.plan.transfers))
        step.ready = step.prefetch = step.first_transfer
        self.plan.steps.append(step)
        return step

    def map(self, layer: int, base: Ref, row_bytes: int, column_bytes: int, channel_bytes: int) -> None:
        """Say where the whole output of a layer lies."""
        shape = self.plan.graph.layers[layer].output.shape
        self.plan.maps[layer] = Map(base, shape, row_bytes, column_bytes, channel_bytes)

    @property
    def l1_own_bytes(self) -> int:
        """Bytes of the runtime's own data and the stacks for what has been added so far."""
        return self.own_bytes(len(self.plan.steps), len(self.plan.geometries))

    def own_bytes(self, steps: int, geometries: int) -> int:
        """Bytes of the runtime's own data and the stacks, as firmware/runtime.h declares them, rounded up."""
        layers = len(self.plan.graph.layers)
        inference = 4 * (steps + 1 + 2 * CORES + 3 + CORES * layers)
        arguments = 4 * 36 * CORES + GEOMETRY_BYTES * geometries
        return aligned(aligned(inference + arguments + steps * STEP_BYTES + 128, 64) + CORES * STACK_BYTES, 64)

    def finish(self) -> Plan:
        """Place everything.

        Raises
        ------
        DoesNotFit
            If a memory is too small.
        """
        plan = self.plan
        last = len(plan.steps) - 1
        for index, step in enumerate(plan.steps):
            # what the next step needs at its start is fetched inside of this one
            step.prefetch = max(step.prefetch, plan.steps[index + 1].ready if index < last else 0)
        size = prod(plan.graph.input.shape)
        image = bytearray(aligned(INPUT_HEADER_BYTES + size))
        offsets = []
        for transfer in plan.transfers:
            content = plan.flash_image if transfer.slot else None
            if content is not None:
                offsets.append(len(content))
                plan.flash_image += transfer.data + bytes(-len(transfer.data) % 8)
            else:
                offsets.append(len(image))
                image += transfer.data + bytes(-len(transfer.data) % 8)
        tables = {}
        for name, data in plan.constants:
            tables[name] = len(image)
            image += data + bytes(-len(data) % 8)
        plan.l2_image = bytes(image)
        self.use("weights", "L2", len(image), 0, last)
        for name in [n for n in self._wanted if n.startswith("stream ")]:
            self.use(name, "L2", 0, 0, last)
        plan.l1_begin = L1_BASE + self.l1_own_bytes
        weights = replace(self._wanted["weights"], address=plan.l2_begin)
        try:
            placed = self._place(weights, offsets)
        except DoesNotFit as error:
            step = plan.steps[min(error.step, last)]
            error.layer = " and ".join(plan.graph.layers[layer].name for layer in step.layers)
            raise
        plan.regions = {region.name: region for region in sorted(placed, key=lambda r: r.address)}
        plan.regions |= {
            name: Region(name, "table", 0, 0, last, weights.address + offset) for name, offset in tables.items()
        }
        plan.sources = [
            offset if transfer.slot else weights.address + offset
            for transfer, offset in zip(plan.transfers, offsets, strict=True)
        ]
        return plan

    def _place(self, weights: Region, offsets: list[int]) -> list[Region]:
        """Give the regions of both memories their places, behind the weights in L2."""
        plan, wanted = self.plan, list(self._wanted.values())
        l1 = place([r for r in wanted if r.memory == "L1"], plan.l1_begin, L1_BASE + L1_BYTES)
        missing = weights.end - L2_BASE - L2_BYTES
        if missing > 0:  # the step is the one whose weights pass the end
            passed = [
                index
                for index, (transfer, offset) in enumerate(zip(plan.transfers, offsets, strict=True))
                if not transfer.slot and weights.address + offset + len(transfer.data) > L2_BASE + L2_BYTES
            ]
            starts = [step.first_transfer for step in plan.steps]
            raise DoesNotFit("L2", max(bisect(starts, passed[0]) - 1, 0) if passed else 0, missing)
        l2 = place(
            [r for r in wanted if r.memory == "L2" and r.name != "weights"], aligned(weights.end), L2_BASE + L2_BYTES
        )
        return [*l1, weights, *l2]


def scaling(form: int, output: Tensor, clamp: tuple[int, int]) -> dict[str, int]:
    """Members of ``struct scaling``."""
    return {"form": form, "zero_point": output.zero_point, "low": clamp[0], "high": clamp[1]}


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
    from kwslib.gap8.planning import any_layer, ds_cnn

    attempts = [(ds_cnn.build, name, flags) for name, flags in ds_cnn.STRATEGIES.items()]
    attempts.append((any_layer.build, "layer by layer", {}))
    reason = ds_cnn.unsuitable(graph)
    failures: list[tuple[str, DoesNotFit]] = []
    for build, name, flags in attempts:
        if build is ds_cnn.build and reason:
            continue
        try:
            return build(graph, name, **flags)
        except DoesNotFit as error:
            failures.append((name, error))
    name, nearest = min(failures, key=lambda failure: failure[1].missing)
    raise ModelError(
        f"{graph.name} does not fit GAP8: {nearest.layer} lacks {nearest.missing} bytes of {nearest.memory} "
        f"({name}; the one that lacks least of {len(failures)} ways)"
    )
