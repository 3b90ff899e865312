"""What the study does to a whole stream: other levels, an offset, clipping."""

from dataclasses import dataclass

import numpy as np

from kwslib.config.streams import CLIPPED_AT, GAINS_DB, OFFSETS
from kwslib.errors import InputError

FULL = 32768


@dataclass(frozen=True)
class Change:
    """A change of a stream.

    Attributes
    ----------
    kind : str
        ``gain`` (value in dB), ``offset`` (of full scale) or ``clipped`` (of the loudest sample).
    value : float
    """

    kind: str
    value: float

    @property
    def name(self) -> str:
        """Part of a file name."""
        return f"{self.kind}{self.value:g}"

    def apply(self, samples: np.ndarray) -> np.ndarray:
        """Return the changed stream, int16; what is beyond full scale is clipped.

        Raises
        ------
        InputError
            For a kind that does not exist.

        Examples
        --------
        >>> Change("clipped", 0.5).apply(np.int16([100, -40, 60])).tolist()
        [50, -40, 50]
        """
        sound = np.asarray(samples, np.float64)
        if self.kind == "gain":
            sound = sound * 10 ** (self.value / 20)
        elif self.kind == "offset":
            sound = sound + self.value * FULL
        elif self.kind == "clipped":
            limit = self.value * np.abs(sound).max(initial=0.0)
            sound = np.clip(sound, -limit, limit)
        else:
            raise InputError(f"unknown change '{self.kind}'")
        return np.clip(np.rint(sound), -FULL, FULL - 1).astype(np.int16)


CHANGES = (
    *(Change("gain", value) for value in GAINS_DB),
    *(Change("offset", value) for value in OFFSETS),
    *(Change("clipped", value) for value in CLIPPED_AT),
)
"""Every change that is measured."""
