"""Wind on the microphone: which 125 ms frames it dominates. Flagged and counted, never left out.

Turbulence at the microphone makes strong, unsteady sound at the lowest frequencies, whose spectrum falls steeply
towards higher ones (van den Berg, "Wind-induced noise in a screened microphone", JASA 119, 2006; Jackson et al.,
"Perception and automatic detection of wind-induced microphone noise", JASA 136, 2014). Engines and ventilators are as
low, but steady or peaked; so all marks are asked for. Where the network hears wind too, less is enough.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.types import P0_PA, THIRD_OCTAVES_HZ, FloatArray

EXCESS_DB = 14.0
"""20-80 Hz over 200-2000 Hz, unweighted."""
EXCESS_WITH_NETWORK_DB = 8.0
"""Enough when the network hears wind."""
LEAST_DB = 50.0
"""Level of 20-80 Hz, dB: below it wind does not matter."""
SLOPE_DB = 3.0
"""20-31.5 Hz over 50-80 Hz; 0 is enough when the network hears wind."""
FLUCTUATION_DB = 2.0
"""Standard deviation of the 20-80 Hz level of seconds over 9 s; not asked for when the network hears wind."""

_HZ = np.array(THIRD_OCTAVES_HZ)
_SUMS = np.stack([(_HZ <= 80), (_HZ <= 31.5), (_HZ >= 50) & (_HZ <= 80), (_HZ >= 200) & (_HZ <= 2000)], axis=1) * 1.0
_FRAMES_A_SECOND = 8
_HALF_S = 4
_SILENCE_PA2 = 1e-12


def wind_frames(bands_ms_pa2: FloatArray, heard_wind: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which frames, shape (n,), wind dominates.

    `bands_ms_pa2` has shape (n, 31), Pa^2; `heard_wind`, shape (n,), says where the network heard wind.
    """
    n = len(bands_ms_pa2)
    seconds = n // _FRAMES_A_SECOND
    if seconds < 2:
        return np.zeros(n, np.bool_)
    whole = (bands_ms_pa2[: seconds * _FRAMES_A_SECOND] @ _SUMS).reshape(seconds, _FRAMES_A_SECOND, 4).mean(axis=1)
    low, lowest, upper_low, middle = (10 * np.log10((whole + _SILENCE_PA2) / P0_PA**2)).T
    loud, excess, slope = low > LEAST_DB, low - middle, lowest - upper_low
    alone = loud & (excess > EXCESS_DB) & (slope > SLOPE_DB) & (_fluctuation(low) > FLUCTUATION_DB)
    supported = loud & (excess > EXCESS_WITH_NETWORK_DB) & (slope > 0)
    second = np.minimum(np.arange(n) // _FRAMES_A_SECOND, seconds - 1)
    return np.asarray(alone[second] | (supported[second] & heard_wind), np.bool_)


def _fluctuation(level_db: FloatArray) -> FloatArray:
    """Return the standard deviation over the 9 s around each second, shape (n,), fewer at the ends."""
    n = len(level_db)
    sums = np.concatenate([np.zeros((2, 1)), np.cumsum([level_db, level_db**2], axis=1)], axis=1)
    first, end = np.maximum(np.arange(n) - _HALF_S, 0), np.minimum(np.arange(n) + _HALF_S + 1, n)
    mean, square = (sums[:, end] - sums[:, first]) / (end - first)
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0)))
