"""How a network for somebody's own phrases is trained and measured, as data."""

from typing import Any

from kwslib.config.streams import StreamStudy

TRAINING: dict[str, Any] = {"profile": "quick", "front_end": "integer", "hold_out_noise": True}
"""Parameters of the training. The front end is the device's own, and the noise of the streams is not trained on."""
STUDY = StreamStudy(hours=3.0, clips=40, level_clips=4, benchmark_s=300, benchmark_words=10)
"""The streams: hours without a phrase for the choice of the threshold, and as many for the report."""
WANTED_PER_HOUR = 1.0
"""False accepts an hour for which validation chooses the threshold."""
LEAST_ACCURACY, MOST_PER_HOUR = 0.95, 1.0
"""What a network for two phrases should reach on held-out voices and on sound without a phrase."""
VALUE_OF_VOICES = (
    "Synthetic voices are settings of one synthesiser, espeak-ng. They resemble one another more than people do, and "
    "breathe, hesitate and mumble less. So figures on them say little about people: they say that the training worked, "
    "and how networks compare."
)
