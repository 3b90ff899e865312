"""The host library: whole test sets on the planned program, equal to the reference."""

import numpy as np
import pytest

from kwslib.errors import InputError, ToolError
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.program import host_library
from kwslib.integer import network_file, reference
from kwslib.paths import models_dir
from tests.gap8 import networks
from tests.gap8.equal import FLASH, assert_on_host, only, reference_checksums


@pytest.fixture(scope="module")
def network():
    return network_file.load(networks.quantised(*networks.SMALL), "network")


def test_many_clips_in_one_process_and_in_two(network):
    codes = networks.clips(network.input, 2 * host_library.CLIPS_A_PROCESS + 1)
    found = reference.run(network, codes)
    for processes in (1, 2):
        own = host_library.run(network, codes, processes=processes)
        assert (own.codes == found.codes).all() and (own.logits == found.logits).all()
        assert own.checksums is None


def test_checksums_come_clip_by_clip(network):
    codes = networks.clips(network.input, 5)
    _, sums = reference_checksums(network, codes)
    own = host_library.run(network, codes, checksums=True, processes=1)
    assert own.checksums.dtype == np.uint32 and (own.checksums == sums).all()
    assert len(np.unique(sums[:, 0])) == 5  # clips differ, so the right one was seen


def test_a_clip_leaves_no_trace_in_the_next(network):
    codes = networks.clips(network.input, 3)
    forwards, backwards = (
        host_library.run(network, codes, processes=1),
        host_library.run(network, codes[::-1], processes=1),
    )
    assert (forwards.codes == backwards.codes[::-1]).all()


@pytest.mark.slow
def test_more_inferences_than_transfers_have_numbers_for(network):
    """Numbers of transfers begin again after 65,536 inferences, a few hours of listening."""
    codes = networks.clips(network.input, 4)
    given = np.ascontiguousarray(network.input.to_core(codes).reshape(4, -1))
    program = host_library.prepare(network)
    found = host_library.run_here(program, np.tile(given, (17_000, 1))).codes.reshape(17_000, 4, -1)
    assert (network.output.from_core(found) == reference.run(network, codes).codes).all()


def test_weights_from_the_flash(network):
    with only(FLASH):
        assert plan(network).flash_image
        assert_on_host(network, clips=3)


@pytest.mark.parametrize("codes", [np.zeros((2, 49, 10), np.int8), np.zeros((2, 49, 9), np.uint8)])
def test_other_codes(network, codes):
    with pytest.raises(InputError, match=r"network takes uint8 codes of shape \(49, 10, 1\), got"):
        host_library.run(network, codes)


def test_the_library_is_compiled_once(network):
    path = host_library.compile_library(plan(network))
    before = path.stat().st_mtime_ns
    assert host_library.compile_library(plan(network)) == path and path.stat().st_mtime_ns == before


def test_a_compiler_that_fails_leaves_no_library(network, monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    monkeypatch.setenv("KWS_CC", "false")
    with pytest.raises(ToolError, match="failed with exit status 1"):
        host_library.compile_library(plan(network))
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


def test_the_recorded_small_network():
    assert_on_host(network_file.load(models_dir() / "quick-small" / "model.tflite"), clips=6)


@pytest.mark.slow
@pytest.mark.parametrize("size", ["medium", "large"])
def test_the_recorded_larger_networks(size):
    assert_on_host(network_file.load(models_dir() / f"quick-{size}" / "model.tflite"), clips=20)
