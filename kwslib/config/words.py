"""The words of the task: Google's ten keywords, and the two classes beside them."""

LABELS = ("_silence_", "_unknown_", "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The classes, in the order of the network's outputs (the TensorFlow example's)."""
SILENCE, UNKNOWN = 0, 1
KEYWORDS = LABELS[2:]
NOT_WORDS = ("silence", "unknown")
"""Classes that are no word, whatever stands around their names."""


def is_word(label: str) -> bool:
    """Whether a class is a word, as far as its name says.

    Examples
    --------
    >>> [is_word(label) for label in ("_silence_", "Unknown", "yes")]
    [False, False, True]
    """
    return label.strip("_<>[]").lower() not in NOT_WORDS
