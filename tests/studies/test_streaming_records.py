"""The record of a study of streams: what its curves say, and which network it belongs to."""

import shutil

import pytest

from kwslib.paths import models_dir
from kwslib.studies import streaming_records as records
from kwslib.studies.streaming_records import ALL, Curve


@pytest.mark.parametrize(
    ("accepts", "most", "place"),
    [
        ([9, 5, 2, 0], 100, 0),
        ([9, 5, 2, 0], 5, 1),
        ([9, 5, 2, 0], 4.9, 2),
        ([9, 5, 2, 0], 0, 3),
        ([9, 1, 5, 0], 4, 3),  # a higher threshold may have more: only from the last on are there so few
        ([9, 5, 2, 1], 0, None),
    ],
)
def test_the_least_threshold_from_which_on_there_are_so_few(accepts, most, place):
    curve = Curve(ALL, [0.1, 0.2, 0.3, 0.4], accepts, {})
    assert curve.place_of(most) == place


def test_what_is_kept_of_a_replaced_network_is_another_network(tmp_path, monkeypatch):
    folder = models_dir() / "medium"
    now, before = records.load(folder / "streaming"), records.replaced("medium")
    assert before.size == now.size == "medium" and before.tflite_sha256 != now.tflite_sha256
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    shutil.copytree(folder / "streaming", tmp_path / "models" / "medium" / "streaming")
    assert records.replaced("medium") is None


def test_released_networks_come_first_and_only_with_their_own_study(tmp_path, monkeypatch):
    source = models_dir()
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    for size in ("tiny", "small", "medium"):
        shutil.copytree(source / size, tmp_path / "models" / size)
    assert [found.streaming.run for found in records.every()] == ["tiny", "small", "medium"]
    shutil.rmtree(tmp_path / "models" / "small" / "streaming")
    shutil.copytree(source / "tiny" / "streaming", tmp_path / "models" / "small" / "streaming")
    assert [found.streaming.run for found in records.every()] == ["tiny", "medium"]
