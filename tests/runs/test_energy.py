"""The estimate of energy, by hand."""

import pytest

from kwslib.errors import InputError
from kwslib.runs import energy


def test_a_clock_faster_than_the_chip_has_no_supply():
    with pytest.raises(InputError, match="no core supply allows .* 176 MHz"):
        energy.supply_v(176)


def test_energy_is_power_times_time_and_grows_with_the_square_of_the_supply():
    assert energy.energy_uj(90_000) == pytest.approx(75)  # a millisecond of 75 mW
    assert energy.energy_uj(90_000, 175) == pytest.approx(75 * 1.44)
