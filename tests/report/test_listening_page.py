from dataclasses import replace

import pytest

from kwslib.config.events import EventParameters
from kwslib.gap8.measure import stream_record
from kwslib.report import listening_page
from kwslib.report.elements import Markdown
from kwslib.runs import deployments
from tests.sample_run import sample_run

ROWS = [stream_record.HopRow(300_000, 100_000, 180_000), *[stream_record.HopRow(250_000, 60_000, 170_000)] * 4]
ONE = stream_record.Stream("n", "simulator", "v", "yes.wav", 16_000, EventParameters(), 12, 49, ROWS, [], [], "d", 1.0)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    return sample_run(tmp_path / "models")


def test_a_row_for_each_network_and_hop(run):
    parameters = EventParameters(hop_ms=500)
    streams = [ONE, replace(ONE, parameters=parameters, hop_frames=25)]
    stream_record.save_all(streams, deployments.of_run(run).folder)
    frame = listening_page.hops([run])
    assert frame["hop, ms"].tolist() == [240, 500] and frame["new frames"].tolist() == ["12 of 49", "25 of 49"]
    first = frame.iloc[0]
    assert (first["front end, first hop"], first["front end, steady"]) == (100_000, 60_000)
    assert (first["network, first hop"], first["network, steady"]) == (180_000, 170_000)
    assert first["whole hop, steady"] == 250_000
    assert first["duty cycle at 50 MHz"] == pytest.approx(250_000 / 50e6 / 0.240)
    # 75 mW for 2.78 ms, 360,000 times
    assert first["estimated J a day at 50 MHz"] == pytest.approx(0.075 * 250_000 / 90e6 * 360_000)
    html = listening_page.hops_table([run])._repr_html_()
    assert "2.08 %" in html and "nan" not in html.lower()
    text = listening_page.checks([run]).text
    assert "`yes.wav`" in text and "each of the 10 hops equal" in text and "75 mW" in text


def test_without_a_record_the_page_says_so(run):
    found = listening_page.hops_table([run])
    assert isinstance(found, Markdown) and "kws gap8 run --stream" in found.text
    assert listening_page.checks([run]).text == ""
