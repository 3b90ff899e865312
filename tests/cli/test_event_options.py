import pytest

from kwslib.cli.event_options import NAMES, by_word, parameters, take, were_given
from kwslib.config.events import EventParameters
from kwslib.errors import InputError

NONE_GIVEN = {"thresholds": (), "smoothing": None, "refractory": (), "suppression": None, "hop": None}


def test_values_of_single_words():
    assert by_word(("0.5", "yes=0.7"), float, "--threshold") == (0.5, {"yes": 0.7})
    with pytest.raises(InputError, match="given twice"):
        by_word(("1", "2"), int, "--refractory")


def test_what_is_not_given_is_the_default():
    assert parameters(NONE_GIVEN) == EventParameters() and not were_given(NONE_GIVEN)
    given = NONE_GIVEN | {"refractory": ("500", "yes=0"), "suppression": 0, "hop": 500}
    found = parameters(given)
    assert were_given(given) and were_given(NONE_GIVEN | {"suppression": 0})
    assert (found.hop_ms, found.suppression_ms, found.refractory_ms, found.refractories_ms) == (500, 0, 500, {"yes": 0})


def test_they_are_taken_out_of_a_commands_parameters():
    named = NONE_GIVEN | {"size": "small"}
    assert set(take(named)) == set(NAMES) and named == {"size": "small"}
