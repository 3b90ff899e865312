"""Tables and pictures of a network on GAP8."""

import base64
import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from kwslib.config.baselines import baseline_network
from kwslib.config.presets import BASELINE_SIZES
from kwslib.gap8.measure.layer_stalls import StallRow
from kwslib.paths import models_dir
from kwslib.report import gap8_figures, gap8_page
from kwslib.runs import deployments, energy, records
from tests.sample_run import sample_run


def recorded(size):
    return records.load(models_dir() / f"quick-{size}", recorded=True)


@pytest.fixture(autouse=True)
def no_fresh_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def found():
    return deployments.of_run(recorded("medium"))


@pytest.mark.parametrize("size", BASELINE_SIZES)
def test_layers_sum_to_the_total_and_stand_beside_the_baselines(size):
    frame = gap8_page.layers(deployments.of_run(recorded(size)).deployment, size)
    rows, total = frame.iloc[:-1], frame.iloc[-1]
    for column in ("cycles", "warm cycles", "operations", "share", "MAC", "baseline's cycles"):
        assert rows[column].sum() == pytest.approx(total[column])
    assert rows["baseline's cycles"].tolist() == [layer.cycles for layer in baseline_network(size).layers]
    assert rows["operations"].tolist() == [layer.operations for layer in baseline_network(size).layers]
    assert total["baseline's / ours"] == pytest.approx(baseline_network(size).cycles / total["cycles"])
    assert total["MAC"] == BASELINE_SIZES[size].macs


@pytest.mark.parametrize("size", BASELINE_SIZES)
def test_the_recorded_networks_fit_are_right_and_beat_the_baseline(size):
    found = deployments.of_run(recorded(size))
    assert found.recorded and found.deployment.clips_checked >= 20
    assert found.deployment.cycles * 3 < baseline_network(size).cycles
    frame = gap8_page.steps(found)
    assert frame["L1 peak bytes"].max() <= 64 * 1024
    assert frame["L2 peak bytes"].max() <= 512 * 1024


def test_another_network_stands_alone(found):
    frame = gap8_page.layers(found.deployment)
    assert not any("baseline" in column for column in frame)
    assert "baseline" not in gap8_page.layer_table(found.deployment).caption
    assert "the baseline" not in gap8_figures.cycles_picture(found.deployment).alt


def test_the_layer_table_marks_fused_layers_and_downloads_everything(found):
    table = gap8_page.layer_table(found.deployment, "medium", "quick-medium")
    shown = re.findall(r"<td[^>]*>([^<]*)</td>", table._repr_html_())
    assert [text for text in shown if "†" in text] == [
        "S1_Conv2d_172x1x10x4\N{NO-BREAK SPACE}†",
        "S2_Conv2d_172x1x3x3\N{NO-BREAK SPACE}†",
    ]
    assert "† fused" in table.caption
    data = re.search(r'quick-medium-gap8-layers.csv" href="data:text/csv;base64,([^"]+)"', table._repr_html_())[1]
    frame = pd.read_csv(io.StringIO(base64.b64decode(data).decode()))
    assert frame["layer"].iloc[0] == "S1_Conv2d_172x1x10x4_Relu"
    assert frame["fused"].sum() == 2
    assert {"MAC", "MAC/cycle", "baseline's operations/cycle"} <= set(frame)


def test_speeds_are_cycles_by_clock_and_the_energy_is_the_formula(found):
    frame = gap8_page.speeds(found.deployment, "quick-medium").frame
    cycles = found.deployment.cycles
    assert frame["cluster clock, MHz"].tolist() == [50, 100, 175]
    assert frame["core supply, V"].tolist() == [1.0, 1.2, 1.2]
    assert frame["latency, ms"].tolist() == pytest.approx([cycles / 50e3, cycles / 100e3, cycles / 175e3])
    expected = [cycles * 75e-3 / 90e6 * volts**2 * 1e6 for volts in (1.0, 1.2, 1.2)]
    assert frame["estimated energy, µJ"].tolist() == pytest.approx(expected)
    assert frame["estimated pJ/MAC"].iloc[0] == pytest.approx(1e6 * expected[0] / found.deployment.macs)


def test_mlperfs_units_stand_beside_the_cycles(found):
    cycles = found.deployment.cycles
    row = gap8_page.totals([recorded("medium")]).iloc[0]
    assert row["inferences/s at 175 MHz"] == pytest.approx(175e6 / cycles)
    assert row["estimated µJ at 175 MHz"] == pytest.approx(cycles * 75e-3 / 90e6 * 1.2**2 * 1e6)
    heads = [column.head for column in gap8_page.totals_table([recorded("medium")]).columns()]
    assert "inferences/\N{ZERO WIDTH SPACE}s at 175 MHz" in heads and "estimated µJ at 175 MHz" in heads
    rates = gap8_page.speeds(found.deployment).frame["inferences a second"]
    assert rates.tolist() == pytest.approx([50e6 / cycles, 100e6 / cycles, 175e6 / cycles])


def test_predictions_stand_beside_what_was_measured_a_row_a_step(found):
    frame = gap8_page.predictions(found.deployment)
    rows, total = frame.iloc[:-1], frame.iloc[-1]
    assert rows["layers"].iloc[0] == "S1 + S2"  # fused: one prediction
    assert rows["measured"].iloc[0] == sum(row.cycles for row in found.deployment.rows[:2])
    assert rows["predicted"].tolist() == [step.predicted_cycles for step in found.plan.steps if step.layers]
    assert rows[["predicted", "measured"]].sum().tolist() == [total["predicted"], total["measured"]]
    assert total["measured"] == found.deployment.cycles
    assert frame["predicted / measured"].tolist() == pytest.approx((frame["predicted"] / frame["measured"]).tolist())
    shown = gap8_page.prediction_table(found.deployment, "quick-medium")._repr_html_()
    assert "S1\N{NO-BREAK SPACE}+\N{NO-BREAK SPACE}S2" in shown and "predicted and measured" in shown


def test_portable_c_is_named_with_its_share_and_nothing_is_said_without_it(found):
    deployment = found.deployment
    assert gap8_page.portable_note(deployment) is None
    last = deployment.steps[-1]
    steps = [*deployment.steps[:-1], replace(last, portable="a reason")]
    text = gap8_page.portable_note(replace(deployment, steps=steps)).text.replace("\\", "")
    share = 100 * deployment.rows[-1].cycles / deployment.cycles
    assert text == f"Portable C computes {last.layers[0]} (a reason): {share:.1f} % of the cycles."


def test_what_is_an_estimate_or_without_the_front_end_says_so(found):
    assert "estimate" in gap8_page.speeds(found.deployment).caption
    assert "without the front end" in gap8_page.speeds(found.deployment).caption
    assert "estimate" in gap8_page.totals_table([recorded("small")]).caption
    assert "estimate" in energy.ENERGY_FORMULA


def test_totals_have_a_row_a_network_with_its_state_and_platform():
    frame = gap8_page.totals([recorded(size) for size in BASELINE_SIZES])
    assert frame["network"].tolist() == list(BASELINE_SIZES)
    assert set(frame["state"]) == {"recorded"} and set(frame["platform"]) == {"simulator"}
    for _, row in frame.iterrows():
        assert row["ms at 50 MHz"] == pytest.approx(row["cycles"] / 50e3)
        assert row["baseline's / ours"] == pytest.approx(row["baseline's cycles"] / row["cycles"])


def test_the_badge_names_clips_platform_version_and_state(found):
    text = gap8_page.badge(found).text
    assert f"bit-exact: every layer equals the integer reference on {found.deployment.clips_checked} test clips" in text
    assert f"recorded: simulator, version {found.deployment.platform_version}" in text


def test_status_lists_what_was_deployed_and_leaves_out_the_rest(tmp_path):
    run = sample_run(tmp_path / "models")
    frame = gap8_page.status([run, records.load(models_dir() / "baseline-small", recorded=True)])
    assert frame["run"].tolist() == ["quick-small"]
    assert frame["version"].tolist() == ["drawn"]


def test_tables_are_written_beside_the_figures_and_linked(found, tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    kept = deployments.Found(found.deployment, tmp_path / "book" / "results" / "x" / "gap8", False)
    gap8_page.save_tables(replace(kept, deployment=replace(found.deployment, layer_stalls=[])), "medium")
    assert not (kept.folder / "layer_stalls.csv").exists()
    counted = replace(found.deployment, layer_stalls=[StallRow(0, 900, 1000, *[10] * 6, 50)])
    gap8_page.save_tables(replace(kept, deployment=counted), "medium")
    assert pd.read_csv(kept.folder / "layer_stalls.csv")["L1 conflicts"].tolist() == [10]
    assert pd.read_csv(kept.folder / "stalls.csv").shape[0] == 12
    assert pd.read_csv(kept.folder / "layers.csv")["baseline's cycles"].iloc[-1] == baseline_network("medium").cycles
    assert "<results/x/gap8/layers.csv>" in gap8_page.downloads(kept).text
    assert "plan.json" not in gap8_page.downloads(kept).text
