"""How depthwise layers read their input: planes that hold the map, and the kernel that knows them."""

import pytest

from kwslib.gap8.kernels.depthwise import Depthwise4, Depthwise5
from kwslib.gap8.kernels.depthwise_stride2 import Stride2Depthwise4, Stride2Depthwise5
from kwslib.gap8.planning.depthwise import Reading
from kwslib.integer import network_file
from tests.gap8 import networks

PIXEL_BYTES = 20


def readings(shape, stride, depthwise_stride):
    """The reading of each depthwise layer of a network, with its layer."""
    blocks = (
        ("conv", 8, (10, 4), stride),
        ("depthwise", 8, (3, 3), depthwise_stride),
        ("conv", 12, (1, 1), (1, 1)),
    )
    layers = network_file.load(networks.quantised(shape, blocks)).layers
    return [Reading.of(layer, PIXEL_BYTES) for layer in layers if layer.kind == "depthwise"]


SHAPES = [
    ((49, 10), (2, 2), (1, 1), Depthwise5),
    ((49, 10), (2, 1), (2, 2), Stride2Depthwise5),
    ((20, 40), (2, 2), (1, 1), Depthwise4),
    ((50, 40), (2, 1), (2, 2), Stride2Depthwise4),
    ((31, 13), (1, 1), (2, 2), type(None)),
    ((31, 20), (2, 1), (2, 1), type(None)),
]


@pytest.mark.parametrize(("shape", "stride", "depthwise_stride", "kernel"), SHAPES)
def test_each_shape_has_its_kernel(shape, stride, depthwise_stride, kernel):
    for read in readings(shape, stride, depthwise_stride):
        assert isinstance(read.kernel, kernel)
        assert read.kernel is None or (read.kernel.refusal() is None and read.kernel.pixel_bytes == PIXEL_BYTES)


@pytest.mark.parametrize(("shape", "stride", "depthwise_stride", "kernel"), SHAPES)
def test_planes_hold_the_map_and_its_padding(shape, stride, depthwise_stride, kernel):
    for read in readings(shape, stride, depthwise_stride):
        rows, columns, _ = read.layer.input.shape
        planes = read.planes
        assert planes.rows >= read.layer.padding[0] + rows
        assert planes.row_bytes >= planes.left + columns
        assert planes.origin + (rows - 1) * planes.row_bytes + columns <= planes.plane_bytes


def test_a_record_has_a_word_for_each_place_and_row():
    (read,) = readings((49, 10), (2, 2), (1, 1))
    assert read.record_bytes == 4 * (3 * 4 + 3)


def test_layers_without_snapped_scales_have_the_portable_kernel():
    layers = network_file.load(networks.post_training()).layers
    assert all(Reading.of(layer, PIXEL_BYTES).kernel is None for layer in layers if layer.kind == "depthwise")
