"""The layer profile: the baseline's own tables are read; whatever is changed in a good one is refused."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.gap8.measure.layer_profile import check_outputs, parse
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.program.expected_output import checksum, expected_text
from kwslib.integer import network_file, reference
from tests.gap8 import networks
from tests.places import BASELINE_TABLES, RECORDINGS

BASELINE_LOGS = RECORDINGS / "baseline_logs"
SEED = BASELINE_TABLES

ROWS = (("S1_Conv2d_8x1x10x4_Relu", 1000, 4000), ("S2_Linear_12x8x1x1", 200, 96), ("S3_SoftMax", 70, 12))
EXPECTED = [(name, operations) for name, _, operations in ROWS]


def row(name, cycles, operations, lead=""):
    ratio = f"{operations * 10**6 // cycles / 10**6:.6f}"
    return f"{lead + name:>45}: Cycles: {cycles:10}, Operations: {operations:10}, Operations/Cycle: {ratio}"


def table(rows=ROWS, lead=""):
    lines = [row(*one, lead) for one in rows]
    total = ("Total", sum(cycles for _, cycles, _ in rows), sum(operations for *_, operations in rows))
    return [*lines, row(*total, lead)]


STAGES = (("F1_WindowFFT_1024", 700, 1400), ("F2_PowerMel_40", 300, 150))


def sound_table(lead="", stages=STAGES):
    """A table with the rows of a front end in front, and its sums."""
    sums = [tuple(sum(one[place] for one in rows) for place in (1, 2)) for rows in (stages, ROWS)]
    whole = ("SoundToLabel", *(sum(pair) for pair in zip(*sums, strict=True)))
    front = [row(*one, lead) for one in stages]
    return [*front, row("FrontEnd", *sums[0], lead), *table(ROWS, lead), row(*whole, lead)]


REST = [
    *(f"Checksum {name}: {number:08x}" for number, (name, *_) in enumerate(ROWS)),
    "Logits: 1 -2 3",
    "Output: 0 0 255",
    "Class: 2 yes",
]
GOOD = ["Network: n", *table(), *table(ROWS, "Warm "), *REST]


def test_a_whole_output():
    found = parse("\n".join(GOOD), EXPECTED)
    assert [(layer.name, layer.cycles, layer.operations) for layer in found.layers] == list(ROWS)
    assert found.warm == found.layers
    assert (found.cycles, found.warm_cycles, found.operations) == (1270, 1270, 4108)
    assert found.checksums == {name: number for number, (name, *_) in enumerate(ROWS)}
    assert (found.logits, found.output, found.winner) == ((1, -2, 3), (0, 0, 255), 2)
    assert found.layers[0].operations_per_cycle == 4.0


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_the_seeds_own_logs(size):
    """Rows copied from the baseline's text, with its blanks; checked against the figures that stand in its table."""
    found = parse((BASELINE_LOGS / f"{size}.txt").read_text())
    stated = json.loads(SEED.read_text())["sizes"][size]["layers"]
    assert [(row.name, row.cycles, row.operations) for row in found.layers] == [
        (row["name"], row["cycles"], row["operations"]) for row in stated
    ]
    assert found.winner is None and not found.checksums


def test_other_lines_are_left_alone():
    noise = ["Entering main controller", "", "Call cluster", "0x1c00: 12", "Performance: see above"]
    assert parse("\n".join([*noise, *GOOD, *noise]), EXPECTED) == parse("\n".join(GOOD))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "the program printed no layer table; it printed nothing"),
        (["hello"], "^the program printed no layer table$"),
        (table()[:-1], "the table has no Total: the program broke off after S3_SoftMax"),
        (table()[1:], r"the table's Total has 1270 cycles, its rows sum to 270"),
        ([table()[0], *table()], "S1_Conv2d_8x1x10x4_Relu more than once"),
        ([*table(), table()[0]], "S1_Conv2d_8x1x10x4_Relu comes after the table's total"),
        ([row("S1", 5, 5).replace("5,", "0,", 1)], "line 1: S1 has zero cycles, which nothing takes"),
        ([table()[0].replace("4.000000", "4.100000")], "says 4.100000 operations/cycle, its own figures give 4.000000"),
        ([table()[0].replace("1000", "10x0")], "line 1 of the program's output cannot be understood"),
        ([table()[0].replace(", Operations:", " Operations:")], "line 1 .* cannot be understood"),
        ([table()[0][:60]], "line 1 .* cannot be understood"),
        ([*table(), "Checksum S1: 12"], "line 5 .* cannot be understood"),
        ([*table(), "Class: yes"], "line 5 .* cannot be understood"),
        ([*table(), *table(ROWS, "Warm ")[:-1]], "the warm table has no Total"),
        ([*table(), *table(ROWS[1:], "Warm ")], "the warm table lacks S1_Conv2d_8x1x10x4_Relu"),
        (table(ROWS[::-1]), "other layers than the network: S3_SoftMax, S2"),
        (table([*ROWS, ("S4_SoftMax", 7, 12)]), "other layers than the network"),
        (table([ROWS[0], ROWS[1], ("S3_SoftMax", 70, 24)]), "gives S3_SoftMax 24 operations; it has 12"),
    ],
)
def test_what_is_not_whole_is_refused(lines, message):
    with pytest.raises(ProfileError, match=message):
        parse("\n".join(lines), EXPECTED)


def test_a_front_end_has_rows_and_a_total_of_its_own():
    text = "\n".join(["Network: n", *sound_table(), *sound_table("Warm "), "Checksum Fingerprint: 0000001f", *REST])
    expected = [(name, operations) for name, _, operations in STAGES]
    found = parse(text, EXPECTED, front_end=expected)
    assert [(stage.name, stage.cycles, stage.operations) for stage in found.front_end] == list(STAGES)
    assert found.warm_front_end == found.front_end and found.layers == parse("\n".join(GOOD)).layers
    assert (found.front_end_cycles, found.cycles) == (1000, 1270)
    assert found.checksums["Fingerprint"] == 31
    assert parse("\n".join(GOOD), front_end=[]).front_end == ()


@pytest.mark.parametrize(
    ("lines", "front_end", "message"),
    [
        (table(), STAGES, "the table of the front end has no Total"),
        (sound_table(), [], "has rows of a front end, and the program's input is a fingerprint"),
        (sound_table()[1:], None, "the table of the front end's FrontEnd has 1000 cycles, its rows sum to 300"),
        (sound_table()[:-1], STAGES, "the table has no SoundToLabel"),
        ([*sound_table()[:-1], row("SoundToLabel", 2271, 5658)], None, "SoundToLabel has 2271 cycles, its rows sum to"),
        (sound_table(stages=STAGES[:1]), STAGES, "the table of the front end lacks F2_PowerMel_40"),
        (sound_table(stages=STAGES[::-1]), STAGES, "other layers than the network"),
        ([*sound_table(), sound_table()[-1]], None, "SoundToLabel comes after the table's total"),
        ([sound_table()[2], *sound_table()], None, "FrontEnd comes twice"),
        ([*table(), sound_table()[-1]], None, "SoundToLabel comes after the table's total"),
    ],
)
def test_a_front_end_that_is_not_whole_is_refused(lines, front_end, message):
    wanted = front_end and [(name, operations) for name, _, operations in front_end]
    with pytest.raises(ProfileError, match=message):
        parse("\n".join(lines), EXPECTED, front_end=wanted)


def test_a_program_of_the_host_has_no_table():
    found = parse("\n".join(REST), table=False)
    assert found.winner == 2 and found.layers == ()
    with pytest.raises(ProfileError, match="a table of cycles, which the host does not count"):
        parse("\n".join(GOOD), table=False)


@settings(max_examples=300)
@given(st.data())
def test_every_change_of_a_figure_is_noticed(data):
    """Whatever digit, letter or separator of the table is changed, removed or doubled: refused, or the same figures."""
    lines = table()
    text = "\n".join(lines)
    at = data.draw(st.integers(0, len(text) - 1))
    change = data.draw(st.sampled_from(["drop", "double", *"0123456789xS:, "]))
    put = {"drop": "", "double": 2 * text[at]}.get(change, change)
    changed = text[:at] + put + text[at + 1 :]
    try:
        found = parse(changed, EXPECTED)
    except ProfileError:
        return
    assert found == parse(text)  # a blank more or less, or a last digit of a ratio


@given(st.sets(st.integers(0, len(table()) - 1), min_size=1))
def test_every_lost_line_is_noticed(lost):
    with pytest.raises(ProfileError):
        parse("\n".join(line for number, line in enumerate(table()) if number not in lost), EXPECTED)


@given(st.permutations(range(len(table()))).filter(lambda order: order != sorted(order)))
def test_every_change_of_order_is_noticed(order):
    with pytest.raises(ProfileError):
        parse("\n".join(table()[number] for number in order), EXPECTED)


CODES = st.lists(st.integers(-128, 127), min_size=2, max_size=60)


@given(CODES, st.data())
def test_a_checksum_sees_every_single_change(codes, data):
    one = np.array(codes, np.int8)
    other = one.copy()
    at = data.draw(st.integers(0, len(codes) - 1))
    other[at] = data.draw(st.integers(-128, 127).filter(lambda code: code != one[at]))
    assert checksum(one) != checksum(other)


@given(CODES, st.data())
def test_a_checksum_sees_two_codes_that_changed_places(codes, data):
    one = np.array(codes, np.int8)
    a, b = data.draw(st.integers(0, len(codes) - 1)), data.draw(st.integers(0, len(codes) - 1))
    other = one.copy()
    other[[a, b]] = other[[b, a]]
    assert (checksum(one) == checksum(other)) == bool(one[a] == one[b])


def test_a_checksum_by_hand():
    """(code + 128) · (mix(place) | 1) modulo 2^32, written out."""
    total = 0
    for place, code in enumerate([5, -128, 127]):
        weight = place * 0x9E3779B1 & 0xFFFFFFFF
        weight ^= weight >> 15
        total += (code + 128) * (weight | 1)
    assert checksum(np.array([[[5], [-128], [127]]], np.int8)) == total & 0xFFFFFFFF


@pytest.fixture(scope="module")
def run():
    network = network_file.load(networks.quantised(*networks.SMALL), "network")
    codes = networks.clips(network.input, 3)[2]
    return network, codes, expected_text(network, codes, [f"class{i}" for i in range(12)])


def test_outputs_that_are_the_references(run):
    network, codes, text = run
    check_outputs(parse(text, table=False), network, codes)


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        (
            r"^(Checksum S2\S+ )\w{7}",
            r"\g<1>0000000",
            r"S2_\w+ is not the reference's: checksum 0000000\w, expected \w{8}",
        ),
        (r"^Checksum S3.*\n", "", r"the program printed no checksum of S3_"),
        (r"^Logits: (-?\d+)", "Logits: 99", "the program's logits .* are not the reference's"),
        (r"^Output: (\d+)", "Output: 7", "the program's output codes .* are not the reference's"),
        (r"^Class: .*\n", "", "the program chose class None, the reference"),
        (r"^Class: .*", "Class: 13 yes", "the program chose class 13, the reference"),
    ],
)
def test_outputs_that_are_not(run, find, put, message):
    network, codes, text = run
    changed = re.sub(find, put, text, flags=re.MULTILINE)
    assert changed != text
    with pytest.raises(ProfileError, match=message):
        check_outputs(parse(changed, table=False), network, codes)


def test_the_expected_text_is_the_references(run):
    network, codes, text = run
    found = reference.run(network, codes[None], layers=True)
    parsed = parse(text, table=False)
    assert list(parsed.logits) == found.logits[0].tolist() and parsed.winner == found.winner[0]
    assert list(parsed.checksums.values()) == [checksum(layer[0]) for layer in found.layers]
