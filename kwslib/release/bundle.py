"""A release: the sources and recorded results of a commit as one archive, with checksums and a bill of materials.

The same commit always gives the same bytes.
"""

import gzip
import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO

from kwslib import __version__, subproc
from kwslib.errors import InputError
from kwslib.paths import atomic_path, atomic_write_text
from kwslib.release import bill

SUMS, BILL = "SHA256SUMS", "bom.cdx.json"
LOCK = "requirements.lock"
LEVEL = 9
"""Of gzip; it decides the bytes, so it is said here."""


def write(folder: Path, root: Path) -> list[Path]:
    """Write archive, bill of materials and checksums of a checkout's commit.

    Parameters
    ----------
    folder : Path
        Gets ``kws-gap8-VERSION.tar.gz``, ``bom.cdx.json`` and ``SHA256SUMS``.
    root : Path
        The checkout.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If the folder is no checkout, or tracked files were changed.
    KwsError
        If git fails, or the folder cannot be written.
    """
    if not (root / ".git").exists():
        raise InputError(f"{root} is no checkout: a release is made from a commit")
    git = ["git", "-C", root]
    if changed := subproc.run([*git, "status", "--porcelain", "--untracked-files=no"], timeout_s=60).stdout.strip():
        raise InputError(f"tracked files were changed ({changed.splitlines()[0].strip()}, ...): commit them first")
    date = subproc.run([*git, "show", "-s", "--format=%cI", "HEAD"], timeout_s=60).stdout.strip()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"kws-gap8-{__version__}"
    archive = folder / f"{name}.tar.gz"
    with atomic_path(folder / f"{name}.tar") as tar, atomic_path(archive) as packed:
        subproc.run([*git, "archive", "--format=tar", f"--prefix={name}/", f"--output={tar}", "HEAD"], timeout_s=300)
        # no name and no date in the header: they would differ from build to build
        with tar.open("rb") as source, packed.open("wb") as target, _gzip(target) as stream:
            shutil.copyfileobj(source, stream)
    (folder / f"{name}.tar").unlink()
    atomic_write_text(folder / BILL, bill.bill(root / LOCK, date))
    files = [archive, folder / BILL]
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    atomic_write_text(folder / SUMS, sums)
    return [*files, folder / SUMS]


def _gzip(target: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile("", "wb", LEVEL, target, mtime=0)
