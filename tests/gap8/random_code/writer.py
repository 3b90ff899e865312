"""The assembler that random programs are written with: one core's code, with its random numbers and labels."""

import random
from collections.abc import Sequence

from tests.gap8.differences.reduction import Reduction
from tests.gap8.random_code import layout


class Writer(Reduction):
    """Writes the code of one core after the other.

    Attributes
    ----------
    rng : random.Random
        Every choice comes from it.
    core : int
        Whose code is being written: 0 to 7, `layout.FC`, or -1 for code that all cores of the cluster call.
    interrupted : bool
        Whether a timer interrupts that core again and again.
    used : set of str
        Mnemonics of the instructions that were written.
    """

    def __init__(self, rng: random.Random):
        super().__init__()
        self.rng = rng
        self.core = -1
        self.interrupted = False
        self.used: set[str] = set()
        self._labels = 0

    @property
    def is_fc(self) -> bool:
        return self.core == layout.FC

    def emit(self, mnemonic: str, *operands) -> None:
        self.used.add(mnemonic)
        super().emit(mnemonic, *operands)

    def new_label(self) -> str:
        self._labels += 1
        return f"random {self._labels}"

    def source(self, among: Sequence[str] = layout.DATA) -> str:
        """Return a register to read: a random value, now and then zero."""
        return "zero" if among is layout.DATA and self.rng.random() < 0.04 else self.rng.choice(among)

    def target(self, among: Sequence[str] = layout.DATA) -> str:
        """Return a register to write."""
        return "zero" if among is layout.DATA and self.rng.random() < 0.02 else self.rng.choice(among)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share
