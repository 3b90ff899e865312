"""From sound to label: the stages of a deployment, and the vendor's front ends."""

from dataclasses import replace

import pytest

from kwslib.report import front_end_page
from kwslib.report.elements import Markdown
from kwslib.runs import deployments
from tests.sample_run import sample_run


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    return sample_run(tmp_path / "models")


def test_stages_front_end_network_and_both(run):
    found = deployments.of_run(run).deployment
    frame = front_end_page.stages(found).set_index("stage")
    stages = [row.name for row in found.front_end]
    assert list(frame.index) == [*stages, "Front end", "Network", "Sound to label"]
    for column in ("cycles", "warm cycles", "operations"):
        assert frame.loc[stages, column].sum() == frame.loc["Front end", column]
        assert frame.loc[["Front end", "Network"], column].sum() == frame.loc["Sound to label", column]
    assert frame.loc["Network", "cycles"] == found.cycles
    assert frame.loc["Sound to label", "share"] == 1
    assert "Sound to label" in front_end_page.stage_table(found)._repr_html_()


def test_a_program_without_a_front_end_says_so(run):
    found = replace(deployments.of_run(run).deployment, front_end=[])
    text = front_end_page.stage_table(found)
    assert isinstance(text, Markdown) and "begins with the fingerprint" in text.text


def test_the_vendors_cycles_follow_from_its_times(run):
    found = deployments.of_run(run).deployment
    frame = front_end_page.beside_vendor([run]).set_index("front end")
    assert frame.loc["the vendor's MFCC, int16", "cycles"] == 1_190_000  # 6.8 ms at 175 MHz
    assert frame.loc["the vendor's MFCC, int32", "cycles"] == 3_237_500
    ours = frame.iloc[0]
    assert (ours["cycles"], ours["sound to label, cycles"]) == (found.front_end_cycles, found.sound_to_label_cycles)
    assert frame["times the first"].iloc[0] == 1
    assert "nan" not in front_end_page.beside_vendor_table([run])._repr_html_().lower()
    note = front_end_page.vendor_note().text
    assert "-0.59 points with int16" in note and "+0.05 points with int32" in note
