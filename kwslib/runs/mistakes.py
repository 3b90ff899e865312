"""Mistakes of a network, kept as sound so that a reader can hear why: the most confident ones, and one of each pair."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from kwslib import seals
from kwslib.artifacts import not_stored, read_record, stored_if_set, to_plain, write_record
from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.errors import DataError
from kwslib.paths import atomic_path, atomic_write_text
from kwslib.speech.corpus import Clips

FOLDER, FILE, CSV_FILE = "mistakes", "mistakes.json", "mistakes.csv"
MOST_CONFIDENT, FURTHER_PAIRS = 8, 16
SOFTMAX_CODES = 256
"""A code of TFLite's uint8 softmax is a probability in 1/256 (scale 1/256, zero point 0)."""


@dataclass(frozen=True)
class Mistake:
    """A clip that a network got wrong.

    Attributes
    ----------
    file : str
        Name of the sound file: FLAC; WAV in records of older versions.
    name : str
        Name of the clip in its corpus.
    label, winner : str
        What was said, and what the network answered.
    probability : float
        Of the winner, 0 … 1.
    sha256 : str
        Of the file; `write` fills it in. Empty in records of older versions.
    index : int
        Of the clip in its split; not stored.
    """

    file: str
    name: str
    label: str
    winner: str
    probability: float
    sha256: str = stored_if_set("")
    index: int = not_stored(-1)


def worst(clips: Clips, softmax: np.ndarray, count: int = MOST_CONFIDENT, pairs: int = FURTHER_PAIRS) -> list[Mistake]:
    """Choose clips that a network got wrong: those with the highest probability of the wrong winner, and further pairs.

    Parameters
    ----------
    clips : Clips
    softmax : ndarray of uint8, shape (clips, classes)
        Output codes of the 8-bit network.
    count : int
        The largest number of most confident mistakes.
    pairs : int
        The largest number of further pairs of label and winner, the most frequent first.

    Returns
    -------
    list of Mistake
        The most confident ones, the highest probability first. Behind them the most confident one of each further pair.
    """
    winners = softmax.argmax(axis=1)
    wrong = np.flatnonzero(winners != clips.labels)
    ranked = wrong[np.argsort(-softmax[wrong, winners[wrong]].astype(int), kind="stable")].tolist()
    chosen = ranked[:count]
    pair_of = {index: (int(clips.labels[index]), int(winners[index])) for index in ranked}
    known = {pair_of[index] for index in chosen}
    first = {pair_of[index]: index for index in reversed(ranked)}  # the most confident one stays
    often = [pair for pair, _ in Counter(pair_of[index] for index in ranked).most_common() if pair not in known]
    found = []
    for position, index in enumerate([*chosen, *(first[pair] for pair in often[:pairs])], 1):
        label, winner = clips.classes[clips.labels[index]], clips.classes[winners[index]]
        file = f"{position:02}_{label}_as_{winner}.flac"
        probability = float(softmax[index, winners[index]]) / SOFTMAX_CODES
        found.append(Mistake(file, clips.names[index], label, winner, probability, index=index))
    return found


def write(clips: Clips, found: Sequence[Mistake], folder: Path) -> None:
    """Write the clips as FLAC with ``mistakes.json`` and ``mistakes.csv`` beside them, all or nothing.

    Parameters
    ----------
    clips : Clips
    found : sequence of Mistake
        From `worst`, of the same clips.
    folder : Path
        Replaced if it exists.
    """
    with atomic_path(folder) as temporary:
        temporary.mkdir(parents=True)
        for one in found:
            soundfile.write(temporary / one.file, np.asarray(clips.audio[one.index]), SAMPLE_RATE_HZ, "PCM_16")
        sums = seals.of_folder(temporary)["files_sha256"]
        write_record(temporary / FILE, [replace(one, sha256=sums[one.file]) for one in found], None)
        atomic_write_text(temporary / CSV_FILE, csv_text(found))


def csv_text(found: Sequence[Mistake]) -> str:
    """Mistakes as CSV text, a row each."""
    columns = [one.name for one in fields(Mistake) if one.name not in ("index", "sha256")]
    frame = pd.DataFrame(to_plain(list(found)), columns=columns)
    return frame.to_csv(index=False, lineterminator="\n")


def read(folder: Path) -> list[Mistake]:
    """Read the mistakes that `write` listed in a folder.

    Raises
    ------
    DataError
        If the list, or a clip of it, is missing or damaged.
    """
    again = "run the training again"
    found = read_record(folder / FILE, list[Mistake], None, missing=again, again=again)
    for one in found:
        if Path(one.file).name != one.file or not Path(one.file).suffix:  # a page shows the file's content
            raise DataError(f"{folder / FILE} names '{one.file}', which is no file beside it; {again}")
        if one.sha256 and not seals.matches(folder / one.file, one.sha256):
            raise DataError(f"{folder / one.file} is missing or damaged; {again}")
    return found
