"""Histograms that add up: levels in 0.1 dB bins, loudness in 1 % bins with a bin for silence; percentiles from both.

Bin 0 holds what lies below the scale: for levels everything under -20 dB, digital silence included; for loudness
exactly 0 sone. Counts are integers, so that a sum of histograms is the histogram of the whole.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.types import P0_PA, FloatArray

Counts = NDArray[np.int64]

LEVEL_STEP_DB = 0.1
LEVEL_LOW_DB = -20.0
"""Lower edge of level bin 1, dB re 20 uPa."""
LEVEL_BINS = 1 + 1800
"""Up to 160 dB."""

LOUDNESS_STEP = 1.01
LOUDNESS_LOW_SONE = 1e-3
"""Upper edge of loudness bin 1 (which begins above 0), sone."""
LOUDNESS_BINS = 2 + 1500
"""Up to 3,000 sone."""

_LOG_STEP = np.log(LOUDNESS_STEP)


def level_db(mean_square_pa2: float) -> float | None:
    """Return the level of a mean square, dB re 20 uPa (IEC 61672-1:2013, 3.9), None for none."""
    return float(10 * np.log10(mean_square_pa2 / P0_PA**2)) if mean_square_pa2 > 0 else None


def level_bin(mean_square_pa2: float) -> int:
    """Return the histogram bin of the level of a mean square, Pa^2."""
    level = level_db(mean_square_pa2)
    if level is None:
        return 0
    return int(np.clip(np.floor((level - LEVEL_LOW_DB) / LEVEL_STEP_DB) + 1, 0, LEVEL_BINS - 1))


def level_counts(mean_square_pa2: FloatArray) -> Counts:
    """Return the histogram of levels, shape (LEVEL_BINS,), of mean squares, shape (n,), Pa^2."""
    with np.errstate(divide="ignore"):
        levels = 10 * np.log10(mean_square_pa2 / P0_PA**2)
    bins = np.clip(np.floor((levels - LEVEL_LOW_DB) / LEVEL_STEP_DB) + 1, 0, LEVEL_BINS - 1)
    return np.bincount(bins.astype(np.int64), minlength=LEVEL_BINS)


def loudness_counts(n_sone: FloatArray) -> Counts:
    """Return the histogram of loudness, shape (LOUDNESS_BINS,), of values, shape (n,), sone."""
    with np.errstate(divide="ignore"):
        steps = np.log(n_sone / LOUDNESS_LOW_SONE) / _LOG_STEP
    bins = np.clip(np.floor(steps) + 2, 1, LOUDNESS_BINS - 1)
    return np.bincount(np.where(n_sone > 0, bins, 0).astype(np.int64), minlength=LOUDNESS_BINS)


def _rank(counts: Counts, exceeded_pct: float) -> tuple[int, float]:
    """Return the bin, and the place in it from its lower edge 0..1, that is exceeded so many % of the time."""
    target = (100 - exceeded_pct) / 100 * float(counts.sum())
    upto = np.cumsum(counts)
    index = int(np.searchsorted(upto, target, side="left"))
    index = min(max(index, int(np.flatnonzero(counts)[0])), int(np.flatnonzero(counts)[-1]))
    below = float(upto[index] - counts[index])
    return index, min(max((target - below) / float(counts[index]), 0.0), 1.0)


def level_percentiles(counts: Counts, exceeded_pct: Sequence[float], floor_db: float) -> list[float | None]:
    """Return L5, L10, ...: levels exceeded so many % of the time (ISO 1996-1:2016, 3.1.3), dB, interpolated in the bin.

    None where there is no level, or where it lies below the measuring range.
    """
    if not counts.any():
        return [None] * len(exceeded_pct)
    values: list[float | None] = []
    for pct in exceeded_pct:
        index, place = _rank(counts, pct)
        value = LEVEL_LOW_DB + (index - 1 + place) * LEVEL_STEP_DB
        values.append(value if index > 0 and value >= floor_db else None)
    return values


def loudness_percentiles(counts: Counts, exceeded_pct: Sequence[float]) -> list[float | None]:
    """Return N5, N10, ...: loudness exceeded so many % of the time (ISO 532-1:2017, 6.4), sone.

    Interpolated in the bin; None where there is no value.
    """
    if not counts.any():
        return [None] * len(exceeded_pct)
    values: list[float | None] = []
    for pct in exceeded_pct:
        index, place = _rank(counts, pct)
        if index < 2:
            values.append(place * LOUDNESS_LOW_SONE if index else 0.0)
        else:
            values.append(float(LOUDNESS_LOW_SONE * LOUDNESS_STEP ** (index - 2 + place)))
    return values


def count_below(counts: Counts, floor_db: float) -> int:
    """Return how many levels lie below the measuring range, whose floor is taken to the nearest 0.1 dB."""
    edge = round((max(floor_db, LEVEL_LOW_DB) - LEVEL_LOW_DB) / LEVEL_STEP_DB) + 1
    return int(counts[: min(edge, LEVEL_BINS)].sum())
