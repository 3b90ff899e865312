"""What a clip is to a graph: codes, or samples for its front end."""

import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError
from kwslib.integer import front_end, input_codes, network_file
from tests.gap8 import networks

POWER = FrontEnd("power", 40, 20, 10)


@pytest.fixture(scope="module", params=["int8", "uint8"])
def graph(request):
    if request.param == "uint8":
        return network_file.load(networks.as_uint8(networks.post_training(per_channel=False), 100))
    return network_file.load(networks.quantised(*networks.SMALL))


def sound(clips=3):
    return np.random.default_rng(1).integers(-9000, 9000, (clips, 16000)).astype(np.int16)


def test_samples_become_the_codes_that_the_network_reads(graph):
    heard = graph.with_front_end(POWER)
    assert heard.front_end.kind == "integer" and heard.front_end.scale == graph.input.scale
    codes = input_codes.codes_of(heard, sound())
    assert codes.dtype == graph.input.dtype and codes.shape == (3, 49, 10, 1)
    values = (codes[..., 0].astype(float) - graph.input.file_zero_point) * graph.input.scale
    wanted = front_end.values_of(sound(), heard.front_end)
    inside = np.abs(wanted) < 100 * graph.input.scale
    assert np.abs(values - wanted)[inside].max() <= 0.51 * graph.input.scale


def test_codes_stay_as_they_are_without_a_front_end(graph):
    codes = np.arange(2 * 490).reshape(2, 490).astype(graph.input.dtype)
    assert (input_codes.codes_of(graph, codes) == codes.reshape(2, 49, 10, 1)).all()


def test_what_does_not_fit_is_refused(graph):
    with pytest.raises(InputError, match=r"network reads \(49, 10, 1\); front end power-30-10-40 makes \(98, 40\)"):
        graph.with_front_end(FrontEnd("power", 30, 10, 40))
    with pytest.raises(InputError, match="magnitude-40-20-10 has no integer form"):
        graph.with_front_end(FrontEnd("magnitude", 40, 20, 10))
    with pytest.raises(InputError, match="takes int16"):
        input_codes.codes_of(graph.with_front_end(POWER), np.zeros((1, 490), np.uint8))
