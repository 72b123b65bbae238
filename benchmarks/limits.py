"""Acceptance limits of the standards, class 1, as they are printed there."""

import numpy as np

from monitor.types import FloatArray

FREE = float("inf")

WEIGHTING = (
    # nominal Hz, A dB, C dB, lower and upper limit dB
    (10, -70.4, -14.3, -FREE, 3.0), (12.5, -63.4, -11.2, -FREE, 2.5), (16, -56.7, -8.5, -4.0, 2.0),
    (20, -50.5, -6.2, -2.0, 2.0), (25, -44.7, -4.4, -1.5, 2.0), (31.5, -39.4, -3.0, -1.5, 1.5),
    (40, -34.6, -2.0, -1.0, 1.0), (50, -30.2, -1.3, -1.0, 1.0), (63, -26.2, -0.8, -1.0, 1.0),
    (80, -22.5, -0.5, -1.0, 1.0), (100, -19.1, -0.3, -1.0, 1.0), (125, -16.1, -0.2, -1.0, 1.0),
    (160, -13.4, -0.1, -1.0, 1.0), (200, -10.9, 0.0, -1.0, 1.0), (250, -8.6, 0.0, -1.0, 1.0),
    (315, -6.6, 0.0, -1.0, 1.0), (400, -4.8, 0.0, -1.0, 1.0), (500, -3.2, 0.0, -1.0, 1.0),
    (630, -1.9, 0.0, -1.0, 1.0), (800, -0.8, 0.0, -1.0, 1.0), (1000, 0.0, 0.0, -0.7, 0.7),
    (1250, 0.6, 0.0, -1.0, 1.0), (1600, 1.0, -0.1, -1.0, 1.0), (2000, 1.2, -0.2, -1.0, 1.0),
    (2500, 1.3, -0.3, -1.0, 1.0), (3150, 1.2, -0.5, -1.0, 1.0), (4000, 1.0, -0.8, -1.0, 1.0),
    (5000, 0.5, -1.3, -1.5, 1.5), (6300, -0.1, -2.0, -2.0, 1.5), (8000, -1.1, -3.0, -2.5, 1.5),
    (10000, -2.5, -4.4, -3.0, 2.0), (12500, -4.3, -6.2, -5.0, 2.0), (16000, -6.6, -8.5, -16.0, 2.5),
    (20000, -9.3, -11.2, -FREE, 3.0),
)  # fmt: skip
"""IEC 61672-1:2013, Table 3."""

BURST_F = (
    # duration ms, LAFmax - LA dB, LAE - LA dB, lower and upper limit dB
    (1000, 0.0, 0.0, -0.5, 0.5), (500, -0.1, -3.0, -0.5, 0.5), (200, -1.0, -7.0, -0.5, 0.5),
    (100, -2.6, -10.0, -1.0, 1.0), (50, -4.8, -13.0, -1.0, 1.0), (20, -8.3, -17.0, -1.0, 1.0),
    (10, -11.1, -20.0, -1.0, 1.0), (5, -14.1, -23.0, -1.0, 1.0), (2, -18.0, -27.0, -1.5, 1.0),
    (1, -21.0, -30.0, -2.0, 1.0), (0.5, -24.0, -33.0, -2.5, 1.0), (0.25, -27.0, -36.0, -3.0, 1.0),
)  # fmt: skip
"""IEC 61672-1:2013, Table 4, F and sound exposure."""
BURST_S = (
    (1000, -2.0, -0.5, 0.5), (500, -4.1, -0.5, 0.5), (200, -7.4, -0.5, 0.5), (100, -10.2, -1.0, 1.0),
    (50, -13.1, -1.0, 1.0), (20, -17.0, -1.5, 1.0), (10, -20.0, -2.0, 1.0), (5, -23.0, -2.5, 1.0),
    (2, -27.0, -3.0, 1.0),
)  # fmt: skip
"""IEC 61672-1:2013, Table 4, S: duration ms, LASmax - LA dB, lower and upper limit dB."""
DECAY = (("F", 34.7, 31.0, 38.5), ("S", 4.3, 3.6, 5.1))
"""IEC 61672-1:2013, 5.8: design goal, lower and upper limit of the decay rate, dB/s."""
C_PEAK = (
    ("one cycle", 31.5, 2.5, 2.0), ("one cycle", 500, 3.5, 1.0), ("one cycle", 8000, 3.4, 2.0),
    ("positive half cycle", 500, 2.4, 1.0), ("negative half cycle", 500, 2.4, 1.0),
)  # fmt: skip
"""IEC 61672-1:2013, Table 5: signal, Hz, LCpeak - LC dB, limit dB."""

_EXPONENT = np.array([0, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 1 / 2, 1, 2, 3, 4])
_LOWEST = np.array([-0.4, -0.4, -0.4, -0.4, -0.4, 1.2, 16.6, 40.5, 60, 70])
_HIGHEST = np.array([0.4, 0.5, 0.7, 1.4, 5.3])
_G = 10**0.3


def third_octave_mask(ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return least and greatest relative attenuation, dB, by frequency over midband (IEC 61260-1:2014, 5.10).

    Table 1 is for octaves; its breakpoints are moved for thirds by formulas (9) and (10), and limits between them are
    linear in the logarithm of frequency. Outside the band edges there is no greatest attenuation.
    """
    shrink = (_G ** (1 / 6) - 1) / (_G ** (1 / 2) - 1)
    points = np.log10(1 + shrink * (_G**_EXPONENT - 1))
    distance = np.abs(np.log10(ratio))
    inside = distance < points[4]
    within = np.interp(distance, points[:5], _LOWEST[:5])
    least = np.where(inside, within, np.interp(distance, points[5:], _LOWEST[5:]))
    greatest = np.where(inside, np.interp(distance, points[:5], _HIGHEST), FREE)
    return least, greatest


EFFECTIVE_BANDWIDTH_DB = 0.4
"""IEC 61260-1:2014, 5.12."""
TIME_INVARIANCE_DB = 0.4
"""IEC 61260-1:2014, 5.14."""
SUMMATION_DB = (-1.8, 0.8)
"""IEC 61260-1:2014, 5.16: input level less level of the sum."""
ISO532_SONE = 0.0006
"""Agreement asked with Annex B of ISO 532-1:2017, which prints to 0.001 (the standard itself allows 5 %)."""
