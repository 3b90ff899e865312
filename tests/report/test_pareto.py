"""Which networks stand in which picture, and which of them rank."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kwslib.config.baselines import baseline_network, vendor_accuracy
from kwslib.config.presets import BASELINE_SIZES
from kwslib.config.words import LABELS
from kwslib.release import release
from kwslib.report import pareto, size_pages
from kwslib.runs import foreign
from kwslib.runs.cost import Cost
from kwslib.runs.points import Point, Share
from tests.release.test_release import put
from tests.sample_run import sample_foreign


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "book" / "results"))
    return tmp_path


def point(run="a", cycles=100, correct=90, test=50, seed=1, channels=8, corpus="speech_commands", words=LABELS, **more):
    size = replace(BASELINE_SIZES["small"], model_size_info=(1, channels, 3, 3, 1, 1))
    shares = [Share("validation", "noise-silence", correct, 100), Share("validation", "digital-silence", 99, 100)]
    shares += [Share("test", silence, test, 100) for silence in ("noise-silence", "digital-silence")]
    given = {
        "run": run,
        "preset": "small",
        "architecture": size,
        "front_end": "power-40-20-10",
        "words": list(words),
        "corpus": corpus,
        "corpus_hash": "0",
        "steps": 2000,
        "seed": seed,
        "recipe": "r",
        "shares": shares,
        "cost": Cost(cycles, channels, 10, 20),
        "clips_checked": 20,
        "tflite_bytes": 5,
        "tflite_sha256": "0",
        "recorded": True,
    }
    return Point(**(given | more))


def test_seeds_of_one_network_are_one_point_the_mean():
    (group,) = pareto.groups([point("a", correct=90, seed=2), point("b", correct=94, seed=1)], "sweep")
    (network,) = group.networks
    assert (network.name, network.accuracy, network.seeds) == ("b", 0.92, "1, 2")
    assert network.low < 0.92 < network.high
    assert network.mean("test", "noise-silence") == Share("test", "noise-silence", 50, 100)


def test_other_recipes_and_other_shapes_are_other_networks():
    (group,) = pareto.groups([point("a"), point("b", recipe="s"), point("c", channels=9)], "sweep")
    assert [network.name for network in group.networks] == ["a", "b", "c"]


def test_speech_and_words_are_never_mixed_and_the_baseline_s_task_comes_first():
    made = [
        point("s", corpus="synthetic"),
        point("w", corpus="folder", words=(*LABELS[:2], "marvin", "sheila")),
        point("k"),
        point("v", words=(*LABELS[:2], "marvin")),
    ]
    found = pareto.groups(made)
    assert [group.networks[0].name for group in found] == ["k", "w", "v", "s"]
    assert [group.key for group in found] == ["speech_commands", "folder-2words", "speech_commands-1words", "synthetic"]
    assert found[1].title == "own recordings, the words marvin, sheila"
    assert len({group.key for group in found}) == 4


def test_the_front_is_of_validation_and_of_networks_that_compare(places):
    foreign.save(sample_foreign("greenwaves-small"), foreign.folder())
    made = [point("a", 100, 80, test=99), point("b", 200, 85, test=1), point("c", 300, 84), point("d", 400, 90)]
    made = [replace(one, architecture=point(channels=n).architecture) for n, one in enumerate(made, 1)]
    (group,) = pareto.groups(made)
    assert [network.name for network in group.front("cycles")] == ["a", "b", "d"]
    beside = [network for network in group.networks if not network.ranks]
    assert [network.name for network in beside[:3]] == [f"the baseline's {size}" for size in BASELINE_SIZES]
    assert [network.cost.cycles for network in beside[:3]] == [baseline_network(size).cycles for size in BASELINE_SIZES]
    printed = baseline_network("small").accuracy["validation"]
    assert beside[0].accuracy == printed.share and "digital-silence" in beside[0].protocol
    vendor = beside[3]
    assert vendor.accuracy == vendor_accuracy("small", "noise-silence")["accuracy"] and vendor.protocol.startswith(
        "test"
    )
    assert vendor.cost.cycles == foreign.load_all()[0].cycles and vendor.cost.l1 is None


def test_a_kind_that_is_not_known_leaves_a_network_out():
    group = pareto.groups([point("a", cost=Cost(5, 5))], "sweep")[0]
    assert group.front("l1") == [] and [network.name for network in group.front("ms")] == ["a"]


def test_links_lead_to_a_notebook_a_page_or_the_entry(places):
    notebook = places / "book" / "results" / "mine" / "train.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("")
    assert pareto.link(point("mine", recorded=False)) == "results/mine/train.html"
    assert pareto.link(point("mine", recorded=True)) == "#network-mine"
    assert pareto.link(point("quick-medium")) == "this_build.html"
    assert pareto.link(point("other", recorded=False)) == "#network-other"


def test_results_outside_the_book_have_no_pages_there(places, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(places / "elsewhere"))
    (places / "elsewhere" / "mine").mkdir(parents=True)
    (places / "elsewhere" / "mine" / "train.ipynb").write_text("")
    assert pareto.link(point("mine", recorded=False)) == "#network-mine"


def test_released_networks_lead_to_their_chapter(monkeypatch):
    monkeypatch.delenv("KWS_ROOT")
    address = pareto.link(point(release.released("small").run))
    assert address == "small.html"
    assert f"{Path(address).stem}.md" in size_pages.page_names()


def test_a_released_preset_of_our_own_leads_to_its_page(places):
    put(places / "book" / "results", "best-tiny", size="tiny")
    release.publish("best-tiny")
    shutil.rmtree(places / "book" / "results")
    assert pareto.link(point("best-tiny", recorded=True)) == "tiny.html"


def test_a_network_that_stands_alone_with_its_words_has_nothing_to_compare():
    alike = point("a", 40_000, 80)
    made = [
        replace(alike, run=name, architecture=point(channels=n).architecture, words=words)
        for n, (name, words) in enumerate([("a", []), ("b", []), ("c", ["own"])], 1)
    ]
    found = {frozenset(one.name for one in group.networks if one.ranks): group for group in pareto.groups(made)}
    assert {names: group.compares for names, group in found.items()} == {
        frozenset("ab"): True,
        frozenset("c"): False,
    }
