"""Synthesised sources that widen the recordings: noises, hum, wind, passing vehicles, footsteps, babble of voices."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.signal import lfilter

from monitor.types import RATE_HZ

Samples = NDArray[np.float32]


def coloured_noise(n: int, slope: float, rng: np.random.Generator) -> Samples:
    """Noise whose power falls with 1 / f^slope above 40 Hz, unit RMS (0 white, 1 pink, 2 brown)."""
    spectrum = rfft(rng.standard_normal(n, dtype=np.float32))
    f = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum *= (np.maximum(f, 40) ** (-slope / 2)).astype(np.float32)
    spectrum[f < 15] = 0
    noise = irfft(spectrum, n)
    return np.asarray(noise / np.sqrt(np.mean(noise**2) + 1e-20), dtype=np.float32)


def _slow(n: int, rate_hz: float, rng: np.random.Generator) -> Samples:
    """A random curve that changes `rate_hz` times a second, mean 0, SD 1."""
    knots = rng.standard_normal(max(4, int(n / RATE_HZ * rate_hz) + 2))
    return np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots).astype(np.float32)


def wind(n: int, rng: np.random.Generator) -> Samples:
    """Wind on the microphone and in leaves: gusty brown noise with a gusty hiss."""
    gusts = np.exp(0.7 * _slow(n, 0.8, rng))
    rumble = coloured_noise(n, rng.uniform(1.8, 2.8), rng) * gusts
    leaves = coloured_noise(n, rng.uniform(0.0, 0.8), rng) * gusts * 10 ** (rng.uniform(-45, -15) / 20)
    return np.asarray(rumble + leaves, dtype=np.float32)


def hum(n: int, rng: np.random.Generator) -> Samples:
    """Mains hum and fans: harmonics over a broadband hiss."""
    t = np.arange(n, dtype=np.float32) / RATE_HZ
    base = rng.choice([50.0, 60.0, rng.uniform(80, 400)])
    tone = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6)) for k in range(1, 9))
    return np.asarray(tone + coloured_noise(n, rng.uniform(0.3, 1.5), rng) * rng.uniform(0.1, 2), dtype=np.float32)


def passing_vehicles(n: int, rng: np.random.Generator) -> Samples:
    """Road traffic: tyre noise and engine harmonics of vehicles passing at drawn times, speeds and distances."""
    t = np.arange(n, dtype=np.float32) / RATE_HZ
    out = np.zeros(n, dtype=np.float32)
    for _ in range(int(rng.integers(1, 7))):
        at, speed, distance = rng.uniform(-1, n / RATE_HZ + 1), rng.uniform(6, 22), rng.uniform(3, 40)
        along = speed * (t - at)
        gain = distance / np.sqrt(distance**2 + along**2)
        tyres = lfilter([1.0], [1.0, -rng.uniform(0.5, 0.93)], rng.standard_normal(n, dtype=np.float32))
        tyres = tyres / np.std(tyres)
        doppler = 1 - speed / 343 * along / np.sqrt(distance**2 + along**2)
        phase = 2 * np.pi * np.cumsum(rng.uniform(25, 80) * doppler, dtype=np.float64) / RATE_HZ
        engine = sum(rng.uniform(0.2, 1) / k * np.sin(k * phase) for k in range(1, 7))
        loud = 10 ** (rng.normal(0, 4) / 20)
        out += (loud * gain**1.3 * (tyres + rng.uniform(0.3, 2.0) * engine)).astype(np.float32)
    return out + coloured_noise(n, 1.2, rng) * 0.1


def footsteps(n: int, rng: np.random.Generator) -> Samples:
    """Somebody walking: short bursts of filtered noise at a walker's pace."""
    out = np.zeros(n, dtype=np.float32)
    period = rng.uniform(0.45, 0.7)
    length = int(rng.uniform(0.03, 0.14) * RATE_HZ)
    shape = np.exp(-np.arange(length) / (length / 5)).astype(np.float32)
    position = rng.uniform(0, period)
    while (start := int(position * RATE_HZ)) + length < n:
        burst = lfilter([1.0], [1.0, -rng.uniform(0.2, 0.9)], rng.standard_normal(length, dtype=np.float32))
        out[start : start + length] += (burst * shape * rng.uniform(0.5, 1)).astype(np.float32)
        position += period * rng.uniform(0.93, 1.07)
    return out


def beeps(n: int, rng: np.random.Generator) -> Samples:
    """Reversing alarms, crossings and signals: repeated tones."""
    t = np.arange(n, dtype=np.float32) / RATE_HZ
    period = rng.uniform(0.3, 1.4)
    on = ((t + rng.uniform(0, period)) % period < period * rng.uniform(0.2, 0.7)).astype(np.float32)
    smooth = lfilter([0.01], [1.0, -0.99], on)
    return np.asarray(smooth * np.sin(2 * np.pi * rng.uniform(500, 3500) * t), dtype=np.float32)


SYNTHESISERS = {
    "wind": (wind, ("Wind",)),
    "hum": (hum, ("Noise",)),
    "noise": (lambda n, rng: coloured_noise(n, rng.uniform(0, 1.6), rng), ("Noise",)),
    "passing vehicles": (passing_vehicles, ("Traffic",)),
    "footsteps": (footsteps, ("Human sounds",)),
    "beeps": (beeps, ("Sounds of things",)),
}
"""Synthesiser and the events it stands for."""
