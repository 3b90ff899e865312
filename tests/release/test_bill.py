import json

import pytest

from kwslib.errors import DataError
from kwslib.release import bill
from tests.places import ROOT

LOCK = ROOT / "requirements.lock"


def test_every_package_of_the_lock_is_in_the_bill_with_its_hashes():
    whole = json.loads(bill.bill(LOCK, "2026-11-29T00:00:00+00:00"))
    assert (whole["bomFormat"], whole["specVersion"]) == ("CycloneDX", "1.6")
    pins = [line.split("==")[0] for line in LOCK.read_text().splitlines() if line and line[0] not in "# "]
    assert [component["name"] for component in whole["components"]] == pins
    hashes = [one for component in whole["components"] for one in component["externalReferences"][0]["hashes"]]
    assert len(hashes) == LOCK.read_text().count("--hash=sha256:")
    numpy = next(component for component in whole["components"] if component["name"] == "numpy")
    assert numpy["purl"] == f"pkg:pypi/numpy@{numpy['version']}"
    assert "BSD" in json.dumps(numpy["licenses"])
    assert whole["dependencies"][0]["dependsOn"] == [component["bom-ref"] for component in whole["components"]]


def test_a_line_that_is_no_pin_and_a_missing_lock(tmp_path):
    (tmp_path / "lock").write_text("numpy>=1\n")
    with pytest.raises(DataError, match="has a line that is no pin: 'numpy>=1'"):
        bill.read_lock(tmp_path / "lock")
    with pytest.raises(DataError, match="cannot read"):
        bill.read_lock(tmp_path / "none")
