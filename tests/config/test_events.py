import pytest

from kwslib.config.events import EventParameters, hop_frames
from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError

FRONT_END = FrontEnd("integer", 40, 20, 10)


def test_a_hop_is_whole_frames():
    assert [hop_frames(FRONT_END, hop_ms) for hop_ms in (20, 240, 500, 1000)] == [1, 12, 25, 50]


@pytest.mark.parametrize(("hop_ms", "near"), [(250, "240 or 260"), (10, "20"), (19, "20"), (999, "980 or 1000")])
def test_another_hop_is_refused_with_the_nearest_ones(hop_ms, near):
    with pytest.raises(InputError, match=f"a hop of {hop_ms} ms is no multiple of the 20 ms .*: give {near}$"):
        hop_frames(FRONT_END, hop_ms)


@pytest.mark.parametrize("hop_ms", [-1, 0, 1001, 10**20])
def test_an_absurd_hop_is_refused(hop_ms):
    with pytest.raises(InputError, match=f"hop is {hop_ms} ms: give 1 to 1000, the length of the window"):
        EventParameters(hop_ms=hop_ms)
