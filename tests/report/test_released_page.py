import numpy as np
import pytest

from kwslib.config.presets import BASELINE_SIZES
from kwslib.errors import DataError
from kwslib.release import release
from kwslib.report import released_page
from kwslib.report.elements import count
from kwslib.runs import deployments, records
from tests.release.test_release import put


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    return tmp_path / "book" / "results"


def test_without_a_release_the_others_figures_stand_alone(fresh):
    frame = released_page.frame()
    assert set(frame["network"]) == {
        f"{size}, {who}" for size in BASELINE_SIZES for who in ("the vendor's last", "the baseline")
    }
    assert "No network is released yet for: small, medium, large." in released_page.note().text
    assert "89.20\u00a0%" in released_page.table()._repr_html_()


@pytest.mark.parametrize("sizes", [["small"], ["small", "large"], ["small", "medium", "large"]])
def test_released_sizes_stand_beside_the_vendors_and_the_baselines(fresh, sizes):
    for size in sizes:
        put(fresh, f"best-{size}", size=size)
        release.publish(f"best-{size}")
    frame = released_page.frame().set_index(["network", "silence"])
    for size in BASELINE_SIZES:
        assert ((f"{size}, released", "noise-silence") in frame.index) == (size in sizes)
        assert (f"{size}, the vendor's last", "digital-silence") in frame.index
    run = release.released("small")
    row = frame.loc["small, released", "noise-silence"]
    assert row["correct"] == run.measurement("tflite", "test", "noise-silence").correct
    assert row["bytes"] == run.network.tflite_bytes
    assert row["cycles"] > 0
    lacking = [size for size in BASELINE_SIZES if size not in sizes]
    assert ("No network is released yet" in released_page.note().text) == bool(lacking)
    (card,) = released_page.card_of(run)
    assert "**Accuracy**" in card.text
    assert not any(line.startswith("#") for line in card.text.splitlines())


def test_the_mean_of_the_seeds_stands_below_the_released_one(fresh):
    for seed in (1, 2):
        put(fresh, f"best-small-s{seed}", seed=seed)
    release.publish("best-small-s1", ["best-small-s2"])
    accuracies = [
        records.find(f"best-small-s{seed}").measurement("tflite", "test", "noise-silence").accuracy for seed in (1, 2)
    ]
    rows = released_page.frame(["small"])
    assert list(rows["network"].unique())[:2] == ["small, released", "small, mean of 2 seeds"]
    row = rows.set_index(["network", "silence"]).loc["small, mean of 2 seeds", "noise-silence"]
    assert row["accuracy"] == pytest.approx(np.mean(accuracies))
    assert row["deviation"] == pytest.approx(np.std(accuracies, ddof=1))
    text = f"{100 * np.mean(accuracies):.2f}\u00a0±\u00a0{100 * np.std(accuracies, ddof=1):.2f}\u00a0%"
    assert text in released_page.table(sizes=["small"])._repr_html_()


def test_a_card_that_was_changed(fresh):
    put(fresh, "best-small")
    path = release.publish("best-small") / "README.md"
    path.write_text(path.read_text().replace("%", "&", 1))
    with pytest.raises(DataError, match=r"README\.md is not the card of the files beside it; release the run again"):
        released_page.card_of(release.released("small"))


def test_a_release_without_a_card(fresh):
    put(fresh, "best-small")
    (release.publish("best-small") / "README.md").unlink()
    with pytest.raises(DataError, match="cannot read the card"):
        released_page.card_of(release.released("small"))


def test_a_run_that_is_not_released_has_no_card(fresh):
    put(fresh, "best-small")
    (text,) = released_page.card_of(records.find("best-small"))
    assert text.text == "Run `best-small` is not released: it has no model card."


def test_the_large_numbers_are_those_of_the_records(fresh):
    for size in BASELINE_SIZES:
        put(fresh, f"best-{size}", size=size)
        release.publish(f"best-{size}")
    runs = [release.released(size) for size in BASELINE_SIZES]
    text = released_page.numbers(runs).text
    best = max(run.measurement("tflite", "test", "noise-silence").accuracy for run in runs)
    found = [deployments.of_run(run).deployment for run in runs]
    least = min(found, key=lambda one: one.cycles)
    assert f"<strong>{100 * best:.1f} %</strong>" in text
    assert f"<strong>{count(least.cycles)}</strong>" in text
    assert f"<strong>{least.sound_to_label_cycles / 100_000:.1f} ms</strong>" in text  # at 100 MHz
