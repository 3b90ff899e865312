"""A deployment is chosen, made, found again, and never taken for another network's."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.baselines import baseline_network
from kwslib.config.presets import SIZES
from kwslib.errors import DataError, InputError, KwsError
from kwslib.gap8.measure import stream_record
from kwslib.integer import reference
from kwslib.runs import deployments, records
from kwslib.runs.clips import DEFAULT_CLIP, codes_for
from kwslib.runs.deployments import choose
from kwslib.runs.networks import of_file
from kwslib.runs.outline import outline
from kwslib.speech import open_corpus
from tests import caches
from tests.gap8 import networks
from tests.sample_run import sample_deployment, sample_run

DEFAULTS = {
    "size": "small",
    "platform": "simulator",
    "model": "",
    "run": "",
    "corpus": "",
    "data": "",
    "clips": 3,
    "timeout_s": 60.0,
}


@pytest.fixture
def place(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("KWS_CACHE", str(caches.fresh(tmp_path / "cache")))
    monkeypatch.delenv("KWS_DATA", raising=False)
    return tmp_path


@pytest.fixture
def model(place, mine):
    return mine


def test_a_recorded_network_is_found_by_size_and_by_run(place):
    task = choose(**DEFAULTS)
    run = records.find("small").run
    assert (task.name, task.run, task.size, task.corpus) == (run, run, "small", "synthetic")
    assert task.folder == place / "results" / run / "gap8"
    assert task.tflite_sha256 == records.find("small").network.tflite_sha256
    assert "(KWS_DATA names no recorded speech)" in task.clip_text
    again = choose(**{**DEFAULTS, "run": "small", "size": "large"})
    assert again.key == task.key
    assert choose(**{**DEFAULTS, "clips": 4}).key != task.key


def test_the_network_of_a_file_has_no_row_of_the_seeds(model):
    task = choose(**{**DEFAULTS, "model": str(model), "corpus": "synthetic"})
    assert (task.name, task.run, task.size) == ("model-mine", "", "")


@pytest.mark.parametrize(("size", "like"), [("small", "small"), ("large", "large"), ("tiny", "")])
def test_a_network_is_like_the_baselines_only_with_its_strides(size, like):
    graph = outline(SIZES[size], SIZES[size].front_end("power"))
    assert deployments.baseline_like(graph) == like


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"clips": 0}, "clips is 0: give at least 1"),
        ({"timeout_s": 0.0}, "timeout_s is 0: give more than 0 seconds"),
        ({"run": "quick-small", "model": "x.tflite"}, "model and run both name a network: give one"),
        ({"size": "smal"}, "did you mean 'small'"),
        ({"run": "nothing"}, "there is no run 'nothing'"),
        ({"model": "nowhere.tflite"}, "cannot read the network nowhere.tflite"),
        ({"platform": "simulatr"}, "did you mean 'simulator'"),
    ],
)
def test_wrong_parameters_are_told_before_anything_is_built(place, values, message):
    with pytest.raises(KwsError, match=message):
        choose(**{**DEFAULTS, **values})
    assert not (place / "results").exists()


def test_clips_are_one_of_each_word_in_turn(model, speech):
    task = choose(**{**DEFAULTS, "model": str(model), "corpus": "speech_commands", "data": str(speech), "clips": 14})
    codes = deployments.input_codes(task)
    clips = open_corpus("speech_commands", speech).clips("test", "noise-silence")
    words = list(clips.labels)
    assert len(set(words)) == 12
    firsts = sorted(words.index(word) for word in set(words))
    expected = codes_for(of_file(model, "magnitude"), clips.audio[firsts])
    assert (codes[:12] == expected).all()
    assert len(codes) == 14


def test_a_network_that_reads_no_fingerprint_gets_drawn_codes(place):
    path = place / "other.tflite"
    path.write_bytes(networks.quantised((20, 8), networks.SMALL[1]))
    task = choose(**{**DEFAULTS, "model": str(path), "corpus": "synthetic"})
    codes = deployments.input_codes(task)
    assert task.corpus == ""
    assert codes.shape == (3, *task.network.graph.input.shape)
    assert len(np.unique(codes)) > 100


def test_a_task_leaves_its_figures_alone(model, speech):
    task = choose(**{**DEFAULTS, "model": str(model), "corpus": "speech_commands", "data": str(speech), "clips": 2})
    found = deployments.run_task(task)
    assert {path.name for path in task.folder.iterdir()} == {"deployment.json", "plan.json", "program.txt"}
    assert found.state == "fresh" and found.deployment.clips_checked == 2
    assert found.plan.strategy == found.deployment.strategy
    made = found.deployment.provenance
    assert (made.tflite_sha256, made.key) == (task.tflite_sha256, task.key)


@pytest.mark.slow
@pytest.mark.slice
def test_a_network_that_can_listen_hears_streams(place, speech):
    words = {"run": "quick-small", "size": "small", "corpus": "speech_commands", "data": str(speech), "clips": 1}
    found = deployments.run_task(choose(**{**DEFAULTS, **words}))
    streams = stream_record.load_all(found.folder)
    assert [one.parameters.hop_ms for one in streams] == list(deployments.STREAM_HOPS_MS)
    for one in streams:
        assert one.provenance == found.deployment.provenance and one.recording == DEFAULT_CLIP.name
        assert one.steady.network_cycles == pytest.approx(found.deployment.cycles, rel=0.01)
        assert one.steady.front_end_cycles < found.deployment.front_end_cycles
    assert streams[1].hop_frames == 25 and max(hop.front_end_cycles for hop in streams[1].hops) < 100_000


def test_a_task_that_fails_leaves_what_was_there(model, speech, monkeypatch):
    task = choose(**{**DEFAULTS, "model": str(model), "corpus": "speech_commands", "data": str(speech), "clips": 1})
    deployments.run_task(task)
    before = (task.folder / "deployment.json").read_text()
    real = reference.run

    def wrong(*words, **named):
        found = real(*words, **named)
        return replace(found, winner=found.winner + 1)

    monkeypatch.setattr(reference, "run", wrong)
    with pytest.raises(KwsError, match="the program chose class"):
        deployments.run_task(task)
    assert (task.folder / "deployment.json").read_text() == before
    assert [path.name for path in task.folder.parent.iterdir()] == ["gap8"]


def test_a_fresh_deployment_hides_the_recorded_one_of_the_same_network_alone(place):
    run = replace(sample_run(place / "models"), recorded=True)
    assert deployments.of_run(run).recorded
    fresh = place / "results" / run.run
    sample_deployment(fresh, "small", run.network.tflite_sha256)
    found = deployments.of_run(run)
    assert (found.recorded, found.folder) == (False, fresh / "gap8")
    sample_deployment(fresh, "small", "0" * 64)
    assert deployments.of_run(run).recorded


def test_a_run_without_a_deployment_says_what_to_do(place):
    run = sample_run(place / "results")
    other = replace(run, network=replace(run.network, tflite_sha256="1" * 64))
    with pytest.raises(DataError, match="quick-small was not deployed on GAP8: run it again"):
        deployments.of_run(other)
    assert deployments.line(other) == "not deployed on GAP8"


def test_the_line_for_a_terminal_compares_with_the_seed(place):
    run = sample_run(place / "results")
    cycles = deployments.of_run(run).deployment.cycles
    ratio = f"{baseline_network('small').cycles / cycles:.2f}"
    assert deployments.line(run) == (
        f"on GAP8: {cycles} cycles, {ratio} times fewer than the baseline's; every layer right on 20 clips (simulator)"
    )


def test_a_preset_that_the_baseline_does_not_have_stands_alone(place):
    run = sample_run(place / "results", "tiny")
    cycles = deployments.of_run(run).deployment.cycles
    assert deployments.line(run) == f"on GAP8: {cycles} cycles; every layer right on 20 clips (simulator)"


def test_what_make_leaves_behind_is_no_source(monkeypatch, tmp_path):
    monkeypatch.setattr(deployments.gap8, "__file__", str(tmp_path / "gap8" / "__init__.py"))
    firmware, integer = tmp_path / "gap8" / "firmware", tmp_path / "integer" / "reference.py"
    source, left = firmware / "main.c", firmware / "build" / "network.c"
    for path in (source, left, integer):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("int x;")
    sources = deployments.sources_digest.__wrapped__
    before = sources()
    left.write_text("int y;")
    assert sources() == before
    source.write_text("int y;")
    assert sources() != before
    before = sources()
    integer.write_text("y = 0")
    assert sources() != before


def test_up_to_date_only_with_the_same_network_platform_clips_and_sources(place, monkeypatch):
    run = sample_run(place / "results")
    digest = run.network.tflite_sha256
    assert not deployments.up_to_date(run, "simulator", 20)
    sample_deployment(run.folder, "small", digest, deployments.key(digest, "simulator", 20))
    assert deployments.up_to_date(run, "simulator", 20)
    assert not deployments.up_to_date(run, "simulator", 21)
    assert not deployments.up_to_date(run, "gvsoc", 20)
    monkeypatch.setattr(deployments, "sources_digest", lambda: "others")
    assert not deployments.up_to_date(run, "simulator", 20)


def test_a_damaged_plan_is_refused(place):
    run = sample_run(place / "results")
    (run.folder / "gap8" / "plan.json").write_text("{")
    with pytest.raises(DataError, match=r"plan\.json is damaged .*deploy the network again"):
        _ = deployments.of_run(run).plan


def test_choose_refuses_an_unknown_platform_by_name():
    with pytest.raises(InputError):
        choose(**{**DEFAULTS, "platform": json.dumps("x")})
