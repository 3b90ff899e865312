"""The order of rows where three input rows stay in registers: the one that is loaded next replaces the oldest."""

from collections.abc import Callable
from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import Assembler, Label

LIVE = 3
"""Input rows in registers, hence rows in the loop's body."""
MOST_ROUNDS = 4095
"""The count of a hardware loop is an immediate of twelve bits."""


def rounds_of(rows: int) -> int:
    """Return how often the loop's body runs for `rows` rows that are as most are; 0 if there is no loop."""
    rounds = -(-rows // LIVE)
    return rounds if 1 < rounds <= MOST_ROUNDS else 0


@dataclass(frozen=True)
class RollingRows:
    """How a strip of output rows is computed, for windows of three rows and stride 1.

    Attributes
    ----------
    rows : int
        Output rows.
    padded : (bool, bool)
        Whether the input rows in front of the first and behind the last are zeros.
    load : callable of a row
        Loads input row `row`, -1 being the first of the plane, and moves the data pointer to the next one.
    compute : callable of a row and the kernel's rows that take part
        Computes output row `row`.
    clear : callable of a row, optional
        Makes input row `row` zero. With it the code is shorter, because the rows at a padded border are like all
        others; without it they are faster.
    """

    rows: int
    padded: tuple[bool, bool]
    load: Callable[[int], None]
    compute: Callable[[int, range], None]
    clear: Callable[[int], None] | None = None

    def emit(
        self, code: Assembler, data: int, row_bytes: int, count: int, bounds: tuple[Label, Label] | None = None
    ) -> None:
        """Emit all rows: most of them in a loop of three; `count` is a register that may be overwritten.

        `bounds` are those of the inner loop where they have been set already, once for all channels.
        """
        skips = self.clear is None
        first, last = int(self.padded[0] and skips), self.rows - int(self.padded[1])
        if self.padded[0]:
            code.advance(data, row_bytes, scratch=count)
        if self.padded[0] and self.clear is not None:
            self.clear(-1)
        elif not self.padded[0]:
            self.load(-1)
        self.load(0)
        if first:
            self._output_row(0)
        self._middle(code, first, max(last - first, 0), bounds)
        if self.padded[1] and self.rows > first:
            self._output_row(self.rows - 1)

    def _middle(self, code: Assembler, first: int, rows: int, bounds: tuple[Label, Label] | None) -> None:
        """Emit the rows from `first` on that are as most are: where they are no multiple of three, the loop is entered
        behind the rows that its first round lacks, which is shorter than rows in front of it.
        """
        rounds, lacking = rounds_of(rows), -rows % LIVE
        if not rounds:
            for row in range(first, first + rows):
                self._output_row(row)
            return
        enter = Label("enter") if lacking else None
        with code.counted_body(0, bounds or code.loop_bounds(0), rounds, enter):
            for place in range(LIVE):
                if enter is not None and place == lacking:
                    code.place(enter)
                self._output_row(first + place + (LIVE - lacking if lacking else 0))

    def _output_row(self, row: int) -> None:
        """Load the last input row that output row `row` needs, unless it is known to be zeros, and compute."""
        top, bottom = row == 0 and self.padded[0], row == self.rows - 1 and self.padded[1]
        if not bottom:
            self.load(row + 1)
        elif self.clear is not None:
            self.clear(row + 1)
        skips = self.clear is None
        self.compute(row, range(int(top and skips), LIVE - int(bottom and skips)))
