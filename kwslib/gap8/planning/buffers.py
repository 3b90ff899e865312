"""Buffers of weights in L1: where the weights of a step arrive, and with which other ones they come."""

from collections.abc import Sequence

import numpy as np

from kwslib.gap8.planning.builder import Builder
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.plan import Ref

BATCH = "weights of batch"
"""Names of regions of weights that come together begin like this."""


class Buffers:
    """The buffers of a network's weights; steps ask for theirs in order.

    Parameters
    ----------
    builder : Builder
    batch : int
        Steps whose weights come together, in the step before the first of them; 1: each step's come by themselves.
    """

    def __init__(self, builder: Builder, batch: int):
        self._builder, self._batch = builder, batch
        self._filled: dict[int, int] = {}

    @property
    def batched(self) -> bool:
        """Whether the weights of the step at hand come in a batch; the first step has its own."""
        return self._batch > 1 and self._builder.now > self._builder.first

    def ask(self, size: int, parts: int, early: int = 0) -> tuple[Ref, Ref]:
        """Ask for two buffers in L1, which take turns; the same one twice where all weights come in one part.

        Parameters
        ----------
        size : int
            Bytes of the largest part.
        parts : int
        early : int
            How many steps before this one the first part may arrive.

        Raises
        ------
        DoesNotFit
            If weights of a batch come in parts.
        """
        if self.batched:
            return self._in_batch(size, parts)
        at = self._builder.now
        buffers = [
            self._builder.use(f"records {at} {turn}", "L1", size, at - early * (turn == 0), at)
            for turn in range(min(2, parts))
        ]
        return buffers[0], buffers[-1]

    def _in_batch(self, size: int, parts: int) -> tuple[Ref, Ref]:
        """Ask for room behind the weights of the steps before in the same batch."""
        at = self._builder.now
        if parts > 1:
            raise DoesNotFit("L1", at, size)
        number = (at - self._builder.first - 1) // self._batch
        start = self._filled.get(number, 0)
        self._filled[number] = start + size
        arrives = self._builder.first + number * self._batch
        place = self._builder.use(f"{BATCH} {number}", "L1", start + size, arrives, at) + start
        return place, place

    def fetch(self, buffers: tuple[Ref, Ref], parts: Sequence[np.ndarray], streamed: bool = False) -> None:
        """Add the transfers of weights in parts that take turns in two buffers; the step has been added.

        Parameters
        ----------
        buffers : (Ref, Ref)
            What `ask` returned.
        parts : sequence of ndarray, int32
        streamed : bool
            Whether they may lie in the external flash.

        Raises
        ------
        DoesNotFit
            If weights of a batch come in parts.
        """
        builder, first = self._builder, buffers[0]
        together = first.region.startswith(BATCH)
        if together and len(parts) > 1:
            raise DoesNotFit("L1", builder.now - 1, parts[0].nbytes)
        if together and first.offset:
            builder.append(first, parts[0])
        else:
            for number, part in enumerate(parts):
                builder.fetch(buffers[number % 2], part, streamed)
        if together:
            builder.plan.steps[-1].ready = len(builder.plan.transfers)


def parts_of(records: np.ndarray, size: int) -> list[np.ndarray]:
    """Return records in parts of `size`, the last one shorter if need be."""
    return [records[start : start + size] for start in range(0, len(records), size)]
