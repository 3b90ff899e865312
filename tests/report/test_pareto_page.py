"""The Pareto chapter: what its pictures, tables and answers say."""

import re
from dataclasses import replace

import pytest

from kwslib.report import pareto, pareto_page
from kwslib.runs.cost import QUANTITIES
from kwslib.runs.parameters import check
from tests.report.figures import drawn
from tests.report.test_pareto import point


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path))
    monkeypatch.delenv("KWS_DATA", raising=False)


@pytest.fixture
def group():
    made = [
        point("a", 40_000, 80, test=99),
        point("b", 90_000, 85, test=30),
        point("c", 95_000, 84),
        point("<d>", 900_000, 90),
    ]
    made = [replace(one, architecture=point(channels=n).architecture) for n, one in enumerate(made, 1)]
    return pareto.groups(made, "sweep")[0]


@pytest.mark.parametrize("kind", QUANTITIES)
def test_a_picture_has_every_network_with_text_and_link(group, kind):
    picture = pareto_page.picture(group, kind)
    rows = max(drawn.rows(picture), key=len)
    assert len(rows) == 4 and all(row["link"].startswith("#network-") for row in rows)
    for row in rows:
        for name in QUANTITIES:
            assert f"{QUANTITIES[name].title}: " in row["facts"]
        assert "seeds: 1; front end power-40-20-10" in row["facts"]
    shown = picture._repr_html_()
    assert "&lt;d&gt;" in shown and "<d>" not in shown


def test_the_front_is_drawn_through_its_networks(group):
    picture = pareto_page.picture(group, "cycles")
    (front,) = (one for one in drawn.marks(picture, "line") if one.get("stroke-dasharray"))
    assert front.get("d").count("L") == 2
    assert "On the front: a, " in picture.alt and "; c, " not in picture.alt


def test_validation_chooses_and_test_figures_are_those_of_what_was_chosen(group):
    frame = pareto_page.choices(group).frame.set_index("at most")
    assert frame["network"].tolist() == ["a", "b", "b", "b", "<d>", "<d>"]
    assert frame["accuracy, test, noise-silence"].tolist()[:2] == [0.99, 0.30]
    assert not any("test" in column for column in pareto_page.table(group).frame)


def test_the_text_answers_its_question(group):
    said = pareto_page.texts(group)
    assert (said["pareto_answer"], said["pareto_accuracy"], said["pareto_networks"]) == ("b", "85.00 %", "4")
    assert pareto_page.texts(pareto.groups([point(cycles=10**7)], "s")[0])["pareto_answer"] == "none of these networks"


def test_the_table_has_rising_cycles_and_says_which_are_on_the_front(group):
    frame = pareto_page.table(group).frame
    assert frame["network"].tolist() == ["a", "b", "c", "<d>"]
    assert frame["front"].tolist() == ["front", "front", "", "front"]


def test_the_command_of_a_network_makes_its_shape(group):
    network = pareto.groups([point("x", architecture=check(channels=24, blocks=3).size)], "s")[0].networks[0]
    words = re.findall(r'--([a-z-]+) ("[^"]*"|\S+)', pareto_page.command(network))
    given = {name.replace("-", "_"): text.strip('"') for name, text in words}
    numbers = {name: int(text) for name, text in given.items() if text.isdigit()}
    assert check(**(given | numbers)).size == check(channels=24, blocks=3).size


def test_every_network_has_an_entry_that_links_lead_to(group):
    text = pareto_page.cards(group).text
    assert text.count('id="network-') == 4 and text.count("kws run --size small --model-size-info") == 4


def test_costs_that_are_not_known_are_a_dash():
    assert pareto_page.amount("l1", None) == "–"
    assert pareto_page.amount("ms", 0.97636) == "0.9764 ms"


def test_without_a_recorded_sweep_the_page_says_so():
    assert pareto_page.origins([]).text.startswith("No sweep is recorded yet")
