"""What a program that listens prints of its hops: what is read of it, and what is refused."""

import pytest

from kwslib.gap8.measure import checked_stream
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.measure.stream_record import HopRow
from kwslib.gap8.program.expected_stream import ExpectedStream, HopSums
from kwslib.integer.events import Event

HOPS = (
    "Hop 0: 300 cycles, front end 100, network 150; fingerprint 00000001, logits 00000002, output 00000003\n",
    "Hop 1: 310 cycles, front end 101, network 151; fingerprint 00000004, logits 00000005, output 00000006\n",
)
EVENT, END = "Event: hop 1, class 3, sum 70, no\n", "Stream: 500 samples, 2 hops, 1 events\n"
EXPECTED = ExpectedStream((HopSums(1, 2, 3), HopSums(4, 5, 6)), (Event(1, 3, 70, 0.27),))
GOOD = HOPS[0] + HOPS[1] + EVENT + END


def test_hops_are_read():
    assert checked_stream.check(GOOD, 500, EXPECTED) == [
        HopRow(300, 100, 150),
        HopRow(310, 101, 151),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "printed 0 hops; there are 2"),
        (HOPS[0] + EVENT + END, "printed 1 hops; there are 2"),
        (HOPS[1] + END, "printed hop 1 where hop 0 of 2 should be"),
        (GOOD + HOPS[1].replace("Hop 1", "Hop 2"), "printed hop 2 where hop 2 of 2 should be"),
        (
            GOOD.replace("00000004", "00000007"),
            "the fingerprint of hop 1 is not .* checksum 00000007, expected 00000004",
        ),
        (GOOD.replace("00000002", "00000007"), "the logits of hop 0 is not"),
        (GOOD.replace("00000006", "0000000f"), "the output of hop 1 is not"),
        (GOOD.replace("class 3", "class 4"), r"events .*\[\(1, 4, 70\)\] are not the specification's \[\(1, 3, 70\)\]"),
        (GOOD.replace(EVENT, ""), "are not the specification's"),
        (GOOD.replace(END, ""), "the program ended with"),
        (GOOD.replace("500 samples", "499 samples"), "the program ended with"),
        (GOOD.replace("Hop 1: ", "Hop 1 "), "line 2 of the program's output cannot be understood: 'Hop 1 310 cycles"),
        (GOOD.replace("300 cycles", "200 cycles"), "hop 0 has 200 cycles, its front end 100, its network 150"),
        (GOOD.replace("front end 101", "front end 0"), "its front end 0"),
    ],
)
def test_what_is_wrong_or_missing_is_an_error(text, message):
    with pytest.raises(ProfileError, match=message):
        checked_stream.check(text, 500, EXPECTED)
