"""Layouts of the maps: bytes between positions, padding, and when assembly kernels are made."""

from kwslib.gap8.planning import layouts
from kwslib.integer import network_file
from tests.gap8 import networks


def test_pixels_begin_in_different_banks():
    for channels in range(1, 300):
        assert layouts.pixel_bytes(channels) >= channels
        assert layouts.pixel_bytes(channels) % 8 == 4


def test_planes_hold_the_map_and_its_padding():
    network = network_file.load(networks.quantised(*networks.MEDIUM))
    for layer in network.layers:
        if layer.kind == "depthwise":
            planes = layouts.Planes(layer)
            rows, columns, _ = layer.input.shape
            assert planes.rows >= layer.padding[0] + rows
            assert planes.row_bytes >= planes.left + columns
            assert planes.origin + (rows - 1) * planes.row_bytes + columns <= planes.plane_bytes


def test_only_snapped_layers_with_relu_suit_the_assembly():
    ours = network_file.load(networks.quantised(*networks.SMALL))
    theirs = network_file.load(networks.post_training())
    weighted = [layer for layer in ours.layers if layer.weights is not None]
    assert all(layouts.suits_assembly(layer) == layer.relu for layer in weighted)
    assert not any(layouts.suits_assembly(layer) for layer in theirs.layers if layer.weights is not None)
