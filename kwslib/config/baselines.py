"""The printed figures that this project compares with, as data.

The baseline is GreenWaves Technologies' GAP8 keyword-spotting example. ``data/baseline_tables.json`` holds the
accuracies, confusion matrices and layer profiles that it printed about its three networks,
``data/baseline_commands.json`` its command lines, word for word. Its clips are Google's Speech Commands; its silence
clips are zeros. ``data/vendor_accuracy.json`` holds the accuracies of the networks that GreenWaves released later.
"""

import functools
import json
import shlex
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from kwslib.accuracy import Accuracy, wilson_interval
from kwslib.errors import check_name

CORPUS = "speech_commands"
SILENCE = "digital-silence"
SPLITS = ("test", "validation")
COMMANDS = ("train", "freeze", "convert", "samples", "run")


@dataclass(frozen=True)
class BaselineLayer:
    """One printed line of the layer profile: cycles and the baseline's count of operations."""

    name: str
    cycles: int
    operations: int


@dataclass(frozen=True, eq=False)
class BaselineNetwork:
    """What the baseline printed about one network.

    Attributes
    ----------
    name : str
        ``small``, ``medium`` or ``large``.
    printed_percent : dict
        Accuracy by split, as printed.
    accuracy : dict of Accuracy
        The printed confusion matrix by split.
    layers : tuple of BaselineLayer
    cycles, operations : int
        The printed totals.
    commands : dict
        The command lines, by `COMMANDS`.
    """

    name: str
    printed_percent: dict[str, float]
    accuracy: dict[str, Accuracy]
    layers: tuple[BaselineLayer, ...]
    cycles: int
    operations: int
    commands: dict[str, str]

    def options(self, command: str) -> dict[str, str]:
        """The ``--option value`` pairs of one command line; the values of an option are joined by spaces."""
        found: dict[str, list[str]] = {}
        values: list[str] = []
        for word in shlex.split(self.commands[command]):
            if word.startswith("--"):
                name, _, value = word.removeprefix("--").partition("=")
                values = found.setdefault(name, [value] if value else [])
            else:
                values.append(word)
        return {name: " ".join(words) for name, words in found.items()}


def truncated_percent(correct: int, clips: int) -> float:
    """Percentage of `correct` in ``clips - 1``, cut off behind the second decimal, as the baseline prints it."""
    return (10_000 * correct // (clips - 1)) / 100


def _read(name: str) -> dict[str, Any]:
    return json.loads(resources.files("kwslib.config").joinpath("data", name).read_text())


@functools.cache
def baseline_network(name: str) -> BaselineNetwork:
    """What the baseline printed about the network of this size.

    Raises
    ------
    InputError
        If there is none, with the nearest name.
    """
    sizes = _read("baseline_tables.json")["sizes"]
    entry = sizes[check_name("size", name, sizes)]
    return BaselineNetwork(
        name,
        entry["printed_accuracy"],
        {split: Accuracy(np.array(entry["confusion"][split], np.int64)) for split in SPLITS},
        tuple(BaselineLayer(**layer) for layer in entry["layers"]),
        entry["total"]["cycles"],
        entry["total"]["operations"],
        _read("baseline_commands.json")[name],
    )


def vendor_source() -> str:
    """How the accuracies of the vendor's later networks were obtained, and what the vendor itself prints."""
    value = _read("vendor_accuracy.json")
    printed = value["printed"]
    figures = ", ".join(f"{size} {percent:.2f} %" for size, percent in printed["percent"].items())
    return f"{value['source']} The vendor itself prints {figures} ({printed['where']})."


def vendor_accuracy(size: str, silence: str) -> dict[str, float]:
    """Clips, correct, accuracy and Wilson's interval of the vendor's later network of a size under a silence protocol.

    The percentages have two decimals and the clips are fewer than ten thousand, so one count of correct clips fits.

    Raises
    ------
    InputError
        If there is no such size or protocol.
    """
    value = _read("vendor_accuracy.json")
    percent = value["percent"][check_name("size", size, value["percent"])]
    share = percent[check_name("silence protocol", silence, percent)] / 100
    clips = value["clips"]
    correct = round(share * clips)
    low, high = wilson_interval(correct, clips)
    return {"clips": clips, "correct": correct, "accuracy": correct / clips, "low": low, "high": high}
