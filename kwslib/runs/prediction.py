"""What a network says of sound files."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.runs.clips import score
from kwslib.runs.known_network import Network
from kwslib.speech.recording import read_recording
from kwslib.speech.sound_files import find_sounds
from kwslib.terminal import table

CLIP_S = CLIP_SAMPLES / SAMPLE_RATE_HZ
MOST_ROWS = 20
"""Labels that are printed for a clip."""
MOST_STRETCHES = 40
"""Stretches of equal windows that are printed for a clip."""


@dataclass(frozen=True)
class Window:
    """What a network says of one second of a clip.

    Attributes
    ----------
    start_s : float
        Where it begins.
    label : str
        The winner.
    score : float
        Of the winner: 0 … 1 if the network has a softmax.
    is_word : bool
        Whether the winner is a word, not silence or an unknown word.
    """

    start_s: float
    label: str
    score: float
    is_word: bool = True


@dataclass(frozen=True)
class Prediction:
    """What a network says of one clip.

    Attributes
    ----------
    clip : str
        The file.
    winner : str
        Of the best window: the one in which a word has the highest score; without a word, that with the highest score.
    probabilities : dict of str to float
        0 … 1 by label in the best window, as the 8-bit softmax gives it; scores of any range if there is no softmax.
    has_softmax : bool
    windows : tuple of Window
        All of them, by time: one for a clip of up to a second.
    best : int
        Which of `windows` is the best.
    note : str
        What was converted, clipped or missing, in one line; empty if there is nothing to say.
    padded : bool
        Whether there was less than a second of sound, so that zeros follow it.
    """

    clip: str
    winner: str
    probabilities: dict[str, float]
    has_softmax: bool = True
    windows: tuple[Window, ...] = ()
    best: int = 0
    note: str = ""
    padded: bool = False

    @property
    def start_s(self) -> float:
        """Where the best window begins, in seconds."""
        return self.windows[self.best].start_s if self.windows else 0.0

    def __str__(self) -> str:
        """The note, the winner, the windows if there are several, and the most probable labels of the best one."""
        lines = [self.note] if self.note else []
        place = ""
        if len(self.windows) > 1:
            place = f" in the second from {self.start_s:.2f} s, the best of {len(self.windows)} windows"
        elif self.start_s:
            place = f" in the second from {self.start_s:.2f} s"
        lines.append(f"{self.clip}: {self.winner}{place}")
        if not self.has_softmax:
            lines.append("  the network has no softmax: scores, not probabilities")
        if len(self.windows) > 1:
            lines += [self._stretches(), f"  the second from {self.start_s:.2f} s:"]
        rows = sorted(self.probabilities.items(), key=lambda row: -row[1])
        shown = [(f"  {name}", self._text(share)) for name, share in rows]
        lines.append(table(shown[:MOST_ROWS]))
        if len(shown) > MOST_ROWS:
            lines.append(f"  (and {len(shown) - MOST_ROWS} more)")
        return "\n".join(lines)

    def _text(self, share: float) -> str:
        return f"{100 * share:.2f} %" if self.has_softmax else f"{share:.3g}"

    def _stretches(self) -> str:
        """A row for each stretch of windows with the same winner: from the first to the last, and the best of them."""
        stretches = [list(group) for _, group in groupby(self.windows, key=lambda window: window.label)]
        ranked = sorted(stretches, key=lambda one: (one[0].is_word, max(window.score for window in one)), reverse=True)
        kept = {id(one) for one in ranked[:MOST_STRETCHES]}
        rows = []
        for one in stretches:
            if id(one) in kept:
                best = max(one, key=lambda window: window.score)
                span = (f"{one[0].start_s:.2f} s", f"{one[-1].start_s + CLIP_S:.2f} s", len(one))
                rows.append((f"  {best.label}", *span, f"{best.start_s:.2f} s", self._text(best.score)))
        text = table(rows, head=("  label", "from", "to", "windows", "best from", "score"))
        left = len(stretches) - len(rows)
        return text + (f"\n  (and {left} more, without a word or with lower scores)" if left else "")


def predict(clips: Sequence[Path], network: Network, at_s: float | None = None) -> list[Prediction]:
    """Run a network on sound files with the integer reference, which is what the device computes.

    Parameters
    ----------
    clips : sequence of Path
        Sound files of any kind, or folders of them.
    network : Network
    at_s : float, optional
        Classify the second that begins here. By default, windows slide over a clip of more than a second.

    Raises
    ------
    InputError
        If no clip is named, a folder has none, a clip has no sound at `at_s`, or the network's input is no fingerprint.
    DataError
        If a clip cannot be read.
    """
    return [predict_one(path, network, at_s) for path in find_sounds(clips)]


def predict_one(path: Path, network: Network, at_s: float | None = None) -> Prediction:
    """Run a network on one sound file; arguments and errors as for `predict`."""
    read = read_recording(path, at_s)
    scores = score(network, read.samples)
    names = [network.label(index) for index in range(network.graph.classes)]
    found = tuple(
        Window((at_s or 0.0) + start_s, names[winner], share, bool(is_word))
        for start_s, winner, share, is_word in zip(
            scores.windows.starts_s.tolist(), scores.winners, scores.winning.tolist(), scores.is_word, strict=True
        )
    )
    shares = dict(zip(names, scores.shares[scores.best].tolist(), strict=True))
    has_softmax = network.graph.layers[-1].kind == "softmax"
    best = scores.best
    return Prediction(str(path), found[best].label, shares, has_softmax, found, best, read.note, scores.windows.padded)
