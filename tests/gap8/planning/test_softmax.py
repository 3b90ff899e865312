"""The softmax as a step: its table, and what lives to the end."""

import numpy as np
import pytest

from kwslib.gap8.planning.softmax import Softmax
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import RESIDENT, planned
from tests.gap8.planning import shapes


@pytest.fixture(scope="module")
def plan():
    return planned(network_file.load(networks.quantised(*networks.SMALL)), RESIDENT)


def test_logits_and_probabilities_stay_to_the_end(plan):
    end = len(plan.graph.layers) + 1
    assert plan.regions[plan.logits].last == plan.regions[plan.output].last == end
    assert plan.regions[plan.logits].memory == plan.regions[plan.output].memory == "L1"
    assert plan.logits != plan.output and plan.steps[-1].kind == "softmax"


def test_its_table_lies_in_l2(plan):
    start = plan.address(plan.steps[-1].fields["table"]) - plan.l2_begin
    table = np.frombuffer(plan.l2_image[start : start + 1024], "<i4")
    assert (table == plan.graph.layers[-1].table).all()


def test_what_is_no_softmax():
    assert Softmax.of(shapes.load("partial pool"), 0, None) == "not a softmax behind another layer"
