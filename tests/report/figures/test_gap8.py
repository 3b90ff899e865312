"""The pictures of a network on GAP8; what holds for every picture is tested in test_picture.py."""

import pytest

from kwslib.report.figures import gap8
from kwslib.report.figures.gap8 import Ceiling, LayerCycles, RooflinePoint
from tests.report.figures import drawn

LAYERS = [LayerCycles("S1", 20_000, 450_000, "512 operations"), LayerCycles("S2", 50, 40), LayerCycles("S3", 7)]
CEILINGS = [Ceiling("all", 32.0), Ceiling("most", 15.5)]
REACHED = [RooflinePoint("S1", "front", 80.0, 15.0), RooflinePoint("S2", "linear", 0.9, 1.1)]
PARTS = {"instructions": 0.9, "asleep": 0.1}
GAP8_PICTURES = {
    "layers": lambda: gap8.layer_cycles(LAYERS, "ours", "theirs"),
    "roofline": lambda: gap8.roofline(REACHED, CEILINGS, 8.0),
    "shares": lambda: gap8.shares(PARTS, "share of all cycles"),
}


def test_layer_cycles_show_both_and_their_ratio():
    picture = gap8.layer_cycles(LAYERS, "ours", "theirs")
    places = [drawn.place(one) for one in drawn.marks(picture, "symbol")]
    ours, theirs = places[:3], places[3:]
    assert [y for _, y in theirs] == [y for _, y in ours][:2]
    assert theirs[0][0] > ours[0][0] > theirs[1][0] > ours[2][0] and ours[1][0] > theirs[1][0]
    assert [text for text in drawn.texts(picture) if text.endswith("×")] == ["22.5×", "0.8×"]
    assert "S1: 20000, theirs 450000, 22.5 times; S2: 50, theirs 40, 0.8 times; S3: 7." in picture.alt
    rows = next(iter(picture.spec["datasets"].values()))
    assert rows[0]["facts"] == "S1\n20,000 cycles\ntheirs: 450,000 cycles\n512 operations"
    alone = gap8.layer_cycles([LAYERS[2]], "ours", "theirs")
    assert len(drawn.marks(alone, "symbol")) == 1 and "theirs" not in drawn.texts(alone)


@pytest.mark.parametrize(
    "order, expected", [("as they run", "S1 S2 S3"), ("by cycles", "S1 S2 S3"), ("by ratio", "S1 S2 S3")]
)
def test_layers_are_ordered_as_a_reader_chooses(order, expected):
    rows = [LayerCycles("S3", 7), LayerCycles("S2", 50, 40), LayerCycles("S1", 20_000, 450_000)]
    picture = gap8.layer_cycles(rows, "ours", "theirs")
    chart = picture.chart.copy(deep=True)
    (chosen,) = (one for one in chart.params if one.name == "order")
    chosen.value = order
    names = [text for text in drawn.texts(type(picture)(chart, picture.alt)) if text in ("S1", "S2", "S3")]
    assert names == (["S3", "S2", "S1"] if order == "as they run" else expected.split())


def test_a_roofline_has_a_slope_and_its_ceilings():
    picture = gap8.roofline(REACHED, CEILINGS, 8.0)
    rows = max(picture.spec["datasets"].values(), key=len)
    for ceiling in CEILINGS:
        own = [row for row in rows if row["ceiling"].startswith(f"{ceiling.mac_per_cycle:g} MAC")]
        assert [row["mac_per_cycle"] for row in own] == pytest.approx(
            [8 * own[0]["mac_per_byte"], ceiling.mac_per_cycle, ceiling.mac_per_cycle]
        )
        assert own[1]["mac_per_byte"] == pytest.approx(ceiling.mac_per_cycle / 8) and own[2]["mac_per_byte"] > 80
    assert len(drawn.marks(picture, "line")) == 2 and len(drawn.marks(picture, "symbol")) == 2
    assert "S2: 1.1 MAC/cycle at 0.9 MAC a byte" in picture.alt and "15.5, most" in picture.alt


def test_shares_are_written_at_their_bars():
    texts = drawn.texts(gap8.shares(PARTS, "share of all cycles"))
    assert [text for text in texts if "." in text] == ["90.0 %", "10.0 %"]
