"""Filters of distance, reverberation and devices, as spectra that multiply the spectrum of a clip."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from monitor.types import RATE_HZ

Spectrum = NDArray[np.complex64]
Gain = NDArray[np.float32]


def frequencies(n: int) -> NDArray[np.float64]:
    """Frequencies of the spectrum of n samples at 48 kHz, Hz, shape (n // 2 + 1,)."""
    return np.asarray(np.fft.rfftfreq(n, 1 / RATE_HZ), dtype=np.float64)


def a_weighting(n: int) -> Gain:
    """Power gain of the A weighting on the spectrum of n samples (IEC 61672-1, Annex E), 1 at 1 kHz."""
    f2 = frequencies(n) ** 2
    response = (12194.217**2 * f2**2) / (
        (f2 + 20.598997**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)) * (f2 + 12194.217**2)
    )
    return np.asarray((response * 10 ** (2.0 / 20)) ** 2, dtype=np.float32)


def mean_square(spectrum: Spectrum, n: int, weight: Gain | None = None) -> float:
    """Mean square of the n samples behind a spectrum, by Parseval, optionally weighted in power."""
    power = spectrum.real**2 + spectrum.imag**2
    if weight is not None:
        power = power * weight
    return float(2 * power[1:-1].sum(dtype=np.float64) + power[0] + power[-1]) / n**2


def low_pass(n: int, cutoff_hz: float, order: float = 1.0) -> Gain:
    """First-order-like roll-off above a cutoff: the air and obstacles between a source and the microphone."""
    return np.asarray((1 + (frequencies(n) / cutoff_hz) ** 2) ** (-order / 2), dtype=np.float32)


def device_response(n: int, rng: np.random.Generator) -> Gain:
    """A microphone and recorder drawn at random: low cut, roll-off at the top, and a gentle tilt with ripples."""
    f = np.maximum(frequencies(n), 1.0)
    octaves = np.log2(f / 1000)
    knots = np.linspace(-6, 4.6, 9)
    ripple_db = np.interp(octaves, knots, rng.normal(0, 1.5, len(knots))) + rng.normal(0, 0.6) * np.clip(octaves, -5, 4)
    low_cut_hz = 10 ** rng.uniform(1.0, 1.95)
    top_hz = 10 ** rng.uniform(3.85, 4.4)
    low = (f / low_cut_hz) / np.sqrt(1 + (f / low_cut_hz) ** 2)
    top = 1 / np.sqrt(1 + (f / top_hz) ** 6)
    return np.asarray(10 ** (ripple_db / 20) * low * top, dtype=np.float32)


def colour(n: int, rng: np.random.Generator) -> Gain:
    """The spectrum of one source bent as another of its kind might have it: a tilt, and broad hills and valleys."""
    octaves = np.log2(np.maximum(frequencies(n), 1.0) / 1000)
    knots = np.linspace(-6, 4.6, 7)
    bent_db = np.interp(octaves, knots, rng.normal(0, 3.5, len(knots))) + rng.normal(0, 1.2) * np.clip(octaves, -5, 4)
    return np.asarray(10 ** (bent_db / 20), dtype=np.float32)


def room(n: int, rng: np.random.Generator) -> Spectrum:
    """Spectrum of a diffuse tail of unit energy that decays within 0.25 s to 2 s, the top octaves faster."""
    decay_s = float(np.exp(rng.uniform(np.log(0.25), np.log(2.0))))
    length = min(n, int(1.2 * decay_s * RATE_HZ))
    t = np.arange(length, dtype=np.float32) / RATE_HZ
    tail = rng.standard_normal(length, dtype=np.float32) * np.exp(-6.9 * t / decay_s)
    tail[: int(rng.uniform(0.002, 0.03) * RATE_HZ)] = 0
    padded = np.zeros(n, dtype=np.float32)
    padded[:length] = tail / np.sqrt(np.sum(tail**2) + 1e-12)
    return np.asarray(rfft(padded) * low_pass(n, rng.uniform(2500, 7000)), dtype=np.complex64)


def stretch(samples: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Play faster (factor > 1) or slower, pitch included, by linear interpolation."""
    positions = np.arange(0, len(samples) - 1, factor, dtype=np.float64)
    return np.interp(positions, np.arange(len(samples)), samples).astype(np.float32)
