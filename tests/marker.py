"""A start marker in sound, found again to the sample, and a source that begins after it."""

import numpy as np
from scipy.signal import correlate

from monitor.sources.contract import Source
from monitor.types import RATE_HZ, AudioBlock, FloatArray, Gap, readonly

SILENCE = RATE_HZ // 2
"""Samples of silence on either side."""
_TIME = np.arange(RATE_HZ // 5) / RATE_HZ
CHIRP: FloatArray = np.round(16_000 * np.sin(2 * np.pi * (1000 + 17_500 * _TIME) * _TIME)) / 32768
"""A sweep from 1 to 8 kHz in 0.2 s, in 16-bit steps."""


def with_marker(sound: FloatArray) -> FloatArray:
    """Return silence, marker, silence, sound."""
    return np.concatenate((np.zeros(SILENCE), CHIRP, np.zeros(SILENCE), sound))


def find_marker(sound: FloatArray) -> int | None:
    """Return the index of the first sample after marker and silence, or None when the marker is not (wholly) there."""
    if len(sound) < len(CHIRP):
        return None
    match = correlate(sound, CHIRP, "valid", "fft")
    at = int(np.argmax(match))
    heard = sound[at : at + len(CHIRP)]
    likeness = match[at] / np.sqrt(np.sum(CHIRP**2) * np.sum(heard**2) + 1e-30)
    return at + len(CHIRP) + SILENCE if likeness > 0.999 else None


class AfterMarker(Source):
    """Hears a source from the marker on: sample 0 is the first after it, and `n_samples` later it ends.

    It is not live: whoever reads may take his time, for the microphone's ring holds a minute.
    """

    live = False
    degraded = False

    def __init__(self, source: Source, n_samples: int) -> None:
        self._source, self._n = source, n_samples
        self.calibration, self.counters, self.faults = source.calibration, source.counters, source.faults
        self._zero: int | None = None
        self._before: list[AudioBlock] = []
        self._pending: list[AudioBlock | Gap] = []
        self._end = 0

    @property
    def exhausted(self) -> bool:
        return self._end >= self._n

    @property
    def state(self) -> str:
        return self._source.state

    @property
    def last_observation(self) -> tuple[int, float] | None:
        return None

    def read(self, timeout_s: float) -> AudioBlock | Gap | None:
        if not self._pending and (item := self._source.read(timeout_s)) is not None:
            if self._zero is not None:
                self._pass_on(item)
            elif isinstance(item, AudioBlock):
                self._look_for_marker(item)
        return self._pending.pop(0) if self._pending else None

    def close(self) -> None:
        self._source.close()

    def _look_for_marker(self, block: AudioBlock) -> None:
        self._before = [*self._before, block][-12:]  # longer than the marker and its silence
        found = find_marker(np.concatenate([b.pressure_pa for b in self._before]) / self.calibration.full_scale_pa)
        if found is not None:
            self._zero = self._before[0].start_sample + found
            for held in self._before:
                self._pass_on(held)

    def _pass_on(self, item: AudioBlock | Gap) -> None:
        assert self._zero is not None
        start, end = max(0, item.start_sample - self._zero), min(self._n, item.end_sample - self._zero)
        if end <= start:
            return
        self._end = end
        if isinstance(item, Gap):
            self._pending.append(Gap(start, end - start, item.cause))
            return
        first = item.start_sample - self._zero
        pressure = item.pressure_pa[start - first : end - first].copy()
        self._pending.append(AudioBlock(start, readonly(pressure), item.n_clipped))
