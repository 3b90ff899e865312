"""Fingerprints as 8-bit pictures (PGM): the input of a program on the device, and something to look at."""

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import DataError, InputError
from kwslib.paths import atomic_write_bytes
from kwslib.speech.corpus import Corpus
from kwslib.speech.fingerprint import codes
from kwslib.speech.wav import read_second


def write_samples(
    source: Corpus | Sequence[Path | str],
    front_end: FrontEnd,
    folder: Path,
    per_label: int = 1,
    split: str = "test",
    silence: str = "digital-silence",
) -> list[Path]:
    """Write the 8-bit fingerprints of chosen clips as binary PGM pictures, named ``label_name.pgm``.

    A picture is as wide as a frame has coefficients and as high as there are frames; a pixel is the uint8 code
    that the network reads.

    Parameters
    ----------
    source : Corpus or sequence of Path
        A corpus, of which the first clips of each label are taken, or WAV files. A WAV file's label is the
        name of its folder, if that is a label; otherwise its picture has only the file's name.
    front_end : FrontEnd
        What to compute.
    folder : Path
        Where the pictures go; created if it does not exist.
    per_label : int
        Clips of each label (of a corpus).
    split, silence : str
        As for `Corpus.clips` (of a corpus).

    Returns
    -------
    list of Path
        The pictures written, in the order of the labels or of the files.

    Raises
    ------
    InputError
        If `per_label` is not positive, there is no file, or two pictures would have one name.
    DataError
        If a clip cannot be read.
    """
    if isinstance(source, Corpus):
        if per_label < 1:
            raise InputError(f"per_label is {per_label}: give at least 1")
        clips = source.clips(split, silence)
        chosen = np.concatenate([np.flatnonzero(clips.labels == n)[:per_label] for n in range(len(LABELS))])
        names = [_picture_name(LABELS[clips.labels[n]], clips.names[n]) for n in chosen]
        audio = np.asarray(clips.audio[chosen])
    else:
        paths = [Path(path) for path in source]
        if not paths:
            raise InputError("no WAV file is named: give at least one")
        names = [_picture_name(path.absolute().parent.name, path.name) for path in paths]
        audio = np.stack([read_second(path) for path in paths])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"two clips would be written as {twice[0]}: rename one of them")
    return list(_write(Path(folder), names, codes(audio, front_end)))


def _write(folder: Path, names: Iterable[str], codes: np.ndarray) -> Iterable[Path]:
    for name, picture in zip(names, codes, strict=True):
        atomic_write_bytes(folder / name, pgm(picture))
        yield folder / name


def _picture_name(label: str, name: str) -> str:
    """Return ``yes_0a1b_nohash_0.pgm``; of an unknown clip the word stays: ``_unknown__cat-0a1b….pgm``."""
    stem = name.removesuffix(".wav").removeprefix(f"{label}/")
    stem = re.sub(r"[^A-Za-z0-9_.+]", "-", stem)
    return f"{label}_{stem}.pgm" if label in LABELS else f"{stem}.pgm"


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
        content = Path(path).read_bytes()
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
