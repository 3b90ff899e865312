"""How training clips are varied, as data."""

from dataclasses import asdict, dataclass
from typing import Any

from kwslib.errors import InputError


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

    def __post_init__(self) -> None:
        limits = {"noise_probability": 1, "noise_volume": 1, "shift_ms": 1000, "gain_db": 60}
        for name, top in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= top:
                raise InputError(f"{name} is {value}: give a number from 0 to {top}")

    @property
    def key(self) -> dict[str, Any]:
        """What tells two augmentations apart; without `hold_out_noise` where that is not asked for."""
        return {name: value for name, value in asdict(self).items() if name != "hold_out_noise" or value}
