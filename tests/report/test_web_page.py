"""The folder of a page that listens: what is in it, what is refused. `test_web_browser.py` runs it."""

import base64
import json
import re
import zlib

import numpy as np
import pytest
import soundfile
import wasmtime

from kwslib.config.events import EventParameters
from kwslib.config.words import LABELS
from kwslib.errors import InputError
from kwslib.integer import input_codes, reference
from kwslib.report import web_page
from kwslib.runs import networks
from kwslib.runs.clips import DEFAULT_CLIP
from tests.gap8 import networks as drawn

LARGEST_BYTES = 300_000
"""Script, WebAssembly, weights and test clips."""


def inflate(text):
    return zlib.decompress(base64.b64decode(text))


def told(text):
    """The name and the content of a script that sets an entry of `kwsListen`."""
    name, value = re.fullmatch(r"kwsListen\.([^=]*) = (.*);\n", text, re.S).groups()
    return name, json.loads(value)


@pytest.fixture(scope="module")
def small():
    return networks.released("small")


@pytest.fixture(scope="module")
def page(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "page"
    return folder, web_page.export_page(small, folder)


def test_the_whole_page_of_the_small_network_is_small(page):
    folder, sizes = page
    assert sizes == {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sum(sizes.values()) <= LARGEST_BYTES


def test_a_network_brings_all_that_the_page_must_know(page, small):
    folder, _ = page
    name, network = told((folder / "network-small.js").read_text())
    assert name == 'loaded["small"]'
    module = wasmtime.Module(wasmtime.Engine(), inflate(network["wasm"]))
    assert not module.imports
    events = EventParameters()
    assert tuple(network["labels"]) == small.labels and network["reported"] == [False, False] + 10 * [True]
    assert (network["threshold"], network["smoothing"]) == (events.threshold, events.smoothing_hops)
    assert network["hopFrames"] * network["strideMs"] == network["hopMs"] == events.hop_ms
    assert (network["frames"], network["coefficients"]) == small.front_end.shape
    recorded = json.loads((small.run.folder / "gap8" / "deployment.json").read_text())
    rows = [{"name": row["name"], "cycles": row["cycles"]} for row in recorded["front_end"] + recorded["rows"]]
    assert network["layers"] == rows and network["profile"] == "recorded on GAP8, platform simulator"


def test_clips_travel_whole_with_the_logits_of_the_reference(page, small):
    folder, _ = page
    name, rows = told((folder / "clips.js").read_text())
    assert name == "clips.list"
    graph = web_page.prepare(small).graph
    for clip, row in zip(web_page.own_clips(), rows, strict=True):
        low, high = np.frombuffer(inflate(row["sound"]), np.uint8).reshape(2, -1).astype(np.int64)
        assert (np.cumsum(low + 256 * high).astype(np.int16) == clip.samples).all()
        wanted = reference.run(graph, input_codes.codes_of(graph, clip.samples[None])).logits[0]
        assert row["name"] == clip.name and row["reference"] == {"small": wanted.tolist()}


def test_the_page_forbids_itself_every_request_but_for_its_own_files(page):
    folder, _ = page
    text = (folder / "index.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "connect-src" not in rules
    assert not [source for sources in rules.values() for source in sources.split() if "*" in source or "http" in source]
    assert "<noscript>" in text and "yes, no, up" in text
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"page.css", "page.js", "data:,"}
    for path in folder.iterdir():
        assert not re.search(r"https?://|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", path.read_text()), path.name


def test_own_clips_and_a_network_that_was_never_recorded(tmp_path):
    model = tmp_path / "two words.tflite"
    model.write_bytes(networks.of_run("quick-small").path.read_bytes())  # a file that says nothing of itself
    network = networks.choose(model=model, front_end="power", labels=LABELS)
    soundfile.write(tmp_path / "half.wav", np.full(8000, 0.25), 16000)
    clips = web_page.read_clips([DEFAULT_CLIP, tmp_path / "half.wav"])
    assert (clips[1].samples[:8000] == 8192).all() and not clips[1].samples[8000:].any()
    web_page.export_page(network, tmp_path / "page", clips)
    name, network = told((tmp_path / "page" / "network-two-words.js").read_text())
    assert name == 'loaded["two words"]' and network["profile"].startswith("predicted by the planner")
    assert sum(row["cycles"] for row in network["layers"]) > 0 and network["layers"][0]["name"] == "front end"
    assert [row["name"] for row in told((tmp_path / "page" / "clips.js").read_text())[1]] == ["yes", "half"]
    assert "Speech Commands" not in (tmp_path / "page" / "page.js").read_text()


@pytest.mark.parametrize("files, force, message", [
    (["notes.txt"], True, "is there and no exported page"),
    (["page.js"], True, "is there and no exported page"),
    (["page.js", "index.html"], False, "holds an exported page.*--force"),
])  # fmt: skip
def test_a_folder_that_is_not_empty(small, tmp_path, files, force, message):
    for name in files:
        (tmp_path / name).write_text("kept")
    with pytest.raises(InputError, match=message):
        web_page.export_page(small, tmp_path, force=force)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_a_page_is_replaced_whole_if_that_is_wanted(small, tmp_path):
    for name in ("page.js", "index.html", "network-old.js"):
        (tmp_path / name).write_text("old")
    web_page.export_page(small, tmp_path, [], force=True)
    assert not (tmp_path / "network-old.js").exists() and (tmp_path / "page.js").read_text() != "old"
    assert told((tmp_path / "clips.js").read_text()) == ("clips.list", [])


@pytest.mark.parametrize("front_end, labels, message", [
    ("magnitude", 12, "has no integer form"),
    ("power", None, "have no names: give them with --labels"),
])  # fmt: skip
def test_networks_that_no_page_can_run(tmp_path, front_end, labels, message):
    model = tmp_path / "network.tflite"
    model.write_bytes(drawn.quantised(*drawn.SMALL))
    names = [f"word {i}" for i in range(labels)] if labels else None
    network = networks.choose(model=model, front_end=front_end, labels=names)
    with pytest.raises(InputError, match=message):
        web_page.export_page(network, tmp_path / "page")
    assert [path.name for path in tmp_path.iterdir()] == ["network.tflite"]
