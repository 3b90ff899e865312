"""A program that listens on the simulator, held against the specification; and what is refused of its output."""

from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.events import EventParameters
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.gap8.hardware import FLASH_BYTES
from kwslib.gap8.measure import stream
from kwslib.gap8.measure.deployment import OUTPUT
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.program import compilation
from kwslib.gap8.program.expected_stream import ExpectedStream, HopSums, expected_stream
from kwslib.gap8.program.listening import listening
from kwslib.integer import network_file
from kwslib.integer.events import Event
from tests.gap8 import networks
from tests.gap8.equal import FLASH, only

EAGER = {"smoothing_hops": 1, "threshold": 0.2, "refractory_ms": 0, "suppression_ms": 0}
"""Parameters with which random networks report words."""
SMALL, LARGE = FrontEnd("integer", 40, 20, 10), FrontEnd("integer", 30, 10, 40)


@pytest.fixture(scope="module")
def sound():
    noise = np.random.default_rng(8).normal(size=20_001) * np.geomspace(1, 20_000, 20_001)
    return np.clip(np.rint(noise), -32768, 32767).astype(np.int16)


def network(which, front_end):
    return network_file.load(networks.quantised(*which), "network").with_front_end(front_end)


def test_a_recording_is_heard_as_the_specification_says(sound, tmp_path):
    graph, parameters = network(networks.SMALL, SMALL), EventParameters(hop_ms=500, **EAGER)
    found = stream.measure(graph, sound, tmp_path, parameters, LABELS, "noise")
    expected = expected_stream(graph, listening(graph, parameters, LABELS), sound)
    assert [(event.hop, event.label) for event in found.events] == [(e.hop, e.label) for e in expected.events] != []
    assert len(found.hops) == (20_001 + 32_000) // 8_000 and (found.hop_frames, found.fingerprint_frames) == (25, 49)
    assert max(hop.front_end_cycles for hop in found.hops) < 100_000
    assert found.steady.cycles < 1.1 * (found.steady.front_end_cycles + found.steady.network_cycles) + 12_000
    assert sum(stage.cycles for stage in found.front_end) == found.first.front_end_cycles
    assert sum(stage.warm_cycles for stage in found.front_end) == found.hops[-1].front_end_cycles
    assert found.duty(100) == found.steady.cycles / 50e6 and found.hops_per_s == 2
    assert stream.load(tmp_path) == found and stream.seconds(found) == 20_001 / 16_000
    assert "Hop 0: " in (tmp_path / OUTPUT).read_text()


def test_weights_and_the_recording_share_the_flash(sound, tmp_path):
    graph = network(networks.LARGE, LARGE)
    with only(FLASH):
        found = stream.measure(graph, sound, tmp_path, EventParameters(hop_ms=1000, **EAGER), LABELS, "noise")
    assert len(found.hops) == (20_001 + 16_000 + 32_000) // 16_000
    assert compilation.record.load(tmp_path / compilation.PLAN).weights_flash_bytes > 0


def test_a_recording_that_the_flash_cannot_hold_is_refused(tmp_path):
    graph = network(networks.SMALL, SMALL)
    listens = listening(graph, EventParameters(), LABELS)
    with pytest.raises(InputError, match=r"has 2\d{3}\.\d s; the external flash holds 2097.2 s of sound: cut it"):
        compilation.build_listener(graph, tmp_path, LABELS, listens, np.zeros(FLASH_BYTES // 2, np.int16))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("platform", ["host", "pulp-open"])
def test_platforms_that_cannot_are_refused(platform, sound, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "open_platform", lambda name, home: _Elsewhere(name))
    with pytest.raises(InputError, match="does not hear a stream: simulator and gvsoc do; 'kws listen' hears it here"):
        stream.measure(network(networks.SMALL, SMALL), sound, tmp_path, EventParameters(), LABELS, "x", platform)


class _Elsewhere:
    def __init__(self, name):
        self.target, self.counts_cycles = name, name != "host"


def test_no_samples_and_no_names_are_refused(sound, tmp_path):
    graph = network(networks.SMALL, SMALL)
    with pytest.raises(InputError, match="a.wav holds no samples"):
        stream.measure(graph, sound[:0], tmp_path, EventParameters(), LABELS, "a.wav")
    with pytest.raises(InputError, match="have no names"):
        stream.measure(graph, sound, tmp_path, EventParameters(), None, "a.wav")
    with pytest.raises(DataError, match="stream.json does not exist: this network heard no stream"):
        stream.load(tmp_path)


HOPS = (
    "Hop 0: 300 cycles, front end 100, network 150; fingerprint 00000001, logits 00000002, output 00000003\n",
    "Hop 1: 310 cycles, front end 101, network 151; fingerprint 00000004, logits 00000005, output 00000006\n",
)
EVENT, END = "Event: hop 1, class 3, sum 70, no\n", "Stream: 500 samples, 2 hops, 1 events\n"
EXPECTED = ExpectedStream((HopSums(1, 2, 3), HopSums(4, 5, 6)), (Event(1, 3, 70, 0.27),))
GOOD = HOPS[0] + HOPS[1] + EVENT + END


def test_hops_are_read():
    assert stream.check(GOOD, 500, EXPECTED) == [stream.HopRow(300, 100, 150), stream.HopRow(310, 101, 151)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "printed 0 hops; there are 2"),
        (HOPS[0] + EVENT + END, "printed 1 hops; there are 2"),
        (HOPS[1] + END, "printed hop 1 where hop 0 of 2 should be"),
        (GOOD + HOPS[1].replace("Hop 1", "Hop 2"), "printed hop 2 where hop 2 of 2 should be"),
        (
            GOOD.replace("00000004", "00000007"),
            "the fingerprint of hop 1 is not .* checksum 00000007, expected 00000004",
        ),
        (GOOD.replace("00000002", "00000007"), "the logits of hop 0 is not"),
        (GOOD.replace("00000006", "0000000f"), "the output of hop 1 is not"),
        (GOOD.replace("class 3", "class 4"), r"events .*\[\(1, 4, 70\)\] are not the specification's \[\(1, 3, 70\)\]"),
        (GOOD.replace(EVENT, ""), "are not the specification's"),
        (GOOD.replace(END, ""), "the program ended with"),
        (GOOD.replace("500 samples", "499 samples"), "the program ended with"),
        (GOOD.replace("Hop 1: ", "Hop 1 "), "line 2 of the program's output cannot be understood: 'Hop 1 310 cycles"),
        (GOOD.replace("300 cycles", "200 cycles"), "hop 0 has 200 cycles, its front end 100, its network 150"),
        (GOOD.replace("front end 101", "front end 0"), "its front end 0"),
    ],
)
def test_what_is_wrong_or_missing_is_an_error(text, message):
    with pytest.raises(ProfileError, match=message):
        stream.check(text, 500, EXPECTED)


def test_the_steady_hop_is_the_median_of_the_later_ones():
    rows = [stream.HopRow(*row) for row in ((900, 300, 500), (310, 100, 200), (330, 90, 220), (320, 110, 210))]
    one = stream.Stream("n", "p", "v", "r", 1, EventParameters(), 12, 49, rows, [], [], "d", 1.0)
    assert one.first == rows[0] and one.steady == stream.HopRow(320, 100, 210)
    assert replace(one, hops=rows[:1]).steady == rows[0]
