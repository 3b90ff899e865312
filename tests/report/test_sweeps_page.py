"""What the chapter on sweeps says of budgets and predictions."""

from kwslib.report import sweeps_page
from kwslib.runs import deployments, records
from kwslib.runs.cost import QUANTITIES


def test_every_kind_of_cost_is_listed():
    assert sweeps_page.quantities().frame["in --budget"].tolist() == list(QUANTITIES)


def test_the_largest_error_of_the_predictions_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path))
    found = sweeps_page.errors()
    deployment = deployments.of_run(records.find("quick-small")).deployment
    assert found["quick-small"] == deployment.predicted_cycles / deployment.cycles - 1
    assert sweeps_page.texts() == {"sweeps_error": f"{100 * max(map(abs, found.values())):.1f} %"}
