"""Frequency weightings A and C of IEC 61672-1 as digital filters at 48 kHz, and their design goals."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitor.types import RATE_HZ, FloatArray

F1_HZ, F2_HZ, F3_HZ, F4_HZ = 20.598997, 107.65265, 737.86223, 12194.217
"""Pole frequencies of IEC 61672-1:2013, Annex E: F1 and F4 double in both, F2 and F3 in A only."""
FIT_HZ = (20.0, 18_500.0)
"""Range over which the numerator of the upper section is fitted."""


def a_weighting_db(frequency_hz: ArrayLike) -> FloatArray:
    """Return the design goal of A, dB re 1 kHz (IEC 61672-1:2013, Annex E)."""
    f2 = np.square(np.asarray(frequency_hz, dtype=np.float64))
    low = f2 / np.sqrt((f2 + F2_HZ**2) * (f2 + F3_HZ**2))
    at_1k = 1e6 / np.sqrt((1e6 + F2_HZ**2) * (1e6 + F3_HZ**2))
    return np.asarray(c_weighting_db(frequency_hz) + 20 * np.log10(low / at_1k), dtype=np.float64)


def c_weighting_db(frequency_hz: ArrayLike) -> FloatArray:
    """Return the design goal of C, dB re 1 kHz (IEC 61672-1:2013, Annex E)."""

    def magnitude(f2: FloatArray) -> FloatArray:
        return f2 / ((f2 + F1_HZ**2) * (f2 + F4_HZ**2))

    f2 = np.square(np.asarray(frequency_hz, dtype=np.float64))
    return np.asarray(20 * np.log10(magnitude(f2) / magnitude(np.array(1e6))), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Weighting:
    """Second-order sections (3, 5): b0, b1, b2, a1, a2; the first two are C, all three are A."""

    sections: FloatArray

    def response(self, frequency_hz: ArrayLike, name: str) -> FloatArray:
        """Return the magnitude of "A" or "C" at frequencies below 24 kHz, dB."""
        z = np.exp(-2j * np.pi * np.asarray(frequency_hz, dtype=np.float64) / RATE_HZ)
        used = self.sections[: 2 if name == "C" else 3]
        total = np.prod([(b0 + b1 * z + b2 * z**2) / (1 + a1 * z + a2 * z**2) for b0, b1, b2, a1, a2 in used], axis=0)
        return np.asarray(20 * np.log10(np.abs(total)), dtype=np.float64)


@functools.cache
def design() -> Weighting:
    """Design A and C at 48 kHz.

    The low poles come by the bilinear transform, which is exact enough that far below the Nyquist frequency. The
    double pole at 12.2 kHz is matched, and the numerator of its section is the second-order polynomial whose
    magnitude fits C best by least squares on a logarithmic frequency axis. Both weightings are then set to 0 dB at 1
    kHz.
    """
    top = np.exp(-2 * np.pi * F4_HZ / RATE_HZ)
    sections = np.array([_high_pass(F1_HZ, F1_HZ), [1, 0, 0, -2 * top, top * top], _high_pass(F2_HZ, F3_HZ)])
    frequency_hz = np.geomspace(*FIT_HZ, 2000)
    wanted = 10 ** ((c_weighting_db(frequency_hz) - Weighting(sections).response(frequency_hz, "C")) / 10)
    omega = 2 * np.pi * frequency_hz / RATE_HZ
    basis = np.stack((np.ones_like(omega), 2 * np.cos(omega), 2 * np.cos(2 * omega)), axis=1)
    r0, r1, r2 = np.linalg.lstsq(basis / wanted[:, None], np.ones_like(omega), rcond=None)[0]
    zeros = np.roots([r2, r1, r0, r1, r2])  # |B|^2 = r0 + 2 r1 cos w + 2 r2 cos 2w: keep the zeros inside the circle
    sections[1, :3] = np.real(np.poly(sorted(zeros, key=abs)[:2]))
    for index, name in ((1, "C"), (2, "A")):
        sections[index, :3] /= 10 ** (Weighting(sections).response(1000.0, name) / 20)
    return Weighting(sections)


def _high_pass(first_hz: float, second_hz: float) -> list[float]:
    """Return the section of two bilinear first-order high-passes with the given real poles."""
    k1, k2 = np.tan(np.pi * first_hz / RATE_HZ), np.tan(np.pi * second_hz / RATE_HZ)
    p1, p2 = (1 - k1) / (1 + k1), (1 - k2) / (1 + k2)
    return [1.0, -2.0, 1.0, -(p1 + p2), p1 * p2]
