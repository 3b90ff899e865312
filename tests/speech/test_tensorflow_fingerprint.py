import io
import zipfile

import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.wav import fit
from tests.places import SHARED as SHARED_ROOT
from tests.speech.tensorflow_fingerprint import tensorflow_fingerprints

SHARED = SHARED_ROOT / "speech_commands"
FRONT_ENDS = [FrontEnd(kind, *rest) for kind in ("magnitude", "power") for rest in ((40, 20, 10), (30, 10, 40))]
each_front_end = pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda fe: fe.key)


@pytest.fixture(scope="session")
def real_audio():
    """Every fortieth clip of the official test archive, read straight from the shared folder."""
    soundfile = pytest.importorskip("soundfile")
    path = SHARED / "test.zip"
    if not path.is_file():
        pytest.skip("the shared Speech Commands folder is not beside the checkout")
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())[::40]
        clips = [soundfile.read(io.BytesIO(archive.read(name)), dtype="int16")[0] for name in names]
    return np.stack([fit(clip) for clip in clips])


def synthetic_audio():
    """Noise from inaudible to clipped, tones, an impulse, the quietest dither and digital silence."""
    rng = np.random.default_rng(9)
    noise = rng.standard_normal((60, 16000)) * np.geomspace(0.3, 20000, 60)[:, None]
    tones = 12000 * np.sin(2 * np.pi * np.geomspace(15, 7900, 40)[:, None] * np.arange(16000) / 16000)
    impulse = np.zeros((1, 16000))
    impulse[0, 8000] = 32767
    dither = rng.integers(-1, 2, (10, 16000))
    clips = np.concatenate([noise, tones, impulse, dither, np.zeros((2, 16000))])
    return np.clip(np.rint(clips), -32768, 32767).astype(np.int16)


def assert_twins(audio, front_end):
    ours = fingerprints(audio, front_end)
    theirs = tensorflow_fingerprints(audio, front_end).numpy()
    assert theirs.shape == ours.shape == (len(audio), *front_end.shape)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5)
    np.testing.assert_array_equal(quantise(ours), quantise(theirs))


@each_front_end
def test_numpy_and_tensorflow_agree_on_synthetic_audio(front_end):
    assert_twins(synthetic_audio(), front_end)


@each_front_end
def test_numpy_and_tensorflow_agree_on_real_audio(front_end, real_audio):
    assert len(real_audio) > 100
    assert_twins(real_audio, front_end)


@each_front_end
def test_works_on_float_batches_inside_tf_data(front_end):
    import tensorflow as tf

    audio = synthetic_audio()[::7]
    data = tf.data.Dataset.from_tensor_slices(audio.astype(np.float32) / 32768).batch(5)
    batches = [batch.numpy() for batch in data.map(lambda clips: tensorflow_fingerprints(clips, front_end))]
    np.testing.assert_array_equal(quantise(np.concatenate(batches)), quantise(fingerprints(audio, front_end)))
