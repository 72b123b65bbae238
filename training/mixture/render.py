"""Plans rendered to sound: sources placed, filtered, reverberated, summed and scaled to their level."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from monitor.types import EVENTS, P0_PA, RATE_HZ, SCENES, TRAINING_FULL_SCALE_PA
from training.mixture import acoustics
from training.mixture.plan import Part, Plan
from training.mixture.sources import AudioStore
from training.mixture.synthesis import SYNTHESISERS, coloured_noise

Samples = NDArray[np.float32]
AUDIBLE_DB = -10.0
"""A source within this of the whole (A-weighted, over its own loudest moments) is heard for certain."""


@dataclass(frozen=True, slots=True, eq=False)
class Soundscape:
    """A rendered soundscape and what is certain of it."""

    pressure_pa: NDArray[np.float64]
    """Shape (n,), Pa at 48 kHz, including the lead-in."""
    heard: NDArray[np.float32]
    """Shape (15,): level of the loudest source of each event relative to the whole, dB; -99 where there is none."""
    scene: int
    """Index into SCENES, or -1."""
    confidence: float
    closed: bool
    """True if every source is listed, so that an event without a source is absent."""
    level_dba: float
    kind: str


@lru_cache(maxsize=4)
def _a_weighting(n: int) -> acoustics.Gain:
    return acoustics.a_weighting(n)


def _tile(samples: Samples, n: int, rng: np.random.Generator) -> Samples:
    """A stretch of n samples: a random crop, or repetitions with short cross-fades from a random start."""
    if len(samples) >= n:
        start = int(rng.integers(len(samples) - n + 1))
        return samples[start : start + n]
    fade = min(int(0.05 * RATE_HZ), len(samples) // 4)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    loop = samples[: len(samples) - fade].copy()
    loop[:fade] = loop[:fade] * np.sqrt(ramp) + samples[len(samples) - fade :] * np.sqrt(1 - ramp)
    start = int(rng.integers(len(loop)))
    return np.tile(loop, n // len(loop) + 2)[start : start + n]


def _place(samples: Samples, n: int, rng: np.random.Generator) -> Samples:
    """A short source at one or several moments of n samples; a long one throughout or over a part."""
    if len(samples) > 0.8 * n or (len(samples) > 3 * RATE_HZ and rng.random() < 0.5):
        return _tile(samples, n, rng)
    out = np.zeros(n, dtype=np.float32)
    for _ in range(int(rng.integers(1, max(2, min(6, n // len(samples)) + 1)))):
        start = int(rng.integers(n))
        piece = samples * np.float32(10 ** (rng.normal(0, 2) / 20))
        first = min(len(piece), n - start)
        out[start : start + first] += piece[:first]
        out[: len(piece) - first] += piece[first:]
    return out


def _vary(samples: Samples, part: Part, rng: np.random.Generator) -> Samples:
    """Another take of a recording: faster or slower, or backwards where its order tells nothing."""
    if "Music" in part.events:
        return samples
    if rng.random() < 0.7:
        samples = acoustics.stretch(samples, float(np.exp(rng.normal(0, 0.08 if "Speech" in part.events else 0.22))))
    return samples[::-1] if "Speech" not in part.events and rng.random() < 0.4 else samples


def _loudest(samples: Samples) -> float:
    """Mean square of the louder half-seconds of a clip."""
    frames = samples[: len(samples) // 24_000 * 24_000].reshape(-1, 24_000)
    power = np.sort(np.mean(frames**2, axis=1))
    return float(power[-max(1, len(power) // 4) :].mean()) + 1e-14


class Renderer:
    """Renders plans from an audio store, each as long as asked plus the lead-in."""

    def __init__(self, store: AudioStore) -> None:
        self.store = store

    def _samples(self, plan: Plan, part: Part, n: int, rng: np.random.Generator) -> Samples:
        if part.name in SYNTHESISERS:
            return SYNTHESISERS[part.name][0](n, rng)
        samples = self.store.read(part.name)
        if plan.kind != "plain":
            samples = _vary(samples, part, rng)
        return _tile(samples, n, rng) if part.bed else _place(samples, n, rng)

    def render(self, plan: Plan, n: int, rng: np.random.Generator) -> Soundscape:
        """Render a plan to n samples at 48 kHz, lead-in included; kind "plain" is left as it is but for its level."""
        weight = _a_weighting(n)
        dry = np.zeros(n // 2 + 1, dtype=np.complex64)
        wet = np.zeros_like(dry)
        powers: list[tuple[Part, float]] = []
        natural = bool(np.isnan(plan.level_dba))
        for part in plan.parts:
            samples = self._samples(plan, part, n, rng)
            spectrum = np.asarray(rfft(samples), dtype=np.complex64)
            steady = float(np.mean(samples**2)) + 1e-14
            if plan.kind != "plain" and rng.random() < 0.6:
                spectrum *= acoustics.colour(n, rng)
            if not part.bed and rng.random() < 0.6:
                spectrum *= acoustics.low_pass(n, float(np.exp(rng.uniform(np.log(1500), np.log(16000)))))
            power = acoustics.mean_square(spectrum, n, weight) + 1e-14
            peak = power * min(_loudest(samples) / steady, 30.0)
            gain = np.float32(10 ** (part.level_db / 20) / (1 if natural else np.sqrt(peak)))
            powers.append((part, peak * float(gain) ** 2))
            dry += spectrum * gain
            if not part.bed and rng.random() < 0.5:
                wet += spectrum * (gain * np.float32(10 ** (rng.uniform(-14, 2) / 20)))
        if wet.any():
            dry += wet * acoustics.room(n, rng)
        rumbles = plan.kind != "plain" and ((plan.kind == "scene" and rng.random() < 0.7) or rng.random() < 0.25)
        if rumbles:  # the city, far away
            rumble = np.asarray(rfft(coloured_noise(n, rng.uniform(1.6, 2.6), rng)), dtype=np.complex64)
            share = 10 ** (rng.uniform(-25, -6) / 10) * acoustics.mean_square(dry, n, weight)
            dry += rumble * np.float32(np.sqrt(share / acoustics.mean_square(rumble, n, weight)))
        if plan.kind == "scene" or (plan.kind != "plain" and rng.random() < 0.6):
            dry *= acoustics.device_response(n, rng)
        whole = acoustics.mean_square(dry, n, weight) + 1e-20
        natural_dba = 10 * np.log10(whole * TRAINING_FULL_SCALE_PA**2 / P0_PA**2)
        level_dba = float(np.clip(natural_dba, 36, 84)) if natural else plan.level_dba
        target = (P0_PA * 10 ** (level_dba / 20)) ** 2
        pressure = irfft(dry * np.float32(np.sqrt(target / whole)), n).astype(np.float64)
        floor_pa = P0_PA * 10 ** (rng.uniform(10, 28) / 20)
        pressure += floor_pa * rng.standard_normal(n, dtype=np.float32)
        np.clip(pressure, -TRAINING_FULL_SCALE_PA, TRAINING_FULL_SCALE_PA, out=pressure)
        heard = np.full(len(EVENTS), -99.0, dtype=np.float32)
        total = max(sum(power for _, power in powers), 1e-20)
        for part, power in powers:
            relative = 10 * np.log10(power / total)
            for event in part.events:
                heard[EVENTS.index(event)] = max(heard[EVENTS.index(event)], relative)
        if plan.kind == "quiet":
            heard[:] = -99.0
            heard[EVENTS.index("Silence")] = 0.0
        return Soundscape(
            pressure_pa=pressure,
            heard=heard,
            scene=SCENES.index(plan.scene) if plan.scene else -1,
            confidence=plan.confidence,
            closed=not any(part.ambience for part in plan.parts),
            level_dba=level_dba,
            kind=plan.kind,
        )
