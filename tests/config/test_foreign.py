"""The table of other people's networks."""

import re

from kwslib.config import foreign
from kwslib.config.baselines import baseline_network


def test_every_network_says_where_a_reader_finds_it():
    found = foreign.foreign_networks()
    assert len({network.name for network in found}) == len({network.sha256 for network in found}) == len(found) >= 4
    for network in found:
        assert re.fullmatch(r"[\w-]+", network.name) and re.fullmatch(r"[0-9a-f]{64}", network.sha256)
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", network.repository) and network.path.endswith(".tflite")
        assert foreign.known(network.sha256) is network
    assert foreign.known("0" * 64) is None


def test_printed_cycles_are_the_baselines_where_both_have_them():
    printed = {network.name: network.printed_cycles for network in foreign.foreign_networks()}
    for size in ("small", "large"):
        assert printed[f"greenwaves-{size}"] == baseline_network(size).cycles
