"""Statistics of a stretch of sound that merge exactly: minutes added up are the same as the whole.

Sums are kept in fixed point as Python integers, so that the order in which they are added does not matter; values are
rounded once, on entry. Counts are integers, extremes are extremes. Nothing here knows of time zones or of records.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from monitor.aggregate.histogram import LEVEL_BINS, LOUDNESS_BINS, Counts, level_counts, loudness_counts
from monitor.records import ClockQuality, LevelReference
from monitor.types import EVENTS, SCENES, THIRD_OCTAVES_HZ, FloatArray, LevelFrame, WindowPrediction

ENERGY_UNIT_PA2 = 2.0**-46
"""1.4e-14 Pa^2 (-44 dB): what energies are rounded to, per 125 ms frame."""
LOUDNESS_UNIT_SONE = 2.0**-24
SHARE_UNIT = 2.0**-16
"""What probabilities, ISOP, ISOE and PAQ are rounded to."""
WEIGHTINGS = 3
"""A, C, Z: they come before the third octaves in `energy`."""
ENERGIES = WEIGHTINGS + len(THIRD_OCTAVES_HZ)
AFFECTS = 2 + 8
"""ISOP, ISOE, then the eight PAQ."""

_LOW_BITS = 31

UNCALIBRATED, REFERENCE_CONFIGURED, REFERENCE_ASSUMED, CLOCK_UNSYNCHRONISED, CLOCK_SIMULATED, NO_MODEL = (
    1 << k for k in range(6)
)
"""Flags: what was so for at least a part of the time."""


def flags_of(calibrated: bool, reference: LevelReference, clock: ClockQuality, model: bool) -> int:
    """Return how far the numbers can be trusted as flags, which merge by "or"."""
    return (
        (0 if calibrated else UNCALIBRATED)
        | {"calibrated": 0, "configured": REFERENCE_CONFIGURED, "assumed": REFERENCE_ASSUMED}[reference]
        | {"synchronised": 0, "unsynchronised": CLOCK_UNSYNCHRONISED, "simulated": CLOCK_SIMULATED}[clock]
        | (0 if model else NO_MODEL)
    )


def _fixed_sums(values: FloatArray, unit: float) -> list[int]:
    """Return the exact sums over the first axis of values, shape (n, k), each rounded to the unit."""
    fixed: NDArray[np.int64] = np.rint(np.clip(values / unit, -(2.0**62), 2.0**62)).astype(np.int64)
    high = (fixed >> _LOW_BITS).sum(axis=0)
    low = (fixed & ((1 << _LOW_BITS) - 1)).sum(axis=0)
    return [(int(h) << _LOW_BITS) + int(v) for h, v in zip(high, low, strict=True)]


def bands_of(frames: Sequence[LevelFrame]) -> FloatArray:
    """Return the third octaves of frames, shape (n, 31), Pa^2."""
    return np.concatenate([f.bands_ms_pa2 for f in frames]).reshape(len(frames), -1)


def _add(total: list[int], more: Sequence[int]) -> None:
    total[:] = [a + b for a, b in zip(total, more, strict=True)]


def _zeros(n: int) -> list[int]:
    return [0] * n


@dataclass(slots=True)
class IntervalStats:
    """What was heard in an interval, ready to be merged with another."""

    heard_us: int = 0
    """UTC time that was heard, microseconds."""
    flags: int = 0
    models: frozenset[str] = frozenset()
    floor_dba: float = -np.inf
    """Below it a level is under range, dB(A)."""
    isop_uncertainty: float = -1.0
    """Standard deviation between listeners, of the model; negative: unknown."""
    isoe_uncertainty: float = -1.0
    frames: int = 0
    """125 ms frames."""
    clipped: int = 0
    """Samples at full scale."""
    overload: int = 0
    """Frames."""
    wind: int = 0
    """Frames."""
    energy: list[int] = field(default_factory=lambda: _zeros(ENERGIES))
    """Sums over frames of the A, C, Z and third-octave mean squares, in ENERGY_UNIT_PA2."""
    laf: Counts = field(default_factory=lambda: np.zeros(LEVEL_BINS, np.int64))
    laf_max_pa2: float = 0.0
    laf_min_pa2: float = np.inf
    las_max_pa2: float = 0.0
    c_peak_pa: float = 0.0
    loudness: Counts = field(default_factory=lambda: np.zeros(LOUDNESS_BINS, np.int64))
    n_sum: int = 0
    """Sum of N(t), in LOUDNESS_UNIT_SONE."""
    n_max_sone: float = 0.0
    weight: int = 0
    """Samples that predictions stand for; sums below are weighted by it, in SHARE_UNIT (squares: its square)."""
    scene: list[int] = field(default_factory=lambda: _zeros(len(SCENES)))
    likeliest: list[int] = field(default_factory=lambda: _zeros(len(SCENES)))
    """Samples during which each scene was the likeliest."""
    event: list[int] = field(default_factory=lambda: _zeros(len(EVENTS)))
    event_active: list[int] = field(default_factory=lambda: _zeros(len(EVENTS)))
    """Samples during which each event was active."""
    event_max: list[float] = field(default_factory=lambda: [0.0] * len(EVENTS))
    affect: list[int] = field(default_factory=lambda: _zeros(AFFECTS))
    affect_sq: list[int] = field(default_factory=lambda: _zeros(AFFECTS))

    def add_levels(self, frames: Sequence[LevelFrame], settling: NDArray[np.bool_] | None = None) -> None:
        """Add 125 ms frames; LAFmin leaves out those, shape (n,), in which the time weighting still builds up."""
        if not frames:
            return
        weighted = np.array([(f.a_ms_pa2, f.c_ms_pa2, f.z_ms_pa2) for f in frames])
        bands = bands_of(frames)
        self.frames += len(frames)
        self.clipped += sum(f.n_clipped for f in frames)
        _add(self.energy, _fixed_sums(np.concatenate([weighted, bands], axis=1), ENERGY_UNIT_PA2))
        self.laf += level_counts(np.array([f.laf_pa2 for f in frames]))
        self.laf_max_pa2 = max(self.laf_max_pa2, *(float(f.laf_max_pa2) for f in frames))
        minima = np.array([f.laf_min_pa2 for f in frames])
        if settling is not None:
            minima = minima[~settling]
        self.laf_min_pa2 = min(self.laf_min_pa2, float(minima.min(initial=np.inf)))
        self.las_max_pa2 = max(self.las_max_pa2, *(float(f.las_max_pa2) for f in frames))
        self.c_peak_pa = max(self.c_peak_pa, *(float(f.c_peak_pa) for f in frames))

    def add_loudness(self, n_sone: FloatArray) -> None:
        """Add values of N(t), shape (n,), sone."""
        if not len(n_sone):
            return
        self.loudness += loudness_counts(n_sone)
        self.n_sum += _fixed_sums(n_sone[:, None], LOUDNESS_UNIT_SONE)[0]
        self.n_max_sone = max(self.n_max_sone, float(n_sone.max()))

    def add_prediction(self, prediction: WindowPrediction, weight: int, active: NDArray[np.bool_]) -> None:
        """Add a prediction that stands for `weight` samples, and which events, shape (15,), were active then."""
        affect = np.array([prediction.isop, prediction.isoe, *prediction.paq])
        self.models |= {prediction.model_id}
        self.weight += weight
        _add(self.scene, _weighted(prediction.scene_prob, weight))
        self.likeliest[int(np.argmax(prediction.scene_prob))] += weight
        _add(self.event, _weighted(prediction.event_prob, weight))
        _add(self.event_active, [weight if on else 0 for on in active])
        self.event_max = [max(a, float(b)) for a, b in zip(self.event_max, prediction.event_prob, strict=True)]
        _add(self.affect, _weighted(affect, weight))
        _add(self.affect_sq, [v * v * weight for v in _weighted(affect, 1)])

    def merge(self, other: "IntervalStats") -> None:
        """Add all that another interval holds."""
        self.heard_us += other.heard_us
        self.flags |= other.flags
        self.models |= other.models
        self.floor_dba = max(self.floor_dba, other.floor_dba)
        self.isop_uncertainty = max(self.isop_uncertainty, other.isop_uncertainty)
        self.isoe_uncertainty = max(self.isoe_uncertainty, other.isoe_uncertainty)
        self.frames += other.frames
        self.clipped += other.clipped
        self.overload += other.overload
        self.wind += other.wind
        self.laf += other.laf
        self.laf_max_pa2 = max(self.laf_max_pa2, other.laf_max_pa2)
        self.laf_min_pa2 = min(self.laf_min_pa2, other.laf_min_pa2)
        self.las_max_pa2 = max(self.las_max_pa2, other.las_max_pa2)
        self.c_peak_pa = max(self.c_peak_pa, other.c_peak_pa)
        self.loudness += other.loudness
        self.n_sum += other.n_sum
        self.n_max_sone = max(self.n_max_sone, other.n_max_sone)
        self.weight += other.weight
        self.event_max = [max(a, b) for a, b in zip(self.event_max, other.event_max, strict=True)]
        for name in ("energy", "scene", "likeliest", "event", "event_active", "affect", "affect_sq"):
            _add(getattr(self, name), getattr(other, name))


def _weighted(values: FloatArray, weight: int) -> list[int]:
    fixed: list[int] = (np.rint(np.asarray(values, np.float64) / SHARE_UNIT).astype(np.int64) * weight).tolist()
    return fixed


def merged(parts: "Sequence[IntervalStats]") -> IntervalStats:
    """Return the merge of all parts, which stay as they are."""
    total = IntervalStats()
    for part in parts:
        total.merge(part)
    return total
