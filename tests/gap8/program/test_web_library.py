"""The WebAssembly module, run by wasmtime: equal to the integer reference and to the specification of the events."""

import os

import numpy as np
import pytest
import wasmtime

from kwslib import toolchain
from kwslib.config.events import LONGEST_SMOOTHING_HOPS, EventParameters
from kwslib.config.presets import SIZES
from kwslib.errors import ModelError
from kwslib.gap8.planning import planner
from kwslib.gap8.program import cross_compilers, web_library
from kwslib.integer import events, input_codes, reference
from kwslib.paths import models_dir
from kwslib.report import web_page
from kwslib.runs import networks
from kwslib.runs.clips import for_device
from kwslib.speech import open_corpus
from kwslib.toolchain import CompilerError
from tests.gap8.equal import FLASH, only

SLOW_CLIPS = 500
"""Official test clips; the reference computes those of large in seven minutes."""


class Module:
    """A module in a machine of its own."""

    def __init__(self, graph):
        self.graph = graph
        self.store = wasmtime.Store()
        compiled = wasmtime.Module(self.store.engine, web_library.module(graph))
        assert not compiled.imports
        self.exports = wasmtime.Instance(self.store, compiled, []).exports(self.store)
        self.call("load")

    def call(self, name, *arguments):
        return self.exports[name](self.store, *arguments)

    def read(self, name, dtype, count):
        start = self.call(name)
        size = np.dtype(dtype).itemsize * count
        return np.frombuffer(self.exports["memory"].read(self.store, start, start + size), dtype).copy()

    def write(self, name, values):
        self.exports["memory"].write(self.store, values.tobytes(), self.call(name))

    def run(self, clips):
        """Logits, core codes and fingerprints of clips."""
        found = []
        for clip in clips:
            self.write("sound", clip)
            self.call("decide")
            sizes = {"logits": self.graph.classes, "codes": self.graph.classes}
            sizes["fingerprint"] = int(np.prod(self.graph.input.shape))
            found.append([self.read(name, np.int8, size) for name, size in sizes.items()])
        return [np.stack(part) for part in zip(*found, strict=True)]


def assert_equal(module, clips):
    graph = module.graph
    codes = input_codes.codes_of(graph, clips)
    wanted = reference.run(graph, codes)
    logits, outputs, fingerprints = module.run(clips)
    assert (fingerprints == graph.input.to_core(codes).reshape(len(clips), -1)).all()
    assert (logits == wanted.logits).all()
    assert (graph.output.from_core(outputs) == wanted.codes.reshape(outputs.shape)).all()
    return logits


def loud():
    """Noise that rises from silence to full scale, a square wave, digital silence."""
    rising = np.random.default_rng(3).normal(size=16000) * np.geomspace(0.3, 30000, 16000)
    square = np.where(np.arange(16000) // 23 % 2, 32767, -32768)
    return np.clip(np.stack([rising, square, np.zeros(16000)]), -32768, 32767).astype(np.int16)


def speech():
    return np.stack([clip.samples for clip in web_page.own_clips()])


@pytest.fixture(scope="module")
def opened():
    """The released networks by size, each opened once; wasmtime wants to be closed before Python ends."""
    found = {}

    def module_of(size):
        if size not in found:
            found[size] = Module(for_device(networks.released(size), []).graph)
        return found[size]

    yield module_of
    found.clear()


@pytest.fixture(params=[size for size in SIZES if (models_dir() / size).is_dir()])
def module(request, opened):
    return opened(request.param)


@pytest.fixture
def small(opened):
    return opened("small")


def test_the_released_networks_equal_the_reference(module):
    clips = np.concatenate([speech()[:3], loud()])
    logits = assert_equal(module, clips)
    assert len(np.unique(logits, axis=0)) == len(clips)  # so the right clip was seen
    assert (module.run(clips[::-1])[0] == logits[::-1]).all()  # and none leaves a trace in the next


@pytest.mark.slow
def test_official_test_clips_equal_the_reference(module):
    if not os.environ.get("KWS_DATA"):
        pytest.skip("KWS_DATA names no Speech Commands: its official test clips are needed")
    corpus = open_corpus("speech_commands")
    if corpus.manifest["test_source"] != "official test archive":
        pytest.skip(f"{corpus.folder} has no official test clips")
    clips = corpus.clips("test", "noise-silence").audio
    assert_equal(module, clips[:: len(clips) // SLOW_CLIPS][:SLOW_CLIPS])


def test_weights_from_the_flash():
    graph = for_device(networks.released("small"), []).graph
    with only(FLASH):
        assert planner.plan(graph).flash_image
        assert_equal(Module(graph), speech()[:2])


def test_events_are_those_of_the_specification(small):
    labels = networks.released("small").labels
    sound = np.concatenate([*speech(), np.zeros(16000, np.int16)])
    windows = np.lib.stride_tricks.sliding_window_view(sound, 16000)[::3840]
    for smoothing, threshold in ((1, 0.5), (3, 0.8), (LONGEST_SMOOTHING_HOPS, 0.05)):
        rules = events.rules(EventParameters(smoothing_hops=smoothing, threshold=threshold), labels)
        detector = events.EventDetector(rules)
        small.write("thresholds", np.array(rules.thresholds, np.uint16))
        small.write("refractory", np.array(rules.refractory, np.uint16))
        assert small.call("begin", rules.smoothing, rules.suppression) == 1
        found = 0
        for window in windows:
            codes = small.run(window[None])[1]
            wanted = detector.feed(codes)
            fired = small.call("event")
            assert [fired] == ([event.label for event in wanted] or [-1])
            if wanted:
                assert small.read("sums", np.uint16, len(labels))[fired] == wanted[0].total
                found += 1
        assert found


@pytest.mark.parametrize("smoothing", [0, LONGEST_SMOOTHING_HOPS + 1])
def test_a_smoothing_that_does_not_fit_is_refused(small, smoothing):
    assert small.call("begin", smoothing, 0) == 0


def test_a_network_without_a_front_end_is_refused():
    with pytest.raises(ModelError, match="does not begin with sound"):
        web_library.module(networks.released("small").graph)


def test_the_module_is_compiled_once():
    plan = planner.plan(for_device(networks.released("small"), []).graph)
    path = web_library.compile_module(plan)
    before = path.stat().st_mtime_ns
    assert web_library.compile_module(plan) == path and path.stat().st_mtime_ns == before


def test_without_ziglang_there_is_an_error(monkeypatch):
    monkeypatch.setenv(toolchain.HOST_VARIABLE, "cc")  # which cannot help
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CompilerError, match="no compiler for WebAssembly: install ziglang .*0.15.*'\\)$"):
        cross_compilers.find_wasm()
