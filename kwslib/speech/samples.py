"""Fingerprints as 8-bit pictures (PGM): the input of a program on the device, and something to look at."""

import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
from PIL import Image

from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.files import keep_apart, read_regular
from kwslib.paths import atomic_write_bytes
from kwslib.speech.corpus import Corpus
from kwslib.speech.fingerprint import codes
from kwslib.speech.recording import read_recording
from kwslib.speech.windows import windows


def write_samples(
    corpus: Corpus,
    front_end: FrontEnd,
    folder: Path,
    per_label: int = 1,
    split: str = "test",
    silence: str = "digital-silence",
) -> list[Path]:
    """Write the 8-bit fingerprints of the first clips of each label as binary PGM pictures, named ``label_name.pgm``.

    A picture is as wide as a frame has coefficients and as high as there are frames; a pixel is the uint8 code
    that the network reads.

    Parameters
    ----------
    corpus : Corpus
    front_end : FrontEnd
        What to compute.
    folder : Path
        Where the pictures go; created if it does not exist.
    per_label : int
        Clips of each label.
    split, silence : str
        As for `Corpus.clips`.

    Returns
    -------
    list of Path
        The pictures written, in the order of the labels.

    Raises
    ------
    InputError
        If `per_label` is not positive.
    """
    if per_label < 1:
        raise InputError(f"per_label is {per_label}: give at least 1")
    clips = corpus.clips(split, silence)
    chosen = np.concatenate([np.flatnonzero(clips.labels == n)[:per_label] for n in range(len(clips.classes))])
    names = [_picture_name(clips.classes[clips.labels[n]], clips.names[n], clips.classes) for n in chosen]
    pictures = codes(np.asarray(clips.audio[chosen]), front_end)
    return [_write(folder, name, picture) for name, picture in zip(names, pictures, strict=True)]


def write_recordings(
    paths: Sequence[Path | str],
    front_end: FrontEnd,
    folder: Path,
    at_s: float | None = None,
    say: Callable[[str], None] = lambda line: None,
    attempt: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[Path]:
    """Write the 8-bit fingerprints of sound files of any kind as binary PGM pictures.

    Of a file of more than a second, every window gets a picture, named after the second where it begins:
    ``clip-at-2.25s.pgm``. A file's label is the name of its folder, if that is a label; it stands in front of the name.

    Parameters
    ----------
    paths : sequence of Path
    front_end : FrontEnd
        What to compute.
    folder : Path
        Where the pictures go; created if it does not exist.
    at_s : float, optional
        Take the second that begins here instead.
    say : callable
        Gets a line for what was converted, padded or divided.
    attempt : callable
        Makes a context in which each file is read. If it holds back the error of a file, the others are written all
        the same.

    Returns
    -------
    list of Path
        The pictures written, in the order of the files.

    Raises
    ------
    InputError
        If there is no file, two pictures would have one name, or a file has no sound at `at_s`.
    DataError
        If a file cannot be read.
    """
    if not paths:
        raise InputError("no sound file is named: give at least one")
    made: list[tuple[str, np.ndarray]] = []
    padded = 0
    for path in map(Path, paths):
        with attempt():
            own, is_padded = _pictures(path, front_end, at_s, say)
            made += own
            padded += is_padded
    (twice, count), *_ = Counter(name for name, _ in made).most_common(1) or [("", 0)]
    if count > 1:
        raise InputError(f"two clips would be written as {twice}: rename one of them")
    pictures = dict(made)
    if padded:
        say(f"{padded} of {len(paths)} clips {'is' if padded == 1 else 'are'} shorter than a second: zeros follow")
    keep_apart(
        [("the sound", Path(path)) for path in paths], [("the picture", Path(folder) / name) for name in pictures]
    )
    return [_write(Path(folder), name, picture) for name, picture in pictures.items()]


def _pictures(
    path: Path, front_end: FrontEnd, at_s: float | None, say: Callable[[str], None]
) -> tuple[list[tuple[str, np.ndarray]], bool]:
    """Name and picture of every window of a sound file, and whether zeros follow it."""
    read = read_recording(path, at_s)
    found = windows(read.samples)
    if read.note:
        say(read.note)
    if len(found.starts) > 1:
        say(f"{path}: {read.seconds:.2f} s long, {len(found.starts)} windows of a second")
    made = []
    for start_s, picture in zip(found.starts_s, codes(found.audio(), front_end), strict=True):
        place = f"-at-{(at_s or 0) + start_s:.4g}s" if at_s is not None or len(found.starts) > 1 else ""
        made.append((_picture_name(path.absolute().parent.name, path.stem + place), picture))
    return made, found.padded


def _write(folder: Path, name: str, picture: np.ndarray) -> Path:
    atomic_write_bytes(Path(folder) / name, pgm(picture))
    return Path(folder) / name


def _picture_name(label: str, name: str, labels: Sequence[str] = LABELS) -> str:
    """Return ``yes_0a1b_nohash_0.pgm``; of an unknown clip the word stays: ``_unknown__cat-0a1b….pgm``."""
    stem = name.removesuffix(".wav").removeprefix(f"{label}/")
    stem = re.sub(r"[^A-Za-z0-9_.+]", "-", stem)
    return f"{label}_{stem}.pgm" if label in labels else f"{stem}.pgm"


def pgm(picture: np.ndarray) -> bytes:
    """Return a picture as a binary PGM file (Netpbm's P5, largest value 255).

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width)

    Raises
    ------
    InputError
        If it is of another type or shape, or empty.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8 or 0 in picture.shape:
        raise InputError(f"a picture is uint8 (height, width), not {picture.dtype} {picture.shape}")
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PPM")
    return content.getvalue()


def read_pgm(path: Path | str, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Return the picture in a binary PGM file.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int, optional
        The (frames, coefficients) it must have.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        The codes.

    Raises
    ------
    DataError
        If the file is missing, not a binary 8-bit PGM, of another size, truncated, or longer than it says.
    """
    try:
        content = read_regular(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; a fingerprint picture is needed") from error
    if not content.startswith(b"P5"):
        found = repr(content[:2])[1:] if content else "an empty file"
        raise DataError(f"{path} is not a binary PGM picture: it begins with {found}, not with P5 and a size")
    try:
        image = Image.open(io.BytesIO(content), formats=["PPM"])
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is not a binary PGM picture, or has no pixels: its header is damaged") from error
    (tile,) = image.tile
    if image.mode != "L" or tile.codec_name != "raw":  # Pillow would scale other values to 255
        raise DataError(f"{path} is not an 8-bit picture: the largest value in its header must be 255")
    width, height = image.size
    announced, found_bytes = width * height, len(content) - tile.offset
    if found_bytes != announced:
        state = "truncated" if found_bytes < announced else "longer than its header says"
        raise DataError(f"{path} is {state}: {announced} bytes are announced, {found_bytes} follow")
    if shape is not None and (height, width) != tuple(shape):
        raise DataError(
            f"{path} has {height} frames of {width} coefficients; {shape[0]} of {shape[1]} are needed: "
            "write it with the front end of the network"
        )
    return np.array(image)
