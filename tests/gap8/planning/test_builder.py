"""The builder: regions, kernels and tables of a plan in the making."""

import numpy as np
import pytest

from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.planning.builder import Builder
from kwslib.gap8.planning.memory import DoesNotFit, Region
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import FLASH, planned


def pointwise(inputs):
    return Pointwise(inputs, 5, 20, 8, 1, 5, 100)


def kernel_bytes(_):
    return 1024


@pytest.fixture
def builder():
    return Builder(network_file.load(networks.quantised(*networks.SMALL)), "by hand")


def test_a_region_lives_from_its_first_to_its_last_use(builder):
    builder.use("map", "L1", 10, 2)
    builder.use("map", "L1", 40, 5)
    builder.use("map", "L1", 0, 3)
    assert builder.region("map") == Region("map", "L1", 40, first=2, last=5)


def test_the_same_kernel_and_the_same_table_entries_are_made_once(builder):
    assert builder.kernel(pointwise(16)) == builder.kernel(pointwise(16)) == "kernel_0_pointwise"
    assert builder.kernel(pointwise(20)) == "kernel_1_pointwise"
    assert builder.geometry(rows=1) == builder.geometry(rows=1) == "&geometries[0]"
    assert builder.geometry(rows=2) == "&geometries[1]"
    assert builder.gather(rows=1) == "&gathers[0]" and builder.second_term(rows=1) == "&second_terms[0]"


def test_shares_are_found_again_anywhere(builder):
    assert builder.share([1, 2, 3, 4]) == "&tables.shares[0]"
    assert builder.share([2, 3]) == "&tables.shares[1]"
    assert builder.share([4, 5]) == "&tables.shares[4]"
    assert builder.plan.shares == [1, 2, 3, 4, 4, 5]


def test_streamed_weights_pass_through_two_places_in_turn():
    found = planned(network_file.load(networks.quantised(*networks.SMALL)), FLASH)
    slots = [transfer.slot.region for transfer in found.transfers if transfer.slot]
    assert slots and all(slot == f"stream {turn % 2}" for turn, slot in enumerate(slots))
    assert sum(len(t.data) for t in found.transfers if t.slot) == np.sum([s.flash_bytes for s in found.steps])


def test_bytes_in_use_from_a_step_on(builder):
    builder.use("early", "L1", 16, 0, 1)
    builder.use("late", "L1", 17, 1, 3)
    builder.use("elsewhere", "L2", 100, 3)
    assert builder.l1_bytes_from(1) == 16 + 24
    assert builder.l1_bytes_from(2) == 24
    assert builder.l1_bytes_from(4) == 0


def test_a_step_fetches_ahead_what_the_next_one_needs_at_its_start(builder):
    target = builder.use("records", "L1", 8, 0, 1)
    builder.add("general", (0,))
    second = builder.add("general", (1,))
    builder.fetch(target, np.arange(2))
    second.ready = second.first_transfer + 1
    found = builder.finish(kernel_bytes)
    assert [step.prefetch for step in found.steps] == [1, 0]
    assert found.sources == [found.l2_begin + len(found.l2_image) - 8]
    assert np.frombuffer(found.l2_image[-8:], "<i4").tolist() == [0, 1]


def test_weights_of_several_steps_are_one_transfer(builder):
    target = builder.use("records", "L1", 24, 0)
    builder.add("general", (0,))
    builder.fetch(target, np.arange(2))
    builder.append(target + 8, np.arange(2, 6))
    (transfer,) = builder.plan.transfers
    assert np.frombuffer(transfer.data, "<i4").tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(AssertionError, match="do not follow"):
        builder.append(target + 8, np.arange(2))


def test_weights_that_pass_the_end_of_l2_name_their_layer(builder):
    for index, words in enumerate((100, 130_000)):
        builder.add("general", (index,))
        builder.fetch(builder.use(f"records {index}", "L1", 8, index), np.zeros(words))
    with pytest.raises(DoesNotFit, match="step 1 lacks .* of L2") as caught:
        builder.finish(kernel_bytes)
    assert caught.value.layer == builder.plan.graph.layers[1].name


def test_code_of_many_kernels_takes_the_place_of_weights(builder):
    builder.add("general", (0,))
    builder.kernel(pointwise(16))
    builder.use("far", "L2", 400_000, 0)
    builder.finish(kernel_bytes)
    with pytest.raises(DoesNotFit, match="of L2"):
        builder.finish(lambda _: 200_000)
