"""Padding: what of the planes a step fills with what is stored for 0. ``struct fill`` of the firmware."""

from collections.abc import Mapping

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import aligned

SHORT_ROW_BYTES = 16
"""Rows of a tile that are filled whole sooner than in parts."""
FILL_CYCLES, FILL_WORD_CYCLES = 8, 6
"""Of a plane and of a word that one core fills (`fill_planes`, firmware/runtime.c), by their instructions."""
NOTHING: dict[str, int] = {"planes": 0}
"""Nothing to fill."""


def of_planes(layout: Layout, channels: int, unread: bool = False) -> dict[str, int]:
    """Return the members of ``struct fill`` for whole planes: the rows above and below, or all of them.

    Parameters
    ----------
    layout : Layout
        Of planes.
    channels : int
        Whose planes are filled.
    unread : bool
        Whether no kernel reads the padding: only the kernels' portable twins want it filled.
    """
    plane = layout.plane
    assert plane is not None
    if plane.beside:
        return _members(layout, channels, plane.plane_bytes, plane.plane_bytes, plane.plane_bytes)
    head, tail = plane.top * plane.row_bytes, (plane.top + layout.shape[0]) * plane.row_bytes
    return _members(layout, channels, plane.plane_bytes, head, tail) | {"unread": int(unread)}


def of_tile(layout: Layout, channels: int, rows: int) -> dict[str, int]:
    """Return the same for the planes of a tile, without padding above or below: what lies beside the columns.

    Parameters
    ----------
    layout : Layout
        Of the map's planes.
    channels : int
        Of the tile.
    rows : int
        Of the tile.
    """
    plane = layout.plane
    assert plane is not None
    if not plane.beside:
        return NOTHING
    if plane.row_bytes <= SHORT_ROW_BYTES:
        size = rows * plane.row_bytes
        return _members(layout, channels, size, size, size)
    # row by row: the words that hold more than the map's own columns
    head, tail = aligned(plane.left, 4), (plane.left + layout.shape[1]) // 4 * 4
    return _members(layout, channels * rows, plane.row_bytes, head, tail)


def fill_cycles(fill: Mapping[str, int]) -> int:
    """Return the cycles of filling what the members of ``struct fill`` say, with all cores: a loop for each plane."""
    if not fill["planes"] or fill.get("unread"):
        return 0
    words = (fill["head"] + max(fill["plane_bytes"] - fill["tail"], 0)) // 4
    return -(-fill["planes"] // CORES) * (FILL_CYCLES + FILL_WORD_CYCLES * words)


def _members(layout: Layout, count: int, size: int, head: int, tail: int) -> dict[str, int]:
    return {"planes": count, "plane_bytes": size, "head": head, "tail": tail, "word": layout.padding}
