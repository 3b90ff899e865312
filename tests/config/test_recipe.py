"""A recipe as data: what is set, and what is refused. `tests/network/test_variation.py` has what it does."""

import pytest

from kwslib.config.recipe import Recipe
from kwslib.errors import InputError


def test_a_recipe_is_plain_if_nothing_is_set():
    assert Recipe().plain and Recipe().key == {}
    assert not Recipe(shift_frames=1).plain


def test_the_key_holds_what_is_set():
    assert Recipe(mixup_alpha=0.2, time_masks=2).key == {"mixup_alpha": 0.2, "time_masks": 2}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"label_smoothing": 1.5}, "label_smoothing is 1.5: give a number from 0 to 1"),
        ({"time_masks": -1}, "time_masks is -1"),
        ({"teacher": "large"}, "a teacher needs a teacher_share"),
        ({"teacher_share": 0.5}, "a teacher needs a teacher_share"),
        ({"teacher_in_quiet": True}, "there is no teacher"),
        ({"start_share": 0.5}, "start_share is set, but there is no start"),
        ({"branches": 2}, "branches is set, but there is no start that each could begin at"),
        ({"start": "small", "branches": 0}, "branches is 0: give at least 1"),
        ({"start": "small", "start_share": 1}, "start_share is 1: give a number from 0 up to, but not, 1"),
    ],
)
def test_values_out_of_range_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        Recipe(**values)
