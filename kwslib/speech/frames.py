"""Frames of a stream: each is computed once, as soon as its sound is there."""

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, FrontEnd
from kwslib.errors import InputError
from kwslib.speech.fingerprint import fingerprints


class FrameStream:
    """Computes the frames of a stream of sound, a row of coefficients each.

    Before the stream there is digital silence: frame j covers the `window_samples` that end with sample
    (j + 1) · `stride_samples`. The frames of any second that begins on a stride are those of its fingerprint.

    Parameters
    ----------
    front_end : FrontEnd

    Raises
    ------
    InputError
        If the frames of this front end leave out samples between them.

    Examples
    --------
    >>> stream = FrameStream(FrontEnd("power", window_ms=40, stride_ms=20, coefficients=10))
    >>> [len(stream.feed(np.zeros(samples, np.int16))) for samples in (319, 1, 3200)]
    [0, 1, 10]
    """

    def __init__(self, front_end: FrontEnd) -> None:
        overlap = front_end.window_samples - front_end.stride_samples
        if overlap < 0:
            raise InputError(f"front end {front_end.key} skips samples between its frames: no stream can use it")
        self.front_end = front_end
        self._samples = np.zeros(overlap, np.int16)

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples, int16 (any number), and return the frames that they complete.

        Returns
        -------
        ndarray of float32, shape (frames, coefficients)

        Raises
        ------
        InputError
            If the samples are of another type or shape.
        """
        samples = np.asarray(samples)
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise InputError(f"samples are {samples.dtype} {samples.shape}; int16 (samples,) is needed")
        one = self.front_end
        known = np.concatenate([self._samples, samples])
        count = max(0, (len(known) - one.window_samples) // one.stride_samples + 1)
        self._samples = known[count * one.stride_samples :]
        # whole fingerprints, one behind the other, zeros at the end
        clips = -(-count // one.frames)
        step = one.frames * one.stride_samples
        padded = np.zeros((clips - 1) * step + CLIP_SAMPLES if clips else CLIP_SAMPLES, np.int16)
        used = min(len(known), len(padded))
        padded[:used] = known[:used]
        blocks = np.lib.stride_tricks.sliding_window_view(padded, CLIP_SAMPLES)[::step][:clips]
        return fingerprints(blocks, one).reshape(-1, one.coefficients)[:count]


def silent_frame(front_end: FrontEnd) -> np.ndarray:
    """Return the frame of digital silence, float32 (coefficients,)."""
    return fingerprints(np.zeros((1, CLIP_SAMPLES), np.int16), front_end)[0, 0]
