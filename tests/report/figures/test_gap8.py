"""The pictures of a network on GAP8; what holds for every picture is tested in test_figures.py."""

import numpy as np

from kwslib.report.figures import gap8
from kwslib.report.figures.gap8 import Ceiling, LayerCycles, MemoryUse, RooflinePoint

LAYERS = [LayerCycles("S1", 20_000, 450_000), LayerCycles("S2", 50, 40), LayerCycles("S3", 7)]
CEILINGS = [Ceiling("all", 32.0), Ceiling("most", 15.5)]
REACHED = [RooflinePoint("S1", "front", 80.0, 15.0), RooflinePoint("S2", "linear", 0.9, 1.1)]
USES = [MemoryUse("S1", {"L1": 65_536, "L2": 1_024}), MemoryUse("S2", {"L1": 32_768, "L2": 2_048})]
MEMORIES = {"L1": 65_536, "L2": 524_288}
PARTS = {"instructions": 0.9, "asleep": 0.1}
GAP8_PICTURES = {
    "layers": lambda: gap8.layer_cycles(LAYERS, "ours", "theirs"),
    "roofline": lambda: gap8.roofline(REACHED, CEILINGS, 8.0),
    "memory": lambda: gap8.memory_bars(USES, MEMORIES),
    "shares": lambda: gap8.shares(PARTS, "share of all cycles"),
}


def test_layer_cycles_show_both_and_their_ratio():
    picture = gap8.layer_cycles(LAYERS, "ours", "theirs")
    axes = picture.figure().axes[0]
    ours, theirs = axes.collections
    assert ours.get_offsets()[:, 0].tolist() == [20_000, 50, 7]
    assert theirs.get_offsets().tolist() == [[450_000, 0], [40, 1]]
    assert [text.get_text() for text in axes.texts] == ["22.5×", "0.8×"]
    assert "S1: 20000, theirs 450000, 22.5 times; S2: 50, theirs 40, 0.8 times; S3: 7." in picture.alt
    alone = gap8.layer_cycles([LAYERS[2]], "ours", "theirs").figure()
    assert len(alone.axes[0].collections) == 1 and not alone.legends


def test_a_roofline_has_a_slope_and_its_ceilings():
    picture = gap8.roofline(REACHED, CEILINGS, 8.0)
    axes = picture.figure().axes[0]
    for line, ceiling in zip(axes.lines, CEILINGS, strict=True):
        intensity, rate = line.get_data()
        assert np.allclose(rate, np.minimum(8 * intensity, ceiling.mac_per_cycle))
        assert rate[-1] == ceiling.mac_per_cycle and rate[0] < ceiling.mac_per_cycle
    assert axes.collections[0].get_offsets().tolist() == [[80.0, 15.0]]
    assert "S2: 1.1 MAC/cycle at 0.9 MAC a byte" in picture.alt and "15.5, most" in picture.alt


def test_memory_bars_end_at_the_bytes_in_use():
    picture = gap8.memory_bars(USES, MEMORIES)
    first, second = picture.figure().axes
    assert [bar.get_width() for bar in first.patches] == [64, 32]
    assert [bar.get_width() for bar in second.patches] == [1, 2]
    assert [axes.lines[0].get_xdata()[0] for axes in (first, second)] == [64, 512]
    assert "L1 at most 65536 of 65536 bytes" in picture.alt


def test_shares_are_written_at_their_bars():
    axes = gap8.shares(PARTS, "share of all cycles").figure().axes[0]
    assert [text.get_text() for text in axes.texts] == ["90.0 %", "10.0 %"]
