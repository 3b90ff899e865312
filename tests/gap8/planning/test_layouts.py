"""Layouts of the maps: bytes between positions, padding, what bytes mean."""

import numpy as np
import pytest

from kwslib.gap8.planning import layouts
from kwslib.gap8.planning.layouts import PlaneShape
from tests.gap8.planning import shapes
from tests.gap8.planning.layers import tensor


@pytest.mark.parametrize("multiple", [4, 16])
def test_pixels_begin_in_different_banks_and_have_room_for_whole_groups(multiple):
    for channels in range(1, 300):
        bytes_ = layouts.pixel_bytes(channels, multiple)
        assert bytes_ >= -(-channels // multiple) * multiple and bytes_ % 8 == 4
        assert bytes_ < channels + multiple + 8


def addresses(layout):
    """The byte of every code in a layout, (rows, columns, channels)."""
    rows, columns, channels = np.indices(layout.shape)
    bytes_ = rows * layout.row_bytes + columns * layout.column_bytes + channels * layout.channel_bytes
    return layout.origin + bytes_


LAYOUTS = {
    "planes": layouts.planes(tensor(6, shape=(7, 5)), PlaneShape(9, 12, top=1, left=2, beside=True)),
    "pixels": layouts.pixels(tensor(6, shape=(7, 5)), 12),
    "vector": layouts.vector(tensor(6, shape=(1, 1))),
    "network's input": layouts.network_input(shapes.load("three inputs")),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_code_has_a_byte_of_its_own(name):
    layout = LAYOUTS[name]
    found = addresses(layout)
    assert len(np.unique(found)) == found.size == np.prod(layout.shape)
    assert found.min() >= 0 and found.max() < layout.size


def test_padding_of_a_plane_lies_around_the_map():
    layout = LAYOUTS["planes"]
    assert layout.plane.plane_bytes == 9 * 12 and layout.plane.origin == 14 == layout.origin
    row, column = np.divmod(addresses(layout)[..., 0], 12)
    assert row.min() == 1 and row.max() == 7 and column.min() == 2 and column.max() == 6
    assert layout.size == 8 * layout.plane.plane_bytes  # whole groups of four channels


@pytest.mark.parametrize(("zero_point", "low", "stored"), [(0, 0, 0), (-128, -128, 0), (7, -128, 135), (20, 20, 0)])
def test_stored_codes_are_unsigned(zero_point, low, stored):
    layout = layouts.pixels(tensor(4, zero_point, low), 4)
    assert (layout.signed, layout.lowest, layout.zero) == (False, low, stored)
    assert layout.padding == int.from_bytes(bytes([stored] * 4), "little")


def test_vectors_and_the_networks_input_are_signed_core_codes():
    assert LAYOUTS["vector"].signed and LAYOUTS["network's input"].signed
    found = layouts.vector(tensor(5, -3, shape=(1, 1)))
    assert (found.lowest, found.zero, found.padding) == (0, -3, 0xFDFDFDFD)


def test_who_reads_what():
    graph = shapes.load("identity")
    add = next(index for index, layer in enumerate(graph.layers) if layer.kind == "add")
    assert len(layouts.sources(graph, add)) == 2
    for source in layouts.sources(graph, add):
        assert add in layouts.readers(graph, source)
    assert layouts.readers(graph, len(graph.layers) - 1) == ()
    assert layouts.sources(graph, 0) == (-1,)
    assert [layouts.is_vector(layer) for layer in graph.layers][-3:] == [True] * 3
