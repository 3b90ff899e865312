"""Where a result came from: commit, packages, machine, date."""

import datetime
import functools
import os
import platform
from importlib import metadata
from typing import Any

from kwslib import __version__
from kwslib.errors import ToolError
from kwslib.paths import project_root
from kwslib.subproc import run

PACKAGES = ("numpy", "tensorflow-cpu", "keras", "ai-edge-litert", "espeakng-loader", "papermill")
VOLATILE = ("date", "host", "processor", "processors", "commit", "dirty", "trained_on_s")
"""Entries of a provenance block that may differ between two runs that are the same in all else."""


def installed(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of the packages that decide a result; ``not installed`` where one is missing."""
    versions = {}
    for name in packages:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


@functools.cache
def commit() -> tuple[str, bool | None]:
    """Commit of the checkout and whether tracked files were changed; ``("unknown", None)`` outside of one."""
    try:
        git = ["git", "-C", project_root()]
        head = run([*git, "rev-parse", "HEAD"], timeout_s=20).stdout.strip()
        status = run([*git, "status", "--porcelain", "--untracked-files=no"], timeout_s=60).stdout
    except ToolError:
        return "unknown", None
    return head, bool(status.strip())


def provenance(**more: Any) -> dict[str, Any]:
    """Build a provenance block.

    Parameters
    ----------
    **more
        What else decided the result: corpus name and manifest hash, seed, platform and its version.

    Returns
    -------
    dict
        JSON-able.
    """
    head, dirty = commit()
    return {
        **more,
        "kwslib": __version__,
        "commit": head,
        "dirty": dirty,
        "python": platform.python_version(),
        "packages": installed(),
        "host": platform.node(),
        "processor": processor(),
        "processors": os.cpu_count(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def processor() -> str:
    """Name of this machine's processor."""
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123 - a device file, no path of ours
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
