"""The ends of a network as steps: pool, linear, softmax."""

import numpy as np
import pytest

from kwslib.gap8.hardware import CORES
from kwslib.gap8.planning import ds_cnn, tail
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import STRATEGIES


def last_steps(strategy, **options):
    planned = ds_cnn.build(network_file.load(networks.quantised(*networks.SMALL, **options)), strategy)
    return planned, {step.kind: step for step in planned.steps[-3:]}


@pytest.mark.parametrize(("head", "requantises"), [("pool", 0), ("mean", 1)])
def test_only_a_mean_has_a_scale_of_its_own(head, requantises):
    layers = network_file.load(networks.post_training(head=head)).layers
    pool = next(layer for layer in layers if layer.kind == "average_pool")
    fields = tail.mean_fields(pool)
    assert fields["requantises"] == requantises
    assert (fields["multiplier"] != 0) == bool(requantises)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_step_reads_what_the_one_before_wrote(strategy):
    _, steps = last_steps(strategy)
    assert steps["linear"].fields["input"] == steps["pool"].fields["output"]
    assert steps["softmax"].fields["input"] == steps["linear"].fields["output"]


def test_the_pool_of_a_map_in_l2_takes_whole_cores_of_channels():
    _, steps = last_steps(STRATEGIES[2])
    fields = steps["pool"].fields
    assert fields["tile_channels"] % CORES == 0
    assert fields["tile_channels"] * fields["input"]["channel_bytes"] <= tail.POOL_TILE_BYTES
    assert len(set(fields["tiles"])) == 2


def test_logits_and_probabilities_stay_to_the_end():
    planned, steps = last_steps(STRATEGIES[0])
    end = len(planned.graph.layers) + 1
    assert planned.regions["logits"].last == planned.regions["probabilities"].last == end
    assert planned.steps[-1] is steps["softmax"]


def test_without_a_softmax_the_logits_are_the_output():
    planned, steps = last_steps(STRATEGIES[0], softmax=False, classes=7)
    assert planned.steps[-1] is steps["linear"] and steps["linear"].fields["outputs"] == 7
    assert not planned.constants


def test_the_table_of_the_softmax_lies_in_l2():
    planned, _ = last_steps(STRATEGIES[0])
    address = planned.regions["softmax table"].address
    start = address - planned.l2_begin
    table = np.frombuffer(planned.l2_image[start : start + 1024], "<i4")
    assert (table == planned.graph.layers[-1].table).all()
