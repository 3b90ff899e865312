import numpy as np
import pytest

from kwslib.config.front_end import CLIP_SAMPLES, FrontEnd
from kwslib.config.presets import SIZES
from kwslib.errors import InputError
from kwslib.speech.fingerprint import codes
from kwslib.speech.frames import FrameStream

FRONT_ENDS = [SIZES["small"].front_end("integer"), SIZES["large"].front_end("magnitude")]


def drawn(samples):
    return np.random.default_rng(4).integers(-9000, 9000, samples).astype(np.int16)


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda one: one.key)
def test_any_cut_gives_the_same_codes(front_end):
    sound, rng = drawn(80_000), np.random.default_rng(5)
    whole = FrameStream(front_end).feed(sound)
    assert len(whole) == len(sound) // front_end.stride_samples
    cuts = np.cumsum(np.concatenate([rng.integers(1, 40, 50), rng.integers(1, 20_000, 20)]))
    stream = FrameStream(front_end)
    pieces = [stream.feed(piece) for piece in np.split(sound, cuts[cuts < len(sound)])]
    assert np.array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda one: one.key)
def test_frames_of_a_second_are_its_fingerprint(front_end):
    sound = drawn(5 * CLIP_SAMPLES)
    frames = FrameStream(front_end).feed(sound)
    for stride in (0, 7, 130):
        begin = stride * front_end.stride_samples
        last = (begin + CLIP_SAMPLES) // front_end.stride_samples
        expected = codes(sound[None, begin : begin + CLIP_SAMPLES], front_end)[0]
        assert np.array_equal(frames[last - front_end.frames : last], expected)


def test_before_the_stream_there_is_silence():
    front_end = FRONT_ENDS[0]
    click = np.zeros(front_end.stride_samples, np.int16)
    click[-1] = 20_000
    padded = np.zeros((1, CLIP_SAMPLES), np.int16)
    padded[0, -len(click) :] = click
    (frame,) = FrameStream(front_end).feed(click)
    assert np.array_equal(frame, codes(padded, front_end)[0, -1])
    stream = FrameStream(front_end, scale=1.0, zero_point=100)
    assert np.array_equal(stream.feed(np.zeros(320, np.int16))[0], stream.silent_frame())
    assert stream.silent_frame().tolist() == [0] + [100] * 9


def test_other_sound_and_gaps_between_frames_are_refused():
    with pytest.raises(InputError, match="float64"):
        FrameStream(FRONT_ENDS[0]).feed(np.zeros(10))
    with pytest.raises(InputError, match="skips samples"):
        FrameStream(FrontEnd("power", window_ms=10, stride_ms=20, coefficients=10))
