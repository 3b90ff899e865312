"""Networks from text: the baseline's own numbers, and what contradicts itself."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kwslib.config import blocks
from kwslib.config.architecture import Block
from kwslib.config.baselines import baseline_network
from kwslib.config.blocks import changed, check_blocks, model_size_info, named, read_model_size_info, read_pair
from kwslib.config.presets import BASELINE_SIZES, SIZES
from kwslib.errors import InputError

SMALL = SIZES["small"].blocks


@pytest.mark.parametrize("name", BASELINE_SIZES)
def test_the_baselines_own_option_is_the_preset(name):
    text = baseline_network(name).options("train")["model_size_info"]
    assert read_model_size_info(text) == SIZES[name].blocks
    assert read_model_size_info(text.replace(" ", ", ")) == SIZES[name].blocks
    check_blocks(SIZES[name])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has '' where a whole number belongs"),
        ("five 64", "has 'five' where a whole number belongs: give the number of blocks, then channels"),
        ("1 64 10 4 2 -2", "has '-2'"),
        ("1 64 10 4 2 2.5", "has '2.5'"),
        ("2 64 10 4 2 2", r"begins with 2, and 2 blocks need 10 more numbers; 5 follow \(1 blocks fit\)"),
        ("1 64 10 4 2 2 64", r"6 follow \(1 blocks and 1 numbers too many\)"),
        ("0", "begins with 0"),
        ("99999999999999999999 1", "has '99999999999999999999'"),
    ],
)
def test_other_numbers_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        read_model_size_info(text)


def test_settings_change_a_preset():
    made = changed(SMALL, channels=96, count=3, first_kernel="8x3", strides="2x1,2x2")
    assert made == (Block(96, (8, 3), (2, 1)), Block(96, (3, 3), (2, 2)), Block(96, (3, 3), (1, 1)))
    assert changed(SMALL, count=7)[5:] == (Block(64, (3, 3), (1, 1)),) * 2
    assert read_pair("kernel", " 10 × 4 ") == (10, 4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 40}, "blocks is 40: give 32"),
        ({"channels": 5000}, "channels is 5000: give 1024"),
        ({"first_kernel": "10"}, "first_kernel is '10': give rows x columns, such as 10x4"),
        ({"strides": "2x2,"}, "strides is '': give rows x columns"),
        ({"strides": ",".join(["1x1"] * 6)}, "strides names 6 blocks, and the network has 5: give 5"),
    ],
)
def test_settings_out_of_range_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        changed(SMALL, **values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 64 50 4 2 2", "the kernel 50x4 of block 1 of 1 does not fit its map of 49x10 .*; nearest: 49x4"),
        ("2 64 10 4 7 5 64 8 3 1 1", "the kernel 8x3 of block 2 of 2 does not fit its map of 7x2 .*; nearest: 7x2"),
        ("1 64 10 4 50 2", "the stride 50x2 of block 1 of 1 leaves nothing of its map of 49x10 .*; nearest: 49x2"),
        ("1 64 10 4 0 2", "the stride 0x2 of block 1 of 1 does not fit .*; nearest: 1x2"),
        ("1 0 10 4 2 2", "channels of block 1 of 1 is 0: give 1"),
    ],
)
def test_blocks_need_something_to_work_on(text, message):
    size = replace(SIZES["small"], model_size_info=model_size_info(read_model_size_info(text)))
    with pytest.raises(InputError, match=message):
        check_blocks(size)


PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9))
BLOCKS = st.lists(st.builds(Block, st.integers(1, 300), PAIRS, PAIRS), min_size=1, max_size=8).map(tuple)


@given(BLOCKS)
def test_numbers_go_and_come_back(made):
    assert read_model_size_info(" ".join(map(str, model_size_info(made)))) == made


@given(BLOCKS, BLOCKS)
def test_names_tell_networks_apart(one, other):
    assume(one != other)
    assert named(one, SMALL) != named(other, SMALL)


@given(st.integers(1, 300), st.integers(1, 8), PAIRS, st.lists(PAIRS, min_size=1, max_size=3))
def test_names_of_changed_presets_can_be_read(channels, count, kernel, strides):
    pairs = ",".join(f"{rows}x{columns}" for rows, columns in strides[:count])
    made = changed(SMALL, channels, count, f"{kernel[0]}x{kernel[1]}", pairs)
    assert not any(part.startswith("net") for part in named(made, SMALL))


def test_names():
    assert named(SMALL, SMALL) == []
    assert named(changed(SMALL, channels=96, count=4, strides="2x1"), SMALL) == ["96ch", "4blocks", "s2x1"]
    assert named(changed(SMALL, first_kernel="8x4"), SMALL) == ["k8x4"]
    odd = (*SMALL[:-1], replace(SMALL[-1], channels=32))
    assert named(odd, SMALL)[0].startswith("net")
    assert blocks.BEHIND.kernel == (3, 3)
