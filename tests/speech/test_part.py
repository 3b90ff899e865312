"""A part of the training clips has its share of every label, and holds every smaller part."""

import pickle

import numpy as np
import pytest

from kwslib.errors import InputError
from kwslib.speech import open_corpus
from kwslib.speech.part import Part
from tests import corpora


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return open_corpus("speech_commands", corpora.build(tmp_path_factory.mktemp("speech")))


def test_a_share_of_every_label(whole):
    clips, part = whole.clips("train"), Part(whole, 0.5)
    half = part.clips("train")
    for label in np.unique(clips.labels):
        count = int((clips.labels == label).sum())
        assert (half.labels == label).sum() == max(1, round(count / 2))
    of = dict(zip(clips.names, clips.audio, strict=True))
    assert all(np.array_equal(of[name], audio) for name, audio in zip(half.names, half.audio, strict=True))
    assert sum(part.manifest["splits"]["train"].values()) == len(half)
    assert part.manifest["hash"] != whole.manifest["hash"] != Part(whole, 0.25).manifest["hash"]


def test_a_larger_share_holds_a_smaller_one(whole):
    quarter, half = (set(Part(whole, share).clips("train").names) for share in (0.25, 0.5))
    assert quarter < half < set(whole.clips("train").names) == set(Part(whole, 1).clips("train").names)


def test_the_rest_is_the_wholes(whole):
    part = Part(whole, 0.5)
    for split in ("validation", "test"):
        ours, theirs = part.clips(split, "noise-silence"), whole.clips(split, "noise-silence")
        assert ours.names == theirs.names and np.array_equal(ours.audio, theirs.audio)
    assert part.noise_names() == whole.noise_names() and len(part.noise()) == len(whole.noise())
    assert len(part.other_words("train")[0]) <= len(whole.other_words("train")[0])
    again = pickle.loads(pickle.dumps(part))
    assert again.clips("train").names == part.clips("train").names


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
def test_no_share(whole, share):
    with pytest.raises(InputError, match="the share of the training clips is"):
        Part(whole, share)
