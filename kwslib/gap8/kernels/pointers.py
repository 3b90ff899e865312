"""Pointers that reach several places at equal distances, by the 12-bit offsets of loads."""

from dataclasses import dataclass

from kwslib.gap8.kernels.assembler import IMMEDIATE_HIGH, fits_immediate


@dataclass(frozen=True)
class Reach:
    """What one pointer reaches.

    Attributes
    ----------
    places : range
        Numbers of the places.
    home : int
        The place that the pointer points to: the first one, or the middle one where that reaches farther.
    """

    places: range
    home: int


def reaches(places: int, distance: int) -> list[Reach]:
    """Share places, `distance` bytes apart, among as few pointers as possible.

    Parameters
    ----------
    places : int
        How many, one at least.
    distance : int
        Bytes, one at least.

    Returns
    -------
    list of Reach
        In the order of the places.
    """
    if fits_immediate((places - 1) * distance):
        return [Reach(range(places), 0)]
    to_either_side = IMMEDIATE_HIGH // distance
    width = 2 * to_either_side + 1
    parts = [range(first, min(first + width, places)) for first in range(0, places, width)]
    return [Reach(part, part[min(to_either_side, len(part) - 1)]) for part in parts]
