import numpy as np
import pytest
from click.testing import CliRunner

from kwslib.accuracy import poisson_interval
from kwslib.cli.main import main
from kwslib.config.streams import (
    CLEAN,
    NEGATIVES,
    SIMILAR,
    SMOOTHING_RATES,
    SMOOTHINGS,
    SNR_DB,
    TARGETS_PER_HOUR,
    StreamStudy,
)
from kwslib.config.words import KEYWORDS, LABELS, SILENCE
from kwslib.errors import DataError, InputError
from kwslib.runs import listening, records
from kwslib.speech.corpus import Clips, Corpus
from kwslib.studies import robustness, streaming, streaming_records, streaming_scores
from kwslib.studies.streaming_changes import CHANGES
from kwslib.studies.streaming_records import ALL
from tests.corpora import write_wav

STUDY = StreamStudy(hours=0.02, clips=2, shard_s=12, words_a_shard=12, level_clips=1, benchmark_s=40, benchmark_words=4)


class Drawn(Corpus):
    """Three clips of every label in two splits: bursts of noise; two background recordings of twelve seconds."""

    name = "drawn"
    folder = "nowhere"
    manifest = {"hash": "0", "noise_recordings": 2}

    def clips(self, split, silence="digital-silence"):
        rng = np.random.default_rng([5, len(split)])
        labels = np.repeat(np.arange(len(LABELS)), 3).astype(np.uint8)
        audio = rng.normal(0, 1, (36, 16000)) * np.where(labels == SILENCE, 20, 2000)[:, None]
        audio *= np.exp(-(((np.arange(16000) - 8000) / 2000) ** 2))
        return Clips(tuple(map(str, range(36))), labels, np.rint(audio).astype(np.int16))

    def noise(self):
        rng = np.random.default_rng(6)
        return [rng.normal(0, 0.1, 12 * 16000).astype(np.float32) for _ in range(2)]


@pytest.fixture(scope="module")
def run():
    return robustness.choose("baseline-small")


@pytest.fixture(scope="module")
def measured(run, tmp_path_factory):
    """The record, the folder of decisions, and what was said."""
    patch, said = pytest.MonkeyPatch(), []
    cache = tmp_path_factory.mktemp("cache")
    patch.setattr(streaming_scores, "cache_dir", lambda: cache)
    own = tmp_path_factory.mktemp("own")
    write_wav(own / "room.wav", np.random.default_rng(2).normal(0, 100, 16000 * 9))
    yield streaming.measure(run, Drawn(), STUDY, ambient=own, workers=0, say=said.append), cache, said, own
    patch.undo()


def test_everything_is_measured_and_fits_together(measured):
    found, *_ = measured
    report = found.extents["report"]
    assert found.provenance.kernels == listening.KERNELS
    assert report.words == 20 and report.words_by_label == dict.fromkeys(KEYWORDS, 2)
    counted = [row.hours for row in found.kinds if row.kind != SIMILAR and row.target_per_hour is None]
    assert report.hours == pytest.approx(sum(counted))
    conditions = [CLEAN, *(f"{snr:g} dB" for snr in SNR_DB)]
    assert [curve.word for curve in found.curves] == [ALL, *KEYWORDS]
    for curve in found.curves:
        assert list(curve.missed) == conditions
        assert curve.thresholds == sorted(curve.thresholds)
        # at the last threshold nothing fires
        assert curve.accepts[-1] == 0
        words = report.words if curve.word == ALL else 2
        assert {missed[-1] for missed in curve.missed.values()} == {words}
    assert [(p.target_per_hour, p.word) for p in found.points] == [
        (t, w) for t in TARGETS_PER_HOUR for w in (ALL, *KEYWORDS)
    ]
    assert [row.hops for row in found.smoothings[:: len(SMOOTHING_RATES)]] == list(SMOOTHINGS)
    assert [row.kind for row in found.kinds[:: len(TARGETS_PER_HOUR)]] == [*NEGATIVES, SIMILAR]
    assert [(level.kind, level.value) for level in found.levels] == [(one.kind, one.value) for one in CHANGES]
    assert sum(place.decisions for place in found.places) > 2 * report.words
    for row in found.benchmark:
        assert row.words == row.hits + row.misses == 4 and row.seconds == 40


def test_points_lie_on_the_curves(measured):
    found, *_ = measured
    for point in found.points:
        curve = found.curve(point.word)
        at = curve.thresholds.index(point.threshold)
        assert curve.accepts[at] == point.accepts
        assert {name: missed[at] for name, missed in curve.missed.items()} == point.missed
        low, high = poisson_interval(point.accepts)
        hours = found.extents["report"].hours
        assert (point.low, point.high) == pytest.approx((low / hours, high / hours))
        if point.target_per_hour is not None:
            assert point.chosen_accepts <= point.target_per_hour * found.extents["choice"].hours


def test_ones_own_recordings_are_scored(measured):
    found, *_ = measured
    for row in found.ambient:
        assert row.files == 1 and row.hours == pytest.approx(9 / 3600)
        assert row.accepts == sum(row.by_word.values())


def test_what_was_scored_is_not_scored_again_and_the_result_is_the_same(run, measured, monkeypatch):
    found, cache, said, own = measured
    kept = sorted(cache.rglob("*.npz"))
    times = {path: path.stat().st_mtime_ns for path in kept}
    kept[3].unlink()
    made = []
    work = streaming_scores.work
    monkeypatch.setattr(streaming_scores, "work", lambda m, t: made.append(t.name) or work(m, t))
    again = streaming.measure(run, Drawn(), STUDY, ambient=own, workers=0, say=said.append)
    assert made == [kept[3].name]
    assert f"{len(kept) - 1} of {len(kept)} streams were scored before" in said
    assert (again.curves, again.points, again.levels) == (found.curves, found.points, found.levels)
    assert all(path.stat().st_mtime_ns == times[path] for path in kept if path != kept[3])


def test_a_damaged_file_of_decisions_is_named(run, measured):
    _, cache, *_ = measured
    kept = sorted(cache.rglob("*.npz"))[0]
    content = kept.read_bytes()
    kept.write_bytes(content[:50])
    with pytest.raises(DataError, match=f"{kept.name} is damaged"):
        streaming.measure(run, Drawn(), STUDY, workers=0, say=lambda _: None)
    kept.write_bytes(content)


def test_a_record_is_read_as_it_was_written(measured, tmp_path):
    found, *_ = measured
    streaming_records.save(found, tmp_path / "x" / records.STREAMING)
    assert streaming_records.load(tmp_path / "x" / records.STREAMING) == found
    rows = (tmp_path / "x" / records.STREAMING / streaming_records.CURVES).read_text().splitlines()
    assert len(rows) == 1 + 11 * 5 * len(found.curves[0].thresholds)


@pytest.mark.parametrize(
    "values, message",
    [({"hours": 0}, "hours is 0"), ({"seed": -1}, "seed -1 is negative"), ({"clips": -3}, "clips is -3")],
)
def test_bad_numbers_are_refused(run, values, message):
    with pytest.raises(InputError, match=message):
        streaming.measure(run, Drawn(), StreamStudy(**values), workers=0)


def test_a_folder_without_sound_and_an_unknown_run_are_refused(run, tmp_path):
    with pytest.raises(InputError, match="there is no sound file in the folder"):
        streaming.measure(run, Drawn(), STUDY, ambient=tmp_path, workers=0)
    done = CliRunner().invoke(main, ["streaming", "nobody", "--hours", "1"])
    assert done.exit_code == 1 and "Traceback" not in done.output
