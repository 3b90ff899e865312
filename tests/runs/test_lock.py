"""Pins are read with their hashes, those of this Python alone, and anything else is refused."""

import sys

import pytest

from kwslib.errors import DataError
from kwslib.runs import lock


def test_a_pin_for_another_python_is_left_out(tmp_path):
    minor = sys.version_info[1]
    pins = {"plain==2.0": ["aa", "bb"]}
    pins |= {f'{name}==1 ; python_version == "3.{of}"': [name] for name, of in (("other", minor + 1), ("own", minor))}
    lines = ["# pins", *(" \\\n    --hash=sha256:".join([pin, *hashes]) for pin, hashes in pins.items())]
    (tmp_path / "lock").write_text("\n".join(lines) + "\n")
    assert lock.read_lock(tmp_path / "lock") == {"plain": ("2.0", ["aa", "bb"]), "own": ("1", ["own"])}


def test_a_line_that_is_no_pin_and_a_missing_lock(tmp_path):
    (tmp_path / "lock").write_text("numpy>=1\n")
    with pytest.raises(DataError, match="has a line that is no pin: 'numpy>=1'"):
        lock.read_lock(tmp_path / "lock")
    with pytest.raises(DataError, match="cannot read"):
        lock.read_lock(tmp_path / "none")
