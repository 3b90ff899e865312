"""The device's C on streams, on the host, against the specification, however a stream is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.config.events import EventParameters
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import InputError
from kwslib.gap8.program.expected_stream import expected_stream
from kwslib.gap8.program.listener_library import HostListener
from kwslib.gap8.program.listening import listening
from kwslib.integer import network_file, stream
from tests.gap8 import networks

SMALL, LARGE = FrontEnd("integer", 40, 20, 10), FrontEnd("integer", 30, 10, 40)
HOPS = [(networks.SMALL, SMALL, 240), (networks.SMALL, SMALL, 20), (networks.SMALL, SMALL, 1000)]
HOPS += [(networks.LARGE, LARGE, 500)]
IDS = [f"{front_end.key}-{hop_ms}" for _, front_end, hop_ms in HOPS]


def eager(hop_ms):
    """Parameters with which random networks report words."""
    return EventParameters(hop_ms=hop_ms, smoothing_hops=2, threshold=0.2, refractory_ms=0, suppression_ms=0)


@pytest.fixture(scope="module")
def sound():
    """Three seconds: noise that swells, a tone, digital silence, a full square wave."""
    rng = np.random.default_rng(4)
    swelling = rng.normal(size=16_000) * np.geomspace(1, 20_000, 16_000)
    tone = 6000 * np.sin(np.arange(12_000) * 0.3)
    square = np.where(np.arange(8_000) // 23 % 2, 32767, -32768)
    return np.clip(np.rint(np.concatenate([swelling, tone, np.zeros(9_000), square])), -32768, 32767).astype(np.int16)


@pytest.fixture(scope="module", params=HOPS, ids=IDS)
def heard(request, sound):
    """A listener, and what the specification finds in the sound and the silence behind it."""
    network, front_end, hop_ms = request.param
    graph = network_file.load(networks.quantised(*network), "network").with_front_end(front_end)
    listens = listening(graph, eager(hop_ms), LABELS)
    return HostListener(graph, listens), expected_stream(graph, listens, sound)


def hear(listener, pieces):
    listener.restart()
    found = [listener.hear(piece) for piece in pieces]
    sums = [(int(hop["fingerprint"]), int(hop["logits"]), int(hop["output"])) for part in found for hop in part.heard]
    return sums, [event for part in found for event in part.events]


def assert_found(listener, expected, pieces):
    sums, events = hear(listener, [*pieces, np.zeros(listener.listening.tail_samples, np.int16)])
    assert sums == [(hop.fingerprint, hop.logits, hop.output) for hop in expected.hops]
    assert events == list(expected.events)


def test_a_whole_stream_is_the_specifications(heard, sound):
    listener, expected = heard
    assert len({hop.fingerprint for hop in expected.hops}) > 3
    assert_found(listener, expected, [sound])


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_so_is_a_stream_in_pieces_of_1_to_20000_samples(heard, sound, data):
    listener, expected = heard
    sizes, at, pieces = st.one_of(st.integers(1, 20_000), st.integers(1, 40), st.just(1)), 0, []
    for _ in range(60):
        pieces.append(sound[at : at + data.draw(sizes)])
        at += len(pieces[-1])
    assert_found(listener, expected, [*pieces, sound[at:]])


def test_random_networks_report_words(heard):
    """Otherwise the tests above would compare no event."""
    assert heard[1].events


def test_two_streams_can_be_heard_in_turns(sound):
    graph = network_file.load(networks.quantised(*networks.SMALL), "network").with_front_end(SMALL)
    listens = listening(graph, eager(240), LABELS)
    one, other = HostListener(graph, listens), HostListener(graph, listens)
    parts, halves = [], []
    for piece in np.array_split(sound, 7):
        parts.append(one.hear(piece).outputs)
        halves.append(other.hear(piece // 2).outputs)
    for found, samples in ((parts, sound), (halves, sound // 2)):
        wanted = np.concatenate([hops.outputs for hops in stream.hops(graph, samples, listens.hop_samples)])
        assert np.array_equal(np.concatenate(found), wanted)


def test_nothing_is_heard_in_no_samples(heard):
    listener = heard[0]
    listener.restart()
    found = listener.hear(np.zeros(0, np.int16))
    assert len(found.heard) == len(found.outputs) == len(found.events) == 0


def test_other_samples_are_refused(heard):
    with pytest.raises(InputError, match=r"samples are float64 \(10,\); int16"):
        heard[0].hear(np.zeros(10))
