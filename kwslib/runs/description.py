"""A run in words: names that a reader knows, its state, and its settings as pairs of name and text."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kwslib.runs.run_record import Run

CORPUS_NAMES = {
    "synthetic": "synthetic speech",
    "speech_commands": "Speech Commands",
    "folder": "own recordings",
    "phrases": "own phrases, synthetic voices",
}
FORM_NAMES = {
    "float": "float",
    "fake_quantised": "fake-quantised",
    "tflite": "8-bit, TFLite",
    "reference": "8-bit, integer reference",
}
"""The four forms of a network (`kwslib.runs.records.NETWORKS`) as a reader knows them."""


def corpus_name(run: Run) -> str:
    """Return the corpus of a run as a reader knows it."""
    return CORPUS_NAMES.get(run.corpus.name, run.corpus.name)


def state(run: Run) -> str:
    """``fresh``: computed by this checkout's last build. ``recorded``: computed earlier and kept with the project."""
    return "recorded" if run.recorded else "fresh"


def steps(run: Run) -> int:
    """Return the training steps of a run."""
    return run.training.schedule.steps


def flat(value: Mapping[str, Any], outer: str = "") -> list[tuple[str, str]]:
    """Flatten a nested mapping into pairs of name and text, one for each value.

    Parameters
    ----------
    value : mapping
        Its values are mappings, lists, or anything that has a text.
    outer : str
        What every name starts with.

    Returns
    -------
    list of (str, str)
        An inner name follows its outer one; items of a list of mappings are numbered.

    Examples
    --------
    >>> flat({"a_b": 1, "inner": {"x": [1, 2]}, "stages": [{"rate": 0.5}]})
    [('a b', '1'), ('inner: x', '1, 2'), ('stages 1: rate', '0.5')]
    """
    rows: list[tuple[str, str]] = []
    for key, entry in value.items():
        name = f"{outer}{key}".replace("_", " ")
        if isinstance(entry, Mapping):
            rows += flat(entry, f"{name}: ")
        elif isinstance(entry, list) and entry and all(isinstance(item, Mapping) for item in entry):
            for number, item in enumerate(entry, 1):
                rows += flat(item, f"{name} {number}: ")
        else:
            rows.append((name, ", ".join(map(str, entry)) if isinstance(entry, list) else str(entry)))
    return rows


def pairs(value: Mapping[str, Any]) -> pd.DataFrame:
    """Return what `flat` says as a table with the columns ``what`` and ``value``."""
    return pd.DataFrame(flat(value), columns=["what", "value"])
