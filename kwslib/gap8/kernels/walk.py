"""The walk of a streaming convolution down an input column: which products each input row takes part in.

Rows come in groups of as many as the stride. Group g starts output g, and completes output g - live + 1 at the latest.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """A dot product of a group.

    Attributes
    ----------
    row, tap : int
        The input row within its group, the kernel's row.
    age : int
        How many groups ago the output was the newest one.
    first, last : bool
        Whether it is the output's first one, and its last one.
    """

    row: int
    tap: int
    age: int
    first: bool
    last: bool


@dataclass(frozen=True)
class Walk:
    """The walk down a column.

    Attributes
    ----------
    kernel_rows, stride, outputs : int
    seen : range
        Input rows that are read; the others are padding.
    ahead : int
        How many rows ahead a row is loaded.
    """

    kernel_rows: int
    stride: int
    outputs: int
    seen: range
    ahead: int

    @property
    def live(self) -> int:
        """Outputs that an input row belongs to, at most."""
        return -(-self.kernel_rows // self.stride)

    @property
    def groups(self) -> range:
        """All groups of rows, but those of padding in front of the first row."""
        return range(self.seen.start // self.stride, self.outputs + self.live - 1)

    def looped(self) -> range:
        """Return the groups that a loop runs through, `live` of them each time: none if that were one time only."""
        plain = [group for group in self.groups if self._is_plain(group)]
        rounds = len(plain) // self.live
        return range(plain[0], plain[0] + self.live * rounds) if rounds > 1 else range(0)

    def products(self, group: int) -> list[Product]:
        """List a group's products, row by row, the oldest output first: its requantisation then waits no more."""
        products = []
        for row in range(self.stride):
            place = self.stride * group + row
            for age in reversed(range(self.live)):
                tap, output = row + age * self.stride, group - age
                if place in self.seen and 0 <= output < self.outputs and tap < self.kernel_rows:
                    first = max(self.stride * output, self.seen.start)
                    last = min(self.stride * output + self.kernel_rows, self.seen.stop) - 1
                    products.append(Product(row, tap, age, place == first, place == last))
        return products

    def _is_plain(self, group: int) -> bool:
        """Say whether a group is as most are: its products, and its rows loaded ahead."""
        steady = [
            Product(row, tap, age, tap == 0, tap == self.kernel_rows - 1)
            for row in range(self.stride)
            for age in reversed(range(self.live))
            if (tap := row + age * self.stride) < self.kernel_rows
        ]
        rows = range(self.stride * group, self.stride * (group + 1) + self.ahead)
        return all(row in self.seen for row in rows) and self.products(group) == steady
