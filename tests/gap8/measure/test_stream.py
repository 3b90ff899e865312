"""A program that listens on the simulator, held against the specification."""

import numpy as np
import pytest

from kwslib.config.events import EventParameters
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.gap8.hardware import FLASH_BYTES
from kwslib.gap8.measure import stream, stream_record
from kwslib.gap8.measure.deployment_record import OUTPUT
from kwslib.gap8.program import compilation
from kwslib.gap8.program.expected_stream import expected_stream
from kwslib.gap8.program.listening import listening
from kwslib.integer import network_file
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
    assert stream_record.load(tmp_path) == found and stream_record.seconds(found) == 20_001 / 16_000
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
        stream_record.load(tmp_path)
