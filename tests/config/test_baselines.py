import re

import numpy as np
import pytest

from kwslib.config import baselines
from kwslib.config.presets import BASELINE_SIZES
from kwslib.errors import InputError
from kwslib.speech.corpus import SILENCE_PROTOCOLS
from tests.places import SHARED

TEXTS = SHARED / "seed"


@pytest.fixture(scope="module")
def text():
    """The baseline itself, which lies beside the checkout of those who work on the project."""
    found = sorted(TEXTS.glob("*.txt"))
    if not found:
        pytest.skip("the baseline's text is not beside the checkout")
    return found[0].read_text()


@pytest.mark.parametrize("size", BASELINE_SIZES)
def test_the_commands_are_the_seeds_word_for_word(size, text):
    found = baselines.baseline_network(size)
    assert set(found.commands) == set(baselines.COMMANDS)
    section = re.split(r"^## (?:Small|Medium|Large)$", text, flags=re.M)[1:][list(BASELINE_SIZES).index(size)]
    for command in found.commands.values():
        assert command in section


@pytest.mark.parametrize("size", BASELINE_SIZES)
def test_the_matrices_and_profiles_are_the_seeds(size, text):
    found = baselines.baseline_network(size)
    section = re.split(r"^## (?:Small|Medium|Large)$", text, flags=re.M)[1:][list(BASELINE_SIZES).index(size)]
    numbers = [list(map(int, re.findall(r"\d+", line))) for line in section.splitlines() if re.match(r"\s*\[", line)]
    printed = np.array([row for row in numbers if len(row) == 24])
    assert (found.accuracy["test"].confusion == printed[:, :12]).all()
    assert (found.accuracy["validation"].confusion == printed[:, 12:]).all()
    layers = re.findall(r"(S\d+_\w+): Cycles:\s+(\d+), Operations:\s+(\d+)", section)
    assert [(layer.name, str(layer.cycles), str(layer.operations)) for layer in found.layers] == layers
    assert re.search(r"Total: Cycles:\s+(\d+), Operations:\s+(\d+)", section).groups() == (
        str(found.cycles),
        str(found.operations),
    )


@pytest.mark.parametrize("size", BASELINE_SIZES)
@pytest.mark.parametrize("split", baselines.SPLITS)
def test_one_clip_less_and_cutting_off_explains_the_printed_accuracy(size, split):
    found = baselines.baseline_network(size)
    accuracy = found.accuracy[split]
    assert baselines.truncated_percent(accuracy.correct, accuracy.clips) == found.printed_percent[split]
    assert round(100 * accuracy.share, 2) != found.printed_percent[split]


def test_options_are_read_from_the_command_line():
    small = baselines.baseline_network("small")
    size_info = " ".join(map(str, BASELINE_SIZES["small"].model_size_info))
    assert small.options("train")["model_size_info"] == size_info
    assert small.options("train")["how_many_training_steps"] == "2000,1000,1000"
    assert small.options("convert")["inference_type"] == "QUANTIZED_UINT8"
    assert small.options("run") == {}


def test_an_unknown_size_is_named_with_the_nearest():
    with pytest.raises(InputError, match="unknown size 'smal'.*did you mean 'small'"):
        baselines.baseline_network("smal")


@pytest.mark.parametrize("size", BASELINE_SIZES)
@pytest.mark.parametrize("silence", SILENCE_PROTOCOLS)
def test_counts_round_to_the_percentages(size, silence):
    found = baselines.vendor_accuracy(size, silence)
    assert 100 * found["accuracy"] == pytest.approx(
        baselines._read("vendor_accuracy.json")["percent"][size][silence], abs=0.0051
    )
    assert found["low"] < found["accuracy"] < found["high"]
    assert found["clips"] == 4890


def test_unknown_names_and_the_source():
    with pytest.raises(InputError, match="unknown size 'smal': .*did you mean 'small'"):
        baselines.vendor_accuracy("smal", "noise-silence")
    text = baselines.vendor_source()
    assert "official test archive" in text and "prints small 93.45 %, medium 94.01 %, large 95.92 %" in text
