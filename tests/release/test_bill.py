import json
import re
import sys

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
