"""Front ends as data."""

import pytest

from kwslib.artifacts import from_plain, to_plain
from kwslib.config.front_end import INPUT_SCALE, FrontEnd
from kwslib.errors import InputError

SMALL = FrontEnd("power", 40, 20, 10)


def test_what_older_files_say_is_read_and_written_unchanged():
    said = {"kind": "power", "window_ms": 40, "stride_ms": 20, "coefficients": 10, "scale": INPUT_SCALE}
    assert from_plain(said, FrontEnd, "a file", "write it again") == SMALL
    assert to_plain(SMALL) == said and SMALL.key == "power-40-20-10"


def test_parameters_are_stored_and_are_in_the_key():
    other = FrontEnd("integer", 25, 10, 13, 0.75, fft_points=1024, bands=26, lower_hz=50, upper_hz=7600)
    assert from_plain(to_plain(other), FrontEnd, "a file", "write it again") == other
    assert other.key == "integer-25-10-13-0.75-fft1024-26bands-50to7600hz" and other.fft_length == 1024
    assert FrontEnd("power", 25, 10, 13).fft_length == 512


def test_the_integer_form_of_power_has_its_parameters():
    other = FrontEnd("power", 25, 10, 13, 0.75, bands=26)
    assert other.integer_form == FrontEnd("integer", 25, 10, 13, 0.75, bands=26)
    assert other.integer_form.integer_form == other.integer_form
    with pytest.raises(InputError, match="no integer form"):
        _ = FrontEnd("magnitude", 40, 20, 10).integer_form


@pytest.mark.parametrize(
    "wrong",
    [
        {"fft_points": 512},
        {"fft_points": 1000},
        {"fft_points": 1 << 20},
        {"bands": 0},
        {"bands": 129},
        {"bands": 9},
        {"lower_hz": -1.0},
        {"lower_hz": 4000.0},
        {"upper_hz": 8001.0},
        {"upper_hz": float("nan")},
    ],
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(InputError):
        FrontEnd("power", 40, 20, 10, **wrong)
