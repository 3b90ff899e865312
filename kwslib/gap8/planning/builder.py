"""The builder: a plan in the making. Regions get their lifetimes from their uses, and their places at the end."""

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kwslib.gap8.hardware import L1_BASE, L1_BYTES, L2_BASE, L2_BYTES
from kwslib.gap8.kernels.kernel import Kernel
from kwslib.gap8.planning import runtime
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import DoesNotFit, Region, aligned, place
from kwslib.gap8.planning.plan import Map, Plan, Ref, Step, Transfer
from kwslib.gap8.planning.runtime import INPUT_HEADER_BYTES
from kwslib.integer.graph import Graph

STREAM = "stream "
"""Names of the two places in L2 that weights from the flash pass through begin like this."""


class Builder:
    """A plan in the making.

    Parameters
    ----------
    graph : Graph
    strategy : str
        Name of the way in which the network runs.
    flash : bool
        Whether weights that may be streamed lie in the external flash.
    """

    def __init__(self, graph: Graph, strategy: str, flash: bool = False):
        self.plan = Plan(graph, strategy, maps=[None] * len(graph.layers))
        self.flash = flash
        self._wanted: dict[str, Region] = {}

    @property
    def first(self) -> int:
        """Index of the step of the first layer: the front end, if there is one, stands before."""
        return 1 if self.plan.graph.front_end else 0

    @property
    def now(self) -> int:
        """Index of the step that is added next."""
        return len(self.plan.steps)

    def use(self, name: str, memory: str, size: int, *steps: int) -> Ref:
        """Ask for a region during some steps, or for the known one of this name in more steps.

        Returns
        -------
        Ref
            Its address.
        """
        known = self._wanted.get(name)
        if known is None:
            known = Region(name, memory, size, min(steps), max(steps))
        first, last = min(known.first, *steps), max(known.last, *steps)
        self._wanted[name] = replace(known, bytes=max(known.bytes, size), first=first, last=last)
        return Ref(name)

    def region(self, name: str) -> Region:
        """Return what has been asked for under a name; it has no address yet."""
        return self._wanted[name]

    def l1_bytes_from(self, step: int) -> int:
        """Return the bytes of L1 that are asked for in a step or after it."""
        return sum(aligned(r.bytes) for r in self._wanted.values() if r.memory == "L1" and r.last >= step)

    def geometry(self, **values: Any) -> str:
        """Add the fixed parameters of a kernel, members of ``struct geometry``; return the C text of their address."""
        return _address(self.plan.geometries, "geometries", values)

    def gather(self, **values: Any) -> str:
        """Add members of ``struct gather``; return the C text of their address."""
        return _address(self.plan.gathers, "gathers", values)

    def second_term(self, **values: Any) -> str:
        """Add members of ``struct second_term``; return the C text of their address."""
        return _address(self.plan.second_terms, "second_terms", values)

    def kernel(self, kernel: Kernel) -> str:
        """Ask for an assembly kernel; return its symbol."""
        for symbol, known in self.plan.kernels.items():
            if known == kernel:
                return symbol
        symbol = f"kernel_{len(self.plan.kernels)}_{kernel.generator}"
        self.plan.kernels[symbol] = kernel
        return symbol

    def append(self, target: Ref, records: np.ndarray) -> None:
        """Make the last transfer longer by weights that go behind its own."""
        last = self.plan.transfers[-1]
        if last.target + len(last.data) != target or last.slot is not None:
            raise AssertionError("weights that do not follow the last transfer's")
        self.plan.transfers[-1] = replace(last, data=last.data + np.ascontiguousarray(records, "<i4").tobytes())

    def fetch(self, target: Ref, records: np.ndarray, streamed: bool = False) -> None:
        """Add a transfer of weights. Transfers stand in the order in which they are needed.

        Parameters
        ----------
        target : Ref
            In L1.
        records : ndarray, int32
        streamed : bool
            Whether they may lie in the external flash.
        """
        data = np.ascontiguousarray(records, "<i4").tobytes()
        slot = None
        if streamed and self.flash:
            turn = sum(1 for transfer in self.plan.transfers if transfer.slot) % 2
            slot = Ref(f"{STREAM}{turn}")
            self.use(slot.region, "L2", len(data), 0)
        self.plan.transfers.append(Transfer(target, data, slot))

    def add(self, kind: str, layers: tuple[int, ...], **fields: Any) -> Step:
        """Add a step, which begins with the next transfer."""
        step = Step(kind, layers, fields, first_transfer=len(self.plan.transfers))
        step.ready = step.prefetch = step.first_transfer
        self.plan.steps.append(step)
        return step

    def share(self, words: Sequence[int], rare: bool = False) -> str:
        """Add words that say what each core computes, or find the same ones; return the C text of their address.

        They lie in L1 while there are few, and in L2 then; `rare` ones, which are seldom read, in L2 at once.
        """
        plan, wanted = self.plan, list(words)
        for name, shares in (("tables.shares", plan.shares), ("far_shares", plan.far_shares)):
            start = _position(shares, wanted)
            if start is not None:
                return f"&{name}[{start}]"
        near = not rare and len(plan.shares) + len(wanted) <= runtime.NEAR_SHARE_WORDS
        name, shares = ("tables.shares", plan.shares) if near else ("far_shares", plan.far_shares)
        shares.extend(wanted)
        return f"&{name}[{len(shares) - len(wanted)}]"

    def map(self, layer: int, base: Ref, layout: Layout) -> None:
        """Say where the whole output of a layer lies: its first code at `base`."""
        self.plan.maps[layer] = Map(base, layout)

    def own_bytes(self, kinds: Sequence[str]) -> int:
        """Return the bytes of L1 that the runtime and the stacks take, for steps of some kinds."""
        return runtime.own_bytes(kinds, len(self.plan.graph.layers), len(self.plan.shares))

    def finish(self, kernel_bytes: Callable[[Kernel], int], spare_bytes: int = 0) -> Plan:
        """Place everything.

        Parameters
        ----------
        kernel_bytes : callable
            The bytes of code of a kernel, or a bound of them.
        spare_bytes : int
            Bytes of L2 that stay free behind the code.

        Raises
        ------
        DoesNotFit
            If a memory is too small.
        """
        plan, last = self.plan, self.now - 1
        self._prefetch()
        offsets, tables = self._fill_images()
        self.use("weights", "L2", len(plan.l2_image), 0, last)
        for name in [n for n in self._wanted if n.startswith(STREAM)]:
            self.use(name, "L2", 0, 0, last)
        plan.l1_begin = L1_BASE + self.own_bytes([step.kind for step in plan.steps])
        plan.l2_begin = L2_BASE + self._code_bytes(kernel_bytes, spare_bytes)
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

    def _code_bytes(self, kernel_bytes: Callable[[Kernel], int], spare_bytes: int) -> int:
        plan = self.plan
        tables = {
            "geometry": len(plan.geometries),
            "gather": len(plan.gathers),
            "second_term": len(plan.second_terms),
            "transfer": len(plan.transfers),
            "layer": len(plan.graph.layers),
            "class": plan.graph.classes,
        }
        kernels = [kernel_bytes(kernel) for kernel in plan.kernels.values()]
        words = len(plan.shares) + len(plan.far_shares)
        return runtime.code_bytes(tables, [step.kind for step in plan.steps], words, kernels, spare_bytes)

    def _prefetch(self) -> None:
        """Let each step fetch what the next one needs at its start."""
        for step in self.plan.steps:
            step.ready = min(step.ready, len(self.plan.transfers))
        for step, following in zip(self.plan.steps, self.plan.steps[1:], strict=False):
            step.prefetch = max(step.prefetch, following.ready)
        for number, step in enumerate(self.plan.steps[:-2]):
            following, later = self.plan.steps[number + 1 : number + 3]
            if following.first_transfer == later.first_transfer and self._has_room(number, following, later):
                step.prefetch = max(step.prefetch, later.ready)

    def _has_room(self, number: int, following: Step, later: Step) -> bool:
        """Say whether what a step wants, but not the one in front of it, may come in step `number`."""
        wanted = self.plan.transfers[following.ready : later.ready]
        return all(one.slot is None and self._wanted[one.target.region].first <= number for one in wanted)

    def _fill_images(self) -> tuple[list[int], dict[str, int]]:
        """Fill the images of L2 and flash; return the offset of each transfer and of each table in its image."""
        plan = self.plan
        l2, flash = bytearray(aligned(INPUT_HEADER_BYTES + plan.clip_bytes)), bytearray()
        offsets = [_append(flash if transfer.slot else l2, transfer.data) for transfer in plan.transfers]
        tables = {name: _append(l2, data) for name, data in plan.constants.items()}
        plan.l2_image, plan.flash_image = bytes(l2), bytes(flash)
        return offsets, tables

    def _place(self, weights: Region, offsets: list[int]) -> list[Region]:
        """Give the regions of both memories their places, behind the weights in L2."""
        plan, wanted = self.plan, list(self._wanted.values())
        l1 = place([r for r in wanted if r.memory == "L1"], plan.l1_begin, L1_BASE + L1_BYTES)
        missing = weights.end - L2_BASE - L2_BYTES
        if missing > 0:
            raise DoesNotFit("L2", self._step_past_the_end(weights, offsets), missing)
        l2 = place(
            [r for r in wanted if r.memory == "L2" and r.name != "weights"], aligned(weights.end), L2_BASE + L2_BYTES
        )
        return [*l1, weights, *l2]

    def _step_past_the_end(self, weights: Region, offsets: list[int]) -> int:
        """Return the first step whose weights pass the end of L2."""
        for index, (transfer, offset) in enumerate(zip(self.plan.transfers, offsets, strict=True)):
            if not transfer.slot and weights.address + offset + len(transfer.data) > L2_BASE + L2_BYTES:
                starts = [step.first_transfer for step in self.plan.steps]
                return max(bisect(starts, index) - 1, 0)
        return 0


def _position(words: list[int], wanted: list[int]) -> int | None:
    """Return where some words begin in others, the first time, or None."""
    starts = (at for at in range(len(words) - len(wanted) + 1) if words[at] == wanted[0])
    return next((at for at in starts if words[at : at + len(wanted)] == wanted), None)


def _append(image: bytearray, data: bytes) -> int:
    """Append data to an image, up to the next multiple of eight bytes; return where it begins."""
    offset = len(image)
    image += data + bytes(-len(data) % 8)
    return offset


def _address(entries: list[dict[str, Any]], name: str, values: dict[str, Any]) -> str:
    if values not in entries:
        entries.append(values)
    return f"&{name}[{entries.index(values)}]"
