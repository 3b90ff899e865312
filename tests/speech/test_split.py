"""The split of a folder: by speaker where names tell it, with clips of each class everywhere, and always the same."""

import hashlib
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwslib.errors import DataError
from kwslib.speech.split import split_clips, which_set


def clips(word, speakers, takes=1):
    """Paths as Speech Commands has them; the speakers' names are hashes."""
    names = [hashlib.md5(f"speaker{number}".encode()).hexdigest()[:8] for number in speakers]
    return [f"{word}/{name}_nohash_{take}.wav" for name in names for take in range(takes)]


def counts(found, paths):
    return Counter(found.of[path] for path in paths)


def test_many_speakers_are_split_by_the_official_rule():
    classes = {word: clips(word, range(300)) for word in ("marvin", "sheila")}
    found = split_clips(classes)
    assert found.rule == "by speaker, the official rule of Speech Commands"
    assert found.of == {path: which_set(path) for paths in classes.values() for path in paths}


def test_where_the_official_rule_leaves_a_split_empty_speakers_are_ranked():
    every = [path for path in clips("marvin", range(400)) if which_set(path) == "validation"][:16]
    classes = {"marvin": every, "sheila": [path.replace("marvin", "sheila") for path in every]}
    found = split_clips(classes)
    assert found.rule == "by speaker, in the order of a hash"
    for paths in classes.values():
        assert counts(found, paths) == {"train": 12, "validation": 2, "test": 2}
    assert all(found.of[path] == found.of[path.replace("marvin", "sheila")] for path in every)


def test_names_without_speakers_are_split_clip_by_clip():
    classes = {"hey": [f"hey/{number}.wav" for number in range(30)]}
    found = split_clips(classes)
    assert found.rule.endswith("the file names tell no speakers")
    assert counts(found, classes["hey"]) == {"train": 24, "validation": 3, "test": 3}


def test_one_speaker_cannot_be_in_one_split_and_that_is_said():
    classes = {"hey": clips("hey", [1], takes=20), "you": clips("you", [1], takes=20)}
    found = split_clips(classes)
    assert found.rule.endswith("there are too few speakers, so voices are in several splits")
    assert counts(found, classes["hey"]) == {"train": 16, "validation": 2, "test": 2}


def test_names_of_both_kinds_are_told():
    classes = {"hey": [*clips("hey", range(20), takes=2), "hey/a.wav", "hey/b.wav"]}
    found = split_clips(classes)
    assert found.rule == "by speaker, in the order of a hash; the names of 2 of 42 clips tell no speaker"


@pytest.mark.parametrize(("number", "text"), [(0, "0 clips"), (1, "1 clip"), (2, "2 clips")])
def test_a_word_with_too_few_clips_is_refused(number, text):
    with pytest.raises(DataError, match=f"'hey' has {text}: at least 3 are needed"):
        split_clips({"you": clips("you", range(9)), "hey": clips("hey", range(number))})


SPOKEN = st.dictionaries(
    st.sampled_from(["a", "b", "c", "_unknown_"]),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=3, max_size=60, unique=True),
    min_size=1,
)


@given(SPOKEN)
def test_each_class_is_in_each_split_and_no_speaker_in_two_unless_said(spoken):
    classes = {
        word: [clips(word, [one])[0].replace("_0.", f"_{take}.") for one, take in pairs]
        for word, pairs in spoken.items()
    }
    found = split_clips(classes)
    assert found.of.keys() == {path for paths in classes.values() for path in paths}
    for paths in classes.values():
        assert counts(found, paths).keys() == {"train", "validation", "test"}
    splits = defaultdict(set)
    for path, split in found.of.items():
        splits[path.split("/")[1].split("_nohash_")[0]].add(split)
    if found.rule.startswith("by speaker"):
        assert all(len(one) == 1 for one in splits.values())
    assert split_clips({word: list(reversed(paths)) for word, paths in reversed(classes.items())}).of == found.of
