import xml.etree.ElementTree as ElementTree

from kwslib.report.figures import network
from kwslib.report.figures.network import MOST_SHEETS, TALLEST, WIDEST, Box

BOXES = [
    Box("fingerprint", "input", "MFCC", (49, 10, 1)),
    Box("S1", "convolution", "10 × 4, stride 2 × 2", (25, 5, 64), "2 KB from L2", "output in L1"),
    Box("<S2>", "linear", "linear", (1, 1, 12), "flash"),
]


def test_shapes_are_drawn_to_scale_and_channels_as_sheets():
    root = ElementTree.fromstring(network.drawing(BOXES).text.replace("&#34;", "&quot;"))
    sheets = [list(item.iter("rect")) for item in root]
    assert [len(one) for one in sheets] == [1, MOST_SHEETS, 2]
    (whole,) = sheets[0]
    assert (float(whole.get("height")), float(whole.get("width"))) == (TALLEST, WIDEST)
    assert float(sheets[1][0].get("height")) == round(TALLEST * 25 / 49, 1)
    assert float(sheets[1][0].get("width")) == WIDEST / 2
    for item in root:
        (svg,) = item.iter("svg")
        for rect in svg:
            assert float(rect.get("x")) + float(rect.get("width")) <= float(svg.get("width"))
            assert float(rect.get("y")) + float(rect.get("height")) <= float(svg.get("height"))


def test_the_words_say_what_where_and_are_escaped():
    text = network.drawing(BOXES).text
    assert "S1: 10 × 4, stride 2 × 2, 25 × 5 × 64, 2 KB from L2, output in L1" in text
    assert "&lt;S2&gt;" in text and "<S2>" not in text
