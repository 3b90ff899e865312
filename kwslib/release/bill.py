"""The bill of materials: every package of the environment with version, hashes and licence, as CycloneDX 1.6 (JSON)."""

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from kwslib import __version__
from kwslib.runs.lock import read_lock

SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
"""What looks like a licence expression; others are given as a name."""


def bill(lock: Path, date: str) -> str:
    """Return the bill of materials of the environment that a lock pins.

    Parameters
    ----------
    lock : Path
        ``requirements.lock``.
    date : str
        Of the release, ISO 8601.

    Raises
    ------
    DataError
        As `kwslib.runs.lock.read_lock`.
    """
    components = [_component(name, version, hashes) for name, (version, hashes) in read_lock(lock).items()]
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": date,
            "component": {
                "type": "application",
                "bom-ref": "kws-gap8",
                "name": "kws-gap8",
                "version": __version__,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": "kws-gap8", "dependsOn": [component["bom-ref"] for component in components]}],
    }
    return json.dumps(whole, indent=1) + "\n"


def _component(name: str, version: str, hashes: list[str]) -> dict[str, Any]:
    url = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    component: dict[str, Any] = {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}
    if licences := _licences(name):
        component["licenses"] = licences
    # One entry for each file that may be installed: wheels of several machines, and the source.
    component["externalReferences"] = [
        {
            "type": "distribution",
            "url": f"https://pypi.org/project/{name}/{version}/",
            "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
        }
    ]
    return component


def _licences(name: str) -> list[dict[str, Any]]:
    """The licence that an installed package states; nothing where it states none, or is not installed."""
    try:
        package = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    stated = (package.get_all("License-Expression") or [""])[0]
    if stated and SPDX.fullmatch(stated.replace("(", "").replace(")", "")):
        return [{"expression": stated}]
    named = [line.split(" :: ")[-1] for line in package.get_all("Classifier") or [] if line.startswith("License ::")]
    return [{"license": {"name": one}} for one in named]
