"""What the streaming study listens to, as data."""

from dataclasses import dataclass

NEGATIVES = {
    "sentences": 0.35,
    "joined": 0.15,
    "other words": 0.15,
    "noise": 0.15,
    "mixtures": 0.20,
}
"""Kinds of sound without a keyword, and their shares of the hours."""
SIMILAR, SIMILAR_SHARE = "similar", 0.05
"""Words that sound like a keyword: as many more hours, counted apart. Nobody speaks like that all day."""
SNR_DB = (20.0, 10.0, 5.0, 0.0)
"""Signal-to-noise ratios at which keywords are set into noise."""
CLEAN = "clean"
"""In place of a ratio: digital silence around the word."""
TARGETS_PER_HOUR = (None, 10.0, 1.0, 0.1)
"""False accepts an hour at the operating points; None is the default threshold of `kws listen`."""
SMOOTHINGS = (1, 2, 3, 4, 5)
"""Numbers of hops of smoothing among which validation chooses."""
SMOOTHING_RATES = (100.0, 10.0, 1.0)
"""False accepts an hour at which it compares them."""
SMOOTHING_SLACK = 0.02
"""Share by which the missed keywords of the chosen number may exceed the fewest."""
GAINS_DB = (-40.0, -30.0, -20.0, -10.0, 0.0, 10.0, 20.0)
OFFSETS = (0.01, 0.1, 0.3)
"""DC offsets, full scale 1."""
CLIPPED_AT = (0.3, 0.1, 0.03)
"""Levels at which a stream is clipped, relative to its loudest sample."""


@dataclass(frozen=True)
class StreamStudy:
    """How much is listened to, and how.

    Attributes
    ----------
    hours : float
        Of sound without keywords, once for choosing the thresholds and once for the report.
    clips : int
        Clips of each keyword; 0 for all that there are.
    seed : int
    hop_ms : int
    shard_s : int
        Seconds of one stream without keywords.
    words_a_shard : int
        Keywords in one stream of keywords.
    spacing_s : int
        From one keyword to the next.
    level_clips : int
        Clips of each keyword in the streams of other levels.
    benchmark_s, benchmark_words : int
        The stream of MLPerf Tiny's kind: 20 minutes, 50 keywords.
    """

    hours: float = 30.0
    clips: int = 0
    seed: int = 0
    hop_ms: int = 240
    shard_s: int = 300
    words_a_shard: int = 100
    spacing_s: int = 3
    level_clips: int = 30
    benchmark_s: int = 1200
    benchmark_words: int = 50
