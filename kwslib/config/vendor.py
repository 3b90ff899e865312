"""The vendor's last published networks of the three topologies: their accuracies on the official test clips, as data.

``data/vendor_accuracy.json`` holds them with where they are from.
"""

import json
from importlib import resources

from kwslib.accuracy import wilson_interval
from kwslib.errors import check_name


def source() -> str:
    """Where the vendor's figures are from, one sentence."""
    return _read()["source"]


def measured(size: str, silence: str) -> dict[str, float]:
    """Clips, correct, accuracy and Wilson's interval of the vendor's network of a size under a silence protocol.

    The percentages have two decimals and the clips are fewer than ten thousand, so one count of correct clips fits.

    Raises
    ------
    InputError
        If there is no such size or protocol.
    """
    value = _read()
    percent = value["percent"][check_name("size", size, value["percent"])]
    share = percent[check_name("silence protocol", silence, percent)] / 100
    clips = value["clips"]
    correct = round(share * clips)
    low, high = wilson_interval(correct, clips)
    return {"clips": clips, "correct": correct, "accuracy": correct / clips, "low": low, "high": high}


def _read() -> dict:
    return json.loads(resources.files("kwslib.config").joinpath("data", "vendor_accuracy.json").read_text())
