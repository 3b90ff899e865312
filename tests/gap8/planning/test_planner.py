"""The planner: which way it finds for a network, and what it says where there is none."""

import pytest

from kwslib.errors import ModelError
from kwslib.gap8.hardware import L1_BYTES, L2_BYTES
from kwslib.gap8.planning import ds_cnn
from kwslib.gap8.planning.planner import plan
from kwslib.integer import network_file
from kwslib.paths import models_dir
from tests.gap8 import networks
from tests.gap8.equal import GENERAL


@pytest.mark.parametrize(
    ("size", "strategy", "flash"),
    [("small", "maps in L1", False), ("medium", "maps in L1", False), ("large", "maps in L2", True)],
)
def test_the_recorded_networks(size, strategy, flash):
    found = plan(network_file.load(models_dir() / f"quick-{size}" / "model.tflite"))
    assert found.strategy.startswith(strategy)
    assert bool(found.flash_image) == flash
    assert all(found.peak_bytes("L1", step) <= L1_BYTES for step in range(len(found.steps)))
    assert all(found.peak_bytes("L2", step) <= L2_BYTES for step in range(len(found.steps)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: network_file.load(networks.quantised((300, 200), networks.SMALL[1]), "wide"),
            r"^wide does not fit GAP8: S\d+_\w+ lacks \d+ bytes of L[12] \(.*\)$",
        ),
        (
            lambda: network_file.load(
                networks.quantised(
                    (20, 8), (("conv", 300, (3, 3), (2, 2)), ("conv", 300, (3, 3), (1, 1)), ("conv", 4, (1, 1), (1, 1)))
                ),
                "heavy",
            ),
            r"^heavy does not fit GAP8: S2_Conv2d_300x300x3x3_Relu lacks \d+ bytes of L2 \(layer by layer; .*\)$",
        ),
    ],
)
def test_a_network_that_cannot_fit_says_which_layer_and_by_how_many_bytes(make, message):
    with pytest.raises(ModelError, match=message):
        plan(make())


def test_the_general_plan_is_what_is_left_for_other_networks():
    network = network_file.load(networks.post_training())
    assert "its layers are" in ds_cnn.unsuitable(network)
    assert plan(network).strategy == GENERAL
