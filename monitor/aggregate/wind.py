"""Wind on the microphone: which 125 ms frames it dominates. Flagged and counted, never left out.

Turbulence at the microphone makes strong, unsteady sound at the lowest frequencies, whose spectrum falls steeply
towards higher ones (van den Berg, "Wind-induced noise in a screened microphone", JASA 119, 2006; Jackson et al.,
"Perception and automatic detection of wind-induced microphone noise", JASA 136, 2014). Engines and ventilators are as
low, but steady or peaked; so all three marks are asked for. Where the network hears wind too, less excess is enough.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.types import THIRD_OCTAVES_HZ, FloatArray

EXCESS_DB = 18.0
"""20-80 Hz over 200-2000 Hz, unweighted."""
EXCESS_WITH_NETWORK_DB = 8.0
"""Enough when the network's probability of Wind is above its threshold."""
SLOPE_DB = 3.0
"""20-31.5 Hz over 50-80 Hz."""
FLUCTUATION_DB = 2.0
"""Standard deviation of the 20-80 Hz level of seconds."""

_HZ = np.array(THIRD_OCTAVES_HZ)
_LOW = (_HZ >= 20) & (_HZ <= 80)
_LOWEST = (_HZ >= 20) & (_HZ <= 31.5)
_UPPER_LOW = (_HZ >= 50) & (_HZ <= 80)
_MIDDLE = (_HZ >= 200) & (_HZ <= 2000)
_FRAMES_A_SECOND = 8
_SECONDS = 9
_SILENCE_PA2 = 1e-12


def wind_frames(bands_ms_pa2: FloatArray, heard_wind: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which frames, shape (n,), wind dominates.

    `bands_ms_pa2` has shape (n, 31), Pa^2; `heard_wind`, shape (n,), says where the network heard wind.
    """
    n = len(bands_ms_pa2)
    if n < 2 * _FRAMES_A_SECOND:
        return np.zeros(n, np.bool_)
    second = np.minimum(np.arange(n) // _FRAMES_A_SECOND, n // _FRAMES_A_SECOND - 1)
    low = _seconds(bands_ms_pa2[:, _LOW].sum(axis=1), second)
    excess = low - _seconds(bands_ms_pa2[:, _MIDDLE].sum(axis=1), second)
    slope = _seconds(bands_ms_pa2[:, _LOWEST].sum(axis=1), second) - _seconds(
        bands_ms_pa2[:, _UPPER_LOW].sum(axis=1), second
    )
    marks = (slope > SLOPE_DB) & (_fluctuation(low) > FLUCTUATION_DB)
    alone = (excess > EXCESS_DB) & marks
    supported = excess > EXCESS_WITH_NETWORK_DB
    return np.asarray(alone[second] | (supported[second] & heard_wind), np.bool_)


def _seconds(mean_squares: FloatArray, second: NDArray[np.int64]) -> FloatArray:
    sums = np.bincount(second, mean_squares) / np.bincount(second)
    return np.asarray(10 * np.log10(sums + _SILENCE_PA2))


def _fluctuation(level_db: FloatArray) -> FloatArray:
    half = _SECONDS // 2
    windows = [level_db[max(0, k - half) : k + half + 1] for k in range(len(level_db))]
    return np.array([window.std() for window in windows])
