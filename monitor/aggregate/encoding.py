"""Statistics as bytes: versioned, compact (about a kilobyte a minute), readable without pickle.

Layout, version 1: b"IS", version, then zlib of: integers as zigzag LEB128, floats as little-endian float64, histograms
without their empty ends as (first bin, number of bins, bytes a count, counts), model ids as UTF-8.
"""

import struct
import zlib
from typing import Literal

import numpy as np

from monitor.aggregate.histogram import LEVEL_BINS, LOUDNESS_BINS, Counts
from monitor.aggregate.statistics import IntervalStats

_MAGIC = b"IS\x01"
_SCALARS = ("heard_us", "flags", "frames", "clipped", "overload", "wind", "n_sum", "weight")
_LISTS = ("energy", "scene", "likeliest", "event", "event_active", "affect", "affect_sq")
_FLOATS = (
    *("laf_max_pa2", "laf_min_pa2", "las_max_pa2", "c_peak_pa", "n_max_sone"),
    *("floor_dba", "isop_uncertainty", "isoe_uncertainty"),
)


class StatsFormatError(ValueError):
    """Bytes that are not statistics of a version known here."""


def to_bytes(stats: IntervalStats) -> bytes:
    """Return statistics as bytes."""
    out = bytearray()
    for name in _SCALARS:
        _put_int(out, getattr(stats, name))
    for name in _LISTS:
        for value in getattr(stats, name):
            _put_int(out, value)
    out += struct.pack(f"<{len(_FLOATS)}d", *(getattr(stats, name) for name in _FLOATS))
    out += struct.pack(f"<{len(stats.event_max)}d", *stats.event_max)
    _put_counts(out, stats.laf)
    _put_counts(out, stats.loudness)
    _put_int(out, len(stats.models))
    for model in sorted(stats.models):
        encoded = model.encode()
        _put_int(out, len(encoded))
        out += encoded
    return _MAGIC + zlib.compress(bytes(out), 6)


def from_bytes(data: bytes) -> IntervalStats:
    """Return statistics from bytes; raises `StatsFormatError`."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise StatsFormatError(f"expected statistics of version 1, found bytes that begin {data[:3].hex()}")
    try:
        return _read(_Reader(zlib.decompress(data[len(_MAGIC) :])))
    except (zlib.error, IndexError, ValueError, struct.error) as error:
        raise StatsFormatError(f"damaged statistics: {error}") from error


def _read(reader: "_Reader") -> IntervalStats:
    stats = IntervalStats()
    for name in _SCALARS:
        setattr(stats, name, reader.integer())
    for name in _LISTS:
        setattr(stats, name, [reader.integer() for _ in getattr(stats, name)])
    for name, value in zip(_FLOATS, reader.floats(len(_FLOATS)), strict=True):
        setattr(stats, name, value)
    stats.event_max = list(reader.floats(len(stats.event_max)))
    stats.laf = reader.counts(LEVEL_BINS)
    stats.loudness = reader.counts(LOUDNESS_BINS)
    stats.models = frozenset(reader.take(reader.integer()).decode() for _ in range(reader.integer()))
    return stats


def _put_int(out: bytearray, value: int) -> None:
    rest = value << 1 if value >= 0 else (-value << 1) - 1
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


def _put_counts(out: bytearray, counts: Counts) -> None:
    used = np.flatnonzero(counts)
    first, end = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
    width: Literal[1, 2, 4, 8] = 1
    for width in (1, 2, 4, 8):
        if int(counts.max(initial=0)) < 1 << (8 * width):
            break
    for value in (first, end - first, width):
        _put_int(out, value)
    out += counts[first:end].astype(f"<u{width}").tobytes()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, n: int) -> bytes:
        piece = self._data[self._at : self._at + n]
        if n < 0 or len(piece) != n:
            raise IndexError("it ends too early")
        self._at += n
        return piece

    def integer(self) -> int:
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return -((value + 1) >> 1) if value & 1 else value >> 1
            shift += 7

    def floats(self, n: int) -> tuple[float, ...]:
        return struct.unpack(f"<{n}d", self.take(8 * n))

    def counts(self, bins: int) -> Counts:
        first, n, width = self.integer(), self.integer(), self.integer()
        counts = np.zeros(bins, np.int64)
        if width not in (1, 2, 4, 8) or not 0 <= first <= first + n <= bins:
            raise ValueError("a histogram does not fit")
        counts[first : first + n] = np.frombuffer(self.take(n * width), f"<u{width}")
        return counts
