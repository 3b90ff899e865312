"""The planner: its choice among methods and ways, what it says where there is none, and that every way is right."""

import re

import pytest

from kwslib.errors import ModelError
from kwslib.gap8.hardware import L1_BYTES, L2_BYTES
from kwslib.gap8.kernels.kernel import code_bytes
from kwslib.gap8.planning import planner, tiling
from kwslib.gap8.planning.depthwise import Depthwise
from kwslib.gap8.planning.general import General
from kwslib.gap8.planning.memory import DoesNotFit
from kwslib.gap8.planning.pointwise import Dense
from kwslib.gap8.program import host_library
from kwslib.integer import network_file
from kwslib.paths import models_dir
from tests.gap8 import networks
from tests.gap8.equal import (
    BATCHED,
    FLASH,
    FUSED,
    PIXELS,
    PLANES,
    PORTABLE,
    PORTABLE_TILED,
    RESIDENT,
    TILED,
    TILED_FUSED,
    WAYS,
    assert_everywhere,
    assert_on_host,
    assert_on_platform,
    only,
    planned,
    steps_of,
)
from tests.gap8.planning import shapes


def blocks(first, inner, kernel, stride, depthwise_stride, last=None):
    """A first convolution and two depthwise + pointwise pairs."""
    return (
        ("conv", first, kernel, stride),
        ("depthwise", first, (3, 3), depthwise_stride),
        ("conv", inner, (1, 1), (1, 1)),
        ("depthwise", inner, (3, 3), (1, 1)),
        ("conv", last or inner, (1, 1), (1, 1)),
    )


SNAPPED = {
    "5 columns": ((49, 10), blocks(16, 24, (10, 4), (2, 2), (1, 1))),
    "5 columns, stride 2": ((49, 10), blocks(12, 20, (10, 4), (2, 1), (2, 2))),
    "20 columns, stride 2": ((20, 40), blocks(16, 12, (10, 4), (2, 1), (2, 2))),
    "20 columns": ((20, 40), blocks(8, 16, (10, 4), (2, 2), (1, 1))),
    "width 5": ((31, 5), blocks(6, 7, (10, 4), (2, 1), (1, 1))),
    "width 8, kernel 3×3": ((31, 8), blocks(9, 10, (3, 3), (1, 1), (1, 1))),
    "width 13, stride 1 and 2×2": ((31, 13), blocks(7, 22, (10, 4), (1, 1), (2, 2), 25)),
    "width 20, depthwise stride 2×1": ((31, 20), blocks(8, 12, (10, 4), (2, 1), (2, 1))),
    "one column": ((24, 1), blocks(4, 5, (4, 1), (1, 1), (1, 1))),
}
"""With scales as ours: of the three sizes with fewer channels, then others of the family."""
FOREIGN = {
    "int8, per channel": networks.post_training,
    "int8, per tensor, partial pool, flat input": lambda: networks.post_training(
        per_channel=False, head="partial", flat=True, channels=13
    ),
    "uint8 ends, mean, ReLU6, multiplier 2": lambda: networks.post_training(
        head="mean", relu6=True, ends="uint8", multiplier=2, channels=6
    ),
    "mean that keeps its dimensions, width 13": lambda: networks.post_training(head="keep", shape=(31, 13), channels=9),
    "uint8, first convolution as depthwise": lambda: networks.as_uint8(networks.post_training(per_channel=False)),
    "uint8, weight zero point 77": lambda: networks.as_uint8(networks.post_training(per_channel=False), 77),
}
"""With the zero points and scales of converters."""


def snapped(name, **options):
    return network_file.load(networks.quantised(*SNAPPED[name], **options), name)


def portable(plan):
    return {step.portable for step in plan.steps} - {""}


# equal to the reference


# The other ways are taken by tests further down; all of them, with every shape, by the slow ones.
@pytest.mark.parametrize("way", [BATCHED, TILED_FUSED, PLANES, PIXELS, PORTABLE])
def test_ways_compute_the_same(way):
    graph = snapped("5 columns, stride 2", seed=3)
    with only(way):
        assert_on_host(graph)


@pytest.fixture
def little_room(monkeypatch):
    """Pointwise layers in several chunks and tiles, of which the first one is shorter."""
    choose = tiling.choose
    monkeypatch.setattr(tiling, "choose", lambda work, free, known=None: choose(work, min(free, 2000), known))


def test_chunks_and_tiles_where_there_is_little_room(little_room, tmp_path):
    graph = network_file.load(networks.quantised(*networks.SMALL))
    with only(TILED):
        plan = planner.plan(graph)
        fields = next(step.fields for step in plan.steps if step.kind == "pointwise")
        assert fields["chunks"] > 1 and fields["first_rows"] < fields["tile_rows"] and fields["tiles"] > 2
        assert next(step.fields["ahead"] for step in plan.steps if step.kind == "pool") > 0
        assert_on_host(graph)
        assert_on_platform(graph, tmp_path, clips=1)


@pytest.mark.parametrize("name", ["uint8, weight zero point 77", "int8, per channel"])
def test_zero_points_and_nine_bits_where_there_is_little_room(name, little_room):
    with only(TILED):
        assert_on_host(network_file.load(FOREIGN[name](), name))


CONVERTED = ["int8, per channel", "uint8, weight zero point 77"]
ZERO_POINTS_IN = [BATCHED, TILED, FLASH, PORTABLE_TILED]
SLOW = [pytest.param(CONVERTED[index % 2], way, marks=pytest.mark.slow) for index, way in enumerate(ZERO_POINTS_IN)]


@pytest.mark.parametrize(
    ("name", "way"), [*((CONVERTED[1 - index % 2], way) for index, way in enumerate(ZERO_POINTS_IN)), *SLOW]
)
def test_zero_points_and_nine_bits_in_every_way(name, way):
    with only(way):
        assert_on_host(network_file.load(FOREIGN[name](), name))


@pytest.mark.parametrize("name", FOREIGN)
def test_what_portable_c_computes_of_files_of_converters(name):
    reasons = portable(planner.plan(network_file.load(FOREIGN[name](), name)))
    assert bool(reasons) == ("partial" in name or "multiplier" in name)


@pytest.mark.parametrize("name", list(FOREIGN)[1:4])
def test_files_of_converters(name):
    """The slow test compares all of them."""
    assert_on_host(network_file.load(FOREIGN[name](), name))


@pytest.mark.parametrize("name", list(SNAPPED)[4:])
def test_portable_c_computes_nothing_of_the_family(name):
    assert not portable(planner.plan(snapped(name, seed=3)))


@pytest.mark.parametrize("name", ["width 13, stride 1 and 2×2", "one column"])
def test_shapes_of_the_family(name):
    """The slow test compares all of them."""
    assert_on_host(snapped(name, seed=3))


PORTABLE_LAYERS = {
    "maximum between convolutions": {"a maximum"},
    "multiplier 2": {"no kernel computes such a layer"},
    "partial pool": {"its windows are smaller than the map"},
    "depthwise classifier": {"its kernel writes no vector, which the network's output is"},
    "two readers": {"another layer wants its input to lie in another way", "a sum of two maps"},
    "one position": {"another layer wants its input to lie in another way", "a window of one position"},
}
"""What is left to portable C, by the name of the shape; nothing elsewhere."""


@pytest.mark.parametrize("name", shapes.SHAPES)
def test_what_portable_c_computes_of_shapes_that_the_sizes_do_not_have(name):
    assert portable(planner.plan(shapes.load(name))) == PORTABLE_LAYERS.get(name, set())


# Some of what is left to portable C, and what is not; the slow test compares all of them.
@pytest.mark.parametrize("name", [*list(PORTABLE_LAYERS)[:5:2], "three inputs", "depthwise 5×3, stride 1×2"])
def test_shapes_that_the_sizes_do_not_have(name):
    assert_on_host(shapes.load(name))


@pytest.mark.parametrize("name", ["two readers"])
def test_the_same_shapes_by_tiles(name):
    with only(TILED):
        assert_on_host(shapes.load(name))


@pytest.mark.parametrize("block", ["before", "pooled", "padded"])
def test_residual_additions_and_pools(block):
    assert_on_host(shapes.load(block))


@pytest.mark.parametrize("block", ["shortcut"])
def test_residual_additions_by_tiles(block):
    with only(TILED):
        assert_on_host(shapes.load(block))


def test_equal_to_tflites_reference_kernels():
    """The whole way round the integer reference: logits of the host library against the interpreter's."""
    data = networks.post_training()
    network = network_file.load(data)
    codes = networks.clips(network.input, 12)
    tensor = network.layers[network.logits].tensor
    (logits,) = networks.run(networks.interpreter(data, reference=True), codes, [tensor])
    assert (host_library.run(network, codes, processes=1).logits == logits.reshape(12, -1)).all()


@pytest.mark.parametrize("way", [FUSED, FLASH])
def test_ways_on_the_simulator(way, tmp_path):
    with only(way):
        assert_on_platform(snapped("5 columns, stride 2", seed=3), tmp_path, clips=1)


@pytest.mark.parametrize("name", ["int8, per channel", "uint8, weight zero point 77"])
def test_files_of_converters_on_the_simulator(name, tmp_path):
    with only(RESIDENT):
        assert_on_platform(network_file.load(FOREIGN[name](), name), tmp_path, clips=1)


@pytest.mark.parametrize("name", ["one column", "two readers", "linear layers only"])
def test_shapes_on_the_simulator(name, tmp_path):
    assert_on_platform(shapes.load(name), tmp_path, clips=1)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SNAPPED)
def test_every_shape_in_every_way(name, way, tmp_path):
    with only(way):
        assert_everywhere(snapped(name, seed=5), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("way", [None, TILED, PORTABLE_TILED])
@pytest.mark.parametrize("name", [*shapes.SHAPES, *shapes.BLOCKS])
def test_every_other_shape(name, way, tmp_path):
    graph = shapes.load(name)
    if way is None:
        assert_everywhere(graph, tmp_path)
    elif name != "linear layers only":  # it has no maps for L2
        with only(way):
            assert_everywhere(graph, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_converters_everywhere(name, tmp_path):
    assert_everywhere(network_file.load(FOREIGN[name](), name), tmp_path)


# the choice


@pytest.mark.parametrize(
    ("size", "where", "flash"), [("small", "maps in L1", False), ("medium", "maps in L1", False), ("large", "", True)]
)
def test_the_recorded_networks(size, where, flash):
    found = planner.plan(network_file.load(models_dir() / f"quick-{size}" / "model.tflite"))
    assert where in found.strategy and ("in L2" in found.strategy) == (not where)
    assert bool(found.flash_image) == flash
    assert not portable(found)
    for step in range(len(found.steps)):
        assert found.peak_bytes("L1", step) <= L1_BYTES and found.peak_bytes("L2", step) <= L2_BYTES


@pytest.mark.parametrize("make", [lambda: snapped("5 columns"), lambda: shapes.load("shortcut")])
def test_the_way_of_the_fewest_predicted_cycles_is_taken(make):
    graph = make()
    methods = planner.assign(graph)
    cycles = {}
    for way in planner.ways(graph, methods):
        try:  # without the limit: every way to its end
            cycles[way.name] = planner.follow(graph, methods, way, code_bytes).predicted_cycles
        except DoesNotFit:
            continue
    found = planner.plan(graph)
    assert len(set(cycles.values())) > 2
    assert found.predicted_cycles == cycles[found.strategy] == min(cycles.values())


def test_ways_are_the_maps_of_the_first_layers_in_l2():
    graph = snapped("5 columns")
    ways = list(planner.ways(graph, planner.assign(graph)))
    assert len({way.name for way in ways}) == len(ways)
    for fused, starts in ((False, {0, 1, 2, 3, 4, 5}), (True, {0, 2, 3, 4, 5})):  # a fused pair has no map between
        chosen = [way for way in ways if way.fused == fused]
        assert {way.planes_from for way in chosen} == {way.pixels_from for way in chosen} == starts
    assert all(way.planes_from and way.pixels_from for way in ways if way.flash)
    assert not any(way.planes_from or way.pixels_from for way in ways if way.batch > 1)
    assert not any(way.fused for way in planner.ways(graph, planner.assign(shapes.load("two convolutions"))))


def test_layers_of_a_kind_share_their_shifts(monkeypatch):
    graph = network_file.load(networks.post_training(relu6=True, seed=2))

    def roundings():
        return [method.proof.rounding for method in planner.assign(graph) if isinstance(method, Depthwise | Dense)]

    shared = roundings()
    monkeypatch.setattr(planner, "_share_kernels", lambda methods, proofs: methods)
    assert len(shared) == 4 and len(set(shared)) <= len(set(roundings()))
    assert set(shared) <= set(roundings())


def test_all_but_the_softmax_can_be_left_to_portable_c():
    plan = planned(snapped("5 columns"), PORTABLE_TILED)
    assert set(steps_of(plan).values()) == {"general", "softmax"} and not plan.kernels


def test_fused_layers_share_a_step():
    for way in (FUSED, TILED_FUSED):
        assert planned(snapped("5 columns"), way).steps[0].layers == (0, 1)
    assert isinstance(planner.assign(shapes.load("multiplier 2"))[1], General)


# errors


def wide():
    return networks.quantised((300, 200), networks.SMALL[1])


def heavy():
    """600 KB of weights of a linear layer, which do not stream from the flash."""
    return networks.quantised((12, 6), (("conv", 600, (3, 3), (2, 2)),), classes=1000)


@pytest.mark.parametrize(
    ("make", "layer", "memory"), [(wide, r"S\d+_\w+", "L[12]"), (heavy, r"S3_Linear_1000\w+", "L2")]
)
def test_a_network_that_cannot_fit_says_which_layer_and_by_how_many_bytes(make, layer, memory):
    graph = network_file.load(make(), "mine")
    with pytest.raises(ModelError) as caught:
        planner.plan(graph)
    text = str(caught.value)
    assert re.match(r"mine does not fit GAP8, in none of \d+ ways\. The nearest ones: ", text)
    tried = text.split("The nearest ones: ")[1].split("; ")
    assert any(re.fullmatch(rf".+: {layer} lacks \d+ bytes of {memory}", part) for part in tried), tried
    assert {"flash" in part for part in tried} == {"in L2" in part for part in tried} == {False, True}
    assert not any("at once" in part for part in tried)


def test_too_many_outputs_are_no_classes():
    graph = network_file.load(
        networks.quantised((12, 6), (("conv", 4, (3, 3), (2, 2)),), classes=4097, softmax=False), "wide"
    )
    with pytest.raises(ModelError, match="wide has 4097 outputs; a program for GAP8 takes 4096 at most"):
        planner.plan(graph)
