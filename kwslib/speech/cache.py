"""Arrays kept on disk with a checksum: written whole or not at all, opened as read-only memory maps."""

import hashlib
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from kwslib import seals
from kwslib.paths import atomic_path, cache_dir, locked

CHUNK_CLIPS = 512
"""Clips worked on at a time, so that memory stays bounded (512 clips of int16 are 16 MB)."""

LOCKS = "locks"
"""Folder beside the arrays' folders; a lock file is empty, and stays."""


def key_path(group: str, stem: str, key: dict[str, Any]) -> Path:
    """Return the file under the cache folder that belongs to a key.

    Parameters
    ----------
    group : str
        Folder under the cache folder (``audio``, ``fingerprints``).
    stem : str
        Readable beginning of the file name.
    key : dict
        JSON-able; everything that the content depends on.
    """
    text = json.dumps(key, sort_keys=True, allow_nan=False)
    return cache_dir() / group / f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:20]}.npy"


def open_array(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray | None:
    """Return the stored array as a read-only memory map, or None if it is missing, damaged or another."""
    if not seals.ends_intact(path):
        return None
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.shape == shape and array.dtype == dtype else None


def cached_array(
    path: Path, shape: tuple[int, ...], dtype: Any, chunks: Callable[[], Iterable[np.ndarray]]
) -> np.ndarray:
    """Return the array stored at `path`, made first where it is missing or damaged.

    A process waits for another one that is making the same array: several trainings at a time want the same copies.

    Parameters
    ----------
    path : Path
        File in NumPy's format, with a checksum behind it.
    shape, dtype
        What it must hold.
    chunks : callable
        Yields the array's rows in order, some at a time; called only if the array has to be made.

    Raises
    ------
    KwsError
        If the cache folder cannot be written or the disk is full.
    """
    dtype = np.dtype(dtype)
    if 0 in shape:
        return np.zeros(shape, dtype)
    array = open_array(path, shape, dtype)
    if array is not None:
        return array
    with locked(path.parent.parent / LOCKS / f"{path.name}.lock", "set KWS_CACHE to another folder"):
        array = open_array(path, shape, dtype)
        return _made(path, shape, dtype, chunks) if array is None else array


def _made(
    path: Path, shape: tuple[int, ...], dtype: np.dtype, chunks: Callable[[], Iterable[np.ndarray]]
) -> np.ndarray:
    rows = 0
    with atomic_path(path) as temporary:
        # Plain writes, not a writable memory map: a full disk then raises OSError instead of killing (SIGBUS).
        with temporary.open("wb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
            first = io.BytesIO()
            np.lib.format.write_array_header_1_0(first, header)
            file.write(first.getvalue())
            digest = hashlib.sha256(first.getvalue())
            for chunk in chunks():
                content = np.ascontiguousarray(chunk, dtype).data.cast("B")
                file.write(content)
                digest.update(content)
                rows += len(chunk)
            file.write(seals.trailer(digest.digest()))
        if rows != shape[0]:
            raise ValueError(f"{rows} rows were made for {path}; {shape[0]} were announced")
    seals.verified(path)
    return np.load(path, mmap_mode="r", allow_pickle=False)
