"""The codes of a stream's frames: each frame is computed once, as soon as its sound is there."""

from dataclasses import replace

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, INPUT_ZERO_POINT, FrontEnd
from kwslib.errors import InputError
from kwslib.integer.front_end import checked_samples, codes_of
from kwslib.speech import fingerprint


class FrameStream:
    """Computes the codes of a stream of sound, a row of coefficients a frame, for any kind of front end.

    Before the stream there is digital silence: frame j covers the `window_samples` that end with sample
    (j + 1) · `stride_samples`. The frames of any second that begins on a stride are those of its fingerprint.

    Parameters
    ----------
    front_end : FrontEnd
    scale : float, optional
        Step of the codes; the front end's own by default.
    zero_point : int
        Code of the value zero.

    Raises
    ------
    InputError
        If the frames of this front end leave out samples between them.

    Examples
    --------
    >>> stream = FrameStream(FrontEnd("integer", window_ms=40, stride_ms=20, coefficients=10))
    >>> [len(stream.feed(np.zeros(samples, np.int16))) for samples in (319, 1, 3200)]
    [0, 1, 10]
    """

    def __init__(self, front_end: FrontEnd, scale: float | None = None, zero_point: int = INPUT_ZERO_POINT) -> None:
        overlap = front_end.window_samples - front_end.stride_samples
        if overlap < 0:
            raise InputError(f"front end {front_end.key} skips samples between its frames: no stream can use it")
        self.front_end = front_end if scale is None else replace(front_end, scale=float(scale))
        self.zero_point = zero_point
        self._samples = np.zeros(overlap, np.int16)

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples, int16 (any number), and return the codes of the frames that they complete.

        Returns
        -------
        ndarray of uint8, shape (frames, coefficients)

        Raises
        ------
        InputError
            If the samples are of another type or shape.
        """
        one = self.front_end
        known = np.concatenate([self._samples, checked_samples(samples)])
        count = max(0, (len(known) - one.window_samples) // one.stride_samples + 1)
        self._samples = known[count * one.stride_samples :].copy()
        if not count:
            return np.zeros((0, one.coefficients), np.uint8)
        if one.kind == "integer":
            return codes_of(known[None], one, self.zero_point)[0]
        return self._by_seconds(known, count)

    def _by_seconds(self, known: np.ndarray, count: int) -> np.ndarray:
        """Compute whole fingerprints, one behind the other, zeros at the end."""
        one = self.front_end
        clips, step = -(-count // one.frames), one.frames * one.stride_samples
        padded = np.zeros((clips - 1) * step + CLIP_SAMPLES, np.int16)
        used = min(len(known), len(padded))
        padded[:used] = known[:used]
        seconds = np.lib.stride_tricks.sliding_window_view(padded, CLIP_SAMPLES)[::step]
        codes = fingerprint.codes(seconds, one, zero_point=self.zero_point)
        return codes.reshape(-1, one.coefficients)[:count]

    def silent_frame(self) -> np.ndarray:
        """Return the codes of a frame of digital silence, uint8 (coefficients,)."""
        silence = np.zeros((1, CLIP_SAMPLES), np.int16)
        return fingerprint.codes(silence, self.front_end, zero_point=self.zero_point)[0, 0]
