import numpy as np
import pytest

from kwslib.config.front_end import FrontEnd
from kwslib.errors import InputError
from kwslib.integer import network_file, reference
from kwslib.integer.front_end import codes_of
from kwslib.integer.stream import BATCH, hops
from kwslib.speech.frames import FrameStream
from tests.gap8 import networks

FRONT_END = FrontEnd("integer", 40, 20, 10)
SOUND = np.random.default_rng(6).normal(0, 900, 40_001).astype(np.int16)


@pytest.fixture(scope="module")
def graph():
    return network_file.load(networks.quantised(*networks.SMALL), "network").with_front_end(FRONT_END)


@pytest.mark.parametrize("hop_samples", [320, 3840, 16_000])
def test_each_hop_hears_the_second_that_ends_with_it(graph, hop_samples):
    parts = list(hops(graph, SOUND, hop_samples))
    found = np.concatenate([part.fingerprints for part in parts])
    assert len(found) == len(SOUND) // hop_samples and all(len(part.outputs) <= BATCH for part in parts)
    last = SOUND[len(found) * hop_samples - 16_000 : len(found) * hop_samples]
    codes = codes_of(last[None], graph.front_end)
    np.testing.assert_array_equal(found[-1].astype(int) + 128, codes[0])
    wanted = reference.run(graph, codes)
    np.testing.assert_array_equal(parts[-1].logits[-1], wanted.logits[0])
    np.testing.assert_array_equal(parts[-1].outputs[-1].astype(int) + 128, wanted.codes[0])


def test_frames_that_are_computed_once_in_any_pieces_make_the_same_fingerprints(graph):
    rng = np.random.default_rng(2)
    stream = FrameStream(graph.front_end)
    known = [stream.silent_frame()[None]] * graph.front_end.frames
    cuts = np.cumsum(rng.integers(1, 20_000, 40))
    frames = np.concatenate([*known, *(stream.feed(piece) for piece in np.split(SOUND, cuts[cuts < len(SOUND)]))])
    found = np.concatenate([part.fingerprints for part in hops(graph, SOUND, 3840)])
    for hop, fingerprint in enumerate(found):
        np.testing.assert_array_equal(fingerprint.astype(int) + 128, frames[12 * (hop + 1) :][:49])


def test_what_is_no_stream_is_refused(graph):
    with pytest.raises(InputError, match="a hop of 100 samples is no multiple of 320"):
        list(hops(graph, SOUND, 100))
    with pytest.raises(InputError, match="a hop of 0 samples"):
        list(hops(graph, SOUND, 0))
    plain = network_file.load(networks.quantised(*networks.SMALL), "network")
    with pytest.raises(InputError, match="has no front end"):
        list(hops(plain, SOUND, 320))
