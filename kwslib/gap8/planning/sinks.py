"""``struct sink`` of the firmware: where a step that works channel by channel writes."""

from typing import Any

from kwslib.gap8.planning import layouts, padding
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import aligned
from kwslib.gap8.planning.plan import Ref
from kwslib.gap8.planning.walk import L1, Place, Walk


def tile_bytes(layout: Layout, channels: int) -> int:
    """Return the bytes of a tile of some channels of a map."""
    rows, columns, _ = layout.shape
    return channels * (layout.plane.plane_bytes if layout.plane else rows * columns)


def tile_name(walk: Walk, turn: int) -> str:
    """Return the name of the region of a tile that the step at hand writes."""
    return f"tile {walk.now} out {turn}"


def strides(place: Place, tile_channels: int) -> tuple[int, int, int]:
    """Return the bytes from one column, row and channel to the next where a kernel writes: in the map or in a tile."""
    layout = place.layout
    if place.memory == L1 or layout.plane:
        return layout.column_bytes, layout.row_bytes, layout.channel_bytes
    return tile_channels, layout.shape[1] * tile_channels, 1


def members(walk: Walk, place: Place, new: bool, tile_channels: int) -> dict[str, Any]:
    """Return the members of ``struct sink``, and ask for the tiles if the map lies in L2.

    Parameters
    ----------
    walk : Walk
    place : Place
        The map.
    new : bool
        Whether its padding must be filled.
    tile_channels : int
        Channels of a tile, of the whole map where that lies in L1.
    """
    layout = place.layout
    rows, columns, channels = layout.shape
    tiles: tuple[Ref, Ref] = (place.ref, place.ref)
    fill = padding.NOTHING
    if place.memory != L1:
        size = tile_bytes(layout, tile_channels)
        tiles = (walk.l1(tile_name(walk, 0), size), walk.l1(tile_name(walk, 1), size))
        if layout.plane:
            fill = padding.of_planes(layout, tile_channels)
    elif layout.plane and new:
        fill = padding.of_planes(layout, aligned(channels, layouts.GROUP), not walk.reads_padding)
    return {
        "tiles": tiles,
        "l2": 0 if place.memory == L1 else place.ref,
        "channel_bytes": layout.channel_bytes,
        "plane_bytes": layout.plane.plane_bytes if layout.plane else 0,
        "tile_channels": tile_channels,
        "pixel_bytes": layout.column_bytes,
        "positions": rows * columns,
        "origin": layout.origin,
        "fill": fill,
    }
