"""The words of the task: Google's ten keywords, and the two classes beside them."""

LABELS = ("_silence_", "_unknown_", "yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The classes, in the order of the network's outputs (the TensorFlow example's)."""
SILENCE, UNKNOWN = 0, 1
KEYWORDS = LABELS[2:]
