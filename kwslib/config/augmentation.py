"""How training clips are varied, as data."""

from dataclasses import asdict, dataclass
from typing import Any

from kwslib.errors import InputError

ALWAYS_NAMED = ("noise_probability", "noise_volume", "shift_ms", "gain_db")
"""Fields that are in every `Augmentation.key`, so that what was kept before the others came is found."""
LIMITS = {
    "noise_probability": (0, 1),
    "noise_volume": (0, 1),
    "shift_ms": (0, 1000),
    "gain_db": (0, 60),
    "speed_change": (0, 0.5),
    "snr_probability": (0, 1),
    "snr_low_db": (-20, 60),
    "snr_high_db": (-20, 60),
    "snr_ramp_copies": (0, 10_000),
    "joined_probability": (0, 1),
    "running_speech": (0, 1),
}


@dataclass(frozen=True)
class Augmentation:
    """How training clips are varied; the defaults are those of the TensorFlow example.

    Attributes
    ----------
    noise_probability : float
        Part of the clips that get background noise (``--background_frequency``).
    noise_volume : float
        Largest factor on the noise, drawn uniformly from zero (``--background_volume``). A ``_silence_`` clip
        that gets noise draws its factor from 0 to 1, as in the example; the others stay digital silence.
    shift_ms : float
        Largest shift to the left or right in milliseconds (``--time_shift_ms``); zeros move in.
    gain_db : float
        Largest change of the speech's level in decibels, up or down, drawn uniformly; none in the example.
    hold_out_noise : bool
        Leave the last fifth of each background recording out (`kwslib.speech.noise`); the example uses it whole.
    speed_change : float
        Largest change of speed, up or down, as a part of it, drawn uniformly (Ko et al., 2015). Pitch changes with it.
    snr_probability : float
        Part of the clips of words that are mixed with noise at a signal-to-noise ratio in place of `noise_volume`. The
        noise is then a recording, coloured noise or babble of the split's other words (`kwslib.speech.noise_pool`).
        With any, validation holds its words in noise as well (`kwslib.runs.pipeline.choosing`).
    snr_low_db, snr_high_db : float
        Bounds of that ratio, drawn uniformly, in decibels.
    snr_ramp_copies : int
        Copies over which the lower bound falls from the upper one to `snr_low_db`: from easy to hard. 0: at once.
    snr_silence : bool
        The same part of the ``_silence_`` clips is noise alone, as loud as it would be beside some keyword. Otherwise
        silence is never louder than the recordings are.
    turn_others : bool
        Take all other words of the split in turn, copy by copy, for the ``_unknown_`` clips; the example chooses some.
    joined_probability : float
        Part of the ``_unknown_`` clips that is replaced by the first half of one keyword and the second of another.
    running_speech : float
        Seconds of running speech without a keyword that are added as ``_unknown_`` clips, as a part of the number of
        clips (`kwslib.speech.running_speech`). It is what a network that listens hears most.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    noise_probability: float = 0.8
    noise_volume: float = 0.1
    shift_ms: float = 100.0
    gain_db: float = 0.0
    hold_out_noise: bool = False
    speed_change: float = 0.0
    snr_probability: float = 0.0
    snr_low_db: float = -5.0
    snr_high_db: float = 20.0
    snr_ramp_copies: int = 0
    snr_silence: bool = False
    turn_others: bool = False
    joined_probability: float = 0.0
    running_speech: float = 0.0

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InputError(f"{name} is {value}: give a number from {least} to {most}")
        if self.snr_low_db > self.snr_high_db:
            raise InputError(f"snr_low_db is {self.snr_low_db:g}: give at most snr_high_db, {self.snr_high_db:g}")

    def snr_bounds_db(self, copy: int) -> tuple[float, float]:
        """Bounds of the signal-to-noise ratio in one copy of the training set, in decibels.

        Examples
        --------
        >>> Augmentation(snr_low_db=0, snr_high_db=20, snr_ramp_copies=4).snr_bounds_db(1)
        (10.0, 20)
        """
        done = min(1.0, (copy + 1) / self.snr_ramp_copies) if self.snr_ramp_copies else 1.0
        return self.snr_high_db + done * (self.snr_low_db - self.snr_high_db), self.snr_high_db

    @property
    def key(self) -> dict[str, Any]:
        """What tells two augmentations apart: `ALWAYS_NAMED`, and the others where they are not the default ones."""
        default = asdict(Augmentation())
        return {name: value for name, value in asdict(self).items() if name in ALWAYS_NAMED or value != default[name]}
