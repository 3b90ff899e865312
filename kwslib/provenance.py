"""Where a result came from: commit, packages, machine, date."""

import datetime
import functools
import os
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from kwslib import __version__
from kwslib.artifacts import stored_if_set
from kwslib.errors import ToolError
from kwslib.paths import project_root
from kwslib.subproc import run

PACKAGES = ("numpy", "tensorflow-cpu", "keras", "ai-edge-litert", "espeakng-loader", "papermill")
BACKENDS = {"jax": ("jax", "jaxlib"), "torch": ("torch",)}
"""Packages of Keras' other backends, recorded where ``KERAS_BACKEND`` names one."""
VOLATILE = ("date", "host", "processor", "processors", "commit", "dirty", "trained_on_s")
"""Entries of a provenance block that may differ between two runs that are the same in all else."""


def installed(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of the packages that decide a result, the backend's of Keras included; ``not installed`` if missing."""
    versions = {}
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    for name in (*packages, *BACKENDS.get(backend, ())):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


@functools.cache
def commit() -> tuple[str, bool | None]:
    """Commit of the checkout and whether tracked files were changed; ``("unknown", None)`` outside of one."""
    try:
        git = ["git", "-C", str(project_root())]
        head = run([*git, "rev-parse", "HEAD"], timeout_s=20).stdout.strip()
        status = run([*git, "status", "--porcelain", "--untracked-files=no"], timeout_s=60).stdout
    except ToolError:
        return "unknown", None
    return head, bool(status.strip())


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a result came from.

    Attributes
    ----------
    trained_on_s : dict of str to float
        Seconds of training by machine and backend.
    run, corpus, tflite_sha256, key, front_end, kernels : str
        What else decided a result, where it did: the run, the corpus of its clips, the network's file, the hash of all
        inputs, the front end, and what computed the network (TFLite's kernels, say).
    kwslib, commit, dirty, python, packages, host, processor, processors, date
        Version, commit and whether tracked files were changed (None outside of a checkout), Python, versions of the
        packages that decide a result, the machine, and the time in UTC.
    """

    trained_on_s: dict[str, float] = stored_if_set(default_factory=dict)
    run: str = stored_if_set("")
    corpus: str = stored_if_set("")
    tflite_sha256: str = stored_if_set("")
    key: str = stored_if_set("")
    front_end: str = stored_if_set("")
    kernels: str = stored_if_set("")
    kwslib: str
    commit: str
    dirty: bool | None
    python: str
    packages: dict[str, str]
    host: str
    processor: str
    processors: int | None
    date: str

    @property
    def short_commit(self) -> str:
        """The first ten digits of the commit."""
        return self.commit[:10]


def provenance(**more: Any) -> Provenance:
    """Say where a result that is made now comes from.

    Parameters
    ----------
    **more
        The optional attributes of `Provenance`.
    """
    head, dirty = commit()
    return Provenance(
        **more,
        kwslib=__version__,
        commit=head,
        dirty=dirty,
        python=platform.python_version(),
        packages=installed(),
        host=platform.node(),
        processor=processor(),
        processors=os.cpu_count(),
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


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
