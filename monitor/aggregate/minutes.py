"""What waits to be told: frames, predictions and gaps until the minute they belong to is whole, then its statistics.

The open minute is kept as it came, since its limits may still move while the clock finds the time; statistics are
taken at once when it closes, which is also the cheapest way.
"""

from collections import deque
from copy import copy

import numpy as np
from numpy.typing import NDArray

from monitor.aggregate.statistics import IntervalStats, bands_of
from monitor.aggregate.wind import wind_frames
from monitor.clock import SampleClock
from monitor.types import EVENTS, LEVEL_FRAME, LOUDNESS_STEP, P0_PA, Gap, LevelFrame, LoudnessFrames, WindowPrediction

SETTLING_FRAMES = 4
"""After a start or a gap the F time weighting needs 0.5 s to come within 0.1 dB."""
_WIND = EVENTS.index("Wind")

Judged = tuple[WindowPrediction, int, NDArray[np.bool_]]
"""A prediction, the samples it stands for, the events active then."""


class PendingSound:
    """Sound that is not told yet, in order of samples."""

    def __init__(self, overload_db: float | None) -> None:
        self.frames: deque[LevelFrame] = deque()
        self.loudness: deque[LoudnessFrames] = deque()
        self.judged: deque[Judged] = deque()
        self.gaps: deque[Gap] = deque()
        self._overload_pa = np.inf if overload_db is None else P0_PA * 10 ** (overload_db / 20)
        self._previous_end = -1
        self._since_start = 0

    def copy(self) -> "PendingSound":
        """Return the same sound once more, to be taken without being forgotten."""
        other = copy(self)
        for name in ("frames", "loudness", "judged", "gaps"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def take(self, first: int, end: int, clock: SampleClock) -> IntervalStats:
        """Return the statistics of [first, end), and forget it: frames belong where they end, values where they lie."""
        stats = IntervalStats()
        frames = self._take_frames(end)
        stats.add_loudness(self._take_loudness(end))
        judged: list[Judged] = []
        while self.judged and self.judged[0][0].end_sample <= end:
            judged.append(self.judged.popleft())
        for prediction, weight, active in judged:
            stats.add_prediction(prediction, weight, active)
        missing = self._take_gaps(first, end, clock)
        if frames:
            stats.heard_us = clock.elapsed_us(first, end) - missing
            stats.add_levels(frames, self._settling(frames))
            stats.overload = sum(f.n_clipped > 0 or f.peak_pa >= self._overload_pa for f in frames)
            stats.wind = int(wind_frames(bands_of(frames), _network_wind(frames, judged)).sum())
        return stats

    def _take_frames(self, end: int) -> list[LevelFrame]:
        taken: list[LevelFrame] = []
        while self.frames and self.frames[0].start_sample + LEVEL_FRAME <= end:
            taken.append(self.frames.popleft())
        return taken

    def _take_loudness(self, end: int) -> NDArray[np.float64]:
        pieces: list[NDArray[np.float64]] = []
        while self.loudness and self.loudness[0].start_sample < end:
            frames = self.loudness.popleft()
            n = -((frames.start_sample - end) // LOUDNESS_STEP)
            pieces.append(frames.n_sone[:n])
            if n < len(frames.n_sone):
                rest = LoudnessFrames(frames.start_sample + n * LOUDNESS_STEP, frames.n_sone[n:])
                self.loudness.appendleft(rest)
                break
        return np.concatenate(pieces) if pieces else np.empty(0)

    def _take_gaps(self, first: int, end: int, clock: SampleClock) -> int:
        missing = 0
        for gap in self.gaps:
            a, b = max(gap.start_sample, first), min(gap.end_sample, end)
            if a < b:
                missing += clock.elapsed_us(a, b)
        while self.gaps and self.gaps[0].end_sample <= end:
            self.gaps.popleft()
        return missing

    def _settling(self, frames: list[LevelFrame]) -> NDArray[np.bool_]:
        settling = np.zeros(len(frames), np.bool_)
        for k, frame in enumerate(frames):
            self._since_start = self._since_start + 1 if frame.start_sample == self._previous_end else 0
            self._previous_end = frame.start_sample + LEVEL_FRAME
            settling[k] = self._since_start < SETTLING_FRAMES
        return settling


def _network_wind(frames: list[LevelFrame], judged: list[Judged]) -> NDArray[np.bool_]:
    """Return for each frame whether the prediction that covers it, the next to end, heard wind."""
    if not judged:
        return np.zeros(len(frames), np.bool_)
    ends = np.array([prediction.end_sample for prediction, _, _ in judged])
    windy = np.array([active[_WIND] for _, _, active in judged], np.bool_)
    at = np.searchsorted(ends, [f.start_sample + LEVEL_FRAME for f in frames])
    return np.asarray(windy[np.minimum(at, len(ends) - 1)], np.bool_)
