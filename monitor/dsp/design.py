"""The few filter designs the node needs: textbook formulas, the same as SciPy's, which the node does without."""

from math import ceil, pi, sqrt, tan

import numpy as np
from numpy.typing import NDArray

from monitor.types import FloatArray


def kaiser_beta(attenuation_db: float) -> float:
    """Return the Kaiser window's beta for a stop-band attenuation, dB (Kaiser 1974)."""
    if attenuation_db > 50:
        return 0.1102 * (attenuation_db - 8.7)
    return 0.5842 * (attenuation_db - 21) ** 0.4 + 0.07886 * (attenuation_db - 21) if attenuation_db > 21 else 0.0


def kaiser_taps(attenuation_db: float, width: float) -> int:
    """Return how many taps a Kaiser-windowed filter needs for a transition of `width`, as a share of Nyquist."""
    return ceil((attenuation_db - 7.95) / 2.285 / (pi * width) + 1)


def lowpass(count: int, cutoff_hz: float, rate_hz: float, beta: float) -> FloatArray:
    """Return the taps of a Kaiser-windowed sinc with unit gain at 0 Hz, shape (count,)."""
    cutoff = 2 * cutoff_hz / rate_hz
    taps = cutoff * np.sinc(cutoff * (np.arange(count) - (count - 1) / 2)) * np.kaiser(count, beta)
    return np.asarray(taps / taps.sum())


def butterworth_bandpass(
    order: int, low_hz: float, high_hz: float, rate_hz: float
) -> tuple[NDArray[np.complex128], float]:
    """Return the 2 x order poles and the gain of a digital Butterworth band-pass; zeros: `order` each at 1 and -1.

    By the bilinear transform, prewarped at both edges (3 dB points), Hz.
    """
    double = 2 * rate_hz
    low, high = (double * tan(pi * edge / rate_hz) for edge in (low_hz, high_hz))
    width, centre = high - low, sqrt(low * high)
    prototype = -np.exp(1j * pi * np.arange(-order + 1, order, 2) / (2 * order)) * width / 2
    root = np.sqrt(prototype**2 - centre**2)
    analogue = np.concatenate([prototype + root, prototype - root])
    gain = width**order * float(np.real(double**order / np.prod(double - analogue)))
    return np.asarray((double + analogue) / (double - analogue)), gain
