from dataclasses import replace

import pytest

from kwslib.config.events import EventParameters
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import InputError
from kwslib.gap8.program.listening import listening, tail_samples
from kwslib.integer import network_file
from tests.gap8 import networks

SMALL = FrontEnd("integer", 40, 20, 10)


@pytest.fixture(scope="module")
def graph():
    return network_file.load(networks.quantised(*networks.SMALL), "network").with_front_end(SMALL)


@pytest.mark.parametrize(
    ("hop_ms", "hop_samples", "frames", "span_samples", "kept_bytes"),
    [(20, 320, 1, 640, 480), (240, 3840, 12, 4160, 370), (500, 8000, 25, 8320, 240), (1000, 16000, 49, 16000, 0)],
)
def test_a_hop_brings_new_frames_and_keeps_the_others(graph, hop_ms, hop_samples, frames, span_samples, kept_bytes):
    one = listening(graph, EventParameters(hop_ms=hop_ms), LABELS)
    assert (one.hop_samples, one.frames, one.span_samples) == (hop_samples, frames, span_samples)
    assert one.kept_bytes == kept_bytes and len(one.silence) == 10


def test_a_word_at_the_end_is_heard_in_the_silence_behind_it():
    assert tail_samples(EventParameters(hop_ms=500, smoothing_hops=2)) == 16_000 + 3 * 8_000


@pytest.mark.parametrize(
    ("change", "parameters", "labels", "message"),
    [
        ({"front_end": None}, {}, LABELS, "network does not begin with sound"),
        ({}, {}, None, "the classes of network have no names: give them with --labels"),
        ({}, {}, ("_silence_", *["_unknown_"] * 11), "is a word that could be reported"),
        ({}, {"hop_ms": 250}, LABELS, "250 ms is no multiple of the 20 ms .* give 240 or 260"),
        ({}, {"hop_ms": 10}, LABELS, "10 ms is no multiple .* give 20"),
        ({}, {"thresholds": {"yess": 0.5}}, LABELS, "unknown word 'yess'"),
        ({"front_end": FrontEnd("integer", 10, 20, 10)}, {}, LABELS, "skips samples between its frames"),
    ],
)
def test_what_cannot_listen_is_refused(graph, change, parameters, labels, message):
    with pytest.raises(InputError, match=message):
        listening(replace(graph, **change), EventParameters(**parameters), labels)


def test_a_network_without_softmax_cannot_listen():
    graph = network_file.load(networks.quantised(*networks.SMALL, softmax=False), "network").with_front_end(SMALL)
    with pytest.raises(InputError, match="no softmax: events need probabilities"):
        listening(graph, EventParameters(), LABELS)
