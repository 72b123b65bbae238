"""What the place sounds like now: the last second and the last minute, for the live view."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from monitor.aggregate.events import EventThreshold, EventTracker
from monitor.aggregate.histogram import (
    LEVEL_BINS,
    LOUDNESS_BINS,
    Counts,
    count_below,
    level_bin,
    level_db,
    level_percentiles,
    loudness_counts,
    loudness_percentiles,
)
from monitor.aggregate.summary import BAND_FLOOR_BELOW_DB, LevelBasis, Uncertainty
from monitor.aggregate.wind import wind_frames
from monitor.records import Affect, ClockQuality, Quality, Scene
from monitor.types import (
    EVENTS,
    LEVEL_FRAME,
    P0_PA,
    PAQ,
    RATE_HZ,
    SCENES,
    Gap,
    LevelFrame,
    LoudnessFrames,
    WindowPrediction,
)

WINDOW_S = 60
STALE_S = 2
"""Older values are not "now"."""
PREDICTION_STALE_S = 30
_WIND_FRAMES = 80
_FRAMES_PER_S = RATE_HZ // LEVEL_FRAME


@dataclass(slots=True)
class _Second:
    """What one second adds to the last minute."""

    number: int
    frames: int = 0
    a_sum_pa2: float = 0.0
    laf_max_pa2: float = 0.0
    clipped: int = 0
    overload: int = 0
    levels: list[int] = field(default_factory=list)
    """Histogram bins of LAF."""
    loudness: Counts = field(default_factory=lambda: np.zeros(LOUDNESS_BINS, np.int64))


class LiveView:
    """Follows the sound for the live view; for one thread. Without thresholds it tells of no active events."""

    def __init__(
        self,
        basis: LevelBasis | None = None,
        thresholds: Mapping[str, EventThreshold] | None = None,
        uncertainty: Uncertainty | None = None,
    ) -> None:
        self._basis = basis or LevelBasis()
        self._uncertainty = uncertainty or Uncertainty()
        self._tracker = EventTracker(thresholds or {}, min_s=0)
        self._overload_pa = np.inf if self._basis.overload_db is None else P0_PA * 10 ** (self._basis.overload_db / 20)
        self._seconds: deque[_Second] = deque()
        self._recent: deque[LevelFrame] = deque(maxlen=_WIND_FRAMES)
        self._levels = np.zeros(LEVEL_BINS, np.int64)
        self._loudness = np.zeros(LOUDNESS_BINS, np.int64)
        self._n: tuple[int, float] | None = None
        self._prediction: WindowPrediction | None = None
        self._began: int | None = None

    def rest_on(self, basis: LevelBasis) -> None:
        """Take note that levels rest on another calibration from now on."""
        self._basis = basis

    def add(self, item: LevelFrame | LoudnessFrames | WindowPrediction | Gap) -> None:
        """Take what was heard or inferred, as it comes."""
        if self._began is None:
            self._began = item.start_sample
        match item:
            case LevelFrame():
                second = self._second(item.start_sample)
                self._recent.append(item)
                second.frames += 1
                second.a_sum_pa2 += item.a_ms_pa2
                second.laf_max_pa2 = max(second.laf_max_pa2, item.laf_max_pa2)
                second.clipped += item.n_clipped
                second.overload += item.n_clipped > 0 or item.peak_pa >= self._overload_pa
                at = level_bin(item.laf_pa2)
                second.levels.append(at)
                self._levels[at] += 1
            case LoudnessFrames() if len(item.n_sone):
                second = self._second(item.start_sample)
                counts = loudness_counts(item.n_sone)
                second.loudness += counts
                self._loudness += counts
                self._n = (item.start_sample, float(item.n_sone[-1]))
            case WindowPrediction():
                self._tracker.update(item)
                self._prediction = item
            case Gap():
                self._tracker.interrupt(item.start_sample, item.end_sample)

    def values(self, now: int, clock: ClockQuality = "synchronised") -> dict[str, Any]:
        """Return the fields of `monitor.snapshot.Snapshot` that come from sound; `now` is the newest sample heard."""
        self._forget(now)
        frames = sum(second.frames for second in self._seconds)
        newest = [frame for frame in self._recent if frame.start_sample >= now - RATE_HZ - LEVEL_FRAME][-_FRAMES_PER_S:]
        last = newest[-1] if newest and now - newest[-1].start_sample <= STALE_S * RATE_HZ else None
        (l90,) = level_percentiles(self._levels, (90,), self._basis.floor_dba)
        (n5,) = loudness_percentiles(self._loudness, (5,))
        fresh_n = self._n is not None and now - self._n[0] <= STALE_S * RATE_HZ
        return {
            "LAF": self._level(last.laf_pa2 if last else 0),
            "LAS": self._level(last.las_pa2 if last else 0),
            "LAeq_1s": self._level(_mean([frame.a_ms_pa2 for frame in newest])),
            "LAeq_60s": self._level(sum(second.a_sum_pa2 for second in self._seconds) / max(frames, 1)),
            "LAFmax_60s": self._level(max((second.laf_max_pa2 for second in self._seconds), default=0)),
            "L90_60s": None if l90 is None else round(l90, 2),
            "bands": self._bands(newest),
            "N": round(self._n[1], 3) if self._n is not None and fresh_n else None,
            "N5_60s": None if n5 is None else round(n5, 3),
            **self._inferred(now),
            "quality": self._quality(now, frames, clock),
        }

    def _second(self, sample: int) -> _Second:
        number = sample // RATE_HZ
        for second in reversed(self._seconds):
            if second.number == number:
                return second
            if second.number < number:
                break
        second = _Second(number)
        self._seconds.append(second)
        return second

    def _forget(self, now: int) -> None:
        while self._seconds and (self._seconds[0].number + WINDOW_S) * RATE_HZ < now:
            second = self._seconds.popleft()
            np.subtract.at(self._levels, second.levels, 1)
            self._loudness -= second.loudness

    def _level(self, mean_square_pa2: float) -> float | None:
        level = level_db(mean_square_pa2)
        return None if level is None or level < self._basis.floor_dba else round(level, 2)

    def _bands(self, frames: list[LevelFrame]) -> list[float | None]:
        if len(frames) < _FRAMES_PER_S:  # no bands faster than 1 s leave the process
            return []
        floor = self._basis.floor_dba - BAND_FLOOR_BELOW_DB
        levels = [level_db(float(ms)) for ms in np.mean([frame.bands_ms_pa2 for frame in frames], axis=0)]
        return [None if level is None or level < floor else round(level, 1) for level in levels]

    def _inferred(self, now: int) -> dict[str, Any]:
        prediction = self._prediction
        if prediction is None or now - prediction.end_sample > PREDICTION_STALE_S * RATE_HZ:
            return {
                "scene": Scene(label=None, prob={}, reason="no_prediction"),
                "events": {},
                "active": {},
                "affect": Affect(isop=None, isoe=None, reason="no_prediction"),
                "prediction_partial": True,
            }
        prob = {name: round(float(p), 4) for name, p in zip(SCENES, prediction.scene_prob, strict=True)}
        return {
            "scene": Scene(label=max(prob, key=lambda name: prob[name]), prob=prob),
            "events": {e: round(float(p), 4) for e, p in zip(EVENTS, prediction.event_prob_short, strict=True)},
            "active": {label: round(s, 1) for label, s in self._tracker.durations(now).items()},
            "affect": Affect(
                isop=round(prediction.isop, 4),
                isoe=round(prediction.isoe, 4),
                isop_uncertainty=self._uncertainty.isop,
                isoe_uncertainty=self._uncertainty.isoe,
                paq={name: round(float(v), 4) for name, v in zip(PAQ, prediction.paq, strict=True)},
            ),
            "prediction_partial": prediction.partial,
        }

    def _quality(self, now: int, frames: int, clock: ClockQuality) -> Quality:
        expected = min(now - (self._began or 0), WINDOW_S * RATE_HZ) // LEVEL_FRAME
        n = max(frames, 1)
        network = np.full(len(self._recent), self._tracker.active[EVENTS.index("Wind")])
        bands = [frame.bands_ms_pa2 for frame in self._recent]
        windy = wind_frames(np.array(bands), network) if bands else np.zeros(1)
        return Quality(
            calibrated=self._basis.calibrated,
            level_reference=self._basis.level_reference,
            coverage=round(min(frames / max(expected, 1), 1.0), 3),
            clipped_pct=round(100 * sum(second.clipped for second in self._seconds) / (n * LEVEL_FRAME), 4),
            overload_pct=round(100 * sum(second.overload for second in self._seconds) / n, 2),
            under_range_pct=round(100 * count_below(self._levels, self._basis.floor_dba) / n, 2),
            wind_pct=round(100 * float(windy.mean()), 2),
            clock=clock,
        )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
