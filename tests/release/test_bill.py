import json
import re
import sys

import pytest

from kwslib.errors import DataError
from kwslib.release import bill
from tests.places import ROOT

LOCK = ROOT / "requirements.lock"


def test_every_package_of_the_lock_is_in_the_bill_with_its_hashes():
    whole = json.loads(bill.bill(LOCK, "2026-11-29T00:00:00+00:00"))
    assert (whole["bomFormat"], whole["specVersion"]) == ("CycloneDX", "1.6")
    pins = re.findall(r"(?m)^([A-Za-z0-9._-]+)==\S+ (.*)\\$((?:\n    --hash=.*)+)", LOCK.read_text())
    here = [(name, lines) for name, marker, lines in pins if f'"3.{sys.version_info[1]}"' in marker or not marker]
    assert [component["name"] for component in whole["components"]] == [name for name, _ in here]
    hashes = [one for component in whole["components"] for one in component["externalReferences"][0]["hashes"]]
    assert len(hashes) == sum(lines.count("--hash=sha256:") for _, lines in here)
    numpy = next(component for component in whole["components"] if component["name"] == "numpy")
    assert numpy["purl"] == f"pkg:pypi/numpy@{numpy['version']}"
    assert "BSD" in json.dumps(numpy["licenses"])
    assert whole["dependencies"][0]["dependsOn"] == [component["bom-ref"] for component in whole["components"]]


def test_a_pin_for_another_python_is_left_out(tmp_path):
    minor = sys.version_info[1]
    pins = {"plain==2.0": ["aa", "bb"]}
    pins |= {f'{name}==1 ; python_version == "3.{of}"': [name] for name, of in (("other", minor + 1), ("own", minor))}
    lines = ["# pins", *(" \\\n    --hash=sha256:".join([pin, *hashes]) for pin, hashes in pins.items())]
    (tmp_path / "lock").write_text("\n".join(lines) + "\n")
    assert bill.read_lock(tmp_path / "lock") == {"plain": ("2.0", ["aa", "bb"]), "own": ("1", ["own"])}


def test_a_line_that_is_no_pin_and_a_missing_lock(tmp_path):
    (tmp_path / "lock").write_text("numpy>=1\n")
    with pytest.raises(DataError, match="has a line that is no pin: 'numpy>=1'"):
        bill.read_lock(tmp_path / "lock")
    with pytest.raises(DataError, match="cannot read"):
        bill.read_lock(tmp_path / "none")
