"""Sounds with a beginning and an end: hysteresis on the short-window probabilities of each kind of sound."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.types import EVENTS, RATE_HZ, WindowPrediction

SHORT_WINDOW = 4 * RATE_HZ
"""Samples that a short-window probability speaks of."""
LONGEST_SILENCE = 30 * RATE_HZ
"""Samples without a prediction after which nothing is known of an event any more."""

UNTOLD = frozenset({"Silence", "Outside, rural or natural", "Environment and background"})
"""Labels that are states of a place rather than sounds with a beginning and an end."""
PAIRS = {"Bird": "Animal", "Speech": "Human sounds"}
"""The narrower label is told when both were heard; the two are one event."""


@dataclass(frozen=True, slots=True)
class EventThreshold:
    """Thresholds of one label."""

    active: float
    """Whole-window probability at which a sound counts as present."""
    on: float
    """Short-window probability at which a sound begins."""
    off: float
    """Short-window probability under which it ends."""


@dataclass(frozen=True, slots=True)
class HeardEvent:
    """A sound that ended, in samples."""

    label: str
    onset: int
    offset: int
    peak_prob: float
    told_at: int
    """The sample at which its end became known."""


@dataclass(slots=True)
class _Sound:
    onset: int
    last_on: int
    offset: int | None
    peak: dict[str, float]


class EventTracker:
    """Follows all sounds at once; predictions come in the order of their ends."""

    def __init__(self, thresholds: Mapping[str, EventThreshold], min_s: float = 2.0, merge_s: float = 4.0) -> None:
        self._min = round(min_s * RATE_HZ)
        self._merge = round(merge_s * RATE_HZ)
        self._on = np.array([thresholds[label].on if label in thresholds else np.inf for label in EVENTS])
        self._off = np.array([thresholds[label].off if label in thresholds else np.inf for label in EVENTS])
        self._active: NDArray[np.bool_] = np.zeros(len(EVENTS), np.bool_)
        broad = set(PAIRS.values())
        self._groups = {
            label: (label, PAIRS[label]) if label in PAIRS else (label,)
            for label in EVENTS
            if label not in UNTOLD and label not in broad
        }
        self._sounds: dict[str, _Sound] = {}
        self._heard_from = 0
        self._last_end: int | None = None

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which labels, shape (15,), the hysteresis holds now; background labels too."""
        return self._active

    def durations(self, now: int) -> dict[str, float]:
        """Return the sounds that go on, by label, with how long they have lasted, s."""
        return {
            self._label(group, sound): (now - sound.onset) / RATE_HZ
            for group, sound in self._sounds.items()
            if sound.offset is None
        }

    def update(self, prediction: WindowPrediction) -> list[HeardEvent]:
        """Take the next prediction; return the events whose end it makes known."""
        end = prediction.end_sample
        told: list[HeardEvent] = []
        if self._last_end is not None and end - self._last_end > LONGEST_SILENCE:
            told = self.interrupt(self._last_end, end - SHORT_WINDOW)
        earliest = max(self._heard_from, end - SHORT_WINDOW)
        begun = earliest if self._last_end is None else max(earliest, self._last_end)
        prob = prediction.event_prob_short
        self._active = np.asarray(np.where(self._active, prob >= self._off, prob >= self._on), np.bool_)
        on = {label: float(prob[k]) for k, label in enumerate(EVENTS) if self._active[k]}
        for group, labels in self._groups.items():
            told += self._follow(group, {label: on[label] for label in labels if label in on}, begun, end)
        self._last_end = end
        return told

    def interrupt(self, at: int, resume: int) -> list[HeardEvent]:
        """End all sounds at a gap, `at` to `resume`, where they were last heard; return those that were long enough."""
        told = [event for group in list(self._sounds) for event in self._told(group, at, at)]
        self._active = np.zeros(len(EVENTS), np.bool_)
        self._heard_from = max(self._heard_from, resume)
        self._last_end = None
        return told

    def _follow(self, group: str, on: dict[str, float], begun: int, end: int) -> list[HeardEvent]:
        told: list[HeardEvent] = []
        sound = self._sounds.get(group)
        if on:
            if sound is not None and sound.offset is not None and begun - sound.offset > self._merge:
                told = self._told(group, sound.offset, end)
                sound = None
            if sound is None:
                sound = self._sounds[group] = _Sound(begun, end, None, {})
            sound.offset = None
            sound.last_on = end
            for label, prob in on.items():
                sound.peak[label] = max(prob, sound.peak.get(label, 0.0))
        elif sound is not None:
            if sound.offset is None:
                sound.offset = min(max(end - SHORT_WINDOW, sound.onset), sound.last_on)
            if end - sound.offset > self._merge:
                told = self._told(group, sound.offset, end)
        return told

    def _told(self, group: str, end: int, at: int) -> list[HeardEvent]:
        sound = self._sounds.pop(group)
        offset = sound.offset if sound.offset is not None else min(end, sound.last_on)
        if offset - sound.onset < max(self._min, 1):
            return []
        label = self._label(group, sound)
        return [HeardEvent(label, sound.onset, offset, sound.peak[label], at)]

    def _label(self, group: str, sound: _Sound) -> str:
        return next(label for label in self._groups[group] if label in sound.peak)
