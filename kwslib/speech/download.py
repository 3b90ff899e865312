"""Download an archive, go on where an attempt broke off, check its hash, unpack it whole or not at all."""

import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests
import urllib3
from tqdm import tqdm

from kwslib.errors import DataError
from kwslib.paths import atomic_path

TIMEOUT_S = 60
CHUNK_BYTES = 1 << 20
MOST_BYTES = 8 << 30
"""Of an archive, and of what is in it; Speech Commands' has 2.4 GB, with 3.8 GB in it."""
MOST_MEMBERS = 1_000_000


@dataclass(frozen=True)
class Archive:
    """A ``.tar.gz`` on a server: its address and SHA-256 (hexadecimal)."""

    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Last part of the address."""
        return self.url.rsplit("/", 1)[-1]


def fetch_archive(archive: Archive, folder: Path, progress: bool = True) -> None:
    """Download an archive beside `folder` and unpack it as `folder`; do nothing if that folder is there.

    The archive is removed after unpacking. A download that breaks off leaves ``NAME.part``, from which the
    next call goes on if the server allows it.

    Raises
    ------
    DataError
        If the download breaks off, the server refuses, the hash is wrong or the archive is damaged.
    KwsError
        If the disk is full.
    """
    if folder.is_dir():
        return
    packed = folder.parent / archive.file_name
    # The message of a full disk comes from atomic_path; everything is written inside it.
    with atomic_path(folder) as temporary:
        _download(archive, packed, progress)
        try:
            with tarfile.open(packed, "r:gz") as tar:
                tar.extractall(temporary, filter=Members(packed))
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise DataError(f"{packed} cannot be unpacked ({error}); delete it and fetch again") from error
    packed.unlink()


class Members:
    """A filter for `tarfile` that lets files and folders pass, within bounds, and refuses everything else.

    Links are refused too: a link to a place inside may be followed by a member that is written through it.
    """

    def __init__(self, packed: Path) -> None:
        self.packed, self.count, self.bytes = packed, 0, 0

    def __call__(self, member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
        """Return the member as it is to be unpacked.

        Raises
        ------
        DataError
            If it would lie outside of the folder, is no file and no folder, or is one too many.
        """
        self.count += 1
        self.bytes += member.size
        if not (member.isreg() or member.isdir()):
            raise DataError(f"{self.packed} holds '{member.name}', a link or a device: it is not unpacked")
        if self.count > MOST_MEMBERS or self.bytes > MOST_BYTES:
            raise DataError(f"{self.packed} holds more than {MOST_MEMBERS:,} files or {MOST_BYTES:,} bytes")
        return tarfile.data_filter(member, folder)


def _download(archive: Archive, packed: Path, progress: bool) -> None:
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        pooch.retrieve(
            archive.url,
            known_hash=f"sha256:{archive.sha256}",
            fname=packed.name,
            path=packed.parent,
            downloader=Resuming(packed.with_name(packed.name + ".part"), progress),
        )
    except requests.RequestException as error:
        raise DataError(f"cannot download {archive.url}: {error}; check the connection, try again") from error
    except ValueError as error:
        raise DataError(
            f"{archive.url} has another SHA-256 than the {archive.sha256} expected: it is damaged or "
            "was changed on the server, and was discarded; fetch again"
        ) from error
    finally:
        logger.setLevel(level)


@dataclass(frozen=True)
class Resuming:
    """A downloader for pooch that keeps what it got in a ``.part`` file and goes on from there."""

    part: Path
    progress: bool = True

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        """Download `url` into `output_file`, a path."""
        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self.part.unlink()
                return self(url, output_file, _pooch)
            response.raise_for_status()
            if response.status_code != requests.codes.partial_content:
                have = 0
            length = response.headers.get("Content-Length")
            total = have + int(length) if length and length.isdigit() else None
            self._receive(response, have, total, url)
        self.part.replace(output_file)

    def _receive(self, response: requests.Response, have: int, total: int | None, url: str) -> None:
        got, reason = have, "the connection was closed"
        bar = tqdm(
            total=total,
            initial=have,
            unit="B",
            unit_scale=True,
            disable=not self.progress,
            desc=self.part.stem,
        )
        with bar, self.part.open("ab" if have else "wb") as file:
            try:
                # read1 hands over whatever has arrived; iter_content would lose up to a chunk at the break.
                while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
                    file.write(chunk)
                    got += len(chunk)
                    bar.update(len(chunk))
                    if got > MOST_BYTES:
                        raise DataError(f"{url} sends more than {MOST_BYTES:,} bytes: it cannot be the archive")
            except urllib3.exceptions.HTTPError as error:
                reason = str(error)
                total = total or got + 1
        if total is not None and got != total:
            raise DataError(f"the download of {url} broke off after {got} bytes ({reason}); fetch again to go on there")
