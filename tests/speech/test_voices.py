"""The cast is split without overlap, and the script says every word as often as it should."""

from collections import Counter

import pytest

from kwslib.config.words import KEYWORDS, LABELS, UNKNOWN
from kwslib.errors import InputError
from kwslib.speech.corpus import SPLITS
from kwslib.speech.voices import (
    ACCENTS,
    OTHER_WORDS,
    PITCH,
    PITCH_RANGE,
    RATE_WPM,
    VARIANTS,
    Extent,
    Take,
    cast,
    script,
)

EXTENT = Extent({"train": 30, "validation": 6, "test": 5}, takes=2, noise_s=1)


def test_every_split_has_its_own_voices():
    voices = cast(0, EXTENT)
    assert {split: len(names) for split, names in voices.items()} == EXTENT.voices
    everybody = [name for split in SPLITS for name in voices[split]]
    assert len(set(everybody)) == len(everybody)
    for name in everybody:
        accent, variant = name.split("+")
        assert accent in ACCENTS and variant in VARIANTS


def test_cast_and_script_follow_from_the_seed():
    assert cast(3, EXTENT) == cast(3, EXTENT) != cast(4, EXTENT)
    assert script(3, EXTENT) == script(3, EXTENT) != script(4, EXTENT)


@pytest.mark.parametrize("count", [0, len(ACCENTS) * len(VARIANTS)])
def test_too_few_or_too_many_voices_are_refused(count):
    message = f"voices are wanted; at least 1 for a split and {len(ACCENTS) * len(VARIANTS)} in all can be had"
    with pytest.raises(InputError, match=message):
        cast(0, Extent({"train": count, "validation": 1, "test": 1}, 1, 1))


def test_all_voices_can_be_cast():
    wanted = {"train": len(ACCENTS) * len(VARIANTS) - 2, "validation": 1, "test": 1}
    assert sum(map(len, cast(0, Extent(wanted, 1, 1)).values())) == len(ACCENTS) * len(VARIANTS)


def test_a_voice_says_each_keyword_and_as_many_other_words():
    takes = script(0, EXTENT)
    assert [voice for voices in cast(0, EXTENT).values() for voice in voices] == list(takes)
    others = Counter()
    for voice, lines in takes.items():
        said = Counter(take.word for take in lines)
        assert {word: said[word] for word in KEYWORDS} == dict.fromkeys(KEYWORDS, EXTENT.takes)
        assert len(lines) == EXTENT.takes * (len(KEYWORDS) + 1)
        assert {take.voice for take in lines} == {voice} and len({take.name for take in lines}) == len(lines)
        others.update(take.word for take in lines if take.word in OTHER_WORDS)
    assert set(others) == set(OTHER_WORDS)


def test_rate_and_pitch_vary_within_their_bounds():
    takes = [take for lines in script(0, EXTENT).values() for take in lines]
    for values, (low, high) in (
        ([take.rate_wpm for take in takes], RATE_WPM),
        ([take.pitch for take in takes], PITCH),
        ([take.range for take in takes], PITCH_RANGE),
    ):
        assert low <= min(values) < low + 5 and high - 5 < max(values) <= high


def test_a_take_knows_its_name_and_its_label():
    take = Take("train", "en-us+f1", "go", 1, 170, 50, 50)
    assert take.name == "go/en-us+f1_1.wav" and LABELS[take.label] == "go"
    assert Take("train", "en-us+f1", "cat", 0, 170, 50, 50).label == UNKNOWN
