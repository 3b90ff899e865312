"""The synthetic corpus: reproducible, split by voice, neither silent nor trivially separable, whole or not there."""

import errno
import hashlib
import importlib.util
import json
import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest

from kwslib.config.words import KEYWORDS, LABELS, SILENCE
from kwslib.errors import DataError, InputError, KwsError, ToolError
from kwslib.speech import soundscape, synthetic
from kwslib.speech.corpus import SILENCE_PROTOCOLS, SPLITS
from kwslib.speech.synthetic import SIZES, open_synthetic
from kwslib.speech.voices import ACCENTS, OTHER_WORDS, VARIANTS, Extent, Take, cast, script

SMALL = Extent({"train": 3, "validation": 2, "test": 2}, takes=1, noise_s=2)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KWS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield open_synthetic(0, "tiny")


def test_splits_have_all_classes_in_the_usual_proportion(tiny):
    for split in SPLITS:
        clips = tiny.clips(split)
        counts = np.bincount(clips.labels, minlength=len(LABELS))
        voices = SIZES["tiny"].voices[split]
        assert counts[2:].tolist() == [voices] * 10
        assert counts[:2].tolist() == [voices] * 2  # a tenth of the keyword clips, each
        assert len(set(clips.names)) == len(clips)
        for name, label in zip(clips.names, clips.labels, strict=True):
            word = name.partition("/")[0]
            assert LABELS[label] == (word if word in (*KEYWORDS, "_silence_") else "_unknown_")
            assert word in (*KEYWORDS, *OTHER_WORDS, "_silence_")


def test_manifest_tells_counts_voices_engine_and_licence(tiny):
    manifest = json.loads(json.dumps(tiny.manifest))
    for split in SPLITS:
        assert sum(manifest["splits"][split].values()) == len(tiny.clips(split))
        spoken = {name.partition("/")[2].rpartition("_")[0] for name in tiny.clips(split).names if name[0] != "_"}
        assert spoken == set(manifest["voices"][split])
    assert manifest["corpus"] == tiny.name == "synthetic"
    assert manifest["settings"]["espeak_ng"] == synthetic.espeak_version()
    assert "GPL" in manifest["licence"]
    assert manifest["noise_recordings"] == len(tiny.noise())


def test_hash_is_over_every_clip_and_recording(tiny):
    entries = []
    for split in SPLITS:
        clips = tiny.clips(split, "noise-silence")
        for name, audio in zip(clips.names, clips.audio, strict=True):
            entries.append([split, name, hashlib.sha256(audio.tobytes()).hexdigest()])
    entries.append(["noise", "noise.npy", hashlib.sha256(np.stack(tiny.noise()).tobytes()).hexdigest()])
    assert tiny.manifest["hash"] == hashlib.sha256(json.dumps(sorted(entries)).encode()).hexdigest()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_silence_protocols_differ_in_silence_alone(tiny, split):
    digital, noisy = (tiny.clips(split, protocol) for protocol in SILENCE_PROTOCOLS)
    silent = digital.labels == SILENCE
    assert not digital.audio[silent].any()
    assert noisy.audio[silent].any(axis=1).all()
    assert np.array_equal(digital.audio[~silent], noisy.audio[~silent])
    assert digital.names == noisy.names


def test_training_silence_is_digital_under_both_protocols(tiny):
    for protocol in SILENCE_PROTOCOLS:
        clips = tiny.clips("train", protocol)
        assert not clips.audio[clips.labels == SILENCE].any()


def test_every_spoken_clip_is_audible_and_none_is_clipped_or_repeated(tiny):
    for split in SPLITS:
        clips = tiny.clips(split)
        speech = clips.audio[clips.labels != SILENCE].astype(float)
        peaks_dbfs = 20 * np.log10(np.abs(speech).max(axis=1) / 32767)
        low, high = soundscape.PEAK_DBFS
        assert ((low - 0.1 < peaks_dbfs) & (peaks_dbfs < high + 0.1)).all()
        assert len({clip.tobytes() for clip in speech}) == len(speech)


def test_noise_recordings_fit_augmentation_and_are_apart_from_the_test_clips(tiny):
    noise = tiny.noise()
    assert len(noise) == len(soundscape.NOISES)
    for recording in noise:
        assert recording.dtype == np.float32 and len(recording) >= 16000
        assert np.abs(recording).max() <= 1
        assert 0.05 < np.sqrt(np.mean(recording**2)) < 0.3


@pytest.mark.parametrize("seed", [0, 1, 99])
@pytest.mark.parametrize("size", SIZES)
def test_no_voice_is_in_two_splits(seed, size):
    voices = cast(seed, SIZES[size])
    every = [voice for split in SPLITS for voice in voices[split]]
    assert len(set(every)) == len(every)
    assert {split: len(voices[split]) for split in SPLITS} == SIZES[size].voices


def test_every_other_word_occurs_in_every_full_split():
    lines = [take for takes in script(0, SIZES["full"]).values() for take in takes]
    for split in SPLITS:
        words = {take.word for take in lines if take.split == split}
        assert words == {*KEYWORDS, *OTHER_WORDS}


def test_voices_and_words_are_listed_once():
    assert len(set(VARIANTS)) == len(VARIANTS) and len(set(ACCENTS)) == len(ACCENTS)
    assert len({*KEYWORDS, *OTHER_WORDS}) == 35


def test_same_seed_gives_the_same_corpus_whatever_the_workers(tmp_path, monkeypatch):
    hashes, samples = [], []
    for seed, workers in ((5, 1), (5, 3), (6, 2)):
        monkeypatch.setenv("KWS_CACHE", str(tmp_path / f"{seed}-{workers}"))
        corpus = open_synthetic(seed, SMALL, workers)
        hashes.append(corpus.manifest["hash"])
        samples.append(corpus.clips("train").audio.tobytes())
    assert hashes[0] == hashes[1] and samples[0] == samples[1]
    assert hashes[0] != hashes[2]


def test_second_opening_generates_nothing_and_leaves_the_files_alone(cache, monkeypatch):
    first = open_synthetic(0, SMALL)
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    monkeypatch.setattr(synthetic, "_generate", None)
    second = open_synthetic(0, SMALL)
    assert second.folder == first.folder
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before


def test_damaged_cache_is_made_again(cache):
    first = open_synthetic(0, SMALL)
    content = (first.folder / "test.npy").read_bytes()
    (first.folder / "test.npy").write_bytes(content[:1000])
    open_synthetic(0, SMALL)
    assert (first.folder / "test.npy").read_bytes() == content


def test_two_processes_at_once_share_one_generation(cache):
    code = (
        "from kwslib.speech.synthetic import *\n"
        "c = open_synthetic(3, Extent({'train': 2, 'validation': 1, 'test': 1}, 1, 2))\n"
        "print(c.manifest['hash'], c.folder.stat().st_ino)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=synthetic.paths.project_root()
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=600)[0] for process in processes]
    assert outputs[0] == outputs[1] != ""


def test_corpus_can_be_pickled(tiny):
    copy = pickle.loads(pickle.dumps(tiny))
    assert copy.manifest == tiny.manifest
    assert np.array_equal(copy.clips("test").audio, tiny.clips("test").audio)


def test_a_word_lies_near_the_middle_and_above_its_noise():
    rng = np.random.default_rng(0)
    word = (10000 * np.sin(np.arange(6000) * 0.3)).astype(np.int16)
    noise = soundscape.recordings(np.random.default_rng(1), 2, [word])
    middles_s = []
    for _ in range(50):
        clip = soundscape.clip_of(word, noise, rng).astype(float)
        energy = np.convolve(clip**2, np.ones(6000), "valid")
        middles_s.append((np.argmax(energy) + 3000) / 16000 - 0.5)
    assert max(map(abs, middles_s)) < soundscape.OFFSET_S + 0.02
    assert np.std(middles_s) > soundscape.OFFSET_S / 3


@pytest.mark.parametrize(("kind", "slope_db"), [("white", 0), ("pink", -3), ("brown", -6)])
def test_coloured_noise_has_its_slope_per_octave(kind, slope_db):
    noise = soundscape.background(kind, np.random.default_rng(0), 10, [])
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequency_hz = np.fft.rfftfreq(len(noise), 1 / 16000)
    bands = [power[(frequency_hz >= low) & (frequency_hz < 2 * low)].mean() for low in (125, 250, 500, 1000, 2000)]
    assert np.diff(10 * np.log10(bands)) == pytest.approx([slope_db] * 4, abs=0.7)
    assert np.mean(noise**2) == pytest.approx(1)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, "fulll"), "unknown size of the synthetic corpus 'fulll'.*did you mean 'full'"),
        ((-1, "tiny"), "seed -1 is negative"),
        ((0, Extent({"train": 10**6, "validation": 1, "test": 1}, 1, 2)), "1000000.*voices are wanted.*can be had"),
        ((0, Extent({"train": 1, "validation": 0, "test": 1}, 1, 2)), "at least 1 for a split"),
    ],
)
def test_bad_arguments(cache, arguments, message):
    with pytest.raises(InputError, match=message):
        open_synthetic(*arguments)
    assert not list(cache.glob("synthetic/*/*"))


def test_unknown_noise():
    with pytest.raises(InputError, match="unknown noise 'purple'.*white, pink"):
        soundscape.background("purple", np.random.default_rng(0), 2, [])


def test_unknown_voice_says_which_and_what_to_do(tmp_path):
    with pytest.raises(ToolError, match="(?s)reinstall it with.*no voice variant 'nobody'"):
        synthetic.speak("en-us+nobody", [Take("test", "en-us+nobody", "yes", 0, 170, 50, 50)], tmp_path)
    assert not list(tmp_path.iterdir())


def broken_loader(folder, body):
    (folder / "espeakng_loader.py").write_text(body)
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ImportError('no espeak here')", "library cannot be loaded: no espeak here"),
        ("import os\nos.abort()", "was ended by signal 6"),
        (
            "def get_data_path(): return '/nowhere'\ndef get_library_path(): return '/nowhere/lib.so'",
            "library cannot be loaded: /nowhere/lib.so",
        ),
    ],
)
def test_missing_or_crashing_library_leaves_nothing(cache, tmp_path, monkeypatch, body, message):
    monkeypatch.setenv("PYTHONPATH", broken_loader(tmp_path, body))
    with pytest.raises(ToolError, match=f"(?s)pip install --force-reinstall espeakng-loader.*{message}"):
        open_synthetic(0, SMALL)
    assert not list(cache.glob("synthetic/*/*"))


def test_child_that_crashes_halfway_leaves_nothing(cache, tmp_path, monkeypatch):
    real = importlib.util.find_spec("espeakng_loader").origin
    marker = tmp_path / "calls"
    body = f"""
import importlib.util, os
spec = importlib.util.spec_from_file_location("real", {real!r})
module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
get_library_path, get_data_path = module.get_library_path, module.get_data_path
with open({str(marker)!r}, "a") as file: file.write("x")
if os.path.getsize({str(marker)!r}) > 3: os.abort()
"""
    monkeypatch.setenv("PYTHONPATH", broken_loader(tmp_path, body))
    with pytest.raises(ToolError, match="was ended by signal 6"):
        open_synthetic(0, SMALL, workers=1)
    assert not [path for path in cache.glob("synthetic/*") if path.suffix != ".lock"]


def test_silent_word_is_an_error_not_a_clip():
    take = Take("train", "en-us+f1", "yes", 0, 170, 50, 50)
    for samples in (np.zeros(5000, np.int16), np.full(5000, 3, np.int16), np.r_[np.zeros(4000), 9000, 9000]):
        with pytest.raises(DataError, match=r"voice en-us\+f1 says 'yes' without a sound"):
            synthetic._word(take, samples)


def test_full_disk_is_one_clear_error_and_leaves_nothing(cache):
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from kwslib.errors import KwsError\n"
        "from kwslib.speech.synthetic import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "try: open_synthetic(0, Extent({'train': 2, 'validation': 1, 'test': 1}, 1, 2))\n"
        "except KwsError as error: print(type(error).__name__, error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=synthetic.paths.project_root()
    )
    assert "KwsError cannot write" in result.stdout and "File too large" in result.stdout, result.stderr
    assert not [path for path in cache.glob("synthetic/*") if path.suffix != ".lock"]


def test_no_space_left_is_reported(cache, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(synthetic, "save_array", full)
    with pytest.raises(KwsError, match="cannot write .*No space left on device; free space"):
        open_synthetic(0, SMALL)
    assert not [path for path in cache.glob("synthetic/*") if path.suffix != ".lock"]


def test_cache_that_is_no_folder(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "file"))
    with pytest.raises(KwsError, match="cannot write .*KWS_CACHE"):
        open_synthetic(0, SMALL)


# The whole corpus


def logistic_regression(features, labels, l2, epochs=150, rate=3e-3, batch=256):
    """Multinomial logistic regression by Adam with a cosine schedule; returns weights and biases."""
    rng = np.random.default_rng(0)
    parameters = [np.zeros((features.shape[1], len(LABELS)), np.float32), np.zeros(len(LABELS), np.float32)]
    first, second, step = [0.0, 0.0], [0.0, 0.0], 0
    for epoch in range(epochs):
        order = rng.permutation(len(features))
        rate_now = rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            scores = features[chosen] @ parameters[0] + parameters[1]
            error = np.exp(scores - scores.max(axis=1, keepdims=True))
            error /= error.sum(axis=1, keepdims=True)
            error[np.arange(len(chosen)), labels[chosen]] -= 1
            error /= len(chosen)
            step += 1
            gradients = (features[chosen].T @ error + l2 * parameters[0], error.sum(axis=0))
            for i, gradient in enumerate(gradients):
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                size = first[i] / (1 - 0.9**step) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
                parameters[i] -= (rate_now * size).astype(np.float32)
    return parameters


@pytest.mark.slow
def test_whole_corpus_is_reproducible_quick_and_not_linearly_separable(tmp_path, monkeypatch):
    from kwslib.config.front_end import FrontEnd
    from kwslib.speech.fingerprint import fingerprints

    hashes = []
    for attempt in range(2):
        monkeypatch.setenv("KWS_CACHE", str(tmp_path / str(attempt)))
        start_s = time.monotonic()
        corpus = open_synthetic(0, "full")
        print(f"generated in {time.monotonic() - start_s:.0f} s")
        hashes.append(corpus.manifest["hash"])
    assert hashes[0] == hashes[1]
    for kind in ("magnitude", "power"):
        data = {}
        for split in SPLITS:
            clips = corpus.clips(split)
            data[split] = fingerprints(clips.audio, FrontEnd(kind, 40, 20, 10)).reshape(len(clips), -1), clips.labels
        mean, deviation = data["train"][0].mean(axis=0), data["train"][0].std(axis=0)
        standard = {split: ((x - mean) / deviation).astype(np.float32) for split, (x, _) in data.items()}
        for l2 in (1e-4, 1e-2, 3e-2):
            weights, bias = logistic_regression(standard["train"], data["train"][1], l2)
            accuracy = {
                split: np.mean((standard[split] @ weights + bias).argmax(axis=1) == labels)
                for split, (_, labels) in data.items()
            }
            print(kind, l2, accuracy)
            assert 0.3 < accuracy["test"] < 0.7
