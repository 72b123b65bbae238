"""The sounds of the demo scene, synthesised: noise beds, bird phrases, steps, murmur, cars. Float32 at 48 kHz."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.types import P0_PA, RATE_HZ, Float32Array, FloatArray

Random = np.random.Generator
Spectrum = Sequence[tuple[float, float]]
"""Points (frequency in Hz, spectral density in dB), joined by straight lines over the logarithm of the frequency."""

CITY_HUM: Spectrum = ((20, -6), (50, 4), (100, 3), (400, -4), (1000, -9), (2000, -20), (5000, -40), (20000, -70))
GUST: Spectrum = ((20, 6), (40, 3), (100, -6), (300, -18), (1000, -34), (20000, -80))
LEAVES: Spectrum = ((20, -70), (500, -24), (1500, -8), (3500, 0), (7000, -3), (12000, -12), (20000, -30))
TYRES: Spectrum = (
    (20, -30),
    (60, -8),
    (125, -8),
    (500, -3),
    (900, 4),
    (1600, 0),
    (3000, -9),
    (8000, -24),
    (20000, -45),
)
TYRES_FAR: Spectrum = ((20, -30), (60, -4), (125, -4), (500, -3), (900, 2), (1600, -8), (3000, -24), (8000, -60))
GRAVEL: Spectrum = ((20, -40), (150, -8), (400, -12), (1500, -2), (3000, 0), (7000, -4), (12000, -18), (20000, -40))
PAVEMENT: Spectrum = ((20, -20), (90, 2), (200, 0), (600, -6), (1500, -4), (4000, -14), (20000, -50))

SPEED_OF_SOUND = 343.0
"""m/s at 20 degrees Celsius."""
CAR_DISTANCE_M = 7.5
"""Distance at which the level of a car is given, m (as in ISO 362)."""
VOWELS_HZ = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (530, 1840, 2480),
    (570, 840, 2410),
    (300, 870, 2240),
    (490, 1350, 1690),
)
"""First three formants of vowels (Peterson and Barney, 1952)."""
LOOP = 2**19
"""Length of the loops that cars read from, samples (11 s)."""
SYLLABLE = 2**14
"""Samples of an FFT that holds the longest syllable and the ringing of its formants."""
_TURN = 2 * np.pi * np.arange(4096) / 4096
ENGINE: Float32Array = (np.sin(_TURN) + 0.7 * np.sin(2 * _TURN) + 0.35 * np.sin(4 * _TURN + 1)).astype(np.float32)
"""One turn of an engine."""
BIRDS = ("thrush", "tit", "warbler", "sparrow", "pigeon")


def pascal(level_db: float) -> float:
    """Return the rms pressure of a level in dB re 20 uPa."""
    return float(P0_PA * 10 ** (level_db / 20))


def noise(rng: Random, n: int, spectrum: Spectrum) -> Float32Array:
    """Return a seamless loop of n samples of noise with a spectrum, rms 1."""
    density = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / RATE_HZ)
    points = np.array(spectrum)
    level_db = np.interp(np.log(np.maximum(frequency, 1)), np.log(points[:, 0]), points[:, 1])
    density *= 10 ** (level_db / 20) * (frequency >= 15)
    sound = np.fft.irfft(density, n)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)), dtype=np.float32)


def _glide(start_hz: float, end_hz: float, seconds: float, vibrato: float = 0.0, rate_hz: float = 25.0) -> FloatArray:
    """Return a tone with a soft beginning and end whose frequency glides, amplitude 1."""
    n = round(seconds * RATE_HZ)
    x = np.arange(n) / max(n - 1, 1)
    frequency = start_hz * (end_hz / start_hz) ** x * (1 + vibrato * np.sin(2 * np.pi * rate_hz * seconds * x))
    phase = 2 * np.pi * np.cumsum(frequency) / RATE_HZ
    return np.asarray((np.sin(phase) + 0.12 * np.sin(2 * phase)) * np.sin(np.pi * x) ** 0.6)


def bird_phrase(rng: Random, bird: str) -> Float32Array:
    """Return one phrase of a bird's song with the echoes of trees, peak about 1."""
    u = rng.uniform
    notes: list[FloatArray] = []
    if bird == "thrush":  # slow, fluty, always different
        for _ in range(rng.integers(3, 7)):
            start = u(1700, 2900)
            notes += [
                _glide(start, start * u(0.75, 1.3), u(0.12, 0.35), 0.01),
                np.zeros(round(u(0.02, 0.12) * RATE_HZ)),
            ]
    elif bird == "tit":  # two notes, like a small saw
        high, low = u(5200, 5900), u(3600, 4300)
        pair = [_glide(high, high * 0.97, 0.10), np.zeros(1500), _glide(low, low * 1.02, 0.14), np.zeros(2400)]
        notes = pair * int(rng.integers(3, 7))
    elif bird == "warbler":  # fast trill
        centre, sweep = u(4200, 6200), u(0.6, 0.8)
        for step in range(rng.integers(12, 26)):
            notes += [_glide(centre * (1 - 0.006 * step), centre * sweep, 0.035), np.zeros(900)]
    elif bird == "sparrow":  # single chirps
        for _ in range(rng.integers(2, 6)):
            notes += [_glide(u(3000, 3600), u(4600, 5400), 0.05), _glide(5200, u(3000, 3500), 0.07)]
            notes += [np.zeros(round(u(0.15, 0.45) * RATE_HZ))]
    else:  # a pigeon's five coos
        pitch = u(430, 480)
        for length in (0.22, 0.45, 0.4, 0.2, 0.25):
            notes += [_glide(pitch, pitch * 1.04, length, 0.004), np.zeros(round(0.09 * RATE_HZ))]
    dry = np.concatenate(notes)
    wet = np.concatenate((dry, np.zeros(RATE_HZ // 2)))
    for _ in range(7):
        delay = int(u(0.012, 0.4) * RATE_HZ)
        wet[delay : delay + len(dry)] += 0.28 * np.exp(-delay / (0.13 * RATE_HZ)) * u(-1, 1) * dry
    return wet.astype(np.float32)


def walker(rng: Random, ground: Float32Array, seconds: float) -> Float32Array:
    """Return the steps of someone who comes, passes and goes, peak about 1 at the nearest."""
    out = np.zeros(round((seconds + 0.4) * RATE_HZ), dtype=np.float32)
    pace, nearest, speed = rng.uniform(0.48, 0.60), rng.uniform(1.5, 4.0), rng.uniform(1.2, 1.5)
    length = int(0.22 * RATE_HZ)
    time = np.arange(length) / RATE_HZ
    for at in np.arange(0, seconds, pace):
        start = int((at + rng.uniform(-0.015, 0.015) + 0.02) * RATE_HZ)
        distance = np.hypot(nearest, speed * (at - seconds / 2))
        heel, toe = np.exp(-time / 0.018), 0.5 * np.exp(-((time - 0.11) ** 2) / 0.0012)
        at_table = rng.integers(0, len(ground) - length)
        burst = 0.35 * ground[at_table : at_table + length] * (heel + toe) * min(1.0, rng.normal(0.8, 0.15))
        out[start : start + length] += (burst * nearest / distance).astype(np.float32)
    return out


def curve(knots: FloatArray, step: int) -> Float32Array:
    """Return the straight lines between knots that lie `step` samples apart, shape ((len(knots) - 1) * step,)."""
    rise = np.arange(step, dtype=np.float32) / step
    lines = knots[:-1, None].astype(np.float32) + np.diff(knots)[:, None].astype(np.float32) * rise
    return np.asarray(lines.ravel())


def car(rng: Random, near: Float32Array, far: Float32Array, distance_m: float, speed_m_s: float) -> Float32Array:
    """Return a passing car: tyres and engine with Doppler shift, rms 1 at CAR_DISTANCE_M.

    near, far: loops of LOOP samples of noise, for the tyres as heard beside the road and from far away.
    """
    half_s = round(float(np.clip(3.2 * distance_m / speed_m_s + 4, 5, 14)))
    step = RATE_HZ // 100
    time = np.arange(-100 * half_s, 100 * half_s + 1) / 100
    distance = np.hypot(distance_m, speed_m_s * time)
    delay = (distance * (RATE_HZ / SPEED_OF_SOUND)).astype(np.float64)
    emitted = np.arange(2 * half_s * RATE_HZ, dtype=np.float32) - curve(delay - delay[0], step)
    index = (emitted.astype(np.int32) + rng.integers(LOOP, dtype=np.int32)) & np.int32(LOOP - 1)
    edge = np.sin(np.pi * np.linspace(0, 1, len(time))) ** 1.5
    gain, closeness = edge * CAR_DISTANCE_M / distance, np.exp(-distance / 60)
    turn = (emitted * np.float32(len(ENGINE) * rng.uniform(50, 90) / RATE_HZ)).astype(np.int32) & (len(ENGINE) - 1)
    out: Float32Array = near[index] * curve(0.94 * gain * closeness, step)
    out += far[index] * curve(0.94 * gain * (1 - closeness), step)
    out += ENGINE[turn] * curve(0.4 * gain, step)
    return out


def _formants(vowel: Sequence[float], n: int) -> NDArray[np.complex128]:
    """Return the frequency response of a vowel's three formants, as an FFT of n samples wants it."""
    delay = np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n)
    response = np.zeros(len(delay), dtype=np.complex128)
    for formant, gain in zip(vowel, (1.0, 0.5, 0.25), strict=True):
        radius = np.exp(-np.pi * (60 + 0.06 * formant) / RATE_HZ)
        turn = 2 * np.pi * formant / RATE_HZ
        response += gain * (1 - radius) / (1 - 2 * radius * np.cos(turn) * delay + (radius * delay) ** 2)
    return response


def _voice(rng: Random, n: int) -> FloatArray:
    """Return n samples of someone talking far away: voiced syllables through formants, in phrases, rms about 1."""
    vowels = [_formants(vowel, SYLLABLE) for vowel in VOWELS_HZ]
    pitch_hz = rng.choice([rng.uniform(95, 140), rng.uniform(170, 230)])
    sound, at = np.zeros(n), 0
    while at < n:
        for _ in range(rng.integers(4, 14)):
            length = int(rng.uniform(0.12, 0.28) * RATE_HZ)
            if at + length > n:
                break
            x = np.arange(length) / length
            f0 = pitch_hz * (1 + 0.15 * rng.standard_normal() - 0.08 * x)
            syllable = np.diff(np.cumsum(f0 / RATE_HZ) % 1, prepend=0.0)
            syllable[: length // 6] += 0.05 * rng.standard_normal(length // 6)
            spectrum = np.fft.rfft(syllable, SYLLABLE) * vowels[rng.integers(len(vowels))]
            shaped = np.fft.irfft(spectrum, SYLLABLE)[:length]
            sound[at : at + length] = shaped * np.sin(np.pi * x) ** 0.7 * rng.uniform(0.5, 1.0)
            at += length
        at += int(rng.uniform(0.3, 1.8) * RATE_HZ)
    return np.asarray(sound / (np.sqrt(np.mean(sound**2)) + 1e-9))


def murmur(rng: Random, n: int, voices: int = 6) -> Float32Array:
    """Return a seamless loop of n samples of several people talking some way off, rms 1."""
    fade = RATE_HZ
    sound = np.zeros(n + fade)
    for _ in range(voices):
        voice = _voice(rng, n + fade) * rng.uniform(0.4, 1.0)
        delay = int(rng.integers(300, 1500))
        voice[delay:] += 0.4 * voice[:-delay]
        sound += voice
    ramp = np.linspace(0, 1, fade)
    loop = sound[:n].copy()
    loop[:fade] = sound[:fade] * np.sqrt(ramp) + sound[n:] * np.sqrt(1 - ramp)
    return np.asarray(loop / np.sqrt(np.mean(loop**2)), dtype=np.float32)
