"""The clips most confidently got wrong, kept as sound so that a reader can hear why."""

import csv
import io
import wave
from pathlib import Path
from typing import Any

import numpy as np

from kwslib.config.front_end import SAMPLE_RATE_HZ
from kwslib.config.words import LABELS
from kwslib.paths import atomic_path, atomic_write_text, write_json
from kwslib.speech.corpus import Clips

SOFTMAX_CODES = 256  # a TFLite softmax code is a probability in 1/256


def worst(clips: Clips, softmax: np.ndarray, count: int = 8) -> list[dict[str, Any]]:
    """Rank the clips that were got wrong by the probability of the wrong winner.

    Parameters
    ----------
    clips : Clips
    softmax : ndarray, uint8 (clips, 12)
        Output codes of the 8-bit network.
    count : int
        How many at the most.

    Returns
    -------
    list of dict
        ``index``, ``name``, ``label``, ``winner`` and ``probability``; the most confident first.
    """
    winners = softmax.argmax(axis=1)
    wrong = np.flatnonzero(winners != clips.labels)
    ranked = wrong[np.argsort(-softmax[wrong, winners[wrong]].astype(int), kind="stable")][:count]
    return [
        {
            "index": int(i),
            "name": clips.names[i],
            "label": LABELS[clips.labels[i]],
            "winner": LABELS[winners[i]],
            "probability": float(softmax[i, winners[i]]) / SOFTMAX_CODES,
        }
        for i in ranked
    ]


def write(clips: Clips, rows: list[dict[str, Any]], folder: Path) -> None:
    """Write the clips as WAV with ``mistakes.json`` and ``mistakes.csv`` beside them, all or nothing.

    Parameters
    ----------
    clips : Clips
    rows : list of dict
        From `worst`.
    folder : Path
        Replaced if it exists.
    """
    listed = []
    with atomic_path(folder) as temporary:
        temporary.mkdir(parents=True)
        for position, row in enumerate(rows):
            file = f"{position + 1:02}_{row['label']}_as_{row['winner']}.wav"
            with wave.open(str(temporary / file), "wb") as sound:
                sound.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
                sound.writeframes(np.ascontiguousarray(clips.audio[row["index"]], "<i2").tobytes())
            listed.append({"file": file, **{key: value for key, value in row.items() if key != "index"}})
        write_json(temporary / "mistakes.json", listed)
        text = io.StringIO()
        writer = csv.DictWriter(text, ("file", "name", "label", "winner", "probability"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(listed)
        atomic_write_text(temporary / "mistakes.csv", text.getvalue())
