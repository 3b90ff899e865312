"""How the constants of the integer front end lie in memory: the words that its kernels and their twins read.

| part | words |
|---|---|
| window | for each of 64 places, a word for each leg: two samples' factors |
| second, third | twiddles in the order in which the passes read them, the real part lower |
| bins | for each segment the number of its bins, then for each bin (P, Q), (R, Q), (weight, weight) |
| logarithms | for each entry its increase to the next one (lower half) and its value |
| exponents | for each exponent of a frame: upper and lower 16 bits of the offset, base of the logarithms |
| cosines | for each group of coefficients, for each pair of bands, a word for each coefficient |
| shares | for each core that shares a frame: its first band, how many, the bin of its first segment, and its bytes |

A pair of halves is one word, the first one lower.
"""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from kwslib.gap8.hardware import CORES
from kwslib.integer.front_end_tables import BLOCK, Tables

GROUP = 5
"""Coefficients that the DCT computes at a time."""
BIN_CYCLES, BAND_CYCLES = 19, 50
"""What a bin and a band cost, about."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Constants as words, uint32, one array for each part."""

    window: np.ndarray
    second: np.ndarray
    third: np.ndarray
    bins: np.ndarray
    logarithms: np.ndarray
    exponents: np.ndarray
    cosines: np.ndarray
    shares: np.ndarray

    def words(self) -> np.ndarray:
        """Return all parts, one behind the other in the order of the table above."""
        return np.concatenate([getattr(self, one.name) for one in fields(self)])

    def offsets(self) -> dict[str, int]:
        """Return where each part begins, in bytes."""
        sizes = {one.name: 4 * len(getattr(self, one.name)) for one in fields(self)}
        ends = np.cumsum(list(sizes.values()))
        return {name: int(end) - size for (name, size), end in zip(sizes.items(), ends, strict=True)}


@lru_cache(maxsize=16)
def layout(tables: Tables) -> Layout:
    """Lay out the constants of a front end."""
    window = tables.window.reshape(tables.legs, BLOCK, 2).transpose(1, 0, 2)
    entries, steps = tables.logarithms.T
    upper, lower = tables.offsets >> 16, tables.offsets & 0xFFFF
    return Layout(
        window=_pairs(window),
        second=_pairs(tables.second.transpose(1, 3, 2, 0)),
        third=_pairs(tables.third.transpose(1, 2, 0)),
        bins=_bins(tables),
        logarithms=_pairs(np.stack([steps, entries], axis=1)),
        exponents=np.stack([upper, lower, tables.log_bases], axis=1).astype(np.int64).astype(np.uint32).reshape(-1),
        cosines=_cosines(tables.cosines),
        shares=_shares(tables.segments),
    )


@dataclass(frozen=True)
class Memory:
    """Where a front end's data lie in L1.

    Attributes
    ----------
    constants, scratch, shared : int
        Addresses of the words of the `Layout`, of the cores' scratch memory, and of what cores share.
    times : int
        Address of four words to which the cycles of the stages are added; 0 for none.
    """

    constants: int
    scratch: int
    shared: int
    times: int = 0


def scratch_bytes(tables: Tables) -> int:
    """Return the bytes of a core's scratch memory: an odd number of words, so that cores do not meet at every bank."""
    logs = -(-tables.front_end.bands // 2) * 4
    size = 512 * tables.first_radix + 16 + logs
    return size + 4 if size % 8 == 0 else size


def shared_bytes(tables: Tables) -> int:
    """Return the bytes of the memory that cores share."""
    return 4 * (2 * CORES + 2) + -(-tables.front_end.bands // 2) * 4


def members(tables: Tables, memory: Memory, zero_point: int = 0) -> dict[str, int]:
    """Return the members of ``struct front_end`` (``firmware/front_end.h``), without its kernels.

    Parameters
    ----------
    tables : Tables
    memory : Memory
    zero_point : int
        Code of the value zero, of signed codes.
    """
    front_end = tables.front_end
    return {
        "first_radix": tables.first_radix,
        "legs": tables.legs,
        "stride_bytes": 2 * front_end.stride_samples,
        "first_bin": tables.bins.start,
        "weight_bits": tables.weight_bits,
        "bands": front_end.bands,
        "coefficients": front_end.coefficients,
        "code_shift": tables.code_shift,
        "zero_point": zero_point,
        **{name: memory.constants + offset for name, offset in layout(tables).offsets().items()},
        "scratch": memory.scratch,
        "scratch_bytes": scratch_bytes(tables),
        "shared": memory.shared,
        "times": memory.times,
    }


def _pairs(halves: np.ndarray) -> np.ndarray:
    """Return words of two halves, the first one lower."""
    low, high = np.asarray(halves, np.int64).reshape(-1, 2).T & 0xFFFF
    return (low | high << 16).astype(np.uint32)


def _bins(tables: Tables) -> np.ndarray:
    p, q, r = tables.split
    words = np.stack(
        [_pairs(np.stack(pair, axis=1)) for pair in ((p, q), (r, q), (tables.rising, tables.rising))], axis=1
    )
    ends = np.cumsum(tables.segments)
    parts = [
        np.r_[np.uint32(n), words[end - n : end].reshape(-1)] for n, end in zip(tables.segments, ends, strict=True)
    ]
    return np.concatenate(parts).astype(np.uint32)


def _shares(segments: np.ndarray) -> np.ndarray:
    """Share bands among the cores so that each has about as much to do; a band reads the segments on both sides."""
    bands = len(segments) - 1
    done = np.cumsum(BIN_CYCLES * segments[:bands] + BAND_CYCLES)
    wanted = done[-1] * np.arange(CORES + 1) / CORES
    cuts = np.searchsorted(done, wanted)
    cuts[0], cuts[-1] = 0, bands
    bins = np.concatenate([[0], np.cumsum(segments)])
    rows = [(low, high - low, bins[low], 4 * (low + 3 * bins[low])) for low, high in zip(cuts, cuts[1:], strict=False)]
    return np.array(rows, np.uint32).reshape(-1)


def _cosines(cosines: np.ndarray) -> np.ndarray:
    bands, coefficients = cosines.shape
    padded = np.zeros((bands + bands % 2, coefficients), np.int64)
    padded[:bands] = cosines
    pairs = padded.reshape(-1, 2, coefficients)
    groups = [pairs[:, :, first : first + GROUP] for first in range(0, coefficients, GROUP)]
    return np.concatenate([_pairs(group.transpose(0, 2, 1)) for group in groups])
