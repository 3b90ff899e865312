"""What ``kws words`` will do: phrases, language, recordings and parameters, checked before anything is written."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kwslib.config.own_words import TRAINING
from kwslib.errors import InputError
from kwslib.runs import run_name
from kwslib.runs.parameters import Parameters, check
from kwslib.runs.run_name import DEFAULT_SEED
from kwslib.speech.languages import ENGLISH, language_named
from kwslib.speech.own_recordings import OwnRecordings, read_own
from kwslib.speech.phrase_corpus import NAME, Order
from kwslib.speech.phrase_script import cast_variants
from kwslib.speech.phrase_studio import folder_of
from kwslib.speech.phrases import check_phrases

LONGEST_NAME = 60
RESOLVED = ("words", "corpus", "data", "run")
"""Parameters of a run that the phrases decide."""


@dataclass(frozen=True)
class Plan:
    """What `make` will do, everything checked: what is spoken, with which parameters a network is trained on it."""

    order: Order
    parameters: dict[str, Any]
    chosen: Parameters

    def describe(self) -> list[str]:
        """Say what will be done, a line a fact."""
        language, order = self.order.language, self.order
        voices = {split: len(own) for split, own in cast_variants(language, order.seed, order.voices).items()}
        lines = [phrase.describe() for phrase in order.phrases]
        lines.append(
            f"language {language.name}, accents: {', '.join(language.accents)}; voices: "
            + ", ".join(f"{count} {split}" for split, count in voices.items())
            + "; no variant of a voice is in two splits"
        )
        lines += order.own.describe().split("\n") if order.own else []
        lines.append(f"run {self.chosen.run}: {self.chosen.size.name}, {self.chosen.schedule.steps} steps")
        return lines


def plan(
    texts: Sequence[str],
    language: str = ENGLISH,
    name: str = "",
    recordings: Path | None = None,
    voices: int = 0,
    read: Callable[[Path, Sequence[str]], OwnRecordings] = read_own,
    **parameters: Any,
) -> Plan:
    """Check everything before anything is written.

    Parameters
    ----------
    texts : sequence of str
        The phrases.
    language : str
        One of espeak-ng's, by code or English name.
    name : str
        Of the run; made from the phrases if empty.
    recordings : Path, optional
        Folder of the user's own recordings.
    voices : int
        In all; 0 for as many as there are.
    read : callable
        Reads the recordings: `kwslib.speech.own_recordings.read_own`, or one that names every damaged file.
    **parameters
        Of `kwslib.runs.parameters.check`, such as ``steps``, ``size`` and ``seed``; `TRAINING` is the default.

    Raises
    ------
    InputError
        If a phrase, the language or a parameter is wrong.
    DataError
        If the recordings are missing or do not fit.
    """
    own_names = [key for key in RESOLVED if key in parameters]
    if own_names:
        raise InputError(f"{', '.join(own_names)} follow from the phrases: leave them out (the name is --name)")
    spoken = language_named(language)
    phrases = check_phrases(texts, spoken)
    seed = parameters.get("seed", DEFAULT_SEED)
    own = read(recordings, [phrase.text for phrase in phrases]) if recordings else None
    order = Order(tuple(phrases), spoken, seed=seed, voices=voices, own=own)
    cast_variants(spoken, seed, voices)
    whole = TRAINING | parameters
    whole |= {"corpus": NAME, "data": str(folder_of(order)), "words": ",".join(order.texts)}
    whole["run"] = name or name_of(order, parameters)
    return Plan(order, whole, check(**whole))


def name_of(order: Order, parameters: dict[str, Any]) -> str:
    """Return the name of a run: its phrases, and what else is not the default."""
    parts = ["words", *(re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() for text in order.texts)]
    plain = all(re.sub(r"[A-Za-z0-9 '-]", "", text) == "" for text in order.texts)
    if not plain or len(".".join(parts)) > LONGEST_NAME:
        parts = ["words", hashlib.sha256("\n".join(order.texts).encode()).hexdigest()[:8]]
    more = [order.language.code] if order.language.code != ENGLISH else []
    more += [f"{order.voices}voices"] if order.voices else []
    more += ["own"] if order.own else []
    more += [f"{key}{value}" for key, value in sorted(parameters.items())]
    name = "-".join([".".join(parts), *more]).replace("words.", "words-", 1)
    return name if len(name) <= run_name.LONGEST else f"words-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
