"""The integer front end as a library of the host: `kwslib.integer.front_end` bit for bit, up to 16 frames at a time.

NumPy's is the specification; this one makes the fingerprints of whole corpora, more than eight times as fast on a
processor with AVX2 (``benchmarks/front_end.py``). A C compiler makes it on first use. It keeps nothing between calls,
and Python's lock is free while it runs.
"""

import ctypes
import sys
from functools import cache
from pathlib import Path

import numpy as np

from kwslib import toolchain
from kwslib.config.front_end import INPUT_ZERO_POINT, FrontEnd
from kwslib.integer import front_end_tables, front_end_transform
from kwslib.integer.front_end import checked_audio
from kwslib.integer.front_end_tables import Tables, tables_of

SOURCE = "front_end_lanes.c"
CONSTANTS = {
    front_end_tables: ("BLOCK", "RADIX", "WINDOW_SHIFT", "PASS_SHIFT", "MOST_LEFT", "LOG_TABLE_BITS", "LOG_BITS"),
    front_end_transform: ("HALF_ROOT_16", "HALF_ROOT_15", "TWIDDLE_SHIFT", "DC_LIFT", "ODD_LIFT"),
}
"""Constants of the specification that the C source names: the compiler is told their values."""
FLAGS = (
    "-std=c11",
    "-O3",
    "-march=native",
    "-fPIC",
    "-shared",
    "-Wall",
    "-Wextra",
    "-Wno-psabi",  # vectors are handed over inside the library alone
    "-Werror",
    *(("-Wl,-z,defs",) if sys.platform == "linux" else ()),  # elsewhere, linkers refuse missing symbols of themselves
)
SIZES = (
    *("first_radix", "legs", "window_samples", "stride_samples", "first_bin", "bins"),
    *("bands", "coefficients", "weight_bits", "code_shift"),
)
ARRAYS = ("window", "second", "third", "split", "segments", "rising", "logarithms", "log_bases", "cosines", "offsets")


class CTables(ctypes.Structure):
    """``struct tables``: C reads the arrays of `Tables` where they are.

    Parameters
    ----------
    tables : Tables
    """

    _fields_ = (*((name, ctypes.c_int32) for name in SIZES), *((name, ctypes.c_void_p) for name in ARRAYS))

    def __init__(self, tables: Tables) -> None:
        # kept, since C has their addresses
        self._arrays = {
            name: np.ascontiguousarray(getattr(tables, name), np.int64 if name == "offsets" else np.int32)
            for name in ARRAYS
        }
        super().__init__(
            first_radix=tables.first_radix,
            legs=tables.legs,
            window_samples=tables.front_end.window_samples,
            stride_samples=tables.front_end.stride_samples,
            first_bin=tables.bins.start,
            bins=len(tables.bins),
            bands=tables.front_end.bands,
            coefficients=tables.front_end.coefficients,
            weight_bits=tables.weight_bits,
            code_shift=tables.code_shift,
            **{name: array.ctypes.data for name, array in self._arrays.items()},
        )


@cache
def load() -> ctypes.CDLL:
    """Return the library, which is compiled into the cache on first use.

    Raises
    ------
    kwslib.toolchain.CompilerError
        If there is no C compiler or it fails, or what it made cannot be loaded.
    kwslib.errors.KwsError
        If the cache folder cannot be written.
    """
    constants = [f"-D{name}={getattr(module, name)}" for module, names in CONSTANTS.items() for name in names]
    files = {SOURCE: Path(__file__).with_name(SOURCE).read_bytes()}
    compiler, flags = toolchain.find_host(), (*FLAGS, *constants)
    path = toolchain.compile_cached("host/front_end.so", compiler, flags, files, without_runtime=True)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise toolchain.CompilerError(f"cannot load {path}: {error}") from error


def codes_of(audio: np.ndarray, front_end: FrontEnd, zero_point: int = INPUT_ZERO_POINT) -> np.ndarray:
    """Return the codes of sound: what `kwslib.integer.front_end.codes_of` returns.

    Parameters, result and errors are those of that function.

    Raises
    ------
    kwslib.errors.KwsError
        As `load`.

    Examples
    --------
    >>> front_end = FrontEnd("integer", window_ms=40, stride_ms=20, coefficients=10)
    >>> codes_of(np.zeros((1, 16000), np.int16), front_end)[0, 0].tolist()
    [64, 128, 128, 128, 128, 128, 128, 128, 128, 128]
    """
    audio = np.ascontiguousarray(checked_audio(audio, front_end))
    tables = CTables(tables_of(front_end))
    clips, samples = audio.shape
    frames = 1 + (samples - front_end.window_samples) // front_end.stride_samples
    codes = np.empty((clips, frames, front_end.coefficients), np.uint8)
    load().front_end_codes(
        ctypes.byref(tables),
        ctypes.c_void_p(audio.ctypes.data),
        ctypes.c_int64(clips),
        ctypes.c_int64(samples),
        ctypes.c_int64(frames),
        ctypes.c_int32(int(np.int32(zero_point))),
        ctypes.c_void_p(codes.ctypes.data),
    )
    return codes
