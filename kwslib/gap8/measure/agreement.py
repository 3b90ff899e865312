"""How far two platforms agree on a program: every figure of its output, side by side."""

import re
from dataclasses import dataclass

from kwslib.errors import InputError

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?![\w.])")
_TRAILING = re.compile(r"[:=,\s]*(?:\s-?\d+)*\s*$")


@dataclass(frozen=True)
class Figure:
    """One whole number of a program's output.

    Attributes
    ----------
    name : str
        What stands before it on its line, and before an indented line the line above that is not.
    position : int
        Which number of a row of numbers it is, from 0.
    reference, own : int
        The number on the two platforms.
    """

    name: str
    position: int
    reference: int
    own: int

    @property
    def difference(self) -> int:
        """The own figure less the reference's."""
        return self.own - self.reference

    def within(self, relative: float, absolute: int) -> bool:
        """Whether the difference is at most `relative` of the reference or at most `absolute`."""
        return abs(self.difference) <= max(absolute, relative * abs(self.reference))


def compare(reference: str, own: str) -> list[Figure]:
    """Pair the figures of two outputs of one program.

    Parameters
    ----------
    reference, own : str
        Standard output on the two platforms.

    Raises
    ------
    kwslib.errors.InputError
        If anything but whole numbers differs: then the outputs are not of one program, or one run went wrong.
    """
    expected, got = reference.splitlines(), own.splitlines()
    for number, (a, b) in enumerate(zip(expected, got, strict=False), 1):
        if _NUMBER.sub("#", a) != _NUMBER.sub("#", b):
            raise InputError(f"the outputs differ in more than figures: line {number} is {a!r} and {b!r}")
    if len(expected) != len(got):
        raise InputError(f"the outputs differ in more than figures: {len(expected)} lines and {len(got)}")
    figures, heading = [], ""
    for a, b in zip(expected, got, strict=True):
        indented = a[:1] == " "
        if not indented:
            heading = a.strip(" :")
        name, position = None, 0
        for place, value in zip(_NUMBER.finditer(a), _NUMBER.findall(b), strict=True):
            before = _TRAILING.sub("", a[: place.start()]).strip()
            name, position = before, position + 1 if before == name else 0
            lead = f"{heading}: " if indented and heading else ""
            figures.append(Figure(lead + name, position, int(place.group()), int(value)))
    return figures
