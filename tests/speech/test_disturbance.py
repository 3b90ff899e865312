import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwslib.errors import DataError, InputError
from kwslib.speech.disturbance import active_power, change_level, mix, move, noise_segment, reverberate, stream

TIME_S = np.arange(16000) / 16000
TONE = np.rint(1000 * np.sin(2 * np.pi * 400 * TIME_S)).astype(np.int16)


def test_the_active_power_of_a_tone_does_not_depend_on_the_pause_around_it():
    short = TONE.copy()
    short[8000:] = 0
    power = active_power(np.stack([TONE, short, np.zeros_like(TONE)]))
    assert power[:2] == pytest.approx([1000**2 / 2] * 2, rel=1e-3)
    assert power[2] == 0


def test_frames_20_db_below_the_loudest_do_not_count():
    soft = TONE.copy()
    soft[8000:] = np.rint(soft[8000:] * 10 ** (-19 / 20))
    softer = TONE.copy()
    softer[8000:] = np.rint(softer[8000:] * 10 ** (-21 / 20))
    power = active_power(np.stack([soft, softer])) / (1000**2 / 2)
    assert power == pytest.approx([(1 + 10**-1.9) / 2, 1], rel=1e-2)


@settings(max_examples=20)
@given(st.sampled_from([-5, 0, 5, 10, 15, 20]), st.integers(0, 1000))
def test_a_mixture_has_the_ratio_it_says(snr_db, seed):
    noise = np.random.default_rng(seed).normal(0, 0.01, (1, 16000))
    audio = TONE[None]
    mixed, turned_down = mix(audio, active_power(audio), noise, snr_db)
    assert not turned_down[0]
    added = mixed.astype(float) - audio
    measured_db = 10 * np.log10(np.mean(audio.astype(float) ** 2) / np.mean(added**2))
    assert measured_db == pytest.approx(snr_db, abs=0.02)


def test_a_mixture_beyond_full_scale_is_turned_down_and_keeps_its_ratio():
    audio = (TONE * 20)[None]
    noise = np.random.default_rng(1).normal(0, 1, (1, 16000))
    mixed, turned_down = mix(audio, active_power(audio), noise, -5)
    assert turned_down[0]
    assert np.abs(mixed.astype(int)).max() == 32767
    # The part of the mixture that goes with the tone, by projection; the noise is nearly orthogonal to it.
    gain = np.sum(mixed[0] * audio[0].astype(float)) / np.sum(audio[0].astype(float) ** 2)
    rest = mixed[0] - gain * audio[0]
    measured_db = 10 * np.log10(np.mean((gain * audio[0].astype(float)) ** 2) / np.mean(rest**2))
    assert measured_db == pytest.approx(-5, abs=0.3)


@pytest.mark.parametrize(("power", "noise"), [(0.0, 1.0), (1.0, 0.0)])
def test_no_ratio_without_power(power, noise):
    with pytest.raises(InputError, match="power above zero"):
        mix(TONE[None], np.array([power]), np.full((1, 16000), noise), 0)


def test_a_second_of_noise_follows_from_the_seed():
    recording = np.random.default_rng(0).normal(size=50000)
    one = noise_segment(recording, (0, 1, 2))
    assert np.array_equal(one, noise_segment(recording, (0, 1, 2)))
    for other in ((1, 1, 2), (0, 2, 2), (0, 1, 3)):
        assert not np.array_equal(one, noise_segment(recording, other))


def test_a_second_of_digital_silence_is_not_drawn():
    recording = np.zeros(64000)
    recording[-16000:] = 1
    assert all(noise_segment(recording, (0, clip, 0)).any() for clip in range(50))
    with pytest.raises(DataError, match="is digital silence"):
        noise_segment(np.zeros(20000), (0, 0, 0))
    with pytest.raises(DataError, match="has 100 samples"):
        noise_segment(np.ones(100), (0, 0, 0))


@given(st.integers(-999, 999))
def test_a_shift_moves_zeros_in_and_loses_nothing_else(shift_ms):
    audio = np.arange(1, 16001, dtype=np.int16)[None]
    moved, samples = move(audio, shift_ms), 16 * shift_ms
    at = np.flatnonzero(moved[0])
    assert len(at) == 16000 - abs(samples)
    assert np.array_equal(moved[0, at], audio[0, at - samples])


def test_a_shift_of_a_second_is_refused():
    with pytest.raises(InputError, match="leaves nothing"):
        move(TONE[None], -1000)


def test_a_level_is_rounded_and_clipped():
    audio = np.zeros((2, 16000), np.int16)
    audio[:, :3] = [[10, -3, 1], [20000, -30000, 1]]
    louder, clipped = change_level(audio, 20)
    assert louder[:, :3].tolist() == [[100, -30, 10], [32767, -32768, 10]]
    assert clipped.tolist() == [False, True]
    assert change_level(audio, -6)[0][0, :3].tolist() == [5, -2, 1]
    assert np.array_equal(change_level(audio, 0)[0], audio)


def test_a_stream_is_a_second_every_hop():
    recording = (np.arange(40000) % 30000 / 32768).astype(np.float32)
    heard = stream(recording, 0.5)
    assert heard.shape == (4, 16000)
    assert np.array_equal(heard[1], np.arange(8000, 24000))
    with pytest.raises(InputError, match="shorter than a sample"):
        stream(recording, 0)


def test_a_room_answers_a_click_with_a_tail_that_decays_by_60_db_in_its_time():
    clicks = np.zeros((40, 16000), np.int16)
    clicks[:, 100] = 8000
    heard = reverberate(clicks, 300, [(1, clip) for clip in range(40)]).astype(float)
    assert not heard[:, :100].any() and (heard[:, 100] == 8000).all()
    tail = np.mean(heard[:, 101:] ** 2, axis=0)
    assert 10 * np.log10(8000**2 / tail.sum()) == pytest.approx(3.0, abs=0.1)
    early, late = tail[200:1000].mean(), tail[200 + 1600 : 1000 + 1600].mean()  # 100 ms later: a third of 60 dB
    assert 10 * np.log10(early / late) == pytest.approx(20, abs=1)
    assert not tail[4800:].any()


def test_each_clip_has_a_room_of_its_own_and_the_same_one_again():
    twice = np.stack([TONE, TONE])
    heard = reverberate(twice, 200, [(1, 1), (1, 2)])
    assert not np.array_equal(heard[0], heard[1])
    assert np.array_equal(heard, reverberate(twice, 200, [(1, 1), (1, 2)]))
    assert not reverberate(np.zeros_like(twice), 200, [(1, 1), (1, 2)]).any()


def test_a_loud_clip_in_a_room_does_not_clip():
    loud = np.rint(TONE[None] * 32.7).astype(np.int16)
    heard = reverberate(loud, 600, [(2, 3)])
    assert np.abs(heard.astype(int)).max() == 32767 and np.mean(np.abs(heard) == 32767) < 0.001


def test_a_room_needs_a_time():
    with pytest.raises(InputError, match="a reverberation time of 0 ms"):
        reverberate(TONE[None], 0, [(1, 1)])
