"""From two streams of feature frames to windows that are ready for the network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.model.bundle import Bundle
from monitor.types import (
    HOP_GRID,
    LOUDNESS_STEP,
    MEL_STEP,
    RATE_HZ,
    Float32Array,
    FloatArray,
    LoudnessFrames,
    MelFrames,
    readonly,
)

MEL_PER_UNIT = HOP_GRID // MEL_STEP
"""Mel frames in a unit of the hop grid (80 ms): 8."""
LOUDNESS_PER_UNIT = HOP_GRID // LOUDNESS_STEP
"""Loudness values in a unit: 40."""
WINDOW = 375
"""Units in the full window (30 s)."""
SHORT = 50
"""Units in the short window (4 s); also the least that gives a prediction."""
_APART = 60 * RATE_HZ // HOP_GRID
"""Units by which one stream may run ahead of the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A window that is complete: the whole of it, so that jobs may be skipped without loss."""

    stream: int
    """Counts the restarts: windows of different streams have nothing in common."""
    start: int
    """First unit of the window, from the start of the stream."""
    units: int
    """Length of the window, 50 to 375 units."""
    start_sample: int
    mel: Float32Array
    """Shape (8 units + 1, 64), normalised: frames centred from the window's start to its end."""
    loudness: Float32Array
    """Shape (40 units,), normalised."""

    @property
    def end(self) -> int:
        """First unit after the window."""
        return self.start + self.units


class _Frames:
    """The newest rows of one stream, addressed by their number since its start."""

    def __init__(self, step: int, mean: FloatArray, std: FloatArray) -> None:
        self._step = step
        self._mean = mean
        self._std = std
        self._rows = np.empty((4096, len(mean)), dtype=np.float32)
        self._origin = 0
        self._first = 0
        self.count = 0

    def reset(self, start_sample: int) -> None:
        self._origin, self._first, self.count = start_sample, 0, 0

    def append(self, start_sample: int, values: NDArray[np.floating]) -> None:
        expected = self._origin + self.count * self._step
        if start_sample != expected:
            raise ValueError(
                f"frames at sample {start_sample} do not continue the stream, which is at {expected}: "
                "call reset after a gap"
            )
        held = self.count - self._first
        if held + len(values) > len(self._rows):
            larger = np.empty((2 * (held + len(values)), self._rows.shape[1]), dtype=np.float32)
            larger[:held] = self._rows[:held]
            self._rows = larger
        self._rows[held : held + len(values)] = (values - self._mean) / self._std
        self.count += len(values)

    def span(self, start: int, stop: int) -> Float32Array:
        return readonly(self._rows[start - self._first : stop - self._first].copy())

    def drop_before(self, start: int) -> None:
        """Forget rows before `start`, when that is worth a move."""
        gone, held = start - self._first, self.count - self._first
        if gone > held // 4:
            self._rows[: held - gone] = self._rows[gone:held]
            self._first = start


class Collector:
    """Normalises frames as they come and cuts a window at every hop; all of its calls belong to one thread."""

    def __init__(self, bundle: Bundle, hop_s: float) -> None:
        self._mel = _Frames(MEL_STEP, *bundle.scaling("log_mel"))
        self._loudness = _Frames(LOUDNESS_STEP, *bundle.scaling("loudness"))
        self._stream = 0
        self._start_sample: int | None = None
        self._hop = hop_units(hop_s)
        self._last: int | None = None

    @property
    def hop_s(self) -> float:
        """Time between windows, s."""
        return self._hop * HOP_GRID / RATE_HZ

    def set_hop(self, hop_s: float) -> None:
        """Change the hop, counted from the newest window."""
        self._hop = hop_units(hop_s)

    def reset(self, start_sample: int) -> None:
        """Begin a new stream at `start_sample`."""
        self._stream += 1
        self._start_sample, self._last = start_sample, None
        self._mel.reset(start_sample)
        self._loudness.reset(start_sample)

    def collect(self, mel: MelFrames | None, loudness: LoudnessFrames | None) -> list[Job]:
        """Take new frames of one stream or both; return the windows they complete, oldest first."""
        for frames in (mel, loudness):
            if frames is not None and self._start_sample is None:
                self.reset(frames.start_sample)
        if mel is not None:
            self._mel.append(mel.start_sample, mel.log_mel)
        if loudness is not None:
            self._loudness.append(loudness.start_sample, loudness.n_sone[:, None])
        jobs = []
        while self._next() <= self._complete():
            jobs.append(self._cut(self._next()))
        apart = abs(self._mel.count // MEL_PER_UNIT - self._loudness.count // LOUDNESS_PER_UNIT)
        if apart > _APART:
            raise ValueError(f"log-mel and loudness are {apart * HOP_GRID / RATE_HZ:.0f} s apart: feed both streams")
        return jobs

    def finish(self) -> Job | None:
        """The window that ends with the newest frames, if it differs from the last one and is long enough."""
        end = self._complete()
        return self._cut(end) if end >= SHORT and end != self._last else None

    def _complete(self) -> int:
        """Units heard by both streams; a window's last mel frame is centred on its end."""
        return min((self._mel.count - 1) // MEL_PER_UNIT, self._loudness.count // LOUDNESS_PER_UNIT)

    def _next(self) -> int:
        return -(-SHORT // self._hop) * self._hop if self._last is None else self._last + self._hop

    def _cut(self, end: int) -> Job:
        assert self._start_sample is not None
        start = max(0, end - WINDOW)
        job = Job(
            stream=self._stream,
            start=start,
            units=end - start,
            start_sample=self._start_sample + start * HOP_GRID,
            mel=self._mel.span(start * MEL_PER_UNIT, end * MEL_PER_UNIT + 1),
            loudness=self._loudness.span(start * LOUDNESS_PER_UNIT, end * LOUDNESS_PER_UNIT)[:, 0],
        )
        self._last = end
        keep = max(0, end + 1 - WINDOW)
        self._mel.drop_before(keep * MEL_PER_UNIT)
        self._loudness.drop_before(keep * LOUDNESS_PER_UNIT)
        return job


def hop_units(hop_s: float) -> int:
    """The hop in units of 80 ms; raises ValueError for anything but a positive multiple."""
    units = round(hop_s * RATE_HZ / HOP_GRID)
    if units < 1 or abs(units * HOP_GRID - hop_s * RATE_HZ) > 1e-6 * RATE_HZ:
        raise ValueError(f"hop of {hop_s} s: a positive multiple of 0.08 s is needed")
    return units
