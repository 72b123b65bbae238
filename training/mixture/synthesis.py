"""Synthesised sources that widen the recordings: noises, wind, rain, vehicles, sirens, steps, birdsong, crickets."""

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


def birdsong(n: int, rng: np.random.Generator) -> Samples:
    """A small bird: phrases of short notes that glide and warble about a pitch of its own."""
    out = np.zeros(n, dtype=np.float32)
    pitch, pace, kinds = rng.uniform(1800, 6500), rng.uniform(0.06, 0.25), int(rng.integers(1, 5))
    notes = [(rng.uniform(0.03, 0.15), rng.normal(0, 0.12), rng.normal(0, 0.25)) for _ in range(kinds)]
    at = rng.uniform(0, 0.4)
    while at < n / RATE_HZ:
        for k in range(int(rng.integers(2, 14))):
            seconds, offset, glide = notes[k % len(notes)]
            start, length = int((at + k * pace) * RATE_HZ), int(seconds * RATE_HZ)
            if start + length < n:
                along = np.linspace(0, 1, length, dtype=np.float32)
                warble = rng.uniform(0, 0.04) * np.sin(2 * np.pi * rng.uniform(15, 60) * seconds * along)
                f = pitch * np.exp(offset + glide * along + warble)
                tone = np.sin(2 * np.pi * np.cumsum(f, dtype=np.float64) / RATE_HZ) * np.sin(np.pi * along) ** 2
                out[start : start + length] += (tone * rng.uniform(0.6, 1)).astype(np.float32)
        at += pace * 14 + rng.exponential(1.5)
    return out


def crickets(n: int, rng: np.random.Generator) -> Samples:
    """Insects: carriers that pulse fast, some in chirps, some without end."""
    t = np.arange(n, dtype=np.float32) / RATE_HZ
    out = np.zeros(n, dtype=np.float32)
    for _ in range(int(rng.integers(1, 5))):
        pulses = np.maximum(np.sin(2 * np.pi * rng.uniform(15, 60) * t + rng.uniform(0, 6)), 0)
        chirps = np.sin(2 * np.pi * rng.uniform(0.6, 3) * t + rng.uniform(0, 6)) > rng.uniform(-1.2, 0.4)
        tone = np.sin(2 * np.pi * rng.uniform(2500, 8000) * t)
        out += (rng.uniform(0.2, 1) * pulses * chirps * tone).astype(np.float32)
    return out


def rain(n: int, rng: np.random.Generator) -> Samples:
    """Rain or a fountain: many drops, each a short ring, over a hiss."""
    drops = np.zeros(n, dtype=np.float32)
    count = int(n / RATE_HZ * np.exp(rng.uniform(np.log(40), np.log(4000))))
    drops[rng.integers(0, n, count)] = rng.standard_normal(count) * rng.exponential(1.0, count)
    angle, radius = 2 * np.pi * rng.uniform(500, 6000) / RATE_HZ, rng.uniform(0.9, 0.99)
    rings = lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], drops)
    hiss = coloured_noise(n, rng.uniform(0.0, 1.2), rng) * rng.uniform(0.1, 1.5)
    return np.asarray(rings / (np.std(rings) + 1e-9) + hiss, dtype=np.float32)


def siren(n: int, rng: np.random.Generator) -> Samples:
    """A siren: two tones in turn or one that wails, with a few harmonics."""
    t = np.arange(n, dtype=np.float32) / RATE_HZ
    turn = np.sin(2 * np.pi * rng.uniform(0.2, 3.5) * t)
    f = rng.uniform(350, 900) * np.exp2(0.5 * rng.uniform(0.2, 1.2) * (np.sign(turn) if rng.random() < 0.5 else turn))
    phase = 2 * np.pi * np.cumsum(f, dtype=np.float64) / RATE_HZ
    return np.asarray(sum(rng.uniform(0.1, 1) / k * np.sin(k * phase) for k in range(1, 5)), dtype=np.float32)


SYNTHESISERS = {
    "wind": (wind, ("Wind",)),
    "hum": (hum, ("Noise",)),
    "noise": (lambda n, rng: coloured_noise(n, rng.uniform(0, 1.6), rng), ("Noise",)),
    "passing vehicles": (passing_vehicles, ("Traffic",)),
    "footsteps": (footsteps, ("Human sounds",)),
    "beeps": (beeps, ("Sounds of things",)),
    "birdsong": (birdsong, ("Bird",)),
    "crickets": (crickets, ("Animal",)),
    "rain": (rain, ("Water",)),
    "siren": (siren, ("Vehicle",)),
}
"""Synthesiser and the events it stands for."""
