from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.events import EventParameters
from kwslib.errors import InputError
from kwslib.gap8.program.host_library import prepare, run_here
from kwslib.integer import reference
from kwslib.integer.events import Event, EventDetector, rules
from kwslib.runs import listening, networks
from kwslib.runs.clips import DEFAULT_CLIP, codes_for
from kwslib.speech.recording import read_recording


@pytest.fixture(scope="module")
def network():
    return networks.of_run("quick-small")


@pytest.fixture(scope="module")
def spotter(network):
    return listening.WordSpotter(network, EventParameters(threshold=0.6))


@pytest.fixture(scope="module")
def recording():
    """Ten seconds: the synthetic "yes" at 2 s and at 6 s, noise elsewhere."""
    sound = np.random.default_rng(3).normal(0, 20, 160_000)
    word = read_recording(DEFAULT_CLIP).samples
    for begin in (32_000, 96_000):
        sound[begin : begin + len(word)] += word
    return np.clip(sound, -32768, 32767).astype(np.int16)


def test_a_word_said_twice_is_found_twice_at_its_time(spotter, recording):
    heard = list(spotter.spot([recording]))
    assert [one.word for one in heard] == ["yes", "yes"]
    for one, begin_s in zip(heard, (2, 6), strict=True):
        assert abs(one.begin_s - begin_s) < 0.6 and one.end_s == one.begin_s + 1
        assert 0.6 <= one.probability <= 1


def test_any_cut_gives_the_same_words(spotter, recording):
    rng = np.random.default_rng(8)
    cuts = np.cumsum(np.concatenate([rng.integers(1, 30, 20), rng.integers(1, 20_000, 40)]))
    pieces = np.split(recording, cuts[cuts < len(recording)])
    assert list(spotter.spot(pieces)) == list(spotter.spot([recording]))


def test_decisions_are_the_reference_on_each_second(network, recording):
    codes = listening.Listener(network, 480).hear(recording)
    ends = [(hop + 1) * 480 * 16 for hop in range(len(codes))]
    clips = np.stack([np.concatenate([np.zeros(16_000, np.int16), recording])[end : end + 16_000] for end in ends])
    hears = replace(network, front_end=listening.device_form(network.front_end))
    expected = reference.run(network.graph, codes_for(hears, clips))
    assert np.array_equal(codes, expected.softmax)
    assert len(codes) == 20


def test_a_network_of_magnitude_hears_fingerprints_that_are_computed_here(network, recording):
    other = replace(network, front_end=replace(network.front_end, kind="magnitude"))
    parameters = EventParameters(threshold=0.3, smoothing_hops=1)
    spotter = listening.WordSpotter(other, parameters)
    assert "listening with front end magnitude-40-20-10" in spotter.describe()
    found = spotter.hear(recording)
    codes = listening.Listener(other, parameters.hop_ms).hear(recording)
    events = EventDetector(rules(parameters, other.labels)).feed(codes)
    assert found == [listening.heard_of(event, other.labels, parameters) for event in events] != []


def test_a_clip_of_a_second_and_an_end_within_a_word_are_heard(spotter):
    word = read_recording(DEFAULT_CLIP).samples
    assert [one.word for one in spotter.spot([word])] == ["yes"]
    assert [one.word for one in spotter.spot([word[:12_000]])] == ["yes"]
    assert list(spotter.spot([])) == []


@pytest.mark.parametrize("samples", [12_000, 14_000, 16_000, 20_000])
def test_no_word_ends_behind_the_sound(network, samples):
    """The silence behind a recording is heard, so that its last word is found; the word lies in the recording."""
    sound = np.zeros(samples, np.int16)
    sound[-12_000:] = read_recording(DEFAULT_CLIP).samples[:12_000]
    spotter = listening.WordSpotter(network, EventParameters())
    for pieces in ([sound], np.split(sound, [1, 5000])):
        (one,) = spotter.spot(pieces)
        assert one.word == "yes"
        assert 0 <= one.begin_s < one.end_s == samples / 16_000


def test_a_span_is_the_part_of_a_second_that_the_sound_has():
    parameters, labels = EventParameters(hop_ms=240), ("_silence_", "yes")
    spans = {}
    for hop in (1, 5, 20):
        one = listening.heard_of(Event(hop, 1, 0, 0.9), labels, parameters, 1.25)
        spans[hop] = (one.begin_s, one.end_s)
    assert spans == {1: (0, 0.48), 5: (pytest.approx(0.44), 1.25), 20: (1.25, 1.25)}
    assert listening.heard_of(Event(20, 1, 0, 0.9), labels, parameters).end_s == 5.04


def test_a_kept_program_equals_the_library(network):
    codes = np.random.default_rng(1).integers(-128, 128, (3, 490)).astype(np.int8)
    program = prepare(network.graph)
    expected = reference.run(network.graph, network.graph.input.from_core(codes).reshape(3, 49, 10, 1))
    for _ in range(2):
        assert np.array_equal(run_here(program, codes).logits, expected.logits)


def test_what_cannot_be_listened_with_is_refused(network):
    with pytest.raises(InputError, match="250 ms is no multiple of the 20 ms .* give 240 or 260"):
        listening.Listener(network, 250)
    with pytest.raises(InputError, match="10 ms is no multiple .* give 20"):
        listening.Listener(network, 10)


def test_times_are_written_for_people():
    assert str(listening.Heard("go", 3599.996, 3601.0, 0.876)) == "1:00:00.00 – 1:00:01.00  go  88 %"
