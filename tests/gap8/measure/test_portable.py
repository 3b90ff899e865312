"""The line about what portable C computes."""

from types import SimpleNamespace

from kwslib.gap8.measure.portable import portable_text

STEPS = [
    SimpleNamespace(layers=["S1", "S2"], portable=""),
    SimpleNamespace(layers=["S3"], portable="a maximum"),
    SimpleNamespace(layers=["S4"], portable="a sum of two maps"),
    SimpleNamespace(layers=["S5"], portable="a maximum"),
]
CYCLES = {"S1": 300, "S2": 300, "S3": 200, "S4": 50, "S5": 150}


def test_layers_of_one_reason_stand_together_with_their_share():
    assert portable_text(STEPS, CYCLES) == (
        "portable C computes S3, S5 (a maximum): 35.0 % of the cycles; S4 (a sum of two maps): 5.0 % of the cycles"
    )


def test_without_cycles_there_is_no_share():
    for cycles in (None, {}):
        assert portable_text(STEPS, cycles) == "portable C computes S3, S5 (a maximum); S4 (a sum of two maps)"


def test_nothing_is_said_where_kernels_compute_everything():
    assert portable_text(STEPS[:1], CYCLES) == ""
