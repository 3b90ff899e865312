"""The network and the clip that a command line names."""

from pathlib import Path

import numpy as np
import pytest

from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError, KwsError, ModelError
from kwslib.paths import models_dir
from kwslib.runs import inputs
from kwslib.runs.inputs import choose_network, read_clip, sort_files
from kwslib.runs.prediction import codes_for, of_run
from kwslib.speech.fingerprint import fingerprints, quantise
from kwslib.speech.samples import pgm
from kwslib.speech.wav import fit, read_wav
from tests.corpora import write_wav
from tests.gap8 import networks

RECORDED = models_dir() / "quick-small" / "model.tflite"


@pytest.fixture(autouse=True)
def no_fresh_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


def test_files_are_told_apart_by_suffix_or_content(tmp_path):
    renamed = tmp_path / "network.bin"
    renamed.write_bytes(networks.quantised(*networks.SMALL))
    (tmp_path / "clip.wav").touch()
    files = [Path("gone.tflite"), tmp_path / "clip.wav", renamed, Path("gone.pgm")]
    assert sort_files(files) == ([Path("gone.tflite"), renamed], [tmp_path / "clip.wav", Path("gone.pgm")])


@pytest.mark.parametrize("named", [{"run": "quick-small"}, {"size": "small"}, {"model": RECORDED}, {}])
def test_four_ways_to_the_recorded_network(named):
    chosen = choose_network(**named)
    assert chosen.graph.name == "quick-small" and chosen.labels == LABELS
    assert chosen.front_end == of_run("quick-small").front_end


def test_a_fresh_run_comes_before_the_recorded_one(monkeypatch, tmp_path):
    fresh = tmp_path / "results" / "quick-medium"
    fresh.mkdir(parents=True)
    for name in ("metrics.json", "model.tflite"):
        (fresh / name).write_bytes((models_dir() / "quick-medium" / name).read_bytes())
    assert choose_network(size="medium").source.startswith("run quick-medium")


def test_a_file_of_unknown_origin_has_numbered_classes(tmp_path):
    path = tmp_path / "mine.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL))
    chosen = choose_network(model=path)
    assert chosen.labels is None and chosen.front_end.kind == "magnitude"
    assert choose_network(model=path, front_end="power").front_end.kind == "power"
    names = tuple("abcdefghijkl")
    assert choose_network(model=path, labels=names).labels == names


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"run": "a", "size": "small"}, "each name a network: give one"),
        ({"model": RECORDED, "size": "small"}, "each name a network: give one"),
        ({"run": "quick-small", "front_end": "power"}, "a run knows its own"),
        ({"model": RECORDED, "front_end": "mel"}, "unknown front end 'mel'"),
        ({"size": "huge"}, "unknown size 'huge': choose one of small, medium, large"),
        ({"run": "gone"}, "there is no run 'gone'"),
        ({"model": Path("gone.tflite")}, "cannot read the network gone.tflite: No such file"),
        ({"size": "small", "labels": ["yes", "no"]}, "2 labels are given; .* has 12 classes"),
    ],
)
def test_bad_names(named, message):
    with pytest.raises(KwsError, match=message):
        choose_network(**named)


@pytest.fixture
def small():
    return choose_network(size="small")


def test_a_pictures_pixels_are_the_codes(small, tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (49, 10)).astype(np.uint8)
    (tmp_path / "clip.pgm").write_bytes(pgm(picture))
    codes, what = read_clip(small, tmp_path / "clip.pgm")
    assert codes.dtype == np.uint8 and (codes[..., 0] == picture).all() and what.endswith("clip.pgm")


def test_of_an_int8_network_less_128(tmp_path):
    (tmp_path / "n.tflite").write_bytes(networks.post_training())
    picture = np.arange(490, dtype=np.uint64).astype(np.uint8).reshape(49, 10)
    (tmp_path / "clip.pgm").write_bytes(pgm(picture))
    codes, _ = read_clip(choose_network(model=tmp_path / "n.tflite"), tmp_path / "clip.pgm")
    assert codes.dtype == np.int8 and (codes[..., 0] == picture.astype(int) - 128).all()


def test_a_flat_input_takes_the_picture_of_its_front_end(tmp_path):
    (tmp_path / "n.tflite").write_bytes(networks.post_training(flat=True, head="partial", channels=13))
    chosen = choose_network(model=tmp_path / "n.tflite")
    (tmp_path / "clip.pgm").write_bytes(pgm(np.zeros((49, 10), np.uint8)))
    codes, _ = read_clip(chosen, tmp_path / "clip.pgm")
    assert codes.shape == chosen.graph.input.shape and (codes == -128).all()


def test_a_wav_becomes_the_fingerprint_of_the_networks_front_end(small, tmp_path):
    samples = (5000 * np.sin(np.arange(12000) / 9)).astype(np.int16)
    write_wav(tmp_path / "clip.wav", samples)
    codes, _ = read_clip(small, tmp_path / "clip.wav")
    assert (codes[..., 0] == quantise(fingerprints(fit(samples)[None], small.front_end))[0]).all()
    (tmp_path / "clip.dat").write_bytes((tmp_path / "clip.wav").read_bytes())
    assert (read_clip(small, tmp_path / "clip.dat")[0] == codes).all()


def test_a_wav_in_another_networks_scale(tmp_path):
    (tmp_path / "n.tflite").write_bytes(networks.post_training())
    chosen = choose_network(model=tmp_path / "n.tflite")
    tensor = chosen.graph.input
    codes, _ = read_clip(chosen, inputs.DEFAULT_CLIP)
    values = fingerprints(fit(read_wav(inputs.DEFAULT_CLIP))[None], chosen.front_end)[0]
    expected = np.clip(np.floor(values / tensor.scale + 0.5) + tensor.file_zero_point, -128, 127)
    assert codes.dtype == np.int8 and (codes[..., 0] == expected).all()


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_the_default_clip_says_yes(size):
    chosen = choose_network(size=size)
    codes, what = read_clip(chosen, None)
    assert what == "yes.wav, since no clip is named"
    network = of_run(f"quick-{size}")
    assert (codes_for(network, fit(read_wav(inputs.DEFAULT_CLIP))[None])[0].ravel() == codes.ravel()).all()
    if size != "large":
        from kwslib.integer.reference import run

        assert LABELS[run(chosen.graph, codes[None]).winner[0]] == "yes"


def other_input(tmp_path):
    """A network whose input is no fingerprint of this project."""
    (tmp_path / "other.tflite").write_bytes(networks.quantised((31, 13), networks.SMALL[1]))
    return choose_network(model=tmp_path / "other.tflite")


def test_without_a_front_end_codes_are_drawn_and_that_is_said(tmp_path):
    chosen = other_input(tmp_path)
    codes, what = read_clip(chosen, None)
    assert "drawn at random" in what and codes.shape == (31, 13, 1) and len(np.unique(codes)) > 100
    assert (read_clip(chosen, None)[0] == codes).all()


def test_without_a_front_end_a_wav_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"reads an input of \(31, 13, 1\), which is no fingerprint"):
        read_clip(other_input(tmp_path), inputs.DEFAULT_CLIP)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, DataError, "cannot read .*clip.pgm: No such file"),
        (b"", DataError, "is not a binary PGM picture: it begins with an empty file"),
        (b"P2\n2 2\n255\n0 0 0 0\n", DataError, "is not a binary PGM picture: it begins with 'P2'"),
        (pgm(np.zeros((98, 40), np.uint8)), DataError, "has 98 frames of 40 coefficients; 49 of 10 are needed"),
        (pgm(np.zeros((49, 10), np.uint8))[:-1], DataError, "is truncated: 490 bytes are announced, 489 follow"),
    ],
)
def test_pictures_that_are_none(small, tmp_path, content, error, message):
    if content is not None:
        (tmp_path / "clip.pgm").write_bytes(content)
    with pytest.raises(error, match=message):
        read_clip(small, tmp_path / "clip.pgm")


def test_networks_that_are_none(tmp_path):
    data = networks.quantised(*networks.SMALL)
    for name, content in {"short": data[: len(data) // 2], "float": networks.floating(), "empty": b""}.items():
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=f"{name}.tflite"):
            choose_network(model=path)
