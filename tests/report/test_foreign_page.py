"""Other people's networks beside the released ones."""

from dataclasses import replace

import pandas as pd
import pytest

from kwslib.config import foreign as table
from kwslib.release import release
from kwslib.report import foreign_page
from kwslib.report.elements import Markdown
from kwslib.runs import foreign
from kwslib.runs.foreign import ForeignAccuracy
from tests.sample_run import sample_foreign, sample_run

NAMES = ("mlperf-tiny", "greenwaves-large", "micronet-m", "another")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    return tmp_path


@pytest.fixture
def records(place):
    made = [sample_foreign(name) for name in NAMES]
    for record in made:
        foreign.save(record, foreign.folder())
    return made


@pytest.fixture
def small(place, monkeypatch):
    """A released network of the size small, and none of the others."""
    run = sample_run(place / "models")
    monkeypatch.setattr(release, "released", {"small": run}.get)
    return run


def test_they_stand_behind_the_released_ones_in_the_same_units(records, small):
    frame = foreign_page.frame().set_index("network")
    assert list(frame.index) == ["small, released", *(record.title for record in records)]
    for record in records:
        row = frame.loc[record.title]
        assert (row["MAC"], row["cycles"]) == (record.macs, record.cycles)
        assert row["MAC/cycle"] == pytest.approx(record.macs / record.cycles)
        assert row["predicted / measured"] == pytest.approx(record.predicted_cycles / record.cycles)
        assert row["inferences/s at 175 MHz"] == pytest.approx(175e6 / record.cycles)
        # the house's estimate: 75 mW at 90 MHz and 1.0 V, and 1.2 V at 175 MHz
        assert row["estimated µJ at 175 MHz"] == pytest.approx(75e-3 * record.cycles / 90e6 * 1.2**2 * 1e6)


def test_accuracy_is_told_only_where_it_was_measured_or_printed(records, small):
    frame = foreign_page.frame().set_index("network")
    digital, noise = (small.measurement("tflite", "test", f"{one}-silence") for one in ("digital", "noise"))
    wanted = f"{100 * digital.accuracy:.2f} / {100 * noise.accuracy:.2f} % of {digital.clips} clips"
    assert frame["test accuracy"].iloc[0] == wanted
    printed = {network.title: network for network in table.foreign_networks()}
    assert frame.loc["Arm's MicroNet-M", "test accuracy"] == "needs its own front end; its authors print 95.8 %"
    assert frame.loc["MLPerf Tiny's reference model", "test accuracy"] == frame.loc["another", "test accuracy"]
    assert frame.loc["another", "test accuracy"] == "needs its own front end"
    column = frame["cycles its authors printed"]
    assert column["GreenWaves' large"] == printed["GreenWaves' large"].printed_cycles
    assert column.drop("GreenWaves' large").isna().all()


def test_a_measured_accuracy_stands_with_its_clips(place):
    counted = [ForeignAccuracy("noise-silence", 1, 4), ForeignAccuracy("digital-silence", 3, 4)]
    foreign.save(replace(sample_foreign("mlperf-tiny"), accuracies=counted), foreign.folder())
    frame = foreign_page.frame().set_index("network")
    assert frame.loc["MLPerf Tiny's reference model", "test accuracy"] == "75.00 / 25.00 % of 4 clips"


def test_the_page_shows_figures_sources_and_portable_c(records, small):
    text = foreign_page.table()._repr_html_()
    assert "MLPerf Tiny&#39;s reference model" in text and "nan" not in text.lower()
    sources = foreign_page.sources()
    assert isinstance(sources.frame, pd.DataFrame)
    rows = sources.frame.set_index("network")
    assert rows.loc["Arm's MicroNet-M", "from"].startswith("ARM-software/ML-zoo: models/keyword_spotting/micronet")
    assert rows.loc["another", "from"] == "another.tflite, unknown"
    assert rows["licence"].tolist() == ["Apache-2.0", "not named", "Apache-2.0", "not named"]
    assert rows["sha256"].tolist() == [record.sha256 for record in records]
    assert rows.loc["another", "in portable C"] == "S4_MaxPool_2x2 (a maximum): 3.1 % of the cycles"
    assert rows.loc["Arm's MicroNet-M", "in portable C"] == "nothing"
    assert "simulator, version drawn" in foreign_page.note().text


def test_without_records_the_page_says_so_and_shows_ours(small):
    assert foreign_page.frame()["network"].tolist() == ["small, released"]
    sources = foreign_page.sources()
    assert isinstance(sources, Markdown) and "kws gap8 foreign" in sources.text
    assert "<table" in foreign_page.table()._repr_html_() and foreign_page.note().text == ""


def test_without_any_network_there_is_no_empty_table(place):
    assert foreign_page.table() == Markdown("")
