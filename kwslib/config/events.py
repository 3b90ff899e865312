"""How the decisions about a stream of sound become events, as data: one event for a spoken word."""

from dataclasses import dataclass, field
from math import isfinite

from kwslib.config.front_end import FrontEnd
from kwslib.config.words import is_word
from kwslib.errors import InputError, check_name

LONGEST_SMOOTHING_HOPS = 64
LONGEST_PAUSE_MS = 60_000


@dataclass(frozen=True)
class EventParameters:
    """Parameters of the event detector, which `kwslib.integer.events` specifies.

    The probabilities of each class are averaged over the last hops (*posterior smoothing*; G. Chen, C. Parada and
    G. Heigold, "Small-footprint keyword spotting using deep neural networks", ICASSP 2014). A word is reported when its
    average reaches the threshold. The defaults were chosen on validation speakers (chapter *Streams*).

    Attributes
    ----------
    hop_ms : int
        From one decision to the next; a multiple of the front end's stride.
    smoothing_hops : int
        How many decisions are averaged.
    threshold : float
        Least average probability of a reported word; 1 is never reached.
    refractory_ms : int
        A word is not reported again within this time after it was reported.
    suppression_ms : int
        Nor is any other word within this time, so that one utterance is not reported as two words.
    thresholds : dict of str to float
        Words with a threshold of their own.
    refractories_ms : dict of str to int
        Words with a refractory time of their own.

    Raises
    ------
    InputError
        For values out of range.

    Examples
    --------
    >>> EventParameters(threshold=0.9, thresholds={"stop": 0.7}).threshold_of("stop")
    0.7
    """

    hop_ms: int = 240
    smoothing_hops: int = 3
    threshold: float = 0.8
    refractory_ms: int = 960
    suppression_ms: int = 480
    thresholds: dict[str, float] = field(default_factory=dict)
    refractories_ms: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.hop_ms <= 1000:
            raise InputError(f"hop is {self.hop_ms} ms: give 1 to 1000, the length of the window")
        if not 1 <= self.smoothing_hops <= LONGEST_SMOOTHING_HOPS:
            raise InputError(f"smoothing is {self.smoothing_hops} hops: give 1 to {LONGEST_SMOOTHING_HOPS}")
        for name, value in {"": self.threshold, **self.thresholds}.items():
            if not (isfinite(value) and 0 < value <= 1):
                raise InputError(f"threshold{_of(name)} is {value:g}: give a probability above 0, up to 1")
        pauses = {"": self.refractory_ms, **self.refractories_ms}
        for name, pause in pauses.items():
            if not 0 <= pause <= LONGEST_PAUSE_MS:
                raise InputError(f"refractory time{_of(name)} is {pause} ms: give 0 to {LONGEST_PAUSE_MS}")
        if not 0 <= self.suppression_ms <= LONGEST_PAUSE_MS:
            raise InputError(f"suppression is {self.suppression_ms} ms: give 0 to {LONGEST_PAUSE_MS}")

    def threshold_of(self, word: str) -> float:
        """Threshold of a word."""
        return self.thresholds.get(word, self.threshold)

    def refractory_ms_of(self, word: str) -> int:
        """Refractory time of a word, ms."""
        return self.refractories_ms.get(word, self.refractory_ms)


def words_of(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The classes that are words, in the order of the labels."""
    return tuple(label for label in labels if is_word(label))


def check_words(parameters: EventParameters, labels: tuple[str, ...]) -> None:
    """Raise InputError unless every word with a value of its own is a word of the network."""
    for word in (*parameters.thresholds, *parameters.refractories_ms):
        check_name("word", word, words_of(labels))


def hop_frames(front_end: FrontEnd, hop_ms: int) -> int:
    """Frames in a hop.

    Raises
    ------
    InputError
        If the hop is no multiple of the stride; names the nearest that are.
    """
    frames, rest = divmod(hop_ms, front_end.stride_ms)
    if rest or not frames:
        near = [n * front_end.stride_ms for n in (frames, frames + 1) if n]
        raise InputError(
            f"a hop of {hop_ms} ms is no multiple of the {front_end.stride_ms} ms between two frames of "
            f"{front_end.key}: give {' or '.join(map(str, near))}"
        )
    return frames


def _of(name: str) -> str:
    return f" of '{name}'" if name else ""
