"""The record of a network that listened: its figures, kept and read back."""

import json
from dataclasses import replace

import pytest

from kwslib.config.events import EventParameters
from kwslib.errors import DataError
from kwslib.gap8.measure import stream_record
from kwslib.gap8.measure.deployment_record import StageRow
from kwslib.gap8.measure.stream_record import EventRow, HopRow, Stream

ROWS = [HopRow(*row) for row in ((900, 300, 500), (310, 100, 200), (330, 90, 220), (320, 110, 210))]
ONE = Stream(
    network="n",
    platform="simulator",
    platform_version="v",
    recording="r.wav",
    samples=24_000,
    parameters=EventParameters(hop_ms=500),
    hop_frames=25,
    fingerprint_frames=49,
    hops=ROWS,
    front_end=[StageRow("mel", 300, 110, 1000)],
    events=[EventRow(2, 3, 0.75)],
    elf_digest="d",
    run_s=1.5,
)


def test_the_steady_hop_is_the_median_of_the_later_ones():
    assert ONE.first == ROWS[0] and ONE.steady == HopRow(320, 100, 210)
    assert replace(ONE, hops=ROWS[:1]).steady == ROWS[0]


def test_its_figures():
    assert ONE.hops_per_s == 2 and stream_record.seconds(ONE) == 1.5
    assert ONE.duty(100) == 320 / 50e6


def test_what_is_kept_is_read_back(tmp_path):
    stream_record.save(ONE, tmp_path)
    assert stream_record.load(tmp_path) == ONE
    both = [ONE, replace(ONE, parameters=EventParameters(hop_ms=100))]
    stream_record.save_all(both, tmp_path)
    assert stream_record.load_all(tmp_path) == both


def test_reading_back_is_strict(tmp_path):
    with pytest.raises(DataError, match="stream.json does not exist: this network heard no stream"):
        stream_record.load(tmp_path)
    with pytest.raises(DataError, match="streams.json does not exist: this network heard no stream on GAP8"):
        stream_record.load_all(tmp_path)
    stream_record.save(ONE, tmp_path)
    path = tmp_path / stream_record.STREAM
    value = json.loads(path.read_text())
    for text, message in (
        ("{", "is damaged"),
        (json.dumps(value | {"schema": 0}), "was written by another version"),
        (json.dumps(value | {"samples": 24_001}), "is damaged"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            stream_record.load(tmp_path)
