import pytest

from kwslib.config import vendor
from kwslib.config.presets import SIZES
from kwslib.errors import InputError
from kwslib.speech.corpus import SILENCE_PROTOCOLS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("silence", SILENCE_PROTOCOLS)
def test_counts_round_to_the_percentages(size, silence):
    found = vendor.measured(size, silence)
    assert 100 * found["accuracy"] == pytest.approx(vendor._read()["percent"][size][silence], abs=0.0051)
    assert found["low"] < found["accuracy"] < found["high"]
    assert found["clips"] == 4890


def test_unknown_names_and_the_source():
    with pytest.raises(InputError, match="unknown size 'smal': .*did you mean 'small'"):
        vendor.measured("smal", "noise-silence")
    assert "official test archive" in vendor.source()
