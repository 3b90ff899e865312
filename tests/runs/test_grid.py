"""What a sweep varies, read from words and from files."""

import pytest

from kwslib.errors import InputError
from kwslib.runs.grid import Grid, Range, read_axes, read_file, read_grid


def test_the_grid_is_the_product_in_order():
    grid = read_grid(["size=small,medium", "seed=1,2"])
    assert grid == [{"size": size, "seed": seed} for size in ("small", "medium") for seed in (1, 2)]


def test_values_with_commas_have_semicolons_between_them():
    grid = read_grid(["words=yes,no;up,down", "learning_rates=0.1,0.2,0.3;", "channels=8,16"])
    assert {one["words"] for one in grid} == {"yes,no", "up,down"}
    assert {one["learning_rates"] for one in grid} == {"0.1,0.2,0.3"} and len(grid) == 4


def test_ranges_hold_both_ends():
    assert [one["channels"] for one in read_grid(["channels=16..64:16"])] == [16, 32, 48, 64]
    assert [one["channels"] for one in read_grid(["channels=16..60:16"])] == [16, 32, 48]
    assert [one["seed"] for one in read_grid(["seed=1..3"])] == [1, 2, 3]
    assert [one["noise_probability"] for one in read_grid(["noise_probability=0.1..0.7:0.2"])] == [0.1, 0.3, 0.5, 0.7]
    assert read_axes(["weight_decay=0..1e-2"]) == {"weight_decay": Range(0.0, 0.01)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the grid is empty"),
        (["small"], "'small' is no part of a grid: give NAME=VALUE,VALUE"),
        (["seed="], "'seed=' is no part of a grid"),
        (["seed=1,,2"], "'seed=1,,2' is no part of a grid"),
        (["seeds=1"], r"unknown parameter 'seeds'.*did you mean 'seed'\?"),
        (["seed=one"], "parameter seed is 'one': give a whole number"),
        (["seed=1", "seed=2"], "parameter seed is in the grid twice"),
        (["seed=1,1"], "'seed=1,1' has a value twice"),
        (["steps=0"], "steps is 0: give a positive number"),
        (["channels=16..8"], "channels=16..8 is empty: give the smaller number first"),
        (["channels=8..16:0"], "channels=8..16:0 is empty: .* a positive step"),
        (["channels=8.."], "channels=8.. is no range: give LOW..HIGH"),
        (["channels=1.5..4"], "channels=1.5..4: whole number belongs at each end"),
        (["noise_probability=0.1..0.7"], "noise_probability=0.1..0.7 has no step: .* or draw from it"),
        (["channels=1..1000", "seed=1..1000"], "the grid has 1,000,000 runs: .* let --search draw"),
    ],
)
def test_bad_grids_are_refused(words, message):
    with pytest.raises(InputError, match=message):
        read_grid(words)


def write(tmp_path, text):
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    return path


def test_a_file_has_shared_parameters_axes_single_runs_and_a_budget(tmp_path):
    path = write(
        tmp_path,
        """
steps: 60
grid:
  channels: [16, 32]
  seed: 1..2
  strides: [[2x2, 1x1], "2x1"]
runs:
  - {model_size_info: 1 8 10 4 2 2}
  - {size: medium, seed: 7}
budget:
  cycles: 150k
  l2: 100000
front_seeds: 2
""",
    )
    grid = read_file(path)
    assert grid.budget == {"cycles": 150_000, "l2": 100_000} and grid.front_seeds == 2
    runs = grid.combinations()
    assert runs[0] == {"steps": 60, "channels": 16, "seed": 1, "strides": "2x2,1x1"}
    assert runs[1]["strides"] == "2x1" and runs[2]["seed"] == 2 and len(runs) == 10
    assert runs[-2:] == [{"steps": 60, "model_size_info": "1 8 10 4 2 2"}, {"steps": 60, "size": "medium", "seed": 7}]


def test_a_command_line_goes_before_a_file(tmp_path):
    grid = read_file(write(tmp_path, "steps: 60\nchannels: 8\ngrid: {seed: [1, 2]}\nbudget: {cycles: 5, l1: 7}"))
    more = grid.with_words(["seed=3", "channels=16,24"], ["cycles=9"], 3, {"data": "here"})
    assert more.combinations() == [
        {"steps": 60, "data": "here", "seed": 3, "channels": channels} for channels in (16, 24)
    ]
    assert more.budget == {"cycles": 9, "l1": 7} and more.front_seeds == 3
    assert Grid().with_words(["seed=1"]).front_seeds == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grid: 5", "grid is 5: give lines of the form name: values"),
        ("grid: {channels: 16}", r"the values of channels are 16: give a list"),
        ("grid: {channels: []}", r"the values of channels are \[\]: give a list"),
        ("grid: {chanels: [1]}", r"unknown parameter 'chanels'.*did you mean 'channels'\?"),
        ("grid: {channels: [16, x]}", "parameter channels is 'x': give a whole number"),
        ("grid: {channels: [16, 16]}", "has a value twice"),
        ("runs: {channels: 16}", "give a list of runs"),
        ("runs: [16]", "runs has 16: give parameters and their values"),
        ("budget: {cycles: -1}", "the budget of cycles is '-1'"),
        ("budget: {cycles: true}", "the budget of cycles is 'True'"),
        ("budget: {cyclse: 1}", r"unknown budget 'cyclse': .*; did you mean 'cycles'\?"),
        ("front_seeds: 0", "front_seeds is 0"),
        ("chanels: 16", r"unknown parameter 'chanels'"),
        ("- 1", "holds no parameters"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=f"sweep.yaml.*{message}"):
        read_file(path)


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ("channels=1..99999999999999999999999", "channels is 99999999999999999999999: give at most 4096"),
        ("weight_decay=0..0.1:1e-300", "has more than 10,000 values: give fewer"),
        ("weight_decay=0..1e400:0.1", "weight_decay is inf"),
        ("weight_decay=0..0.1:1e400", "and a positive step"),
        ("seed=0..4000000000", "has more than 10,000 values"),
    ],
)
def test_an_endless_range_is_refused_at_once(axis, message):
    with pytest.raises(InputError, match=message):
        read_grid([axis])
