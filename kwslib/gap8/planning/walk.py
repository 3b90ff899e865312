"""The walk along a network: where its maps lie, what its steps share, and the memory that a step may take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from kwslib.gap8.hardware import L1_BYTES
from kwslib.gap8.planning import layouts
from kwslib.gap8.planning.buffers import Buffers
from kwslib.gap8.planning.builder import Builder
from kwslib.gap8.planning.layouts import Layout, PlaneShape
from kwslib.gap8.planning.memory import DoesNotFit, aligned
from kwslib.gap8.planning.plan import PadFill, Ref, Step
from kwslib.gap8.planning.tiling import Tiling
from kwslib.gap8.planning.work import Work
from kwslib.integer.graph import Graph, Layer

TILE_CHANNELS = 16
"""A position in L2 has room for whole multiples of so many channels, which tiles of channels write."""
L1, L2 = "L1", "L2"


class Method(Protocol):
    """How a layer is computed: what it reads, and the step that it adds."""

    @property
    def layer(self) -> Layer:
        """The layer."""

    @property
    def index(self) -> int:
        """Its index in the graph."""

    @property
    def portable(self) -> str:
        """Why portable C computes it; empty where assembly kernels do."""

    @property
    def step(self) -> str:
        """The kind of its step in C."""

    @property
    def writes_vector(self) -> bool:
        """Whether an output of one position is a vector of signed core codes."""

    @property
    def reads(self) -> str | None:
        """The kind of layout that it reads; None: any."""

    @property
    def plane(self) -> PlaneShape | None:
        """How the planes that it reads must lie; None: anyhow."""

    def reads_padding(self, walk: "Walk") -> bool:
        """Say whether its kernel reads the padding of planes in L1."""

    def early_bytes(self, walk: "Walk") -> int:
        """Return the bytes of L1 that it wants in the step before its own."""

    def add(self, walk: "Walk") -> int:
        """Add its step; return the index of the first layer behind it."""


@dataclass(frozen=True)
class Way:
    """A way of running a network: where maps lie.

    Attributes
    ----------
    name : str
    planes_from, pixels_from : int
        Planes of this layer and of all behind it lie in L1, those of the layers before in L2; the same of maps with
        channels last.
    fused : bool
        Whether the first convolution and the depthwise layer behind it are one step.
    flash, deep : bool
        Whether the weights of the pointwise layers lie in the external flash; whether those of depthwise ones do, too.
    batch : int
        Steps whose weights come together, in the step before the first of them.
    """

    name: str
    planes_from: int
    pixels_from: int
    fused: bool
    flash: bool = False
    deep: bool = False
    batch: int = 1


@dataclass(frozen=True)
class Place:
    """A whole map in memory: the reference of its first byte, its layout, ``L1`` or ``L2``."""

    ref: Ref
    layout: Layout
    memory: str

    @property
    def first(self) -> Ref:
        """Where its first code lies."""
        return self.ref + self.layout.origin


@dataclass
class Walk:
    """A network on its way into a plan; the methods of its layers add their steps to it, front to end.

    Attributes
    ----------
    graph : Graph
    methods : sequence of Method
        By layer.
    way : Way
    builder : Builder
    buffers : Buffers
        Of weights.
    tilings : dict of Work to Tiling
        Of the pointwise layers so far.
    """

    graph: Graph
    methods: Sequence[Method]
    way: Way
    builder: Builder = field(init=False)
    buffers: Buffers = field(init=False)
    tilings: dict[Work, Tiling] = field(init=False, default_factory=dict)
    _regions: dict[int, str] = field(init=False, default_factory=dict)
    _shared: dict[str, tuple[Layout, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.builder = Builder(self.graph, self.way.name, self.way.flash)
        self.buffers = Buffers(self.builder, self.way.batch)

    @property
    def now(self) -> int:
        """Index of the step that is added next."""
        return self.builder.now

    # maps

    def region(self, index: int) -> str:
        """Return the name of the region that holds the output of a layer."""
        return self._regions[index]

    def memory(self, index: int) -> str:
        """Return where the output of a layer lies; the network's input, -1, lies in L2."""
        if index < 0:
            return L2
        kind = self.kind(index)
        first = {layouts.PLANES: self.way.planes_from, layouts.PIXELS: self.way.pixels_from, layouts.VECTOR: 0}[kind]
        return L1 if index >= first else L2

    def kind(self, index: int) -> str:
        """Return the kind of layout of a layer's output: what the first reader wants that cannot read just anything."""
        if layouts.is_vector(self.graph.layers[index]) and self.methods[index].writes_vector:
            return layouts.VECTOR
        wanted = [self.methods[reader].reads for reader in layouts.readers(self.graph, index)]
        return layouts.PLANES if layouts.PLANES in wanted else layouts.PIXELS

    def layout(self, index: int) -> Layout:
        """Return how the output of a layer lies."""
        if index < 0:
            return layouts.network_input(self.graph)
        layer, kind = self.graph.layers[index], self.kind(index)
        if kind == layouts.VECTOR:
            return layouts.vector(layer.output)
        if kind == layouts.PLANES:
            planes = [self.methods[reader].plane for reader in layouts.readers(self.graph, index)]
            rows, columns, _ = layer.output.shape
            plane = next((plane for plane in planes if plane), None) or self._known_plane(index)
            return layouts.planes(layer.output, plane or PlaneShape(rows, aligned(columns, 4)))
        multiple = layouts.GROUP if self.memory(index) == L1 else TILE_CHANNELS
        return layouts.pixels(layer.output, layouts.pixel_bytes(layer.output.shape[2], multiple))

    def _known_plane(self, index: int) -> PlaneShape | None:
        """Return the planes that the last depthwise layer of the same shape reads: their place can be used again."""
        shape = self.graph.layers[index].output.shape
        for method in reversed(self.methods[:index]):
            if method.plane is not None and method.layer.input.shape == shape:
                return method.plane
        return None

    def source(self, index: int, operand: int = 0) -> Place:
        """Return what a layer reads, which must live until its step."""
        source = layouts.sources(self.graph, index)[operand]
        layout = self.layout(source)
        if source < 0:
            return Place(self.builder.plan.input, layout, L2)
        memory = self.memory(source)
        ref = self.builder.use(self._regions[source], memory, layout.size, self.now)
        return Place(ref, layout, memory)

    def target(self, index: int) -> tuple[Place, bool]:
        """Return where a layer writes, and whether the padding there is new and must be filled."""
        layout, memory, at = self.layout(index), self.memory(index), self.now
        name, new = self._region(index, layout, memory)
        self._regions[index] = name
        last = max(layouts.readers(self.graph, index), default=index)
        steps = [at, at + 1] if last > index else [at, len(self.graph.layers) + 1]
        if index == self.graph.logits:
            steps.append(len(self.graph.layers) + 1)
        ref = self.builder.use(name, memory, layout.size, *steps)
        place = Place(ref, layout, memory)
        self.builder.map(index, place.first, layout)
        return place, new

    def _region(self, index: int, layout: Layout, memory: str) -> tuple[str, bool]:
        """Planes lie where earlier ones of the same layout lay that nothing reads any more: their padding is there.

        In L2 they may have more channels: what is written there brings its padding, or fills that of all its channels.
        """
        if layout.kind != layouts.PLANES:
            return f"map {index}", False
        last = max(layouts.readers(self.graph, index), default=index)
        axes = slice(2 if memory == L2 else 3)
        alike = (layout.shape[axes], layout.plane, layout.zero)
        for name, (known, until) in self._shared.items():
            same = (known.shape[axes], known.plane, known.zero) == alike and name.endswith(memory)
            if same and until < min(layouts.sources(self.graph, index)) + 1 and until < index:
                self._shared[name] = (layout, last)
                return name, False
        name = f"planes {index} {memory}"
        self._shared[name] = (layout, last)
        return name, True

    @cached_property
    def reads_padding(self) -> bool:
        """Whether any kernel reads the padding of planes in L1, which share their places."""
        return any(method.reads_padding(self) for method in self.methods)

    def fill_at_start(self, place: Place) -> None:
        """Let planes in L2 be filled before the cluster starts; they share their place with nothing then."""
        self.builder.use(place.ref.region, L2, 0, 0, len(self.graph.layers) + 1)
        fill = PadFill(place.ref, place.layout.size, place.layout.padding)
        if fill not in self.builder.plan.pad_fills:
            self.builder.plan.pad_fills.append(fill)

    # memory of a step

    def early(self, index: int) -> int:
        """Return how many steps ahead a layer's first weights may come: none where tiles need the room."""
        crowded = any(self.memory(source) == L2 for source in layouts.sources(self.graph, index) if source >= 0)
        return 0 if crowded or self.memory(index) == L2 or self.now == self.builder.first else 1

    def free(self, index: int) -> int:
        """Return the bytes of L1 that are left to the step at hand, the next one's early weights left out."""
        kinds = [method.step for method in self.methods]
        following = index + 1
        early = self.methods[following].early_bytes(self) if following < len(self.methods) else 0
        return L1_BYTES - self.builder.own_bytes(kinds) - self.builder.l1_bytes_from(self.now) - aligned(early)

    def l1(self, name: str, size: int) -> Ref:
        """Ask for a region of L1 in this step."""
        return self.builder.use(name, L1, size, self.now)

    def pair(self, name: str, size: int) -> tuple[Ref, Ref]:
        """Ask for two buffers in L1 that take turns in this step; their numbers stand behind `name`."""
        return self.l1(f"{name} 0", size), self.l1(f"{name} 1", size)

    def add(self, kind: str, layers: tuple[int, ...], early: int = 0, **fields: Any) -> Step:
        """Add a step; `early` of its transfers must have ended when it starts."""
        batched = self.buffers.batched
        step = self.builder.add(kind, layers, **fields)
        step.ready = step.first_transfer + (0 if batched else early)  # `Buffers.fetch` counts what comes in a batch
        return step


def largest(fits: Callable[[int], bool], sizes: Sequence[int]) -> int | None:
    """Return the first of some sizes that fits, or None."""
    return next((size for size in sizes if fits(size)), None)


def lacking(memory: str, at: int, missing: int, layer: Layer) -> DoesNotFit:
    """Return the error of a layer whose least need is not met."""
    error = DoesNotFit(memory, at, max(missing, 1))
    error.layer = layer.name
    return error
