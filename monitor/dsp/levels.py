"""Sums and decibels: mean squares add up, levels do not; a level that does not exist is None."""

from math import log10

import numpy as np
from numpy.typing import ArrayLike

from monitor.types import P0_PA

P0_SQUARED = P0_PA**2
"""Square of the reference sound pressure, Pa^2."""


def to_db(mean_square_pa2: float) -> float | None:
    """Return the sound pressure level of a mean square, dB re 20 uPa; None for zero (digital silence has no level)."""
    return 10 * log10(mean_square_pa2 / P0_SQUARED) if mean_square_pa2 > 0 else None


def peak_to_db(peak_pa: float) -> float | None:
    """Return the peak sound level of a pressure, dB re 20 uPa; None for zero."""
    return to_db(peak_pa * peak_pa)


def from_db(level_db: float) -> float:
    """Return the mean square of a level, Pa^2."""
    return float(P0_SQUARED * 10 ** (level_db / 10))


def equivalent_level_db(mean_squares_pa2: ArrayLike) -> float | None:
    """Return Leq of mean squares of equal duration, dB; None without any, or if all are zero (ISO 1996-1)."""
    values = np.asarray(mean_squares_pa2, dtype=np.float64)
    return to_db(float(values.mean())) if values.size else None


def energy_mean_db(levels_db: ArrayLike) -> float | None:
    """Return the energy mean of levels of equal duration, dB; None without any."""
    levels = np.asarray(levels_db, dtype=np.float64)
    return float(10 * np.log10(np.mean(10 ** (levels / 10)))) if levels.size else None


def exposure_level_db(mean_square_pa2: float, duration_s: float) -> float | None:
    """Return the sound exposure level (LAE for an A-weighted mean square), dB re (20 uPa)^2 s (IEC 61672-1, 3.12)."""
    return to_db(mean_square_pa2 * duration_s)


def exceeded_level_db(laf_pa2: ArrayLike, percent: float) -> float | None:
    """Return the level exceeded in `percent` of the time (90 for L90), from time-weighted mean squares, or None."""
    values = np.asarray(laf_pa2, dtype=np.float64)
    if values.size == 0:
        return None
    share = 100 - percent
    low, high = np.percentile(values, share, method="lower"), np.percentile(values, share, method="higher")
    return to_db(float((low + high) / 2))
