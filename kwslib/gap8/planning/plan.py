"""The plan: how a network runs in 64 KB of L1 and 512 KB of L2, as data.

`kwslib.gap8.planning.planner.plan` makes one; `kwslib.gap8.program.codegen` turns it into C.
"""

from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, NamedTuple

from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.gap8.hardware import L1_BASE, L1_BYTES, L2_BASE, L2_BYTES
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import Region, live_bytes
from kwslib.gap8.planning.record import PlanRecord, StepRecord
from kwslib.gap8.planning.runtime import INPUT_HEADER_BYTES
from kwslib.gap8.planning.stages import Stage, stages
from kwslib.integer.graph import Graph

SAMPLE_BYTES = 2
"""Bytes of a sample: int16."""


@dataclass(frozen=True)
class Ref:
    """An address: a region's, plus an offset in bytes."""

    region: str
    offset: int = 0

    def __add__(self, bytes_: int) -> "Ref":
        return replace(self, offset=self.offset + bytes_)


@dataclass
class Transfer:
    """Weights on their way to L1.

    Attributes
    ----------
    target : Ref
        Where they go in L1.
    data : bytes
    slot : Ref or None
        None: they lie in L2. Otherwise they lie in the external flash and pass through this place in L2.
    """

    target: Ref
    data: bytes
    slot: Ref | None = None


@dataclass
class Step:
    """What the device does between two barriers of all cores: a layer, or two fused ones.

    Attributes
    ----------
    kind : str
        Name of the C structure in ``firmware/network.h``: ``front``, ``pointwise`` and so on.
    layers : tuple of int
        Indices in the graph.
    fields : dict
        Members of the C structure: int, str (C text: a kernel, an address), `Ref`, or a tuple or dict of them.
    first_transfer, ready, prefetch : int
        As in the C structure.
    description : str
        For people: tiles, chunks, kernels.
    predicted_cycles : int
        By the cost model, cold.
    portable : str
        Why portable C computes it, for people; empty where assembly kernels do.
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
    predicted_cycles: int = 0
    portable: str = ""
    dma_in_bytes: int = 0
    dma_out_bytes: int = 0
    flash_bytes: int = 0


@dataclass
class Map:
    """Where a layer's whole output lies.

    Attributes
    ----------
    base : Ref
        Of the first code.
    layout : Layout
    """

    base: Ref
    layout: Layout


class PadFill(NamedTuple):
    """Planes in L2 that are filled before the cluster starts, for their padding.

    Attributes
    ----------
    planes : Ref
    size_bytes : int
    word : int
        Four times what is stored for 0.
    """

    planes: Ref
    size_bytes: int
    word: int


@dataclass
class Plan:
    """A network, placed.

    Attributes
    ----------
    graph : Graph
    strategy : str
        Name of the way in which the network runs.
    steps : list of Step
    regions : dict of str to Region
        Placed.
    transfers : list of Transfer
        In the order in which the steps need them.
    kernels : dict of str to Kernel
        Assembly kernels by symbol.
    geometries, gathers, second_terms : list of dict
        Members of each ``struct geometry``, ``gather``, ``second_term`` by name.
    shares, far_shares : list of int
        Words that say which blocks each core computes, in L1 and in L2: ``struct blocks`` of the firmware.
    maps : list of Map or None
        By layer; None where no whole map exists.
    constants : dict of str to bytes
        Further contents of L2 by region: tables of a softmax, of a lookup.
    input : Ref
        Of the input codes in L2: behind the options, or where the front end writes them.
    fingerprint : Map or None
        The same as a map, where the front end writes it.
    l1_begin, l2_begin : int
        Addresses behind the runtime's own memory.
    pad_fills : list of PadFill
    logits, output : str
        Regions in L1 of the codes that decide and of the network's output.
    l2_image : bytes
        Content of L2 from `l2_begin` on: options and input, weights, tables.
    flash_image : bytes
        Content of the external flash; empty where all weights fit L2.
    sources : list of int
        Where each transfer's data lies: an address in L2, or an offset in the flash.
    """

    graph: Graph
    strategy: str
    steps: list[Step] = field(default_factory=list)
    regions: dict[str, Region] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    kernels: dict[str, Kernel] = field(default_factory=dict)
    geometries: list[dict[str, Any]] = field(default_factory=list)
    gathers: list[dict[str, Any]] = field(default_factory=list)
    second_terms: list[dict[str, Any]] = field(default_factory=list)
    shares: list[int] = field(default_factory=list)
    far_shares: list[int] = field(default_factory=list)
    maps: list[Map | None] = field(default_factory=list)
    constants: dict[str, bytes] = field(default_factory=dict)
    input: Ref = Ref("weights", INPUT_HEADER_BYTES)
    fingerprint: Map | None = None
    l1_begin: int = 0
    l2_begin: int = L2_BASE
    pad_fills: list[PadFill] = field(default_factory=list)
    logits: str = ""
    output: str = ""
    l2_image: bytes = b""
    flash_image: bytes = b""
    sources: list[int] = field(default_factory=list)

    def address(self, ref: Ref) -> int:
        """Return the address that a reference stands for."""
        return self.regions[ref.region].address + ref.offset

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of the front end; none where the input is codes."""
        return stages(self.graph.front_end)

    @property
    def clip_bytes(self) -> int:
        """Bytes of a clip in the image: of the input codes, or of a second of samples."""
        return SAMPLE_BYTES * CLIP_SAMPLES if self.graph.front_end else prod(self.graph.input.shape)

    @property
    def predicted_cycles(self) -> int:
        """Cycles of the first inference, by the cost model; those of the front end are measured, not predicted."""
        return sum(step.predicted_cycles for step in self.steps)

    @property
    def l1_end(self) -> int:
        """The address behind the last byte of L1 in use."""
        return max((r.end for r in self.regions.values() if r.memory == "L1"), default=self.l1_begin)

    @property
    def l2_end(self) -> int:
        """The address behind the last byte of L2 in use."""
        return max((r.end for r in self.regions.values() if r.memory == "L2"), default=self.l2_begin)

    def peak_bytes(self, memory: str, step: int) -> int:
        """Return the bytes of a memory in use in a step, the runtime's own and the stacks included."""
        own = self.l1_begin - L1_BASE if memory == "L1" else self.l2_begin - L2_BASE
        return own + live_bytes([r for r in self.regions.values() if r.memory == memory], step)

    def record(self) -> PlanRecord:
        """Return what is kept of it."""
        return PlanRecord(
            network=self.graph.name,
            strategy=self.strategy,
            l1_bytes=L1_BYTES,
            l2_bytes=L2_BYTES,
            runtime_l1_bytes=self.l1_begin - L1_BASE,
            code_l2_bytes=self.l2_begin - L2_BASE,
            weights_l2_bytes=len(self.l2_image),
            weights_flash_bytes=len(self.flash_image),
            kernels={name: {"generator": k.generator, **k.parameters()} for name, k in self.kernels.items()},
            steps=[self._step_record(index, step) for index, step in enumerate(self.steps)],
            regions=list(self.regions.values()),
        )

    def _step_record(self, index: int, step: Step) -> StepRecord:
        return StepRecord(
            kind=step.kind,
            layers=[self.graph.layers[layer].name for layer in step.layers],
            description=step.description,
            predicted_cycles=step.predicted_cycles,
            portable=step.portable,
            l1_peak_bytes=self.peak_bytes("L1", index),
            l2_peak_bytes=self.peak_bytes("L2", index),
            dma_in_bytes=step.dma_in_bytes,
            dma_out_bytes=step.dma_out_bytes,
            flash_bytes=step.flash_bytes,
        )
