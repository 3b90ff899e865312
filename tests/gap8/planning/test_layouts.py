"""Layouts of the maps: bytes between positions, padding, and when assembly kernels are made."""

import re

from kwslib.gap8.planning import layouts
from kwslib.gap8.program.codegen import FIRMWARE
from kwslib.integer import network_file
from tests.gap8 import networks


def test_pixels_begin_in_different_banks():
    for channels in range(1, 300):
        assert layouts.pixel_bytes(channels) >= channels
        assert layouts.pixel_bytes(channels) % 8 == 4


def test_a_linear_layer_is_a_convolution_of_one_position():
    network = network_file.load(networks.quantised(*networks.SMALL))
    linear = next(layer for layer in network.layers if layer.kind == "linear")
    shape = layouts.LayerShape.of(linear)
    assert (shape.rows, shape.columns, shape.input_rows, shape.input_columns) == (1, 1, 1, 1)
    assert shape.inputs == shape.input_row_bytes == linear.weights.shape[1]


def test_members_are_those_of_the_c_structure_in_its_order():
    """A designated initialiser of C++ and of strict compilers needs the order, people need the names."""
    text = re.search(r"struct geometry \{(.*?)\n\};", (FIRMWARE / "network.h").read_text(), re.DOTALL)[1]
    declared = re.findall(r"\w+(?=[,;])", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    network = network_file.load(networks.quantised(*networks.SMALL))
    members = list(layouts.LayerShape.of(network.layers[0]).members())
    assert [name for name in declared if name in members] == members


def test_a_tile_reads_no_more_rows_than_the_map_has():
    layer = network_file.load(networks.quantised(*networks.SMALL)).layers[0]
    shape = layouts.LayerShape.of(layer)
    assert shape.seen_rows(1) == layer.kernel[0]
    assert shape.seen_rows(2) == layer.kernel[0] + layer.stride[0]
    assert shape.seen_rows(shape.rows) == layer.input.shape[0]


def test_the_origin_of_a_plane_is_behind_its_padding():
    planes = layouts.PlaneLayout(rows=27, row_bytes=24, top=1, left=1)
    assert planes.plane_bytes == 27 * 24
    assert planes.origin == 25


def test_only_snapped_layers_with_relu_suit_the_assembly():
    ours = network_file.load(networks.quantised(*networks.SMALL))
    theirs = network_file.load(networks.post_training())
    weighted = [layer for layer in ours.layers if layer.weights is not None]
    assert all(layouts.suits_assembly(layer) == layer.relu for layer in weighted)
    assert not any(layouts.suits_assembly(layer) for layer in theirs.layers if layer.weights is not None)
