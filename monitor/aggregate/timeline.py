"""Predictions and gaps taken in the order of samples, whatever order they arrived in: events and gap records."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from monitor.aggregate.events import LONGEST_SILENCE, EventThreshold, EventTracker, HeardEvent
from monitor.aggregate.histogram import level_db
from monitor.aggregate.loudest import LoudestMemory
from monitor.aggregate.minutes import Judged
from monitor.clock import SampleClock
from monitor.records import GapRecord, SoundEvent
from monitor.settings import AggregateSettings
from monitor.types import RATE_HZ, Gap, WindowPrediction


@dataclass(frozen=True, slots=True)
class Told:
    """A record and the sample at which it can be told."""

    at: int
    record: SoundEvent | GapRecord


class Timeline:
    """Judges predictions one after another; ends events at gaps; joins pieces of a gap."""

    def __init__(
        self,
        settings: AggregateSettings,
        clock: SampleClock,
        thresholds: Mapping[str, EventThreshold],
        floor_dba: float,
    ) -> None:
        self._clock = clock
        self._floor_dba = floor_dba
        self._tracker = EventTracker(thresholds, settings.event_min_s, settings.event_merge_s)
        self._predictions: deque[WindowPrediction] = deque()
        self._gaps: deque[Gap] = deque()
        self._open_gap: Gap | None = None
        self._judged_to = 0
        self.loudest = LoudestMemory()

    def add_prediction(self, prediction: WindowPrediction) -> None:
        """Take a prediction, unless it comes too late to count."""
        if prediction.end_sample > self._judged_to:
            self._predictions.append(prediction)

    def add_gap(self, gap: Gap) -> None:
        """Take a gap or a piece of one."""
        self._gaps.append(gap)
        if len(self._gaps) > 1 and gap.start_sample < self._gaps[-2].start_sample:
            self._gaps = deque(sorted(self._gaps, key=lambda g: g.start_sample))

    def advance(self, upto: int) -> tuple[list[Told], list[Judged]]:
        """Judge all that ends up to a sample; return what can be told, in order, and the judged predictions."""
        told: list[Told] = []
        judged: list[Judged] = []
        while True:
            prediction = self._predictions[0] if self._predictions else None
            gap = self._gaps[0] if self._gaps else None
            if (
                gap is not None
                and gap.start_sample < upto
                and (prediction is None or gap.start_sample < prediction.end_sample)
            ):
                self._gaps.popleft()
                told += self._begin_gap(gap)
            elif prediction is not None and prediction.end_sample <= upto:
                self._predictions.popleft()
                told += [self._event(event) for event in self._tracker.update(prediction)]
                judged.append((prediction, self._weight(prediction), self._tracker.active))
                self._judged_to = prediction.end_sample
            else:
                break
        if self._open_gap is not None and self._open_gap.end_sample < upto:
            told.append(Told(self._open_gap.end_sample + 1, self._gap_record(self._open_gap)))
            self._open_gap = None
        told.sort(key=lambda item: item.at)
        return told, judged

    def cut_gap(self, at: int) -> list[Told]:
        """Tell of a gap that goes on at the end of a reporting period; its rest is told later."""
        gap = self._open_gap
        if gap is None or gap.start_sample >= at:
            return []
        end = min(gap.end_sample, at)
        rest = gap.end_sample - end
        self._open_gap = Gap(end, rest, gap.cause) if rest else None
        return [Told(at, self._gap_record(Gap(gap.start_sample, end - gap.start_sample, gap.cause)))]

    def finish(self, end: int) -> list[Told]:
        """End all sounds and gaps."""
        told = [self._event(event) for event in self._tracker.interrupt(end, end)]
        return told + self.cut_gap(max(end, self._open_gap.end_sample) if self._open_gap else end)

    def _begin_gap(self, gap: Gap) -> list[Told]:
        told: list[Told] = []
        known = self._open_gap
        if known is not None and known.end_sample == gap.start_sample and known.cause == gap.cause:
            self._open_gap = Gap(known.start_sample, known.n_samples + gap.n_samples, gap.cause)
        else:
            if known is not None:
                told.append(Told(known.end_sample + 1, self._gap_record(known)))
            self._open_gap = gap
        told += [self._event(event) for event in self._tracker.interrupt(gap.start_sample, gap.end_sample)]
        self._judged_to = max(self._judged_to, gap.end_sample)
        return told

    def _weight(self, prediction: WindowPrediction) -> int:
        return min(prediction.end_sample - max(self._judged_to, prediction.start_sample), LONGEST_SILENCE)

    def _event(self, event: HeardEvent) -> Told:
        offset = self._clock.utc(event.offset)
        loudest = level_db(self.loudest.between(event.onset, event.offset))
        return Told(
            event.told_at,
            SoundEvent(
                label=event.label,
                onset=offset - timedelta(microseconds=(event.offset - event.onset) * 1_000_000 // RATE_HZ),
                offset=offset,
                peak_prob=round(min(event.peak_prob, 1.0), 4),
                LAFmax=None if loudest is None or loudest < self._floor_dba else round(loudest, 2),
            ),
        )

    def _gap_record(self, gap: Gap) -> GapRecord:
        return GapRecord(
            start=self._clock.utc(gap.start_sample), duration_s=round(gap.n_samples / RATE_HZ, 6), cause=gap.cause
        )
