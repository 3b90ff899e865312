"""Figures of two outputs side by side."""

import pytest

from kwslib.errors import InputError
from kwslib.gap8.measure.agreement import Figure, compare


def test_figures_are_named_by_their_line_and_heading():
    reference = "walk\n timer: 10 20\nsum -35 ref -35\nhash 9aa4fbf2\n64 loads: 7 8 \nOK\n"
    own = "walk\n timer: 10 21\nsum -35 ref -36\nhash 9aa4fbf2\n64 loads: 7 9 \nOK\n"
    assert compare(reference, own) == [
        Figure("walk: timer", 0, 10, 10),
        Figure("walk: timer", 1, 20, 21),
        Figure("sum", 0, -35, -35),
        Figure("sum -35 ref", 0, -35, -36),
        Figure("", 0, 64, 64),
        Figure("64 loads", 0, 7, 7),
        Figure("64 loads", 1, 8, 9),
    ]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("a 1\nb 2\n", r"line 2 is 'c 2' and 'b 2'"),
        ("a 1\n", "2 lines and 1"),
        ("a 1 2\nc 2\n", "line 1 is 'a 1' and 'a 1 2'"),
        ("a 1x\nc 2\n", "line 1"),
    ],
)
def test_other_text_is_refused(own, message):
    with pytest.raises(InputError, match=f"differ in more than figures: .*{message}"):
        compare("a 1\nc 2\n", own)


def test_within_takes_the_larger_allowance():
    assert Figure("x", 0, 1000, 1020).within(0.02, 2) and not Figure("x", 0, 1000, 1021).within(0.02, 2)
    assert Figure("x", 0, 10, 12).within(0.02, 2) and not Figure("x", 0, 10, 7).within(0.02, 2)
    assert Figure("x", 0, -100, -98).within(0.02, 0) and Figure("x", 0, -100, -97).difference == 3
